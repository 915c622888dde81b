"""A report on a terminal or in a job's log: aligned, and complete without colour."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from promoter.core.approval import ApprovalState
from promoter.core.evidence import CheckResult, MetricComparison, Outcome
from promoter.core.report import Phase, Report, RequestReport
from promoter.render.figures import ABSENT, change, pair
from promoter.render.sentences import (
    approvals,
    consequence,
    counts,
    full,
    headline,
    in_order,
    request_headline,
    sources,
    subject_of,
    tone,
    why,
)
from promoter.render.words import (
    OUTCOME_SIGNS,
    OVERVIEW,
    REASONS,
    STEP_WORDS,
    TONE_SIGNS,
    Tone,
    tally,
    worst_first,
    worst_outcome,
)
from promoter.text import printable

_LONGEST_CELL = 60
_GAP = "  "
_SHORT_DIGEST = 12


class Style(Enum):
    """Whether colour may be used; the words and signs are the same."""

    PLAIN = "plain"
    COLOUR = "colour"


class _Paint(StrEnum):
    """Terminal colours, as the parameters of an SGR sequence."""

    NONE = ""
    BOLD = "1"
    FAINT = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


_TONE_PAINTS = {
    Tone.BAD: _Paint.RED,
    Tone.UNSURE: _Paint.YELLOW,
    Tone.WAITING: _Paint.YELLOW,
    Tone.TRIAL: _Paint.NONE,
    Tone.GOOD: _Paint.GREEN,
    Tone.QUIET: _Paint.FAINT,
}
_OUTCOME_PAINTS = {
    Outcome.FAILED: _Paint.RED,
    Outcome.ERROR: _Paint.RED,
    Outcome.INCONCLUSIVE: _Paint.YELLOW,
    Outcome.WARNED: _Paint.YELLOW,
    Outcome.PASSED: _Paint.GREEN,
    Outcome.SKIPPED: _Paint.FAINT,
}


@dataclass(frozen=True)
class _Cell:
    text: str
    paint: _Paint = _Paint.NONE


def terminal(report: Report, *, style: Style) -> str:
    """Lines of text, with a line break at the end. Text from outside is printed as one line at most."""
    blocks = [
        _opening(report, style),
        [f"{TONE_SIGNS[Tone.BAD]} {line}" for line in _problems(report)],
        _overview(report, style),
        *(_request(request, report, style=style) for request in _worth_telling(report)),
        [f"{TONE_SIGNS[Tone.QUIET]} {full(note)}" for note in report.notes],
        [_paint(_footer(report), _Paint.FAINT, style=style)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _opening(report: Report, style: Style) -> list[str]:
    line = headline(report)
    title = _paint(f"{TONE_SIGNS[line.tone]} {line.message}", _TONE_PAINTS[line.tone], style=style)
    told = [] if report.requests else [full(report.message), full(report.hint)]
    tallied = counts(report, TONE_SIGNS)
    tally_line = [_GAP + tallied] if tallied else []
    sentences = (*told, *consequence(report))
    return [title, *tally_line, *(f"{_GAP}{message}" for message in sentences if message.parts)]


def _problems(report: Report) -> list[str]:
    return [
        f"{printable(one.path)}:{one.line}:{one.column}: {full(one.found)} {full(one.write)}"
        for one in report.problems
    ]


def _worth_telling(report: Report) -> list[RequestReport]:
    return [request for request in in_order(report.requests) if tone(request) is not Tone.QUIET]


def _overview(report: Report, style: Style) -> list[str]:
    if not report.requests:
        return []
    name, now, proposed, *others = (title.upper() for title in OVERVIEW[report.phase])
    rows = [_overview_row(request) for request in in_order(report.requests)]
    return _table((name, now, proposed, "STEP", *others), rows, style=style)


def _overview_row(request: RequestReport) -> Sequence[_Cell]:
    asked, kind = request.request, tone(request)
    name = printable(f"{asked.model}@{asked.alias}", longest=_LONGEST_CELL)
    return (
        _Cell(f"{TONE_SIGNS[kind]} {name}", _TONE_PAINTS[kind]),
        _now(request),
        _Cell(printable(asked.version, longest=_LONGEST_CELL)),
        _Cell(STEP_WORDS[request.step] if request.step else ABSENT),
        _checks(request),
        _approval(request.approval),
    )


def _now(request: RequestReport) -> _Cell:
    if request.now is None:
        return _Cell(ABSENT if request.step is None else "nobody")
    return _Cell(printable(request.now, longest=_LONGEST_CELL))


def _checks(request: RequestReport) -> _Cell:
    worst = worst_outcome(request.results)
    if worst is None:
        return _Cell(REASONS[request.reason].title)
    return _Cell(tally(request.results), _OUTCOME_PAINTS[worst])


def _approval(state: ApprovalState | None) -> _Cell:
    if state is None:
        return _Cell(ABSENT)
    paint = _Paint.GREEN if state.is_enough else _Paint.YELLOW
    return _Cell(f"{len(state.counted)} of {state.needed}", paint)


def _request(request: RequestReport, report: Report, *, style: Style) -> list[str]:
    lines: list[str] = []
    if len(_worth_telling(report)) > 1:
        lines.append(_paint(str(request_headline(request, report.phase)), _Paint.BOLD, style=style))
    if tone(request) is not Tone.GOOD:
        lines.append(f"{_GAP}{why(request)}")
    lines += [_check(result, style) for result in worst_first(request.results)]
    lines += [f"{_GAP}{TONE_SIGNS[Tone.WAITING]} {message}" for message in approvals(request.approval)]
    lines += [f"{_GAP}{TONE_SIGNS[Tone.QUIET]} {full(note)}" for note in request.notes]
    if request.hint.parts:
        lines.append(f"{_GAP}What to do: {full(request.hint)}")
    return lines + _figures(request, style)


def _check(result: CheckResult, style: Style) -> str:
    subject = subject_of(result)
    name = printable(f"{result.check} {subject}" if subject else result.check)
    sign = _paint(OUTCOME_SIGNS[result.outcome], _OUTCOME_PAINTS[result.outcome], style=style)
    return f"{_GAP}{sign} {name}: {full(result.message)}"


def _figures(request: RequestReport, style: Style) -> list[str]:
    compared = [
        (result.outcome, result.comparison) for result in worst_first(request.results) if result.comparison
    ]
    if not compared:
        return []
    head = ("METRIC", "CHAMPION", "CHALLENGER", "CHANGE", "RULE")
    table = _table(head, [_figure(outcome, comparison) for outcome, comparison in compared], style=style)
    return ["", *(_GAP + line for line in table), *(_GAP + str(note) for note in sources(request))]


def _figure(outcome: Outcome, comparison: MetricComparison) -> Sequence[_Cell]:
    champion, challenger = pair(comparison)
    name = printable(comparison.name, longest=_LONGEST_CELL)
    return (
        _Cell(f"{OUTCOME_SIGNS[outcome]} {name}", _OUTCOME_PAINTS[outcome]),
        _Cell(champion),
        _Cell(challenger),
        _Cell(change(comparison)),
        _Cell(printable(comparison.rule)),
    )


def _footer(report: Report) -> str:
    verb = "Applied at" if report.phase is Phase.APPLY else "Judged"
    parts = [
        f"{verb} {report.head_commit[:_SHORT_DIGEST]}" if report.head_commit else "",
        f"policy of {report.base_commit[:_SHORT_DIGEST]}" if report.base_commit else "",
        f"evidence sha256:{report.evidence_digest[:_SHORT_DIGEST]}" if report.evidence_digest else "",
        f"Promoter {report.tool_version}".rstrip(),
    ]
    return " · ".join(part for part in parts if part)


def _table(head: Sequence[str], rows: Iterable[Sequence[_Cell]], *, style: Style) -> list[str]:
    lines = [[_Cell(title, _Paint.FAINT) for title in head], *rows]
    widths = [max(_width(cell.text) for cell in column) for column in zip(*lines, strict=True)]
    return [
        _GAP.join(
            _padded(cell, width, style=style) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def _padded(cell: _Cell, width: int, *, style: Style) -> str:
    return _paint(cell.text, cell.paint, style=style) + " " * (width - _width(cell.text))


def _width(text: str) -> int:
    """Columns a terminal gives to a text: two for wide letters, none for marks on the letter before."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _paint(text: str, paint: _Paint, *, style: Style) -> str:
    if style is Style.PLAIN or paint is _Paint.NONE:
        return text
    return f"\x1b[{paint.value}m{text}\x1b[0m"
