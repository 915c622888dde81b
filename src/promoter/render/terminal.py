"""A report on a terminal or in a job's log: aligned, and complete without colour."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.approval import ApprovalState
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.report import Phase, Report, RequestReport
from promoter.render.figures import ABSENT
from promoter.render.overrides import overrides
from promoter.render.sentences import (
    approvals,
    consequence,
    counts,
    full,
    headline,
    in_order,
    request_headline,
    title_of,
    tone,
    why,
)
from promoter.render.terminal_figures import LONGEST_CELL, figures
from promoter.render.terminal_table import GAP, OUTCOME_PAINTS, Cell, Paint, Style, page, paint, table
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
from promoter.text import Quoted, printable

_SHORT_DIGEST = 12

__all__ = ["Style", "terminal"]

TONE_PAINTS = {
    Tone.BAD: Paint.RED,
    Tone.UNSURE: Paint.YELLOW,
    Tone.WAITING: Paint.YELLOW,
    Tone.TRIAL: Paint.NONE,
    Tone.GOOD: Paint.GREEN,
    Tone.QUIET: Paint.FAINT,
}


def terminal(report: Report, *, style: Style) -> str:
    """Lines of text, with a line break at the end. Text from outside is printed as one line at most."""
    blocks = [
        _opening(report, style),
        [f"{TONE_SIGNS[Tone.BAD]} {line}" for line in _problems(report)],
        _overview(report, style),
        *(_request(request, report, style=style) for request in _worth_telling(report)),
        [f"{TONE_SIGNS[Tone.QUIET]} {full(note)}" for note in report.notes],
        [paint(_footer(report), Paint.FAINT, style=style)],
    ]
    return page(blocks, style=style)


def _opening(report: Report, style: Style) -> list[str]:
    line = headline(report)
    title = paint(f"{TONE_SIGNS[line.tone]} {line.message}", TONE_PAINTS[line.tone], style=style)
    told = [] if report.requests else [full(report.message), full(report.hint)]
    tallied = counts(report, TONE_SIGNS)
    tally_line = [GAP + tallied] if tallied else []
    sentences = (*told, *consequence(report))
    loud = [
        paint(f"{GAP}{OUTCOME_SIGNS[Outcome.WARNED]} {full(one)}", Paint.YELLOW, style=style)
        for one in overrides(report)
    ]
    return [title, *loud, *tally_line, *(f"{GAP}{message}" for message in sentences if message.parts)]


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
    return table((name, now, proposed, "STEP", *others), rows, style=style)


def _overview_row(request: RequestReport) -> Sequence[Cell]:
    asked, kind = request.request, tone(request)
    name = printable(f"{asked.model}@{asked.alias}", longest=LONGEST_CELL)
    return (
        Cell(f"{TONE_SIGNS[kind]} {name}", TONE_PAINTS[kind]),
        _now(request),
        Cell(printable(asked.version, longest=LONGEST_CELL)),
        Cell(STEP_WORDS[request.step] if request.step else ABSENT),
        _checks(request),
        _approval(request.approval),
    )


def _now(request: RequestReport) -> Cell:
    if request.now is None:
        return Cell(ABSENT if request.step is None else "nobody")
    return Cell(printable(request.now, longest=LONGEST_CELL))


def _checks(request: RequestReport) -> Cell:
    worst = worst_outcome(request.results)
    if worst is None:
        return Cell(REASONS[request.reason].title)
    return Cell(tally(request.results), OUTCOME_PAINTS[worst])


def _approval(state: ApprovalState | None) -> Cell:
    if state is None:
        return Cell(ABSENT)
    paint = Paint.GREEN if state.is_enough else Paint.YELLOW
    return Cell(f"{len(state.counted)} of {state.needed}", paint)


def _request(request: RequestReport, report: Report, *, style: Style) -> list[str]:
    lines: list[str] = []
    if len(_worth_telling(report)) > 1:
        lines.append(paint(str(request_headline(request, report.phase)), Paint.BOLD, style=style))
    if tone(request) is not Tone.GOOD:
        lines.append(f"{GAP}{why(request)}")
    lines += [_check(result, style) for result in worst_first(request.results)]
    lines += [f"{GAP}{TONE_SIGNS[Tone.WAITING]} {message}" for message in approvals(request.approval)]
    lines += [f"{GAP}{TONE_SIGNS[Tone.QUIET]} {full(note)}" for note in request.notes]
    if request.hint.parts:
        lines.append(f"{GAP}What to do: {full(request.hint)}")
    return lines + figures(request, style)


def _check(result: CheckResult, style: Style) -> str:
    title = title_of(result)
    name = printable("".join(part.value if isinstance(part, Quoted) else part for part in title))
    sign = paint(OUTCOME_SIGNS[result.outcome], OUTCOME_PAINTS[result.outcome], style=style)
    return f"{GAP}{sign} {name}: {full(result.message)}"


def _footer(report: Report) -> str:
    verb = "Applied at" if report.phase is Phase.APPLY else "Judged"
    parts = [
        f"{verb} {report.head_commit[:_SHORT_DIGEST]}" if report.head_commit else "",
        f"policy of {report.base_commit[:_SHORT_DIGEST]}" if report.base_commit else "",
        f"evidence sha256:{report.evidence_digest[:_SHORT_DIGEST]}" if report.evidence_digest else "",
        f"Promoter {report.tool_version}".rstrip(),
    ]
    return " · ".join(part for part in parts if part)
