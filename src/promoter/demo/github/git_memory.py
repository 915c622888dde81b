"""Answers of git that are known already: starting its program again would cost more than all the rest.

What is named by full hashes never changes. What is named by refs stays as long as every ref does, and those
are files: reading all of them is exact, also where somebody pushes with git itself, and quicker than git.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

_READING = frozenset(
    {
        "cat-file",
        "config",
        "diff-tree",
        "for-each-ref",
        "log",
        "ls-tree",
        "merge-base",
        "rev-list",
        "rev-parse",
        "show",
    }
)
_HASH = "[0-9a-f]{40}"
_FIXED_NAME = re.compile(rf"\^?{_HASH}(\^\{{\w+\}})?(\.\.\.?{_HASH})?(:.*)?", re.DOTALL)
_NAMES_REFS = frozenset({"--all", "--branches", "--remotes", "--tags"})
_MOST_BYTES = 1_000_000
_MISSING = b" missing\n"


class GitMemory:
    """What git said about one repository."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lasting: dict[tuple[tuple[str, ...], bytes], bytes] = {}
        self._passing: dict[tuple[tuple[str, ...], bytes], bytes] = {}
        self._refs: tuple[bytes, ...] = ()

    def answer(self, arguments: tuple[str, ...], stdin: bytes, *, ask: Callable[[], bytes]) -> bytes:
        """What git prints; `ask` runs it, where that is not known. What it raises is never kept."""
        if arguments[0] not in _READING:
            return ask()
        kept = self._lasting if _is_fixed(arguments, stdin) else self._while_refs_stay()
        if kept is None:
            return ask()
        key = (arguments, stdin)
        if key in kept:
            return kept[key]
        found = ask()
        # An object that is missing may come.
        if _MISSING not in found and len(found) <= _MOST_BYTES:
            kept[key] = found
        return found

    def _while_refs_stay(self) -> dict[tuple[tuple[str, ...], bytes], bytes] | None:
        """None where refs are not files: in a worktree, in a repository that is still to be made."""
        refs = self._directory / "refs" / "heads"
        if not refs.is_dir():
            return None
        now = tuple(self._read())
        if now != self._refs:
            self._refs, self._passing = now, {}
        return self._passing

    def _read(self) -> list[bytes]:
        """Everything that can change what a name means."""
        files = [self._directory / "HEAD", self._directory / "packed-refs"]
        files += sorted((self._directory / "refs").rglob("*"))
        found = []
        for file in files:
            try:
                found += [bytes(file), file.read_bytes()]
            except (FileNotFoundError, IsADirectoryError):
                continue  # a folder, or a ref that just went: what is left tells
        return found


def _is_fixed(arguments: tuple[str, ...], stdin: bytes) -> bool:
    """Whether a command names everything by hashes."""
    command, *rest = arguments
    if command == "for-each-ref":
        return False
    names: Sequence[str] = rest[: rest.index("--")] if "--" in rest else rest
    options = [name for name in names if name.startswith("-")]
    given = [name for name in names if not name.startswith("-")] + stdin.decode(errors="replace").splitlines()
    return bool(given) and not _NAMES_REFS & {*options} and all(_FIXED_NAME.fullmatch(name) for name in given)
