"""The fakes in memory, held to what the adapters answer about the same GitHub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_issues import GitHubIssues
from promoter.adapters.github_proposals import GitHubProposals
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.core.issue import Issue
from promoter.core.proposal import Draft
from promoter.core.pull_request import Permission
from promoter.demo.github.server import serve
from promoter.demo.github.show_repository import timestamp
from promoter.demo.github.world import World
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Issues, Proposals, PullRequests, Repository
from tests.contract.github_adapters_world import (
    BODY,
    GLOBS,
    MARKER,
    PATH,
    UNKNOWN,
    adapters_world,
    connected,
    dave_is_nobody,
)
from tests.contract.github_standin_world import ALICE, small_world
from tests.fakes.github import Comment, InMemoryPullRequests, InMemoryRepository, Irregular
from tests.fakes.issues import InMemoryIssues
from tests.fakes.proposals import InMemoryProposals


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The same GitHub twice: by the adapters and in memory."""

    repositories: tuple[GitHubRepository, InMemoryRepository]
    pulls: tuple[GitHubPullRequests, InMemoryPullRequests]
    tip: str
    head: str

    def same_files(self, ask: Callable[[Repository], object]) -> object:
        """What both repositories answer, or why both refuse."""
        real, fake = (outcome(ask, repository) for repository in self.repositories)
        assert real == fake
        return real

    def same_pulls(self, ask: Callable[[PullRequests], object]) -> object:
        """What both answer about pull requests, or why both refuse."""
        real, fake = (outcome(ask, pulls) for pulls in self.pulls)
        assert real == fake
        return real


def outcome(ask: Callable[..., object], of: object) -> object:
    try:
        return ask(of)
    except PromoterError as error:
        return error.reason


def mirrored(world: World, *names: str) -> InMemoryRepository:
    """Every commit that these names lead to, oldest first."""
    commits = dict.fromkeys(sha for name in names for sha in world.git.shas("--reverse", name))
    files: dict[str, dict[str, bytes | Irregular]] = {}
    for sha in commits:
        items = [item for item in world.git.tree(sha, "-r") if item.kind != "tree"]
        stored = world.git.objects([item.sha if item.kind == "blob" else "" for item in items])
        contents = [
            found.content if found else item.sha.encode() for item, found in zip(items, stored, strict=True)
        ]
        files[sha] = {
            item.path: content if item.mode == "100644" else Irregular(item.mode, content)
            for item, content in zip(items, contents, strict=True)
        }
    parents = {sha: world.git.commit(sha).parents for sha in commits}
    return InMemoryRepository(
        files,
        branches={"main": names[0]},
        parents={sha: next(iter(found), None) for sha, found in parents.items()},
        merged={sha: found[1] for sha, found in parents.items() if len(found) > 1},
        when={sha: timestamp(world.git.commit(sha).committer.when) for sha in commits},
    )


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[Sides]:
    world = adapters_world(tmp_path)
    world.add_comment(2, author="bob", body=f"{MARKER}\nNot ours.")
    tip, head = world.tip("main") or "", world.tip("feature/second") or ""
    with serve(world) as standin:
        standin.interceptor = dave_is_nobody()
        connection = connected(standin, ALICE)
        pulls = GitHubPullRequests(connection, looks_again=())
        known = {number: pulls.get(number) for number in (1, 2)}
        fake = InMemoryPullRequests(
            pulls=tuple(known.values()),
            paths={number: sorted(pulls.changed_paths(pull)) for number, pull in known.items()},
            brought={tip: [1], head: [2]},
            given={2: pulls.reviews(2)},
            people={2: pulls.contributors(2)},
            shas={2: sorted(pulls.commits(2))},
            pushed={2: pulls.moves(known[2])},
            permissions={"alice": Permission.ADMIN, "bob": Permission.WRITE, "carol": Permission.READ},
            teams={"acme/risk-ml": ["bob", "carol"]},
            login="alice",
            comments=[Comment(number=2, author="bob", body=f"{MARKER}\nNot ours.", url="x")],
        )
        repositories = GitHubRepository(connection), mirrored(world, tip, head)
        yield Sides(repositories=repositories, pulls=(pulls, fake), tip=tip, head=head)


def test_repositories_list_the_same_files(sides: Sides) -> None:
    several = (GLOBS, ("**",), ("promotions/*.yaml", "latest"), ("vendor/*",), ("nowhere/*",))

    sides.same_files(lambda one: [one.files(sides.tip, globs) for globs in several])
    sides.same_files(lambda one: [one.files(sides.head, globs) for globs in several])
    assert sides.same_files(lambda one: one.tip("main")) == sides.tip


def test_repositories_hold_the_same_contents(sides: Sides) -> None:
    entries = [entry for entry in sides.repositories[1].files(sides.head, ("**",)) if entry.mode != "160000"]

    assert len(entries) > 10
    sides.same_files(lambda one: dict(one.contents(entries)))
    sides.same_files(lambda one: dict(one.contents(entries[:2])))


@pytest.mark.parametrize("path", [PATH, "promotions/größe 1.yaml", "never/there.yaml"])
def test_repositories_tell_the_same_history(sides: Sides, path: str) -> None:
    sides.same_files(lambda one: [change.content for change in one.history(sides.head, path, limit=1)])
    sides.same_files(lambda one: [change.content for change in one.history(sides.head, path, limit=20)])


@pytest.mark.parametrize("limit", [1, 2, 20])
def test_repositories_tell_the_same_first_parents(sides: Sides, limit: int) -> None:
    chain = sides.same_files(lambda one: one.first_parents(sides.tip, limit=limit))
    assert isinstance(chain, tuple)
    assert [ancestor.is_merge for ancestor in chain] == [True, False][:limit]
    assert all(datetime.fromisoformat(ancestor.when).tzinfo is UTC for ancestor in chain)
    sides.same_files(lambda one: one.first_parents(sides.head, limit=limit))


def test_repositories_hold_the_same_blobs(sides: Sides) -> None:
    paths = (PATH, "promotions/größe 1.yaml", "never/there.yaml", "latest")
    places = [(commit, path) for commit in (sides.tip, sides.head) for path in paths]
    found = sides.same_files(lambda one: dict(one.blob_ids(places)))
    assert isinstance(found, dict)
    assert list(found) == places
    assert [place for place, blob in found.items() if blob is None] == [places[1], places[2], places[6]]


def test_repositories_tell_the_same_merge_base(sides: Sides) -> None:
    older = sides.repositories[1].first_parents(sides.tip, limit=2)[1].commit
    pairs = [(sides.tip, sides.head), (sides.head, sides.tip), (sides.tip, older), (older, older)]
    sides.same_files(lambda one: [one.merge_base(*pair) for pair in pairs])


def test_repositories_refuse_the_same(sides: Sides) -> None:
    entry = sides.repositories[1].files(sides.tip, (PATH,))[0]
    unknown, large = replace(entry, blob_id=UNKNOWN), replace(entry, size=10**6)

    assert sides.same_files(lambda one: one.tip("gone")) is ReasonCode.PERMISSION_DENIED
    assert sides.same_files(lambda one: one.files(UNKNOWN, GLOBS)) is ReasonCode.PERMISSION_DENIED
    denied = ReasonCode.PERMISSION_DENIED
    assert sides.same_files(lambda one: one.first_parents(UNKNOWN, limit=9)) is denied
    assert sides.same_files(lambda one: one.merge_base(sides.tip, UNKNOWN)) is denied
    assert sides.same_files(lambda one: one.contents([unknown])) is ReasonCode.PERMISSION_DENIED
    assert sides.same_files(lambda one: one.contents([large])) is ReasonCode.REQUEST_INVALID


def test_pull_requests_answer_the_same(sides: Sides) -> None:
    pull = sides.pulls[1].get(2)

    sides.same_pulls(lambda one: one.get(1))
    sides.same_pulls(lambda one: one.changed_paths(pull))
    sides.same_pulls(lambda one: one.reviews(2))
    sides.same_pulls(lambda one: one.reviews(1))
    sides.same_pulls(lambda one: one.contributors(2))
    assert len(sides.pulls[0].commits(2)) == 3
    sides.same_pulls(lambda one: one.commits(2))
    assert [move.actor for move in sides.pulls[0].moves(pull)] == ["alice"] * 3
    sides.same_pulls(lambda one: one.moves(pull))
    assert sides.same_pulls(lambda one: dict(one.open_heads("main"))) == {2: pull.head_commit}
    sides.same_pulls(lambda one: [one.of_commit(commit) for commit in (sides.tip, sides.head)])
    sides.same_pulls(lambda one: [one.numbers_of_commit(commit) for commit in (sides.tip, sides.head)])
    logins = ("alice", "BOB", "carol", "nobody-at-all")
    sides.same_pulls(lambda one: [one.permission(login) for login in logins])
    sides.same_pulls(lambda one: [one.is_team_member(login, "acme/risk-ml") for login in ("bob", "rita")])


def test_pull_requests_refuse_the_same(sides: Sides) -> None:
    pull = sides.pulls[1].get(2)
    refused = {
        ReasonCode.PERMISSION_DENIED: [
            sides.same_pulls(lambda one: one.get(999)),
            sides.same_pulls(lambda one: one.is_team_member("bob", "acme/hidden")),
        ],
        ReasonCode.TOO_MANY_FILES: [
            sides.same_pulls(lambda one: one.changed_paths(replace(pull, changed_files=3001))),
            sides.same_pulls(lambda one: one.changed_paths(replace(pull, changed_files=1))),
        ],
    }
    for reason, found in refused.items():
        assert found == [reason, reason]


def test_comments_are_written_and_left_alone_alike(sides: Sides) -> None:
    for pulls in sides.pulls:
        assert pulls.update_comment(2, marker=MARKER, body=BODY) is None
        assert pulls.comment(2, marker=MARKER) is None
        address = pulls.upsert_comment(2, marker=MARKER, body=f"{BODY}<!-- 12ab -->\n", unless="")
        assert pulls.upsert_comment(2, marker=MARKER, body=BODY, unless="<!-- 12ab -->") == address
        assert pulls.update_comment(2, marker=MARKER, body=BODY) == address
        assert pulls.upsert_comment(2, marker=MARKER, body=BODY, unless="") == address
        assert pulls.comment(2, marker=MARKER) == BODY.rstrip()
        with pytest.raises(ValueError, match="marker"):
            pulls.upsert_comment(2, marker="<!-- other -->", body=BODY, unless="")
    assert sides.pulls[1].writes == 2
    assert [comment.body for comment in sides.pulls[1].comments] == [f"{MARKER}\nNot ours.", BODY]


def test_proposals_are_kept_the_same_way(tmp_path: Path) -> None:
    def told(of: Proposals) -> list[object]:
        body = "<!-- promoter proposal -->\nBetter."
        draft = Draft(branch="promoter/one", base="main", title="One", body=body, files={PATH: b"a: 1\n"})
        one = of.create(draft)
        two = of.create(replace(draft, branch="promoter/two", files={"new.yaml": b"b: 1\n"}))
        seen: list[object] = [[each.number for each in of.opened()], of.create(draft) == one]
        seen.append(of.change(one, draft) == one)
        changed = of.change(one, replace(draft, title="Uno", files={PATH: b"a: 2\n"}))
        seen += [
            changed.title,
            changed.head_commit == one.head_commit,
            of.listed("promoter/one") == (changed,),
        ]
        of.close(two, body=f"{body}\nDone.")
        seen += [[(each.state, each.body) for each in of.listed("promoter/two")], of.opened() == (changed,)]
        again = of.create(replace(draft, branch="promoter/two", files={"new.yaml": b"b: 2\n"}))
        return [
            *seen,
            again.number,
            [each.state for each in of.listed("promoter/two")],
            of.listed("promoter/x"),
        ]

    world = small_world(tmp_path)
    world.add_token("writer", "bob", grants={"contents": "write", "pull_requests": "write"})
    with serve(world) as standin:
        connection = connected(standin, "writer", deadline=Deadline(120, pause=lambda _: None))
        assert told(GitHubProposals(connection)) == told(InMemoryProposals())


def test_issues_are_kept_the_same_way(tmp_path: Path) -> None:
    def told(of: Issues) -> list[list[tuple[int, str, str, str]]]:
        seen = []

        def look() -> tuple[Issue, ...]:
            found = of.opened()
            seen.append([(one.number, one.marker, one.title, one.body.rstrip()) for one in found])
            return found

        look()
        urls = [of.create(title=f"Drift {at}", body=f"<!-- promoter drift {at} -->\nMoved.") for at in (1, 2)]
        newest, oldest = look()
        assert [newest.url, oldest.url] == urls[::-1]
        of.change(oldest, title=oldest.title, body=oldest.body)
        of.change(oldest, title="Drifted", body=f"{oldest.marker}\nMoved again.")
        of.close(newest, body=f"{newest.marker}\nGone.")
        look()
        return seen

    with serve(small_world(tmp_path)) as standin:
        assert told(GitHubIssues(connected(standin))) == told(InMemoryIssues())
        assert (standin.count("POST", "/issues"), standin.count("PATCH", "/issues")) == (2, 2)
