"""Workflow commands that put a message on the request file's line.

The runner reads `::command key=value,…::message` at the start of a line. Everything in one is escaped as
the runner undoes it, after what does not print has been written as an escape.
"""

# No `from __future__ import annotations` here: it would bind the name of the function below.
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from promoter.core.evidence import Outcome
from promoter.core.report import Report, RequestReport
from promoter.errors import ExitCode
from promoter.render.sentences import ended, full, why
from promoter.render.words import OUTCOME_COUNTS, REASONS, capital, worst_first
from promoter.text import Message, printable, quote, say

# GitHub shows ten of each type for a step and cuts a message at 4,096 characters.
_MOST = 9
_LONGEST_MESSAGE = 4_000
_LONGEST_PATH = 1_000
_CHECKS_NAMED = 5
_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_DATA, ":": "%3A", ",": "%2C"}
_WORTH_SAYING = frozenset({Outcome.FAILED, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.WARNED})


class Level(StrEnum):
    """The runner's commands for annotations."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A message on a line of a file; `path` is empty for one that has none."""

    level: Level
    title: str
    message: str
    path: str = ""
    line: int = 1
    column: int = 1


def annotations(report: Report) -> tuple[str, ...]:
    """One command a line: problems, refused requests, warnings. At most ten of each type."""
    found = [*_of_problems(report), *_of_requests(report), *_of_the_run(report)]
    return commands(found)


def commands(found: Sequence[Annotation]) -> tuple[str, ...]:
    """As workflow commands, at most ten of each type."""
    return tuple(
        line for level in Level for line in _limited(level, [one for one in found if one.level is level])
    )


def _of_problems(report: Report) -> list[Annotation]:
    title = capital(REASONS[report.reason].title)
    return [
        Annotation(
            level=Level.ERROR,
            title=title,
            message=f"{full(problem.found)} {full(problem.write)}",
            path=problem.path,
            line=problem.line,
            column=problem.column,
        )
        for problem in report.problems
    ]


def _of_requests(report: Report) -> list[Annotation]:
    out: list[Annotation] = []
    for request in report.requests:
        is_refused = request.reason.exit_code is not ExitCode.DONE
        objections = _objections(request)
        if is_refused or objections:
            out.append(
                Annotation(
                    level=Level.ERROR if is_refused else Level.WARNING,
                    title=capital(REASONS[request.reason].title),
                    message=" ".join(
                        str(part) for part in (full(why(request)), *objections, full(request.hint))
                    ).rstrip(),
                    path=request.request.path,
                    line=request.request.version_line,
                )
            )
    return out


def _objections(request: RequestReport) -> list[Message]:
    worth = [result for result in worst_first(request.results) if result.outcome in _WORTH_SAYING]
    named = [
        ended(say(quote(result.check), f" {OUTCOME_COUNTS[result.outcome]}: ", *result.message.parts))
        for result in worth[:_CHECKS_NAMED]
    ]
    left = len(worth) - len(named)
    return [*named, say(f"And {left} more.")] if left else named


def _of_the_run(report: Report) -> list[Annotation]:
    """A run that ended before it came to a request has no line to point at."""
    if report.requests or report.problems or report.reason.exit_code is ExitCode.DONE:
        return []
    message = f"{full(report.message)} {full(report.hint)}".rstrip()
    return [Annotation(level=Level.ERROR, title=capital(REASONS[report.reason].title), message=message)]


def _limited(level: Level, found: Sequence[Annotation]) -> list[str]:
    lines = [_command(one) for one in found[:_MOST]]
    left = len(found) - len(lines)
    if left:
        rest = f"And {left} more: see the job summary."
        lines.append(_command(Annotation(level=level, title="More", message=rest)))
    return lines


def _command(annotation: Annotation) -> str:
    properties = {"title": f"Promoter: {annotation.title}"}
    if annotation.path:
        properties = {
            "file": printable(annotation.path, longest=_LONGEST_PATH),
            "line": str(annotation.line),
            "col": str(annotation.column),
            **properties,
        }
    pairs = ",".join(f"{key}={_escaped(value, _IN_PROPERTY)}" for key, value in properties.items())
    text = annotation.message
    short = text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"
    return f"::{annotation.level.value} {pairs}::{_escaped(short, _IN_DATA)}"


def _escaped(text: str, mapping: dict[str, str]) -> str:
    return "".join(mapping.get(char, char) for char in text)
