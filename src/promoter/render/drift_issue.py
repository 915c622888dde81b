"""The issue of one alias that drifts: what git says, what the registry holds, and both ways out.

Nothing in it changes from run to run while the drift is the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from promoter.core.drift import DriftKind, DriftReport, Finding, Key
from promoter.render import links as address
from promoter.render.drift_adopting import adopting
from promoter.render.drift_words import KIND_WORDS, moment
from promoter.render.figures import ABSENT
from promoter.render.markdown import Align, bullets, cell, code, link, sentence, table
from promoter.render.sentences import ended
from promoter.text import Message, printable

_LONGEST_NAME = 80
_MOST_NAMED = 50
_SHORT = 12

_WHY = {
    DriftKind.MOVED: "What serves now was not asked for by a merged pull request: nobody reviewed it, and no "
    "check has judged it against the version before. The next promotion of this alias is refused until git "
    "and registry agree.",
    DriftKind.MISSING: "Whoever loads the model by this alias gets an error. The next promotion of it is "
    "refused until git and registry agree.",
    DriftKind.NEVER_APPLIED: "The change was merged, and the alias was never moved: its apply was refused, "
    "dropped or never started. What serves is not what the repository says.",
    DriftKind.VERSION_MISSING: "The version was deleted, or never existed: nothing can be put back. MLflow "
    "takes an alias away together with its version.",
    DriftKind.VERSION_NOT_READY: "The registry does not call the version ready, so it cannot be applied.",
    DriftKind.MODEL_MISSING: "The registered model was deleted or renamed, or this job's credential may not "
    "see it.",
    DriftKind.UNMANAGED: "The policy lets requests move this alias, and no request asks for it: whoever "
    "moves it does so without review and without checks.",
}
_HEAL = (
    "Or let Promoter do it: write `drift: {heal: true}` into the policy, give the drift workflow a "
    "credential that may write, and run it: the alias goes back where approvals and all checks allow it, "
    "against what is live. Plain apply refuses to undo what somebody did by hand."
)
_APPLY = (
    "Run apply again: **Actions → Apply promotion → Run workflow** (`workflow_dispatch` with "
    "`command: apply`), or `promoter apply`. It judges the request anew, and moves the alias or says why not."
)


def issue_title(finding: Finding) -> str:
    """Plain text of at most 255 characters."""
    model, alias = (printable(name, longest=_LONGEST_NAME) for name in finding.key)
    return f"Drift: {model}@{alias} {KIND_WORDS[finding.kind]}"


def issue_body(finding: Finding, report: DriftReport, *, marker: str) -> str:
    """Markdown whose first line is the marker, a hidden comment."""
    heading = f"### ❌ {code(finding.model)} @\u00a0{code(finding.alias)} {KIND_WORDS[finding.kind]}"
    parts = [
        f"{marker}\n{heading}",
        _table(finding, report),
        _WHY[finding.kind],
        "#### One way out: what git says",
        _as_git_says(finding),
        "#### The other: what the registry holds",
        adopting(finding, report),
        _FOOTER,
    ]
    return "\n\n".join(parts) + "\n"


_FOOTER = (
    "<sub>Promoter keeps this issue: one for each alias, brought up to date by every drift run, and closed "
    "when git and registry agree. What is edited here is written over.</sub>"
)


def _table(finding: Finding, report: DriftReport) -> str:
    columns = [("Git says", Align.LEFT), ("Since", Align.LEFT), ("The registry holds", Align.LEFT)]
    head, lines = table(columns, [(_asked(finding, report), _since(finding, report), _live(finding, report))])
    return "\n".join([*head, *lines])


def _asked(finding: Finding, report: DriftReport) -> str:
    request = finding.request
    if request is None:
        return "nothing"
    where = address.line(report.links, finding.commit, path=request.path, number=request.version_line)
    return f"version {cell(request.version)} in {link(cell(request.path), where)}"


def _since(finding: Finding, report: DriftReport) -> str:
    commit = address.commit(report.links, finding.commit)
    parts = [moment(finding.since), link(cell(finding.commit[:_SHORT]), commit) if finding.commit else ""]
    return " ".join(part for part in parts if part) or ABSENT


def _live(finding: Finding, report: DriftReport) -> str:
    if finding.kind is DriftKind.MODEL_MISSING:
        return "no such model"
    if finding.live is None:
        return "nobody"
    where = address.model_version(report.links, finding.model, version=finding.live, kind=finding.of)
    return f"version {link(cell(finding.live), where)}"


def _as_git_says(finding: Finding) -> str:
    request = finding.request
    if request is None:
        return "Delete the alias in the registry, once nobody loads the model by it."
    if finding.kind is DriftKind.NEVER_APPLIED:
        return _APPLY
    if finding.kind in {DriftKind.MOVED, DriftKind.MISSING}:
        return f"Put the alias back by hand:\n\n{_by_hand(finding)}\n\n{_HEAL}"
    if finding.kind is DriftKind.VERSION_NOT_READY:
        status = f" Its status is {code(finding.status)}." if finding.status else ""
        return f"Have the registry make version {code(request.version)} ready.{status} Then: {_APPLY}"
    if finding.kind is DriftKind.MODEL_MISSING:
        return "Let the credential see the model, or register it again; then ask for a version of it."
    return "Merge a pull request that asks for a version which exists."


def _by_hand(finding: Finding) -> str:
    """Python to paste. A request's names are plain ASCII, and are written as JSON besides."""
    request = finding.request
    values = [request.model, request.alias, request.version] if request else []
    given = ", ".join(json.dumps(value) for value in values)
    return f"```python\nmlflow.MlflowClient().set_registered_model_alias({given})\n```"


def closed_body(why: Message, *, marker: str) -> str:
    """The last text of an issue."""
    return (
        f"{marker}\n### ✅ Nothing to do any more\n\n{sentence(ended(why))}\n\n"
        "<sub>Promoter has closed this issue. What it said stands in its edits.</sub>\n"
    )


def rest_title(count: int) -> str:
    """Of the one issue for what found no place among the others."""
    return f"Drift: {count:,} more {'alias differs' if count == 1 else 'aliases differ'} from git"


def rest_body(keys: Sequence[Key], report: DriftReport, *, marker: str) -> str:
    """The names of the first, and where all of them are."""
    named = bullets(f"{code(model)} @\u00a0{code(alias)}" for model, alias in keys[:_MOST_NAMED])
    left = len(keys) - _MOST_NAMED
    more = f"\n- … and {left:,} more" if left > 0 else ""
    return (
        f"{marker}\n### ❌ {rest_title(len(keys)).removeprefix('Drift: ')}\n\n"
        "So many at once mostly means that the registry was emptied, restored or exchanged, or that this job "
        "asks another one. One run opens issues for a few of them only; these have none yet:\n\n"
        f"{named}{more}\n\n"
        f"`promoter drift` lists all, and so does the drift run's summary.\n\n{_FOOTER}\n"
    )
