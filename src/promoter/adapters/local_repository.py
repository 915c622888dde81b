"""Files and history of a local clone, by the `git` command."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from promoter.adapters.git_log import LOG_FORMAT, parse_log
from promoter.core.files import Ancestor, FileEntry, FileVersion, Place, matches
from promoter.core.history import LogEntry
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

_TIMEOUT_SECONDS = 60
_ITSELF_WHEN_AND_ONE_PARENT = 3


class LocalRepository:
    """A clone on disk. Nothing in it is changed: a snapshot of the working tree goes elsewhere."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str]) -> None:
        self._environ = {**environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        self._root = folder
        self._root = Path(self._git(["rev-parse", "--show-toplevel"]).decode().rstrip("\n"))

    def tip(self, branch: str) -> str:
        """The commit that a branch, tag or other revision points at."""
        revision = f"{branch}^{{commit}}"
        return self._git(["rev-parse", "--verify", "--quiet", "--end-of-options", revision]).decode().strip()

    def base(self, revision: str | None, head: str) -> tuple[str, str]:
        """The commit a change would land on, and the newest commit it shares with `head`."""
        commit = self.base_tip(revision)
        return commit, self.merge_base(commit, self.tip(head))

    def base_tip(self, revision: str | None) -> str:
        """The commit of a revision; without one of origin's default branch, else `main`, else `master`."""
        for name in [revision] if revision else ["origin/HEAD", "main", "master"]:
            with suppress(PromoterError):
                return self.tip(name)
        raise _failed(say("no base revision ", quote(revision or "origin/HEAD, main or master")), "git fetch")

    @property
    def root(self) -> Path:
        """The working tree's folder."""
        return self._root

    def default_branch(self) -> str:
        """The name of origin's default branch as it was cloned, else of `main` or `master`, else of the one
        that is checked out, even where nothing was committed yet."""
        for ref in ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master", "HEAD"):
            try:
                if ref.startswith("refs/heads/"):
                    self._git(["rev-parse", "--verify", "--quiet", ref])
                    return ref.removeprefix("refs/heads/")
                name = self._git(["symbolic-ref", "--quiet", "--short", ref]).decode().strip()
            except PromoterError:
                continue
            return name.removeprefix("origin/")
        return "main"

    def is_shallow(self) -> bool:
        """Whether older commits were not fetched."""
        return self._git(["rev-parse", "--is-shallow-repository"]).decode().strip() == "true"

    def changed_paths(self, before: str, after: str, *, patterns: Sequence[str]) -> frozenset[str]:
        """The paths that match and differ between two commits or trees."""
        both = [
            {(entry.path, entry.mode, entry.blob_id) for entry in self.files(tree, patterns)}
            for tree in (before, after)
        ]
        return frozenset(path for path, _, _ in both[0] ^ both[1])

    @contextmanager
    def working_tree(self, patterns: Sequence[str]) -> Iterator[str]:
        """A tree of HEAD with the files that match as they are on disk now, new ones too; its id.

        Objects go to a scratch folder and the index is a scratch one: the clone does not change. Behind the
        context the folder is gone, and what is new in the tree with it. No finalizer does that: where a call
        never came back, the process ends without one.
        """
        objects = self._git(["rev-parse", "--path-format=absolute", "--git-path", "objects"]).decode().strip()
        before = self._environ
        with tempfile.TemporaryDirectory(prefix="promoter-", ignore_cleanup_errors=True) as scratch:
            self._environ = {
                **before,
                "GIT_INDEX_FILE": f"{scratch}/index",
                "GIT_OBJECT_DIRECTORY": scratch,
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
            }
            try:
                yield self._written(patterns)
            finally:
                self._environ = before

    def _written(self, patterns: Sequence[str]) -> str:
        """Have git write the tree where the environment says."""
        self._git(["read-tree", "HEAD" if self._has_commits() else "--empty"])
        # All are listed and then matched as everywhere else: git's own globs take `**.yaml` for `*.yaml`.
        every = ["--full-name", "--cached", "--others", "--exclude-standard", "--", ":(top)"]
        there = ["ls-files", "-z", *every]
        names = (name.decode("utf-8", "surrogateescape") for name in self._git(there).split(b"\0"))
        wanted = [name for name in names if name and any(matches(name, one) for one in patterns)]
        given = "".join(f"{name}\0" for name in wanted).encode("utf-8", "surrogateescape")
        self._git(["update-index", "--add", "--remove", "-z", "--stdin"], given=given)
        return self._git(["write-tree"]).decode().strip()

    def _has_commits(self) -> bool:
        """Whether HEAD is one yet: in a repository that was just made it is not."""
        try:
            self.tip("HEAD")
        except PromoterError:
            return False
        return True

    def files(self, commit: str, patterns: Sequence[str]) -> tuple[FileEntry, ...]:
        """Every path at the commit or tree that matches one of the globs, sorted."""
        listing = self._git(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]).decode("utf-8", "replace")
        entries = (_entry(line) for line in listing.split("\0") if line)
        wanted = (e for e in entries if any(matches(e.path, pattern) for pattern in patterns))
        return tuple(sorted(wanted, key=lambda entry: entry.path))

    def contents(self, entries: Sequence[FileEntry]) -> Mapping[str, bytes]:
        """Blob id → bytes."""
        ids = sorted({entry.blob_id for entry in entries})
        found = self._cat(ids)
        missing = [blob_id for blob_id in ids if found[blob_id] is None]
        if missing:
            raise _failed(say("the clone has no object ", quote(missing[0])), "git fetch --unshallow")
        return {blob_id: data for blob_id, data in found.items() if data is not None}

    def data(self, entry: FileEntry) -> bytes:
        """One file of data."""
        return self.contents([entry])[entry.blob_id]

    def history(self, commit: str, path: str, *, limit: int) -> tuple[FileVersion, ...]:
        """The path's changes, newest first, with the commits that GitHub's API names for them.

        Those may be of a merged branch: what the registry remembers of a change is said in the same words.
        """
        log = [
            "log",
            "--no-show-signature",
            f"--max-count={limit}",
            "--format=%H %cI",
            "--end-of-options",
            commit,
        ]
        rows = [row.split() for row in self._git([*log, "--", f":(top,literal){path}"]).decode().splitlines()]
        found = self._cat([f"{one}:{path}" for one, _ in rows])
        return tuple(FileVersion(commit=one, content=found[f"{one}:{path}"], when=when) for one, when in rows)

    def first_parents(self, commit: str, *, limit: int) -> tuple[Ancestor, ...]:
        """The commits at which the branch itself stood, the given one first."""
        log = ["log", "--no-show-signature", "--first-parent", "--format=%H %cI %P", f"--max-count={limit}"]
        rows = [line.split() for line in self._git([*log, "--end-of-options", commit]).decode().splitlines()]
        return tuple(
            Ancestor(commit=row[0], when=row[1], is_merge=len(row) > _ITSELF_WHEN_AND_ONE_PARENT)
            for row in rows
        )

    def blob_ids(self, places: Sequence[Place]) -> Mapping[Place, str | None]:
        """The blob id at each (commit, path); None where there is no such file."""
        found: dict[Place, str | None] = dict.fromkeys(places)
        for commit in dict.fromkeys(commit for commit, _ in places):
            paths = list(dict.fromkeys(path for at, path in places if at == commit))
            listing = self._git(["--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", *paths])
            for line in listing.decode("utf-8", "replace").rstrip("\0").split("\0"):
                what, _, path = line.partition("\t")
                if (commit, path) in found and " tree " not in what:
                    found[commit, path] = what.split(" ")[2]
        return found

    def expect(self, places: Sequence[Place]) -> None:
        """Nothing is gained here by asking early."""

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit that both have."""
        return self._git(["merge-base", one, other]).decode().strip()

    def log(self, commit: str, pattern: str) -> tuple[LogEntry, ...]:
        """Every commit of the first-parent history that changed files of a glob, newest first."""
        log = [
            "-c",
            "log.showRoot=true",
            "log",
            "--first-parent",
            "--diff-merges=first-parent",
            "--raw",
            "-z",
        ]
        shown = ["--no-abbrev", "--no-renames", "--no-show-signature", f"--format={LOG_FORMAT}"]
        out = self._git([*log, *shown, "--end-of-options", commit, "--", f":(top,glob){pattern}"])
        return parse_log(out.decode("utf-8", "replace"))

    def _cat(self, names: Sequence[str]) -> dict[str, bytes | None]:
        """Name → bytes, None where there is no such object."""
        if any("\n" in name for name in names):
            raise _failed(say("a path holds a line break"), "git mv")
        out = self._git(["cat-file", "--batch"], given="".join(f"{name}\n" for name in names).encode())
        found: dict[str, bytes | None] = {}
        at = 0
        for name in names:
            end = out.index(b"\n", at)
            header = out[at:end].split(b" ")
            at = end + 1
            if header[-1] == b"missing":
                found[name] = None
                continue
            size = int(header[-1])
            found[name] = out[at : at + size]
            at += size + 1
        return found

    def _git(self, arguments: Sequence[str], *, given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                ["git", *arguments],
                cwd=self._root,
                env=self._environ,
                input=given,
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            if not self._root.is_dir():
                raise _failed(say("there is no folder ", quote(self._root)), "git status") from error
            raise _failed(say("git did not run: ", quote(error)), "git --version") from error
        if done.returncode != 0:
            why = done.stderr.decode("utf-8", "replace").strip() or "no such revision"
            raise _failed(say("git said: ", quote(why), " for ", quote(" ".join(arguments))), "git status")
        return done.stdout


def _entry(line: str) -> FileEntry:
    meta, path = line.split("\t", 1)
    mode, _, blob_id, size = meta.split()
    return FileEntry(path=path, mode=mode, blob_id=blob_id, size=int(size) if size != "-" else None)


def _failed(message: Message, command: str) -> PromoterError:
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        message,
        hint=say("Run this inside a clone that has the commits asked for; try ", quote(command), "."),
    )
