"""The sections of comment and job summary that speak of the whole run, as blocks of Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from promoter.core.approval import ApprovalState
from promoter.core.report import Links, Phase, Report, RequestReport
from promoter.core.request import PromotionRequest
from promoter.errors import Problem
from promoter.render import links as address
from promoter.render.figures import ABSENT
from promoter.render.layout import Block, Limit, Rank, block, more, within
from promoter.render.markdown import Align, cell, code, link, prose, sentence, table, unbroken
from promoter.render.overrides import overrides
from promoter.render.request_sections import details, notes, short_commit, to_do
from promoter.render.sentences import consequence, counts, full, headline, in_order, tone
from promoter.render.words import (
    OUTCOME_ICONS,
    OVERRIDE_ICON,
    OVERVIEW,
    REASONS,
    TONE_ICONS,
    count,
    tally,
    worst_outcome,
)
from promoter.text import Message

_SHORT_DIGEST = 12
_OVERRIDES_SHOWN = 10
_ALIGNS = (Align.LEFT, Align.RIGHT, Align.RIGHT, Align.LEFT, Align.LEFT)


def blocks(report: Report, limit: Limit) -> tuple[Block, ...]:
    """Everything but the footer, in reading order."""
    return (
        _heading(report),
        *_overrides(overrides(report)),
        *_why_nothing_was_judged(report),
        *_problems(report, limit),
        *block(prose(counts(report, TONE_ICONS)), Rank.HEAD),
        *_consequence(consequence(report)),
        *_overview(report, limit),
        *details(report, limit),
        *notes(report.notes),
    )


def footer(report: Report) -> str:
    """What the verdict rests on, small."""
    parts: list[str] = []
    if report.head_commit:
        verb = "Applied at" if report.phase is Phase.APPLY else "Judged"
        parts.append(f"{verb} {_commit(report.links, report.head_commit)}")
    if report.base_commit:
        parts.append(f"policy of {_commit(report.links, report.base_commit)}")
    if report.evidence_digest:
        parts.append(f"evidence {code('sha256:' + report.evidence_digest[:_SHORT_DIGEST])}")
    if job := address.job(report.links):
        parts.append(link("job log", job))
    if kept := _kept_at(report):
        parts.append(link("HTML report", kept))
    parts.append(f"Promoter {prose(report.tool_version)}".rstrip())
    return f"<sub>{' · '.join(parts)}</sub>"


def _kept_at(report: Report) -> str:
    """Where the HTML report is: logged by an apply, each with its own version, or kept by the workflow."""
    logged = [(one, one.evidence.challenger) for one in report.requests if one.logged and one.evidence]
    if len(logged) == 1:
        ((only, challenger),) = logged
        return address.logged(report.links, challenger, folder=only.logged) or address.kept(report.links)
    return address.kept(report.links)


def _commit(links: Links, commit: str) -> str:
    return link(short_commit(commit), address.commit(links, commit))


def _heading(report: Report) -> Block:
    line = headline(report)
    return Block(text=f"### {TONE_ICONS[line.tone]} {sentence(line.message)}", rank=Rank.HEAD)


def _why_nothing_was_judged(report: Report) -> tuple[Block, ...]:
    """The run's own message speaks only where no request has one."""
    if report.requests:
        return ()
    text = sentence(full(report.message))
    return (*block(text, Rank.BLOCKING), *block(to_do(report.hint), Rank.BLOCKING))


def _problems(report: Report, limit: Limit) -> tuple[Block, ...]:
    lines = [f"- {_problem(problem, report)}" for problem in report.problems]
    kept = within(lines, limit, part=4)
    tail = more(lines, kept, limit=limit)
    return block("\n".join([*kept, f"- {tail}" if tail else ""]).rstrip(), Rank.BLOCKING)


def _problem(problem: Problem, report: Report) -> str:
    place = code(f"{problem.path}:{problem.line}:{problem.column}")
    where = address.line(report.links, report.head_commit, path=problem.path, number=problem.line)
    return f"{link(place, where)}: {sentence(full(problem.found))} {sentence(full(problem.write))}"


def _consequence(messages: Iterable[Message]) -> tuple[Block, ...]:
    return block(" ".join(sentence(message) for message in messages), Rank.HEAD)


def _overrides(messages: Iterable[Message]) -> tuple[Block, ...]:
    """The first few: of many requests each says it again in its own part."""
    lines = [f"{OVERRIDE_ICON} **{sentence(full(message))}**" for message in messages]
    more_of_them = len(lines) - _OVERRIDES_SHOWN
    tail = [f"{OVERRIDE_ICON} and overrides of {count(more_of_them, 'more request')}"]
    return block("\n\n".join(lines[:_OVERRIDES_SHOWN] + (tail if more_of_them > 0 else [])), Rank.HEAD)


def _overview(report: Report, limit: Limit) -> tuple[Block, ...]:
    if not report.requests:
        return ()
    columns = tuple(zip(OVERVIEW[report.phase], _ALIGNS, strict=True))
    head, lines = table(columns, [_row(one, report.links) for one in in_order(report.requests)])
    kept = within(lines, limit, part=3)
    tail = more(lines, kept, limit=limit)
    return block("\n".join([*head, *kept]) + (f"\n\n{tail}" if tail else ""), Rank.HEAD)


def _row(request: RequestReport, links: Links) -> tuple[str, ...]:
    asked = request.request
    return (
        f"{TONE_ICONS[tone(request)]}\u00a0{cell(asked.model)} @\u00a0{cell(asked.alias)}",
        _now(request, links),
        _proposed(request, links),
        _checks(request),
        _approval(request.approval),
    )


def _now(request: RequestReport, links: Links) -> str:
    if request.now is None:
        return ABSENT if request.step is None else "nobody"
    return link(cell(request.now), _address(links, request.request, version=request.now))


def _proposed(request: RequestReport, links: Links) -> str:
    asked = request.request
    # Without a step the request was refused before the registry said that there is such a version.
    where = "" if request.step is None else _address(links, asked, version=asked.version)
    return link(cell(asked.version), where)


def _address(links: Links, asked: PromotionRequest, *, version: str) -> str:
    return address.version_of(links, asked, version=version)


def _checks(request: RequestReport) -> str:
    worst = worst_outcome(request.results)
    if worst is None:
        return unbroken(prose(REASONS[request.reason].title))
    return unbroken(f"{OUTCOME_ICONS[worst]} {tally(request.results)}")


def _approval(state: ApprovalState | None) -> str:
    if state is None:
        return ABSENT
    if state.needed == 0:
        return "not needed"
    if not state.is_enough:
        return unbroken(f"⏸️ {len(state.counted)} of {state.needed}")
    first, *others = state.counted
    return unbroken(f"✅ {cell(first)}" + (f" +{len(others)}" if others else ""))
