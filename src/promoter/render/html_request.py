"""One request in the HTML report: verdict, checks, figures, approvals, lineage."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

from promoter.core.approval import ApprovalState
from promoter.core.evidence import CheckResult
from promoter.core.model_version import ModelVersion
from promoter.core.report import Links, RequestReport
from promoter.render import links as address
from promoter.render import template_blocks
from promoter.render.figures import ABSENT
from promoter.render.html_differences import differences
from promoter.render.html_figures import chip, figures
from promoter.render.html_text import code, items, link, sentence, table, tag, text
from promoter.render.sentences import approvals, change_of, full, title_of, tone, why
from promoter.render.words import CUSTOM, TONE_ICONS, Tone, worst_first
from promoter.text import say

_LONGEST_DESCRIPTION = 1_000
_LAST_MOMENT = 253_402_300_799_000  # end of the year 9999, in milliseconds


class Extent(Enum):
    """How much of a request is to be seen."""

    WHOLE = "whole"
    FOLDED = "folded"
    TITLE = "title"


_LEFT_OUT = (
    "The rest is left out here: this report has as much as it may hold. It is in `evidence.json`, and a run "
    "with fewer requests shows it."
)


def section(request: RequestReport, links: Links, *, charts: str = "", extent: Extent = Extent.WHOLE) -> str:
    """A `<section>` that can be read on its own, with its rendered charts."""
    kind = tone(request)
    title = tag("h2", f"{TONE_ICONS[kind]} {sentence(say(*change_of(request)))}")
    if extent is Extent.TITLE:
        inner = title + tag("p", text(_LEFT_OUT), kind="soft")
    elif extent is Extent.FOLDED:
        inner = tag("details", tag("summary", title) + _body(request, links, charts=charts))
    else:
        inner = title + _body(request, links, charts=charts)
    return f'<section class="request {kind.value}">{inner}</section>'


def _body(request: RequestReport, links: Links, *, charts: str) -> str:
    kind = tone(request)
    asked = request.request
    reason = f"<strong>Reason given:</strong> {code(asked.reason, longest=_LONGEST_DESCRIPTION)}"
    todo = f"<strong>What to do:</strong> {sentence(full(request.hint))}"
    parts = (
        tag("p", sentence(why(request))) if kind is not Tone.GOOD else "",
        tag("p", todo, kind="do") if request.hint.parts else "",
        figures(request, charts),
        template_blocks.html(request),
        _checks(request),
        differences(request),
        _approvals(request.approval),
        tag("p", reason) if asked.reason else "",
        tag("p", _asked_in(request, links)),
        items(sentence(full(note)) for note in request.notes),
        _lineage(request, links),
    )
    return "".join(parts)


def _checks(request: RequestReport) -> str:
    rows = [_check(result) for result in worst_first(request.results)]
    return table(("Outcome", "Check", "Finding"), rows, caption="Checks")


def _check(result: CheckResult) -> tuple[str, ...]:
    return (chip(result.outcome), tag("span", _name(result)), tag("span", sentence(full(result.message))))


def _name(result: CheckResult) -> str:
    if result.check == CUSTOM:
        return sentence(say(*title_of(result)))
    return code(result.check) + (f"<br>{code(result.subject)}" if result.subject else "")


def _approvals(state: ApprovalState | None) -> str:
    if state is None:
        return ""
    logins = ", ".join(code(login) for login in state.counted)
    given = f"<strong>Approvals:</strong> {len(state.counted)} of {state.needed}"
    return tag("p", f"{given} ({logins})" if logins else given) + items(map(sentence, approvals(state)))


def _asked_in(request: RequestReport, links: Links) -> str:
    if request.pull_request is None:
        return ""
    number = text(f"pull request #{request.pull_request}")
    return f"<strong>Asked for in:</strong> {link(number, address.pull_request(links, request.pull_request))}"


def _lineage(request: RequestReport, links: Links) -> str:
    if request.evidence is None:
        return ""
    roles = (("Champion", request.evidence.champion), ("Challenger", request.evidence.challenger))
    known = [(role, version) for role, version in roles if version is not None]
    rows = [_origin(version, links, role=role) for role, version in known]
    head = ("Role", "Version", "Made", "Run", "Code", "Data", "Model")
    described = code(request.evidence.challenger.description, longest=_LONGEST_DESCRIPTION)
    about = f"<strong>Description of the challenger:</strong> {described}"
    return table(head, rows, caption="Where the versions come from") + tag("p", about)


def _origin(version: ModelVersion, links: Links, *, role: str) -> tuple[str, ...]:
    training = version.run
    commit = training.git_commit if training else None
    data = training.datasets if training else ()
    return (
        text(role),
        link(code(version.version), address.of_version(links, version)),
        tag("span", text(_moment(version.created_at)), kind="figure"),
        link(code(training.run_id[:12]), address.training_run(links, version)) if training else ABSENT,
        code(commit[:12]) if commit else ABSENT,
        tag("span", "<br>".join(f"{code(one.name)} {code(one.digest)}" for one in data)) or ABSENT,
        tag("span", code(version.source, longest=120)),
    )


def _moment(milliseconds: int) -> str:
    if not 0 < milliseconds < _LAST_MOMENT:
        return ABSENT
    return datetime.fromtimestamp(milliseconds // 1000, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
