"""The files Promoter reads at a commit: the policy and the promotion requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from promoter.commands.versions import Past
from promoter.core.files import REGULAR_FILE, FileEntry, FileVersion, matches
from promoter.core.policy import Policy
from promoter.core.policy_file import parse_policy
from promoter.core.request import PromotionRequest
from promoter.core.request_file import parse_request
from promoter.core.requests import RequestSet, read_requests
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Repository
from promoter.text import quote, say

# How many changes of one file are looked at: enough for any rollback that a person remembers.
HISTORY_LIMIT = 20
_MOST_RENAMES = 4


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where in a repository the files are: a glob for requests, a path for the policy."""

    requests: str
    policy: str


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Both kinds of files at one commit; `requests` by path."""

    commit: str
    requests: Mapping[str, FileEntry]
    policy: FileEntry | None

    def by_path(self) -> Mapping[str, FileEntry]:
        """Both kinds, by path."""
        return {**self.requests, **({self.policy.path: self.policy} if self.policy else {})}


def read_tree(repository: Repository, commit: str, *, places: Places) -> Tree:
    """List the files at a commit; their contents are not read yet."""
    entries = repository.files(commit, (places.requests, places.policy))
    return Tree(
        commit=commit,
        requests={e.path: e for e in entries if e.path != places.policy and matches(e.path, places.requests)},
        policy=next((entry for entry in entries if entry.path == places.policy), None),
    )


def read_policy(repository: Repository, tree: Tree, *, places: Places) -> Policy:
    """The policy at a tree. Raises POLICY_INVALID, also when there is none."""
    if tree.policy is None:
        raise PromoterError(
            ReasonCode.POLICY_INVALID,
            say("there is no policy ", quote(places.policy), " at commit ", quote(tree.commit[:12])),
            hint=say(
                "Add one in a pull request of its own, without promotion requests: it counts for the pull "
                "requests after it. `examples/promotion-policy.yaml` is a start."
            ),
        )
    if tree.policy.mode != REGULAR_FILE:
        raise PromoterError(
            ReasonCode.POLICY_INVALID,
            say("the policy ", quote(places.policy), " is not a regular file (mode ", tree.policy.mode, ")"),
            hint=say("Write the policy as an ordinary file: no link, no submodule, not executable."),
        )
    data = repository.contents([tree.policy])[tree.policy.blob_id]
    return parse_policy(data, path=tree.policy.path)


def read_request_set(repository: Repository, tree: Tree) -> RequestSet:
    """Every request at a tree. Raises REQUEST_INVALID or DUPLICATE_REQUEST with all problems."""
    regular = [entry for entry in tree.requests.values() if entry.mode == REGULAR_FILE]
    contents = repository.contents(regular) if regular else {}
    found = read_requests([(e, contents.get(e.blob_id, b"")) for e in tree.requests.values()])
    if found.reason is not None:
        raise PromoterError(
            found.reason,
            say(f"{len(found.problems)} problem(s) in promotion requests"),
            hint=say("Each line below says what to write instead. Nothing was judged."),
            problems=found.problems,
        )
    return found


def past_path(repository: Repository, tree: Tree, *, request: PromotionRequest) -> str:
    """Where the request's alias was asked for at a tree: the same path, or the one it was renamed from."""
    if request.path in tree.requests:
        return request.path
    regular = [entry for entry in tree.requests.values() if entry.mode == REGULAR_FILE]
    contents = repository.contents(regular) if regular else {}
    held = ((e.path, _version_held(contents[e.blob_id], replace(request, path=e.path))) for e in regular)
    return next((path for path, version in held if version is not None), request.path)


def past_of(request: PromotionRequest, older: Sequence[FileVersion]) -> tuple[Past, ...]:
    """What the request's file asked for before, after each of the changes given."""
    held = [(one, _held(one.content, request)) for one in older]
    return tuple(
        Past(commit=one.commit, version=earlier.version, when=one.when, reason=earlier.reason)
        if earlier is not None
        else Past(commit=one.commit, version=None, when=one.when)
        for one, earlier in held
    )


def past_at(
    repository: Repository, commit: str, *, request: PromotionRequest, places: Places
) -> tuple[FileVersion, ...]:
    """The changes, newest first, of the file that asked for the request's alias at a commit."""
    place = (commit, request.path)
    if repository.blob_ids([place])[place] is not None:
        return repository.history(commit, request.path, limit=HISTORY_LIMIT)
    tree = read_tree(repository, commit, places=places)
    path = past_path(repository, tree, request=request)
    return repository.history(commit, path, limit=HISTORY_LIMIT) if path in tree.requests else ()


def longer_past(
    repository: Repository, request: PromotionRequest, *, past: Sequence[Past], places: Places
) -> tuple[Past, ...]:
    """What git held under other paths, newest first, before the file with this past was made."""
    found: list[Past] = []
    newer = _since_made(past)
    for _ in range(_MOST_RENAMES):
        chain = repository.first_parents(newer[-1].commit, limit=2) if newer else ()
        before = (
            past_at(repository, chain[-1].commit, request=request, places=places) if len(chain) > 1 else ()
        )
        newer = _since_made(past_of(request, before))
        found += newer
    return tuple(found)


def _since_made(past: Sequence[Past]) -> list[Past]:
    return list(takewhile(lambda one: one.version is not None, past))


def _version_held(content: bytes | None, request: PromotionRequest) -> str | None:
    held = _held(content, request)
    return None if held is None else held.version


def _held(content: bytes | None, request: PromotionRequest) -> PromotionRequest | None:
    if content is None:
        return None
    try:
        earlier = parse_request(content, path=request.path)
    except PromoterError:
        return None
    return earlier if earlier.key == request.key else None
