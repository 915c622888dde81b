"""What a custom check's command is made of: its program, and files of the base commit.

Nothing of the pull request is read. No word is given to a shell.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from promoter.core.files import REGULAR_FILE, FileEntry, matches
from promoter.core.policy import CustomRule
from promoter.evaluation.custom_answers import Unanswered
from promoter.ports import Repository
from promoter.text import Message, quote, say

_EXECUTABLE_FILE = "100755"
# Ours for now: the process, whose own they become, is alone in the folder they lie in.
_MODES = {REGULAR_FILE: 0o644, _EXECUTABLE_FILE: 0o755}
_MOST_FILES = 1_000
_MOST_BYTES = 50 * 1024 * 1024
# What a repository reads many at once; larger ones are read one by one.
_SMALL = 256 * 1024
_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
_PYTHON = ("python", "python3")
# Our own interpreter. -I would also keep a script from importing what lies beside it.
_OUR_PYTHON = (sys.executable, "-s", "-E", "-B")
# An absolute path is one of the machine, and no business of the repository's.
_PATH = re.compile(r"(?![-/])[\w.@+-]+(?:/[\w.@+-]+)*/?")


@dataclass(frozen=True, kw_only=True)
class CommitFiles:
    """The files of one commit, for the commands of several rules."""

    repository: Repository
    commit: str

    def put(self, rule: CustomRule, folder: Path) -> tuple[str, ...]:
        """Write what the rule's command needs into the folder; its words, the first an absolute path.

        Raises Unanswered for a command that cannot be started as it is written.
        """
        found = self._find(rule)
        self._require_named(rule, found)
        _require_writable(found)
        for path, content in self._read(found):
            _write(folder / path, content, mode=_MODES[found[path].mode])
        return (*self._program(rule.command[0], folder, found=found), *rule.command[1:])

    def _find(self, rule: CustomRule) -> Mapping[str, FileEntry]:
        """By path: every file the command names, and those that the globs match."""
        program, *arguments = rule.command
        words = [*arguments, *([program] if "/" in program else [])]
        # In a path that is asked for, a wildcard would be read as one.
        named = [_plain(word) for word in words if not re.search(r"^[-/]|[*?]", word)]
        asked = [*named, *rule.files]
        listed = self.repository.files(self.commit, asked) if asked else ()
        for pattern in rule.files:
            if not any(matches(entry.path, pattern) for entry in listed):
                raise self._missing(say("the pattern ", quote(pattern), " of `files` matches nothing"))
        return {entry.path: entry for entry in listed}

    def _require_named(self, rule: CustomRule, found: Mapping[str, FileEntry]) -> None:
        """What looks like a path and is none would fail somewhere inside the command, or worse, not fail."""
        folders = {str(parent) for path in found for parent in PurePosixPath(path).parents}
        for word in rule.command:
            if _looks_like_a_path(word) and (_plain(word).rstrip("/") or ".") not in {*found, *folders}:
                raise self._missing(say("its command names ", quote(word)))

    def _missing(self, why: Message) -> Unanswered:
        return Unanswered(say(*why.parts, ", and there is no such file at commit ", quote(self.commit[:12])))

    def _read(self, found: Mapping[str, FileEntry]) -> Iterator[tuple[str, bytes]]:
        small = [entry for entry in found.values() if entry.size is not None and entry.size <= _SMALL]
        contents = self.repository.contents(small) if small else {}
        for path, entry in found.items():
            known = contents.get(entry.blob_id)
            yield path, self.repository.data(entry) if known is None else known

    def _program(self, word: str, folder: Path, *, found: Mapping[str, FileEntry]) -> tuple[str, ...]:
        if word in _PYTHON:
            return _OUR_PYTHON
        if "/" in word:
            if _plain(word) not in found:
                raise self._missing(say("its program is ", quote(word)))
            program = folder / _plain(word)
            program.chmod(_MODES[_EXECUTABLE_FILE])
            return (str(program),)
        installed = shutil.which(word, path=_SEARCH_PATH)
        if installed is None:
            own = quote(f"./{word}")
            raise Unanswered(
                say("there is no program ", quote(word), " here; a file of the repository is ", own)
            )
        return (installed,)


def _plain(word: str) -> str:
    return word.removeprefix("./")


def _looks_like_a_path(word: str) -> bool:
    return _PATH.fullmatch(word) is not None and ("/" in word or word.endswith((".py", ".sh")))


def _require_writable(found: Mapping[str, FileEntry]) -> None:
    """Ordinary files, not too many, not too large, all below the folder they are written to."""
    for path, entry in found.items():
        if entry.mode not in _MODES:
            raise Unanswered(say(quote(path), " is a link or a submodule, not a file"))
        # git itself knows no such names; what a server lists is not git's word.
        if {"", ".", ".."} & set(path.split("/")):
            raise Unanswered(say(quote(path), " is no path below a folder"))
    size = sum(entry.size or 0 for entry in found.values())
    if len(found) > _MOST_FILES or size > _MOST_BYTES:
        most = f"{_MOST_FILES:,} files or {_MOST_BYTES // 1024**2} MiB"
        raise Unanswered(say(f"it asks for more than {most} of them"))


def _write(file: Path, content: bytes, *, mode: int) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
    except (OSError, ValueError) as error:
        why = quote(type(error).__name__)
        raise Unanswered(say(quote(file.name), " cannot be written: ", why)) from error
