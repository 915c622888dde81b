"""The sections of comment and job summary that speak of single requests: what blocks first and open."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.layers import Layer, State, missing_in
from promoter.core.model_version import ModelVersion
from promoter.core.report import Links, Report, RequestReport
from promoter.core.verdict import Verdict
from promoter.render import differences, markdown_figures, template_blocks
from promoter.render import links as address
from promoter.render.layout import Block, Limit, Rank, block, more, within
from promoter.render.markdown import bullets, code, link, prose, sentence
from promoter.render.scores import in_slices
from promoter.render.sentences import (
    approvals,
    doubt,
    full,
    in_order,
    request_headline,
    title_of,
    tone,
    why,
)
from promoter.render.words import OUTCOME_ICONS, TONE_ICONS, Tone, count, worst_first
from promoter.text import Message, say

_SHORT_COMMIT = 10
_DATASETS_SHOWN = 3
_OPEN = frozenset({Outcome.FAILED, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.WARNED})
_ORIGINS = "Where the versions come from"
_LOOKED_UP = "Its figures, what passed, and where the versions come from"


def details(report: Report, limit: Limit) -> tuple[Block, ...]:
    """One request in full. Of several, the only one that does not pass is open; where several do not, each
    says why, and its figures are folded as all others are."""
    requests = [one for one in in_order(report.requests) if tone(one) is not Tone.QUIET]
    if len(requests) == 1:
        return _alone(requests[0], report.links, limit=limit)
    blocking = [one for one in requests if tone(one).blocks]
    opened = _open if len(blocking) == 1 else _in_short
    return (
        *(part for one in blocking for part in opened(one, report, limit=limit)),
        *_passing([one for one in requests if not tone(one).blocks], report, limit=limit),
    )


def _passing(requests: Sequence[RequestReport], report: Report, *, limit: Limit) -> tuple[Block, ...]:
    """All in one fold, whose title says whether they are more than harmless."""
    others = "that pass" if all(tone(one) is Tone.GOOD for one in requests) else "that stop nothing"
    fold = f"{TONE_ICONS[Tone.GOOD]} {count(len(requests), 'request')} {others}"
    return tuple(_folded(one, report, limit=limit, fold=fold) for one in requests)


def notes(messages: Sequence[Message]) -> tuple[Block, ...]:
    """Sentences worth knowing, as a list."""
    return block(bullets(sentence(full(message)) for message in messages), Rank.NOTES)


def to_do(hint: Message) -> str:
    """What to do next; empty when nobody knows better than the message."""
    return f"**What to do:** {sentence(full(hint))}" if hint.parts else ""


def short_commit(commit: str) -> str:
    """A commit id, short."""
    return code(commit[:_SHORT_COMMIT])


def _alone(request: RequestReport, links: Links, *, limit: Limit) -> tuple[Block, ...]:
    reason = f"**Reason given:** {code(request.request.reason)}" if request.request.reason else ""
    return (
        *block(_objections(request, limit), Rank.BLOCKING),
        *markdown_figures.blocks(request, limit),
        *template_blocks.blocks(request, limit),
        *block(reason, Rank.NOTES),
        *notes(request.notes),
        *_rest(request, links, limit=limit),
    )


def _open(request: RequestReport, report: Report, *, limit: Limit) -> tuple[Block, ...]:
    return (
        *block(_joined(_title(request, report), _objections(request, limit)), Rank.BLOCKING),
        *markdown_figures.blocks(request, limit),
        *template_blocks.blocks(request, limit),
        *notes(request.notes),
        *_rest(request, report.links, limit=limit),
    )


def _in_short(request: RequestReport, report: Report, *, limit: Limit) -> tuple[Block, ...]:
    """Why, what to do and what to know are open; no chart, because none may be folded."""
    figures = _joined(markdown_figures.text(request, limit), template_blocks.text(request, limit))
    quiet = _joined(_check_list(_quiet(request), limit), _origins(request, report.links))
    return (
        *block(_joined(_title(request, report), _objections(request, limit)), Rank.BLOCKING),
        *notes(request.notes),
        *block(figures, Rank.FIGURES, fold=_LOOKED_UP),
        *block(quiet, Rank.DETAILS, fold=_LOOKED_UP),
        *differences.blocks(request),
    )


def _folded(request: RequestReport, report: Report, *, limit: Limit, fold: str) -> Block:
    text = _joined(
        _title(request, report),
        _objections(request, limit),
        markdown_figures.text(request, limit),
        template_blocks.text(request, limit),
        _check_list(_quiet(request), limit),
        bullets(sentence(full(note)) for note in request.notes),
        _origins(request, report.links),
    )
    return Block(text=text, rank=Rank.REQUESTS, fold=fold)


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _title(request: RequestReport, report: Report) -> str:
    return f"#### {TONE_ICONS[tone(request)]} {sentence(request_headline(request, report.phase))}"


def _objections(request: RequestReport, limit: Limit) -> str:
    """Why a request does not pass, which checks say so, what to do; warnings for one that does."""
    objecting = [result for result in worst_first(request.results) if result.outcome in _OPEN]
    return _joined(
        _why(request, objecting),
        _check_list(objecting, limit),
        _list([sentence(message) for message in approvals(request.approval)], limit),
        to_do(request.hint),
    )


def _why(request: RequestReport, objecting: Sequence[CheckResult]) -> str:
    if tone(request) is Tone.GOOD:
        return ""
    # Where checks object, they say it better than the sentence that sums them up.
    speaks = request.verdict is Verdict.PROMOTE or not objecting
    if speaks:
        return sentence(why(request))
    if tone(request) is not Tone.UNSURE:
        return "**What stands against it:**"
    return _joined(sentence(doubt(request)), "**Open questions:**")


def _quiet(request: RequestReport) -> list[CheckResult]:
    """What passed or was not judged; slices have a table of their own."""
    return [
        result
        for result in worst_first(request.results)
        if result.outcome not in _OPEN and not in_slices(result)
    ]


def _check_list(results: Sequence[CheckResult], limit: Limit) -> str:
    return _list([_check(result) for result in results], limit)


def _list(items: Sequence[str], limit: Limit) -> str:
    """A list of rendered items, as long as there is room for it."""
    lines = [f"- {item}" for item in items]
    kept = within(lines, limit, part=8)
    tail = more(lines, kept, limit=limit)
    return "\n".join([*kept, f"- {tail}" if tail else ""]).rstrip()


def _check(result: CheckResult) -> str:
    title = sentence(say(*title_of(result)))
    return f"{OUTCOME_ICONS[result.outcome]} {title}: {sentence(full(result.message))}"


def _rest(request: RequestReport, links: Links, *, limit: Limit) -> tuple[Block, ...]:
    """What a reader looks up only when in doubt."""
    quiet = _quiet(request)
    passed = f"{OUTCOME_ICONS[quiet[0].outcome]} {_count_of(quiet)}" if quiet else ""
    return (
        *block(_check_list(quiet, limit), Rank.DETAILS, fold=passed),
        *differences.blocks(request),
        *block(_origins(request, links), Rank.DETAILS, fold=_ORIGINS),
    )


def _count_of(quiet: Sequence[CheckResult]) -> str:
    passed = [result for result in quiet if result.outcome is Outcome.PASSED]
    skipped = len(quiet) - len(passed)
    counts = [f"{count(len(passed), 'check')} passed"] if passed else []
    return ", ".join([*counts, f"{skipped} skipped"] if skipped else counts)


def _origins(request: RequestReport, links: Links) -> str:
    if request.evidence is None:
        return ""
    roles = (("Champion", request.evidence.champion), ("Challenger", request.evidence.challenger))
    lines = [_origin(version, links, role=role) for role, version in roles if version is not None]
    if request.pull_request is not None:
        asked = link(
            f"pull request #{request.pull_request}", address.pull_request(links, request.pull_request)
        )
        lines.append(f"Asked for in {asked}")
    if request.logged:
        where = address.logged(links, request.evidence.challenger, folder=request.logged)
        lines.append(f"This report: {link(f'logged to the run as {code(request.logged)}', where)}")
    lines += [prose(line) for line in _confined(request.evidence)]
    return bullets(lines)


def _confined(evidence: Evidence) -> tuple[str, ...]:
    """Which layers were around code that ran. Where one was missing a note says so, and louder."""
    found = evidence.sandboxes
    if not found or missing_in(found):
        return ()
    covered = {one.layer for layers in found for one in layers if one.state is State.COVERED}
    names = [f"{layer} (by the others)" if layer in covered else str(layer) for layer in Layer]
    return (f"Model code ran confined: {', '.join(names)}",)


def _origin(version: ModelVersion, links: Links, *, role: str) -> str:
    number = f"version {code(version.version)}"
    parts = [link(number, address.of_version(links, version))]
    if version.run is not None:
        parts.append(f"run {link(code(version.run.run_id), address.training_run(links, version))}")
        if version.run.git_commit:
            parts.append(f"code {short_commit(version.run.git_commit)}")
        data = version.run.datasets
        parts += [f"data {code(one.name)} ({code(one.digest)})" for one in data[:_DATASETS_SHOWN]]
        if len(data) > _DATASETS_SHOWN:
            parts.append(f"and {count(len(data) - _DATASETS_SHOWN, 'more dataset')}")
    return f"{role}: {', '.join(parts)}"
