"""A real git repository, driven through git's own commands, and the values read from it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from promoter.demo.github.git_memory import GitMemory

ZERO_SHA = "0" * 40


class GitError(Exception):
    """A git command ended with an error; the message is git's own."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who wrote or committed something, and when (UTC, whole seconds)."""

    name: str
    email: str
    when: datetime


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit object."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, kw_only=True)
class TreeEntry:
    """One line of a tree: `kind` is `blob`, `tree` or `commit` (a submodule); only blobs have a size."""

    path: str
    mode: str
    kind: str
    sha: str
    size: int | None


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object's type and bytes, as `git cat-file --batch` gives them."""

    sha: str
    kind: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """One file of a comparison; `sha` is the new blob, or the old one of a removed file."""

    path: str
    previous_path: str | None
    status: str
    sha: str
    additions: int
    deletions: int


_STATUS = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "C": "copied", "T": "changed"}
_COMMIT_FIELDS = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B"
_COMMIT_WIDTH = 10


class Git:
    """Runs git in one directory, untouched by the user's own configuration and environment."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        program = shutil.which("git")
        if program is None:
            raise GitError("git is not installed or not on the PATH")
        self._program = program
        self._memory = GitMemory(directory)

    def run(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """Return what one git command prints; raise `GitError` when it fails."""
        if environment is not None:
            return self._run(*arguments, stdin=stdin, environment=environment)
        return self._memory.answer(
            arguments, stdin, ask=lambda: self._run(*arguments, stdin=stdin, environment={})
        )

    def _run(self, *arguments: str, stdin: bytes, environment: Mapping[str, str]) -> bytes:
        command = [self._program, "-C", str(self.directory), "-c", "core.hooksPath=/dev/null", *arguments]
        # A clean environment: a GIT_DIR or an identity inherited from the caller would aim these commands
        # at another repository, or make the commits depend on whose machine runs the demo.
        clean = {
            "PATH": f"{Path(self._program).parent}{os.pathsep}{os.defpath}",
            "HOME": os.devnull,
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            # A folder that is no repository yet must not turn into the one around it.
            "GIT_CEILING_DIRECTORIES": str(self.directory.resolve().parent),
            "GIT_LITERAL_PATHSPECS": "1",
            # See `git_memory`
            "GIT_DEFAULT_REF_FORMAT": "files",
            **environment,
        }
        done = subprocess.run(command, input=stdin, env=clean, capture_output=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise GitError(f"git {arguments[0]}: {said or f'exit code {done.returncode}'}")
        return done.stdout

    def text(self, *arguments: str) -> str:
        """Run one git command and return its output without the white space around it."""
        return self.run(*arguments).decode(errors="replace").strip()

    def lines(self, *arguments: str) -> list[str]:
        """Run one git command and return the lines of its output."""
        return self.text(*arguments).splitlines()

    def resolve(self, expression: str) -> str | None:
        """Return the full name of the object that `expression` means, or None when it means none."""
        if not expression or expression.startswith("-") or "\n" in expression or "\0" in expression:
            return None
        try:
            return self.text("rev-parse", "--verify", "--quiet", expression)
        except GitError:
            return None

    def commit_sha(self, expression: str) -> str | None:
        """Return the commit that `expression` means (a tag is followed), or None."""
        return self.resolve(f"{expression}^{{commit}}") if expression else None

    def is_ancestor(self, old: str, new: str) -> bool:
        """Tell whether `new` contains `old`."""
        return self.merge_base(old, new) == old

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two commits, or None when their histories are unrelated."""
        try:
            return self.text("merge-base", one, other)
        except GitError:
            return None

    def shas(self, *arguments: str) -> list[str]:
        """Return the commits that `git rev-list` lists."""
        return self.lines("rev-list", *arguments)

    def commits(self, *arguments: str) -> list[Commit]:
        """Return the commits that `git log` lists, newest first unless `--reverse` is among the arguments."""
        raw = self.run("log", "-z", f"--format={_COMMIT_FIELDS}", *arguments).decode(errors="replace")
        fields = raw.split("\0")
        return [
            _commit(fields[at : at + _COMMIT_WIDTH])
            for at in range(0, len(fields) - _COMMIT_WIDTH + 1, _COMMIT_WIDTH)
        ]

    def commit(self, sha: str) -> Commit:
        """Return one commit that is known to exist."""
        return self.commits("--no-walk", sha, "--")[0]

    def tree(self, tree_ish: str, *options: str) -> list[TreeEntry]:
        """Return the entries of a tree; `-r -t` as options make it recursive."""
        return self._entries(*options, tree_ish)

    def entry(self, tree_ish: str, path: str) -> TreeEntry | None:
        """Return what a tree has at a path, without entering it."""
        return next(iter(self._entries(tree_ish, "--", path)), None)

    def _entries(self, *arguments: str) -> list[TreeEntry]:
        raw = self.run("ls-tree", "-z", "-l", *arguments).decode(errors="surrogateescape")
        return [_tree_entry(line) for line in raw.split("\0") if line]

    def submodule_address(self, commit: str, path: str) -> str | None:
        """Return where a submodule comes from, None when `.gitmodules` does not say."""
        try:
            raw = self.run("config", "--blob", f"{commit}:.gitmodules", "--null", "--list")
        except GitError:
            return None
        settings = dict(
            line.split("\n", 1) for line in raw.decode(errors="replace").split("\0") if "\n" in line
        )
        key = next((key for key, value in settings.items() if key.endswith(".path") and value == path), "")
        return settings.get(f"{key.removesuffix('path')}url")

    def objects(self, expressions: Sequence[str]) -> list[StoredObject | None]:
        """Return what each expression (`SHA`, `SHA:path`, …) means, None for those that mean nothing.

        One git process serves them all, so a batch costs what one object costs.
        """
        asked = [item for item in expressions if item and "\n" not in item]
        raw = self.run("cat-file", "--batch", stdin="".join(f"{item}\n" for item in asked).encode())
        found: dict[str, StoredObject | None] = {}
        at = 0
        for item in asked:
            end = raw.index(b"\n", at)
            heading = raw[at:end].decode(errors="replace").rsplit(" ", 2)
            at = end + 1
            if heading[-1].isdigit():
                size = int(heading[-1])
                found[item] = StoredObject(sha=heading[0], kind=heading[1], content=raw[at : at + size])
                at += size + 1
            else:
                found[item] = None
        return [found.get(item) for item in expressions]

    def changes(self, old: str, new: str) -> list[FileChange]:
        """Return the files that differ between two commits or trees; renames are found."""
        options = ("-r", "-z", "-M", "-l0", "--no-abbrev", "--raw", "--numstat")
        raw = self.run("diff-tree", *options, old, new).decode(errors="surrogateescape")
        return _file_changes(raw.split("\0"))


def _commit(fields: Sequence[str]) -> Commit:
    sha, tree, parents, name, email, written, by_name, by_email, committed, message = fields
    return Commit(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author=Signature(name=name, email=email, when=datetime.fromtimestamp(int(written), UTC)),
        committer=Signature(name=by_name, email=by_email, when=datetime.fromtimestamp(int(committed), UTC)),
        message=message.rstrip("\n"),
    )


def _tree_entry(line: str) -> TreeEntry:
    heading, path = line.split("\t", 1)
    mode, kind, sha, size = heading.split()
    return TreeEntry(path=path, mode=mode, kind=kind, sha=sha, size=int(size) if size.isdigit() else None)


def _file_changes(fields: Sequence[str]) -> list[FileChange]:
    """Read `--raw --numstat -z`: first every raw line, then every count, in the same order."""
    raw: list[tuple[str, str, str | None, str]] = []
    at = 0
    while fields[at].startswith(":"):
        _, _, old, new, letter = fields[at].split(" ")
        moved = letter[0] in "RC"
        previous = fields[at + 1] if moved else None
        path = fields[at + 2] if moved else fields[at + 1]
        raw.append((letter[0], path, previous, old if letter[0] == "D" else new))
        at += 3 if moved else 2
    changes = []
    for letter, path, previous, sha in raw:
        added, deleted, _ = fields[at].split("\t", 2)
        at += 3 if previous is not None else 1
        changes.append(
            FileChange(
                path=path,
                previous_path=previous,
                status=_STATUS[letter],
                sha=sha,
                additions=int(added) if added.isdigit() else 0,
                deletions=int(deleted) if deleted.isdigit() else 0,
            )
        )
    return changes
