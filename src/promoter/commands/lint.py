"""lint: what is wrong with requests and policy as they lie in a folder. Asks neither registry nor GitHub.

It tells what validate would refuse before it asks anybody. The policy is the one that lies beside the
requests; a pull request is held against the one it would be merged onto.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

from promoter.commands.judging import rule_for
from promoter.commands.trees import Places
from promoter.core.files import REGULAR_FILE, FileEntry
from promoter.core.linting import LintReport, Objection, Scope
from promoter.core.override import misuse
from promoter.core.policy import Mode, Policy
from promoter.core.policy_file import parse_policy
from promoter.core.request import PromotionRequest
from promoter.core.requests import RequestSet, read_requests
from promoter.core.schema_files import SCHEMAS, is_stale, stale_words
from promoter.errors import Problem, PromoterError, ReasonCode
from promoter.text import Message, quote, say

_File: TypeAlias = tuple[FileEntry, bytes]
_ENDINGS = {".yaml": ".yml", ".yml": ".yaml"}
_LINK = "120000"
_REGULAR_ONLY = say("Write it as an ordinary file: no link, not executable")
_NO_LINK = say("Put the folder itself where the link is: git keeps a link's name, and nothing behind it")
_NO_POLICY = say(
    "there is no policy here (`--policy` names it): whether it allows what is asked for was not looked at"
)


class Listing(Protocol):
    """The files of a working tree."""

    def listed(self, pattern: str) -> tuple[_File, ...]:
        """Every file that matches a glob, with its bytes (a link's are none), sorted by path."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be looked at. `paths`, seen from the repository's root, are files that somebody takes for
    requests or the policy, or folders of them: those that Promoter would never read are problems, too."""

    places: Places
    now: datetime
    paths: tuple[str, ...] = ()
    scope: Scope = Scope.ALL


@dataclass(frozen=True, kw_only=True)
class _Found:
    requests: tuple[_File, ...]
    unread: tuple[str, ...]
    policy: _File | None
    in_the_way: tuple[Objection, ...]


def lint(folder: Listing, asked: Asked) -> LintReport:
    """Everything that is wrong. Raises USAGE_INVALID where there is nothing to look at."""
    found = _found(folder, asked)
    policy, of_policy = _policy(found.policy)
    of_requests = read_requests(found.requests)
    objections = list(found.in_the_way)
    notes: list[Message] = list(_stale_schemas(folder))
    if asked.scope.has_policy:
        objections += of_policy
    if asked.scope.has_requests:
        objections += _unread(found.unread, asked.places)
        objections += _of_set(of_requests)
        if policy is not None:
            objections += _against(policy, of_requests.requests)
            notes += _worth_knowing(policy, of_requests.requests, now=asked.now)
            objections += _misused(policy, of_requests.requests, now=asked.now)
        elif found.policy is None:
            notes.append(_NO_POLICY)
    return LintReport(
        objections=tuple(sorted(objections, key=lambda one: (one.problem.path, one.problem.line))),
        notes=tuple(notes),
        requests=len(found.requests) if asked.scope.has_requests else 0,
        policies=1 if asked.scope.has_policy and found.policy else 0,
    )


# --- files ----------------------------------------------------------------------------------------


def _found(folder: Listing, asked: Asked) -> _Found:
    places = asked.places
    policy = next(iter(folder.listed(places.policy)), None)
    requests = tuple(one for one in folder.listed(places.requests) if one[0].path != places.policy)
    read = {places.policy, *(entry.path for entry, _ in requests)}
    named = [entry.path for one in asked.paths for entry, _ in _beneath(folder, one)]
    unread = dict.fromkeys(path for path in (*_mistaken(folder, places.requests), *named) if path not in read)
    is_there = {Scope.ALL: policy or requests, Scope.REQUESTS: requests, Scope.POLICY: policy}[asked.scope]
    in_the_way = tuple(_in_the_way(folder, asked))
    if not is_there and not unread and not in_the_way:
        raise _nothing(asked)
    return _Found(requests=requests, unread=tuple(unread), policy=policy, in_the_way=in_the_way)


def _beneath(folder: Listing, path: str) -> tuple[_File, ...]:
    """A file itself; of a folder what looks like YAML. Raises USAGE_INVALID for neither."""
    within = "" if path == "." else f"{path}/"
    of_folder = (one for ending in _ENDINGS for one in folder.listed(f"{within}**/*{ending}"))
    found = folder.listed(path) or tuple(of_folder)
    if not found:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("there is no file ", quote(path), ", and no folder of that name with YAML in it"),
            hint=say(
                "Name files or folders of the clone, or none for all that Promoter reads. What git ignores "
                "does not count."
            ),
        )
    return found


def _in_the_way(folder: Listing, asked: Asked) -> Iterator[Objection]:
    """Links in place of folders, on the way to where files are looked for."""
    patterns = {
        ReasonCode.POLICY_INVALID: asked.places.policy if asked.scope.has_policy else "",
        ReasonCode.REQUEST_INVALID: asked.places.requests if asked.scope.has_requests else "",
    }
    for reason, pattern in patterns.items():
        folders = pattern.partition("*")[0].partition("?")[0].split("/")[:-1]
        ways = ["/".join(folders[: count + 1]) for count in range(len(folders))]
        for path in (path for way in ways for path in _link_at(folder, way)):
            found = say("found a link in place of a folder: nothing behind it is read")
            yield _objection(reason, path, found=found, write=_NO_LINK)


def _link_at(folder: Listing, path: str) -> Iterator[str]:
    return (entry.path for entry, _ in folder.listed(path) if entry.mode == _LINK)


def _mistaken(folder: Listing, pattern: str) -> Iterator[str]:
    """Files that would be requests if their names ended as the glob does: `.yml` for `.yaml`."""
    for ending, other in _ENDINGS.items():
        if pattern.endswith(ending):
            yield from (entry.path for entry, _ in folder.listed(pattern.removesuffix(ending) + other))


def _nothing(asked: Asked) -> PromoterError:
    looked_for = {
        Scope.ALL: (quote(asked.places.requests), " and no policy ", quote(asked.places.policy)),
        Scope.REQUESTS: (quote(asked.places.requests),),
        Scope.POLICY: (quote(asked.places.policy),),
    }[asked.scope]
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("there is no file ", *looked_for),
        hint=say("Run this in the clone, or name them by `--directory`, `--requests` and `--policy`."),
    )


def _unread(paths: Iterable[str], places: Places) -> Iterator[Objection]:
    for path in paths:
        found = say("found a file that Promoter never reads: requests are ", quote(places.requests))
        write = say("Give it a name that the glob matches, or widen the input `requests`")
        yield _objection(ReasonCode.REQUEST_INVALID, path, found=found, write=write)


# --- what is wrong --------------------------------------------------------------------------------


def _policy(file: _File | None) -> tuple[Policy | None, tuple[Objection, ...]]:
    """The policy where it can be read, and what keeps it from being read."""
    if file is None:
        return None, ()
    entry, data = file
    if entry.mode != REGULAR_FILE:
        found = say(f"found no regular file (mode {entry.mode})")
        return None, (_objection(ReasonCode.POLICY_INVALID, entry.path, found=found, write=_REGULAR_ONLY),)
    try:
        return parse_policy(data, path=entry.path), ()
    except PromoterError as error:
        return None, tuple(Objection(reason=error.reason, problem=one) for one in error.problems)


def _of_set(found: RequestSet) -> Iterator[Objection]:
    for problem in found.problems:
        is_repeated = problem in found.repeated
        reason = ReasonCode.DUPLICATE_REQUEST if is_repeated else ReasonCode.REQUEST_INVALID
        yield Objection(reason=reason, problem=problem)


def _against(policy: Policy, requests: Sequence[PromotionRequest]) -> Iterator[Objection]:
    for request in requests:
        if _is_disabled(policy, request):
            continue
        try:
            rule_for(policy, request)
        except PromoterError as error:
            yield _of_request(request, error)


def _misused(policy: Policy, requests: Sequence[PromotionRequest], *, now: datetime) -> Iterator[Objection]:
    """Overrides that count for nothing; one that is over has done its work and may stay."""
    for request in requests:
        rule = policy.rule_for(request.model, request.kind)
        if rule is None or request.override is None or _is_over(request, now):
            continue
        error = misuse(request.override, rule.override, now=now)
        if error is not None:
            yield _of_request(request, error)


def _worth_knowing(
    policy: Policy, requests: Sequence[PromotionRequest], *, now: datetime
) -> Iterator[Message]:
    for request in requests:
        if _is_disabled(policy, request):
            yield say(
                quote(request.path), ": the policy has promotions of ", quote(request.model), " disabled"
            )
        if _is_over(request, now):
            yield say(
                quote(request.path),
                ": its override is over and may be deleted; while it is there, this file cannot ask for "
                "another version (override_refused)",
            )


def _is_disabled(policy: Policy, request: PromotionRequest) -> bool:
    """Whose files stay where they are, so that nobody takes their aliases for unmanaged."""
    rule = policy.rule_for(request.model, request.kind)
    return rule is not None and rule.mode is Mode.DISABLED


def _is_over(request: PromotionRequest, now: datetime) -> bool:
    return request.override is not None and request.override.expires < now.astimezone(UTC).date()


def _stale_schemas(folder: Listing) -> Iterator[Message]:
    """Schemas that init wrote, and that another release of Promoter would write otherwise."""
    for kind, path in SCHEMAS.items():
        yield from (stale_words(kind) for _, data in folder.listed(path) if is_stale(data, kind))


def _of_request(request: PromotionRequest, error: PromoterError) -> Objection:
    problem = Problem(
        path=request.path, line=request.version_line, column=1, found=error.message, write=error.hint
    )
    return Objection(reason=error.reason, problem=problem)


def _objection(reason: ReasonCode, path: str, *, found: Message, write: Message) -> Objection:
    return Objection(reason=reason, problem=Problem(path=path, line=1, column=1, found=found, write=write))
