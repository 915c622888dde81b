"""init: put under git what a registry holds. Gathers, plans, and writes through the folder it is given.

Nothing is written before everything was read: a registry that does not answer leaves no half a set-up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from promoter.commands.adopting import Found, Wanted, gather, unheld
from promoter.commands.trees import Places
from promoter.core.doctor_workflow import read_workflow, uses
from promoter.core.files import FileEntry
from promoter.core.policy import Policy
from promoter.core.policy_file import parse_policy
from promoter.core.request import PromotionRequest
from promoter.core.request_edit import with_version
from promoter.core.request_path import request_path
from promoter.core.requests import read_requests
from promoter.core.schema import FileKind, schema
from promoter.core.schema_files import SCHEMAS
from promoter.core.starter import ADOPTED, Adopted, policy_text, request_text, schema_line
from promoter.core.starter_workflow import PLACEHOLDER, Setting, workflow_text
from promoter.core.starting import Done, DoneFile, FileState, InitPlan, Part, PlannedFile, Step
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryReader
from promoter.text import Message, quote, say

WORKFLOWS = ".github/workflows/*"


class Folder(Protocol):
    """The files of a working tree. What is no regular file is never followed, and never replaced."""

    def listed(self, pattern: str) -> tuple[tuple[FileEntry, bytes], ...]:
        """Every file that matches a glob, with its bytes (a link's are none), sorted by path."""

    def read(self, path: str) -> bytes | None:
        """A file's bytes; None where nothing is there. Raises USAGE_INVALID for what is no regular file."""

    def write(self, path: str, data: bytes) -> None:
        """The whole file, with the folders it needs. Raises USAGE_INVALID where that cannot be."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which aliases to put under git, and how the workflows are filled in."""

    wanted: Wanted
    setting: Setting
    step: Step = Step.ALL


@dataclass(frozen=True, kw_only=True)
class InitWorld:
    """What init needs from outside: `templates` are the example workflows by command, `tell` hears of
    progress."""

    registry: Callable[[], RegistryReader]
    folder: Folder
    places: Places
    templates: Mapping[str, str]
    tell: Callable[[Message], None] = lambda _: None


def plan_init(world: InitWorld, choice: Choice) -> InitPlan:
    """What to write. Raises USAGE_INVALID where nothing can be adopted, REQUEST_INVALID or POLICY_INVALID
    for files that are there and cannot be read, and whatever the registry raises."""
    existing = _existing(world)
    held = {request.key: request for request, _ in existing.values()}
    found = gather(world.registry(), choice.wanted, tell=world.tell)
    found.notes += unheld(found, held)
    files = list(_requests(world, found, existing=existing))
    if Part.RULES in choice.step.parts:
        files = [*_rules(world, choice, found=found), *files]
    files = [one for one in files if one.part in choice.step.parts]
    found.notes += _allowed(world, files, found=found)
    return InitPlan(
        files=tuple(files),
        adopted=sum(len(one.aliases) for one in found.adopted),
        skipped=tuple(found.skipped),
        notes=tuple(found.notes),
    )


def write(plan: InitPlan, folder: Folder, *, replace: Collection[str]) -> tuple[DoneFile, ...]:
    """Write what is new, and of what differs only the paths in `replace`."""
    done = []
    for file in plan.files:
        what = {FileState.NEW: Done.CREATED, FileState.UNCHANGED: Done.UNCHANGED}.get(file.state, Done.KEPT)
        if file.state is FileState.DIFFERS and file.path in replace:
            what = Done.REPLACED
        if what in {Done.CREATED, Done.REPLACED}:
            folder.write(file.path, file.data)
        done.append(DoneFile(file=file, done=what))
    return tuple(done)


def looked_at(plan: InitPlan, *, replace: Collection[str]) -> tuple[DoneFile, ...]:
    """The same for a dry run: nothing is written."""
    words = {FileState.NEW: Done.WOULD_CREATE, FileState.UNCHANGED: Done.UNCHANGED}
    return tuple(
        DoneFile(
            file=file,
            done=words.get(file.state, Done.WOULD_REPLACE if file.path in replace else Done.KEPT),
        )
        for file in plan.files
    )


# --- files ----------------------------------------------------------------------------------------


def _existing(world: InitWorld) -> Mapping[str, tuple[PromotionRequest, bytes]]:
    """Path → the request that is there. Raises REQUEST_INVALID or DUPLICATE_REQUEST."""
    listed = [
        (entry, data)
        for entry, data in world.folder.listed(world.places.requests)
        if entry.path != world.places.policy
    ]
    found = read_requests(listed)
    if found.reason is not None:
        raise PromoterError(
            found.reason,
            say(f"{len(found.problems)} problem(s) in the promotion requests that are there"),
            hint=say("Correct them first: which aliases they ask for is not known. Nothing was written."),
            problems=found.problems,
        )
    contents = {entry.path: data for entry, data in listed}
    return {request.path: (request, contents[request.path]) for request in found.requests}


def _requests(
    world: InitWorld, found: Found, *, existing: Mapping[str, tuple[PromotionRequest, bytes]]
) -> Iterator[PlannedFile]:
    by_key = {request.key: (request, data) for request, data in existing.values()}
    taken = set(existing)
    for one in found.adopted:
        for alias, version in one.aliases.items():
            old = by_key.get((one.model, alias))
            if old is not None:
                request, data = old
                # What copies from another model has no number of its own yet; the copy may be what is live.
                same = request.source is not None or request.version == version
                new = data if same else with_version(data, version=version, reason=ADOPTED, path=request.path)
                yield PlannedFile(path=request.path, data=new, part=Part.REQUESTS, before=data)
                continue
            path = request_path(one.name, alias, pattern=world.places.requests, taken=taken)
            if not path:
                raise PromoterError(
                    ReasonCode.USAGE_INVALID,
                    say("no file name fits the glob ", quote(world.places.requests), " for every request"),
                    hint=say("Use a glob with `**` or `*` in it, such as `promotions/**/*.yaml`."),
                )
            taken.add(path)
            text = request_text((one.model, alias), version=version, reason=ADOPTED)
            text = schema_line(path, schema=SCHEMAS[FileKind.REQUEST]) + text
            yield _planned(world, path, text=text, part=Part.REQUESTS)


def _rules(world: InitWorld, choice: Choice, *, found: Found) -> Iterator[PlannedFile]:
    policy = world.places.policy
    text = schema_line(policy, schema=SCHEMAS[FileKind.POLICY]) + policy_text(found.adopted)
    parse_policy(text.encode(), path=policy)
    yield _planned(world, policy, text=text, part=Part.RULES)
    for kind, path in SCHEMAS.items():
        yield _planned(world, path, text=json.dumps(schema(kind), indent=2) + "\n", part=Part.RULES)
    others = _other_workflows(world)
    for command, template in world.templates.items():
        path = _workflow(command)
        if command in others:
            found.notes.append(
                say(quote(others[command]), f" runs {command} already: no other workflow for it is written")
            )
            continue
        yield _planned(world, path, text=workflow_text(template, choice.setting), part=Part.RULES)
    if not choice.setting.action and any(command not in others for command in world.templates):
        found.notes.append(
            say(
                "the workflows name ",
                quote(PLACEHOLDER.partition("@")[0]),
                " at no commit: put the release's in its place, or run this with `--action`",
            )
        )


def _workflow(command: str) -> str:
    return f".github/workflows/promoter-{command}.yml"


def _other_workflows(world: InitWorld) -> Mapping[str, str]:
    """Command → the file of somebody else's that runs it already."""
    own = {_workflow(command) for command in world.templates}
    read = (
        read_workflow(data, path=entry.path)
        for entry, data in world.folder.listed(WORKFLOWS)
        if entry.path not in own and entry.path.endswith((".yml", ".yaml"))
    )
    found = uses(tuple(one for one in read if one is not None))
    return {command: use.workflow.path for use in found for command in use.commands}


def _planned(world: InitWorld, path: str, *, text: str, part: Part) -> PlannedFile:
    return PlannedFile(path=path, data=text.encode(), part=part, before=world.folder.read(path))


def _allowed(world: InitWorld, files: Sequence[PlannedFile], *, found: Found) -> list[Message]:
    """What the policy that is there already does not allow of what is adopted."""
    data = world.folder.read(world.places.policy)
    if data is None:
        planned = (file.data for file in files if file.path == world.places.policy)
        data = next(planned, None)
    if data is None:
        return [say("there is no policy yet: the requests count once one is on the default branch")]
    policy = parse_policy(data, path=world.places.policy)
    return list(chain.from_iterable(_refused(policy, one) for one in found.adopted))


def _refused(policy: Policy, one: Adopted) -> Iterator[Message]:
    rule = policy.rule_for(one.name, one.kind)
    for alias in one.aliases:
        if rule is None or alias not in rule.aliases:
            name = quote(f"{one.model}@{alias}")
            yield say("the policy does not let requests move ", name, ": add it, or its request is refused")
