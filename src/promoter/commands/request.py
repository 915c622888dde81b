"""request: write down that a model version shall hold an alias, and tell what validate says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from promoter.commands.overlay import PROPOSED, Overlay
from promoter.commands.trees import Places, read_tree
from promoter.commands.validate import Change, ValidateWorld, validate
from promoter.core.drift import Key
from promoter.core.files import REGULAR_FILE, FileEntry
from promoter.core.proposal import BRANCHES, Draft, Proposal
from promoter.core.report import Report
from promoter.core.request import PromotionRequest, named_by
from promoter.core.request_edit import with_version
from promoter.core.request_file import parse_request
from promoter.core.request_path import request_path
from promoter.core.requests import read_requests
from promoter.core.starter import request_text, schema_line
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.ports import Proposals, Repository
from promoter.render.comment import comment
from promoter.text import Message, quote, say

BODY_MARKER = "<!-- promoter request -->"
_LONGEST_SLUG, _DIGITS = 48, 10
_NO = (ExitCode.WRONG_INPUT, ExitCode.BUG, ExitCode.INTERRUPTED)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person wants; `reason` None: the one that is there stays.

    `model` is a key's name (`prompts:/greeting` for a prompt); `version` is digits, or `dev.ml.churn/7` for
    a version of another model to copy. A new file's first line names `schema`, the path of one in the
    repository (empty: none).
    """

    model: str
    alias: str
    version: str
    reason: str | None = None
    schema: str = ""

    @property
    def key(self) -> Key:
        """The alias that it shall hold."""
        return (self.model, self.alias)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A request file's new bytes; `before` None: it is new. `notes` tell what stays and may surprise."""

    path: str
    data: bytes
    before: bytes | None
    notes: tuple[Message, ...] = ()


def edit(files: Sequence[tuple[FileEntry, bytes]], asked: Asked, *, places: Places) -> Edit:
    """The file that asks for the alias among all request files, or a new one.

    Raises REQUEST_INVALID, DUPLICATE_REQUEST or USAGE_INVALID for names, files or a glob that cannot be.
    """
    path = places.requests
    text = request_text(asked.key, version=asked.version, reason=(asked.reason or "").strip())
    parse_request(text.encode("utf-8", "replace"), path="the new request")
    found = read_requests([one for one in files if one[0].path != places.policy])
    if found.reason is not None:
        raise PromoterError(
            found.reason,
            say(f"{len(found.problems)} problem(s) in the promotion requests that are there"),
            hint=say("Correct them first. Nothing was written."),
            problems=found.problems,
        )
    contents = {entry.path: data for entry, data in files}
    old = next((one for one in found.requests if one.key == asked.key), None)
    if old is not None:
        before = contents[old.path]
        data = with_version(before, version=asked.version, reason=asked.reason, path=old.path)
        return Edit(path=old.path, data=data, before=before, notes=_stays(old, asked))
    name = named_by(asked.model)[1]
    path = request_path(name, asked.alias, pattern=places.requests, taken=contents.keys())
    if not path:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("no file name fits the glob ", quote(places.requests), " for this request"),
            hint=say("Write the file by hand, or use a glob with `**` or `*` in it."),
        )
    first = schema_line(path, schema=asked.schema) if asked.schema else ""
    return Edit(path=path, data=(first + text).encode(), before=None)


def _stays(old: PromotionRequest, asked: Asked) -> tuple[Message, ...]:
    if old.version == asked.version:
        return ()
    notes = []
    if asked.reason is None and old.reason:
        notes.append(say("its reason is still that of version ", quote(old.version), ": give `--reason`"))
    if old.override is not None:
        notes.append(say("its override stays, and was meant for version ", quote(old.version)))
    return tuple(notes)


def judged(world: ValidateWorld, edited: Edit, *, change: Change) -> Report:
    """What validate says of the change with this file in it, before it is written anywhere.

    `change.head` is a commit or a tree; its own paths are judged with the file.
    """
    overlay = Overlay(world.repository, change.head, files={edited.path: edited.data})
    paths = (change.paths or frozenset()) | {edited.path}
    report = validate(replace(world, repository=overlay), replace(change, head=PROPOSED, paths=paths))
    return replace(report, head_commit="")


def may_be_written(report: Report) -> bool:
    """Whether the file is worth writing: a name that is wrong is corrected first."""
    return report.reason.exit_code not in _NO


def requests_at(
    repository: Repository, commit: str, *, places: Places
) -> tuple[tuple[FileEntry, bytes], ...]:
    """Every request file at a commit."""
    entries = read_tree(repository, commit, places=places).requests.values()
    regular = [entry for entry in entries if entry.mode == REGULAR_FILE]
    contents = repository.contents(regular) if regular else {}
    return tuple((entry, contents.get(entry.blob_id, b"")) for entry in entries)


def branch_of(verb: str, key: Key) -> str:
    """The one branch of an alias: readable, and a digest, because a dash joins other names to the same words
    and git takes not every name."""
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(key).lower())[:_LONGEST_SLUG].strip("-")
    return f"{BRANCHES}{verb}-{slug}-{sha256(json.dumps(key).encode()).hexdigest()[:_DIGITS]}"


def opened(proposals: Proposals, asked: Asked, *, edited: Edit, base: str, report: Report | None) -> Proposal:
    """The one pull request for the alias, opened or brought up to date. Raises CONFLICT where its branch
    holds commits of other people's."""
    branch = branch_of("request", asked.key)
    draft = Draft(
        branch=branch,
        base=base,
        title=f"Promote {asked.model} {asked.version} as {asked.alias}"[:250],
        body=_body(report),
        files={edited.path: edited.data},
    )
    mine = next((one for one in proposals.listed(branch) if one.state == "open"), None)
    return proposals.create(draft) if mine is None else proposals.change(mine, draft)


def _body(report: Report | None) -> str:
    if report is None:
        return f"{BODY_MARKER}\nOpened with `promoter request`. It was not judged before.\n"
    told = (
        "\nOpened with `promoter request`, which judged it on the machine of whoever ran it. What counts is "
        "the comment that the job of this pull request writes."
    )
    return comment(report, marker=BODY_MARKER, last=told)
