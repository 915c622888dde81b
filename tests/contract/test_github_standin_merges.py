"""What people do on the stand-in, and what the API then says: merges, queues, reverts, forks, pushes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from promoter.demo.github.git import ZERO_SHA
from promoter.demo.github.model import MergeMethod, Push, ReviewState
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import NotAllowed, World
from promoter.demo.github.writing import MergeConflict
from tests.contract.github_standin_world import REPOSITORY, ask, get, listed, propose, small_world

REQUEST = "promotions/churn.yaml"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world(tmp_path / "churn.git")


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        yield running


def numbers_of(standin: Standin, sha: str) -> list[int]:
    return [pull["number"] for pull in listed(standin, f"/commits/{sha}/pulls")]


def first_parents(world: World) -> list[str]:
    return world.git.shas("--first-parent", "main")


def merged(world: World, method: MergeMethod) -> tuple[list[str], Push]:
    """Merge a pull request of two commits; return those commits and the push."""
    number = propose(world)
    commits = world.pull_commits(world.pulls[number])
    return commits, world.merge(number, by="bob", method=method)


def test_a_merge_commit_has_the_base_first_and_the_head_second(world: World, standin: Standin) -> None:
    commits, push = merged(world, MergeMethod.MERGE)
    made = world.git.commit(push.after)
    assert made.parents == (push.before, commits[-1])
    assert made.message == "Merge pull request #1 from acme/promote-2\n\nPromote churn 2"
    assert (made.author.name, made.committer.name) == ("bob", "GitHub")
    assert first_parents(world) == [push.after, push.before]
    assert [numbers_of(standin, sha) for sha in (*commits, push.after)] == [[1], [1], [1]]
    assert numbers_of(standin, push.before) == []


def test_a_squash_is_one_commit_by_the_author(world: World, standin: Standin) -> None:
    commits, push = merged(world, MergeMethod.SQUASH)
    made = world.git.commit(push.after)
    assert made.parents == (push.before,)
    assert made.message == "Promote churn 2 (#1)\n\n* Promote churn\n\n* Say why\n\nIt matters."
    assert (made.author.name, made.committer.name) == ("alice", "GitHub")
    assert first_parents(world) == [push.after, push.before]
    assert [numbers_of(standin, sha) for sha in (*commits, push.after)] == [[1], [1], [1]]


def test_a_squash_of_one_commit_takes_its_words(world: World) -> None:
    world.commit("fix", {"README.md": b"# fixed\n"}, author="alice", message="Fix\n\nA typo.")
    number = world.open_pull_request("fix", author="alice", title="Another title").number
    push = world.merge(number, by="bob", method=MergeMethod.SQUASH)
    assert world.git.commit(push.after).message == "Fix (#1)\n\nA typo."


def test_a_rebase_writes_every_commit_anew(world: World, standin: Standin) -> None:
    commits, push = merged(world, MergeMethod.REBASE)
    added = world.git.shas("--reverse", f"{push.before}..{push.after}")
    assert len(added) == 2
    assert set(added).isdisjoint(commits)
    made = [world.git.commit(sha) for sha in added]
    assert [commit.message for commit in made] == ["Promote churn", "Say why\n\nIt matters."]
    assert {(commit.author.name, commit.committer.name) for commit in made} == {("alice", "bob")}
    assert get(standin, "/pulls/1")["merge_commit_sha"] == added[-1]
    assert [numbers_of(standin, sha) for sha in (*added, *commits)] == [[1], [1], [1], [1]]


@pytest.mark.parametrize("method", list(MergeMethod))
def test_a_merged_pull_request_says_so(world: World, standin: Standin, method: MergeMethod) -> None:
    commits, push = merged(world, method)
    world.commit("promote-2", {"late.txt": b"too late\n"}, author="alice", message="After the merge")
    shown = get(standin, "/pulls/1")
    assert (shown["state"], shown["merged"], shown["merged_by"]["login"]) == ("closed", True, "bob")
    assert (shown["merge_commit_sha"], shown["mergeable"]) == (push.after, None)
    assert shown["merged_at"] == shown["closed_at"]
    assert (shown["head"]["sha"], shown["changed_files"], shown["commits"]) == (commits[-1], 2, 2)
    assert [file["filename"] for file in listed(standin, "/pulls/1/files")] == ["notes/promote-2.md", REQUEST]
    assert [commit["sha"] for commit in listed(standin, "/pulls/1/commits")] == commits


def test_an_open_pull_request_follows_its_branch(world: World, standin: Standin) -> None:
    number = propose(world)
    before = get(standin, f"/pulls/{number}")
    push = world.commit("promote-2", {REQUEST: b"model: other\n"}, author="alice", message="More")
    after = get(standin, f"/pulls/{number}")
    assert (before["mergeable"], before["mergeable_state"]) == (True, "clean")
    tried = world.git.commit(before["merge_commit_sha"])
    assert tried.parents == (before["base"]["sha"], before["head"]["sha"])
    assert after["head"]["sha"] == push.after
    assert after["merge_commit_sha"] != before["merge_commit_sha"]
    assert get(standin, f"/git/ref/pull/{number}/merge")["object"]["sha"] == after["merge_commit_sha"]
    assert numbers_of(standin, push.after) == [number]


def test_a_conflict_is_not_merged(world: World, standin: Standin) -> None:
    propose(world, "one", version=2)
    propose(world, "two", version=3)
    world.merge(1, by="bob")
    with pytest.raises(MergeConflict):
        world.merge(2, by="bob")
    shown = get(standin, "/pulls/2")
    assert (shown["state"], shown["mergeable"], shown["mergeable_state"]) == ("open", False, "dirty")
    assert shown["merge_commit_sha"] is None


def test_a_revert_brings_the_old_content_back(world: World) -> None:
    for number, method in enumerate(MergeMethod, start=1):
        before = world.git.resolve(f"main:{REQUEST}")
        assert propose(world, f"change-{method}", version=number + 1) == number * 2 - 1
        world.merge(number * 2 - 1, by="bob", method=method)
        assert world.git.resolve(f"main:{REQUEST}") != before
        branch = world.revert(number * 2 - 1, by="bob")
        assert branch == f"revert-{number * 2 - 1}-change-{method}"
        undo = world.open_pull_request(branch, author="bob", title='Revert "Promote churn"')
        world.merge(undo.number, by="alice", method=method)
        assert world.git.resolve(f"main:{REQUEST}") == before


def test_a_merge_queue_lands_several_in_one_push(world: World, standin: Standin) -> None:
    world.commit("other", {"promotions/other.yaml": b"model: other\n"}, author="carol", message="Other")
    propose(world)
    world.open_pull_request("other", author="carol", title="Other")
    group = world.enqueue([1, 2], by="bob", method=MergeMethod.SQUASH)
    assert group.head_ref == f"refs/heads/gh-readonly-queue/main/pr-2-{group.base_sha}"
    assert get(standin, "/pulls/1")["merged"] is False
    push = world.land(group, by="bob")
    assert (push.before, push.after) == (group.base_sha, world.tip("main"))
    by_number = dict(group.merges)
    assert first_parents(world) == [by_number[2], by_number[1], push.before]
    assert [numbers_of(standin, by_number[number]) for number in (1, 2)] == [[1], [2]]
    assert [get(standin, f"/pulls/{n}")["merge_commit_sha"] for n in (1, 2)] == [by_number[1], by_number[2]]


def test_a_real_push_is_noticed(world: World, standin: Standin, tmp_path: Path) -> None:
    propose(world)
    clone = tmp_path / "clone"
    for command in (
        ["clone", "--quiet", str(world.git.directory), str(clone)],
        ["-C", str(clone), "merge", "--quiet", "--no-ff", "-m", "By hand", "origin/promote-2"],
        ["-C", str(clone), "push", "--quiet", "origin", "HEAD:main"],
    ):
        who = ["-c", "user.name=bob", "-c", f"user.email={world.users['bob'].email}"]
        subprocess.run(["git", *who, *command], check=True, capture_output=True)
    shown = get(standin, "/pulls/1")
    assert (shown["merged"], shown["merged_by"]["login"]) == (True, "bob")
    assert shown["merge_commit_sha"] == world.tip("main")
    assert numbers_of(standin, world.tip("main") or "") == [1]


def test_a_pull_request_pushed_as_it_is_counts_as_merged(world: World, standin: Standin) -> None:
    propose(world)
    head = world.tip("promote-2") or ""
    world.move("refs/heads/main", head)
    shown = get(standin, "/pulls/1")
    assert (shown["merged"], shown["merge_commit_sha"], shown["commits"]) == (True, head, 2)


def test_deleting_the_branch_closes_the_pull_request(world: World, standin: Standin) -> None:
    propose(world)
    world.delete_branch("promote-2")
    shown = get(standin, "/pulls/1")
    assert (shown["state"], shown["merged"]) == ("closed", False)


def test_closed_draft_and_retargeted(world: World, standin: Standin) -> None:
    world.create_branch("release", "main")
    propose(world, "one")
    propose(world, "two")
    world.convert_to_draft(1)
    with pytest.raises(NotAllowed, match="draft"):
        world.merge(1, by="bob")
    shown = get(standin, "/pulls/1")
    assert (shown["draft"], shown["mergeable_state"]) == (True, "draft")
    assert world.mark_ready(1).is_draft is False
    assert world.retarget(1, "release").base_ref == "release"
    assert get(standin, "/pulls/1")["base"]["ref"] == "release"
    world.close(2)
    with pytest.raises(NotAllowed, match="closed"):
        world.merge(2, by="bob")
    assert get(standin, "/pulls/2")["merge_commit_sha"] is None
    assert [pull["number"] for pull in listed(standin, "/pulls?state=open")] == [1]


def test_reviews_keep_the_whole_history(world: World, standin: Standin) -> None:
    number = propose(world)
    old = world.pulls[number].head_sha
    first = world.review(number, "bob", state=ReviewState.APPROVED)
    world.commit("promote-2", {"more.txt": b"more\n"}, author="alice", message="More")
    world.review(number, "bob", state=ReviewState.CHANGES_REQUESTED, body="No.")
    world.review(number, "rita", state=ReviewState.APPROVED, commit_id=old)
    world.dismiss(first.id)
    shown = listed(standin, f"/pulls/{number}/reviews")
    assert [(r["user"]["login"], r["state"]) for r in shown] == [
        ("bob", "DISMISSED"),
        ("bob", "CHANGES_REQUESTED"),
        ("rita", "APPROVED"),
    ]
    assert [r["commit_id"] for r in shown] == [old, world.tip("promote-2"), old]
    with pytest.raises(NotAllowed):
        world.review(number, "alice", state=ReviewState.APPROVED)


def test_a_fork_is_another_repository(world: World, standin: Standin) -> None:
    number = propose(world, "mallory:promote-9", author="mallory")
    shown = get(standin, f"/pulls/{number}")
    assert shown["head"]["repo"]["full_name"] == "mallory/churn"
    assert shown["head"]["repo"]["fork"] is True
    assert (shown["head"]["label"], shown["head"]["ref"]) == ("mallory:promote-9", "promote-9")
    assert shown["base"]["repo"]["full_name"] == "acme/churn"
    assert ask(standin, f"{REPOSITORY}/branches/promote-9").status_code == 404


def test_pushes_tell_what_moved(world: World) -> None:
    before = world.tip("main")
    direct = world.commit("main", {"README.md": b"# direct\n"}, author="alice", message="Direct")
    assert (direct.ref, direct.before, direct.after) == ("refs/heads/main", before, world.tip("main"))
    assert world.commit("new", {"a": b""}, author="bob", message="New").before == ZERO_SHA


def test_what_makes_no_sense_is_refused(world: World) -> None:
    world.create_branch("same", "main")
    with pytest.raises(NotAllowed, match="No commits between main and same"):
        world.open_pull_request("same", author="alice", title="Nothing")
    with pytest.raises(NotAllowed, match="no branch"):
        world.open_pull_request("missing", author="alice", title="Nothing")
    propose(world)
    with pytest.raises(NotAllowed, match="not merged"):
        world.revert(1, by="alice")
    with pytest.raises(NotAllowed, match="no branch"):
        world.retarget(1, "missing")
    with pytest.raises(NotAllowed, match="nothing is called"):
        world.create_branch("x", "missing")
    group = world.enqueue([1], by="bob")
    world.commit("main", {"README.md": b"# moved\n"}, author="alice", message="Moved")
    with pytest.raises(NotAllowed, match="moved since"):
        world.land(group, by="bob")
