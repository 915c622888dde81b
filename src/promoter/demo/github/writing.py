"""Writing to a git repository without a checkout of it: commits, merges, reverts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from promoter.demo.github.git import Git, GitError, Signature
from promoter.demo.github.model import File, MergeMethod

GITHUB_EMAIL = "noreply@github.com"
_GITHUB = ("GitHub", GITHUB_EMAIL)
Files = Mapping[str, bytes | File | None]


class MergeConflict(Exception):
    """The two sides changed the same lines."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A commit to be written: where, on what, by whom, with which words."""

    branch: str
    parent: str | None
    author: Signature
    message: str


@dataclass(frozen=True, kw_only=True)
class Join:
    """A merge to be made: `head` into the history that ends at `onto`."""

    onto: str
    head: str
    author: Signature
    message: str


def write_commit(git: Git, draft: Draft, *, files: Files) -> str:
    """Write a commit with these files changed (None removes one) and move the branch to it.

    `git fast-import` takes everything in one process, so thousands of files cost no more than ten.
    """
    who = f"{draft.author.name} <{draft.author.email}> {int(draft.author.when.timestamp())} +0000"
    message = draft.message.encode()
    stream = [
        f"commit {draft.branch}\nauthor {who}\ncommitter {who}\ndata {len(message)}\n".encode() + message,
        *([f"\nfrom {draft.parent}".encode()] if draft.parent else []),
        *(_file_command(path, content) for path, content in files.items()),
    ]
    git.run("fast-import", "--quiet", "--force", "--date-format=raw", stdin=b"".join(stream) + b"\ndone\n")
    return git.text("rev-parse", "--verify", draft.branch)


def _file_command(path: str, content: bytes | File | None) -> bytes:
    quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if content is None:
        return f"\nD {quoted}".encode()
    file = content if isinstance(content, File) else File(mode="100644", content=content)
    if file.mode == "160000":
        return f"\nM 160000 {file.content.decode()} {quoted}".encode()
    return f"\nM {file.mode} inline {quoted}\ndata {len(file.content)}\n".encode() + file.content


@contextmanager
def workbench(git: Git, at: str) -> Iterator[Git]:
    """A throw-away checkout of a commit: git's own merge, cherry-pick and revert need one."""
    with TemporaryDirectory(prefix="promoter-github-") as folder:
        tree = Path(folder) / "tree"
        git.run("worktree", "add", "--quiet", "--detach", str(tree), at)
        try:
            yield Git(tree)
        finally:
            git.run("worktree", "remove", "--force", str(tree))


def join(git: Git, wanted: Join, *, method: MergeMethod) -> str:
    """Merge as one of GitHub's three buttons does; return the resulting tip, moving no branch."""
    ways: dict[MergeMethod, Callable[[Git, Join], None]] = {
        MergeMethod.MERGE: _merge,
        MergeMethod.SQUASH: _squash,
        MergeMethod.REBASE: _rebase,
    }
    with workbench(git, wanted.onto) as bench:
        try:
            ways[method](bench, wanted)
        except GitError as error:
            raise MergeConflict(str(error)) from error
        return bench.text("rev-parse", "HEAD")


def _merge(bench: Git, wanted: Join) -> None:
    options = ("--quiet", "--no-ff", "--no-edit", "-m", wanted.message)
    bench.run("merge", *options, wanted.head, environment=_identity(wanted.author, _GITHUB))


def _squash(bench: Git, wanted: Join) -> None:
    identity = _identity(wanted.author, _GITHUB)
    bench.run("merge", "--quiet", "--squash", wanted.head, environment=identity)
    bench.run("commit", "--quiet", "--allow-empty", "-m", wanted.message, environment=identity)


def _rebase(bench: Git, wanted: Join) -> None:
    # GitHub keeps each author and becomes the committer in the name of who merged, so every commit gets
    # a new name even where a fast-forward was possible.
    merger = (wanted.author.name, wanted.author.email)
    identity = _identity(wanted.author, merger)
    committer = {name: value for name, value in identity.items() if not name.startswith("GIT_AUTHOR")}
    for sha in bench.shas("--reverse", "--topo-order", "--no-merges", f"{wanted.onto}..{wanted.head}"):
        bench.run("cherry-pick", "--allow-empty", "--keep-redundant-commits", sha, environment=committer)


def revert(git: Git, shas: Sequence[str], *, onto: str, author: Signature) -> str:
    """Undo commits, newest first as given; return the resulting tip, moving no branch."""
    identity = _identity(author, _GITHUB)
    with workbench(git, onto) as bench:
        for sha in shas:
            mainline = ["--mainline", "1"] if len(git.commit(sha).parents) > 1 else []
            try:
                bench.run("revert", "--no-edit", *mainline, sha, environment=identity)
            except GitError as error:
                raise MergeConflict(str(error)) from error
        return bench.text("rev-parse", "HEAD")


def _identity(author: Signature, committer: tuple[str, str]) -> dict[str, str]:
    when = f"{int(author.when.timestamp())} +0000"
    return {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_NAME": committer[0],
        "GIT_COMMITTER_EMAIL": committer[1],
        "GIT_COMMITTER_DATE": when,
    }
