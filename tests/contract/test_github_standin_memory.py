"""The stand-in asks git once for what cannot have changed, and again for everything else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promoter.demo.github.git import Git, GitError, Signature
from promoter.demo.github.git_memory import GitMemory
from promoter.demo.github.writing import Draft, write_commit

MAIN = "refs/heads/main"
ALICE = Signature(name="Alice", email="alice@example.com", when=datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A bare repository with one commit."""
    (tmp_path / "repository.git").mkdir()
    git = Git(tmp_path / "repository.git")
    git.run("init", "--quiet", "--bare", "--initial-branch=main")
    commit(git, b"one")
    return git


def commit(git: Git, content: bytes, branch: str = MAIN) -> str:
    draft = Draft(branch=branch, parent=git.resolve(MAIN), author=ALICE, message="Change")
    return write_commit(git, draft, files={"file": content})


def as_somebody_else(git: Git, *arguments: str) -> None:
    """Git itself, as who pushes uses it: no object of ours knows."""
    subprocess.run(["git", "-C", str(git.directory), *arguments], check=True, capture_output=True)


class Counted:
    """A memory whose questions are counted."""

    def __init__(self, git: Git) -> None:
        self.asked = 0
        self._git = git
        self._memory = GitMemory(git.directory)

    def __call__(self, *arguments: str, stdin: bytes = b"") -> bytes:
        def ask() -> bytes:
            self.asked += 1
            return Git(self._git.directory).run(*arguments, stdin=stdin)

        return self._memory.answer(arguments, stdin, ask=ask)


def test_what_a_hash_names_is_asked_once_whatever_moves(git: Git) -> None:
    first = git.resolve(MAIN) or ""
    ask = Counted(git)
    for number in range(3):
        ask("log", "--format=%H", first, "--")
        ask("ls-tree", "-z", "-l", first, "--", "file")
        ask("cat-file", "--batch", stdin=f"{first}:file\n".encode())
        ask("rev-list", f"{first}..{first}")
        commit(git, f"more {number}".encode())
    assert ask.asked == 4


MOVES: dict[str, Callable[[Git, str], None]] = {
    "a branch moves": lambda git, old: as_somebody_else(git, "update-ref", MAIN, old),
    "a branch comes": lambda git, old: as_somebody_else(git, "update-ref", "refs/heads/deep/er", old),
    "a tag comes": lambda git, old: as_somebody_else(git, "update-ref", "refs/tags/v1", old),
    "a branch goes": lambda git, old: as_somebody_else(git, "update-ref", "-d", "refs/heads/other"),
    "HEAD moves": lambda git, old: as_somebody_else(git, "symbolic-ref", "HEAD", "refs/heads/other"),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=[*MOVES])
@pytest.mark.parametrize("packed", ["loose", "packed"])
def test_what_a_ref_names_is_asked_again_when_any_ref_moved(
    git: Git, move: Callable[[Git, str], None], packed: str
) -> None:
    old = git.resolve(MAIN) or ""
    new = commit(git, b"two", "refs/heads/other")
    as_somebody_else(git, "update-ref", MAIN, new)
    if packed == "packed":
        as_somebody_else(git, "pack-refs", "--all")
    ask = Counted(git)
    questions = [
        ("for-each-ref", "--format=%(refname) %(objectname)"),
        ("rev-list", "--all"),
        ("log", "--format=%H", "HEAD", "--"),
    ]
    for question in questions * 3:
        ask(*question)
    assert ask.asked == len(questions)
    move(git, old)
    assert [ask(*question) for question in questions] == [
        Git(git.directory).run(*question) for question in questions
    ]
    assert ask.asked == 2 * len(questions)


def test_an_object_that_was_missing_is_found_when_it_came(git: Git) -> None:
    (git.directory / "content").write_bytes(b"later")
    sha = git.text("hash-object", "content")
    assert git.objects([sha]) == [None]
    as_somebody_else(git, "hash-object", "-w", "content")
    (found,) = git.objects([sha])
    assert found is not None
    assert found.content == b"later"


def test_what_git_refuses_is_asked_again(git: Git) -> None:
    ask = Counted(git)
    for _ in range(2):
        with pytest.raises(GitError, match="bad revision"):
            ask("log", "refs/heads/nobody", "--")
    assert ask.asked == 2


def test_what_is_large_is_not_kept(git: Git) -> None:
    sha = commit(git, b"x" * 2_000_000)
    ask = Counted(git)
    for _ in range(2):
        assert len(ask("cat-file", "--batch", stdin=f"{sha}:file\n".encode())) > 2_000_000
    assert ask.asked == 2


def test_writing_and_worktrees_are_never_answered_from_memory(git: Git, tmp_path: Path) -> None:
    ask = Counted(git)
    for _ in range(2):
        ask("update-ref", "refs/heads/again", git.resolve(MAIN) or "")
    assert ask.asked == 2
    as_somebody_else(git, "worktree", "add", "--detach", str(tmp_path / "tree"), "main")
    tree = Counted(Git(tmp_path / "tree"))
    for _ in range(2):
        tree("rev-parse", "HEAD")
    assert tree.asked == 2
