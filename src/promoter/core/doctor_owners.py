"""CODEOWNERS as GitHub reads it: the last line that matches a path decides, also for nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import TypeAlias

from promoter.core.doctor import CodeOwnersFile, Facts, Found, Rule, Severity, found
from promoter.text import quote

# In the order in which GitHub looks; the first that is there counts, and no other.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
LARGEST = 3 * 1024 * 1024
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


def owners(text: str, path: str) -> tuple[str, ...]:
    """Who owns a path; nobody where the last line that matches names nobody."""
    for line in reversed(text.splitlines()):
        words = _WORD.findall(re.sub(r"(?:^|(?<=\s))#.*", "", line))
        if words and _matches(path, words[0].replace("\\ ", " ")):
            return tuple(words[1:])
    return ()


class _Wild(Enum):
    """What is no character of its own in a pattern; `FOLDERS` opens, and `WITHIN` is inside of, `**/`."""

    ONE = auto()
    NAME = auto()
    ALL = auto()
    FOLDERS = auto()
    WITHIN = auto()


_PIECES = re.compile(r"(?:^|(?<=/))\*\*/|\*\*|\*|\?|.", re.DOTALL)
_WILD = {"?": (_Wild.ONE,), "*": (_Wild.NAME,), "**": (_Wild.ALL,), "**/": (_Wild.FOLDERS, _Wild.WITHIN)}
_EVERYTHING_BELOW = ("/", _Wild.ALL)
_Token: TypeAlias = str | _Wild


def _matches(path: str, pattern: str) -> bool:
    """Git's rules for ignored files, without `!`, `[…]` and an escaped `#`, which GitHub does not take."""
    text = pattern.strip("/")
    anchored = "/" in pattern.rstrip("/")
    tokens = _tokens(text if anchored else f"**/{text}")
    # `docs/*` owns the files in the folder, not those of folders below; every other name owns what is below.
    itself = not pattern.endswith("/") and _accepts(tokens, path)
    return itself or (not text.endswith("/*") and _accepts((*tokens, *_EVERYTHING_BELOW), path))


def _tokens(text: str) -> tuple[_Token, ...]:
    return tuple(token for piece in _PIECES.findall(text) for token in _WILD.get(piece, (piece,)))


def _accepts(tokens: tuple[_Token, ...], path: str) -> bool:
    """All ways to match at once, so that no pattern takes longer than its length times the path's."""
    places = _reached(tokens, {0})
    for char in path:
        following = {at for place in places for at in _after(tokens, place, char=char)}
        if not following:
            return False
        places = _reached(tokens, following)
    return len(tokens) in places


def _after(tokens: tuple[_Token, ...], place: int, *, char: str) -> Iterator[int]:
    token = tokens[place] if place < len(tokens) else ""
    in_name = char != "/"
    if token in {_Wild.ALL, _Wild.WITHIN} or (token is _Wild.NAME and in_name):
        yield place
    if token == char or token is (_Wild.ONE if in_name else _Wild.WITHIN):
        yield place + 1


def _reached(tokens: tuple[_Token, ...], places: set[int]) -> set[int]:
    """The places, and those that are reached from them without a character."""
    found, waiting = set(places), list(places)
    while waiting:
        place = waiting.pop()
        token = tokens[place] if place < len(tokens) else ""
        skips = {_Wild.NAME: (1,), _Wild.ALL: (1,), _Wild.FOLDERS: (1, 2)}
        new = {place + step for step in (skips.get(token, ()) if isinstance(token, _Wild) else ())} - found
        found |= new
        waiting += new
    return found


def _missing(facts: Facts) -> Iterator[Found]:
    if facts.code_owners is not None and not facts.code_owners.path:
        yield found("there is no CODEOWNERS file")


def _too_large(facts: Facts) -> Iterator[Found]:
    file = facts.code_owners
    if file is not None and file.path and file.size > LARGEST:
        yield found(f"it has {file.size:,} bytes; GitHub takes 3 MB at most", path=file.path)


def _invalid(facts: Facts) -> Iterator[Found]:
    file = facts.code_owners
    for line, what in file.errors if file else ():
        yield found("GitHub says: ", quote(what), path=file.path if file else "", line=line)


def _usable(facts: Facts) -> CodeOwnersFile | None:
    file = facts.code_owners
    return file if file is not None and file.path and file.text is not None else None


def _workflows_unowned(facts: Facts) -> Iterator[Found]:
    file = _usable(facts)
    paths = sorted({use.workflow.path for use in facts.uses} | {".github/workflows/any-new-one.yml"})
    for path in paths if file and file.text is not None else ():
        if file and file.text is not None and not owners(file.text, path):
            yield found("nobody owns ", quote(path), path=file.path)


def _policy_unowned(facts: Facts) -> Iterator[Found]:
    file = _usable(facts)
    if file and file.text is not None and not owners(file.text, facts.policy_path):
        yield found("nobody owns ", quote(facts.policy_path), path=file.path)


RULES = (
    Rule(
        id="codeowners_missing",
        severity=Severity.WARNING,
        why="Anybody's approval is enough to change workflows and the policy.",
        fix="Write `.github/CODEOWNERS`.",
        paste="/.github/ @your-org/ml-platform",
        look=_missing,
    ),
    Rule(
        id="codeowners_too_large",
        severity=Severity.ERROR,
        why="GitHub ignores the whole file, and asks no owner.",
        fix="Write fewer and wider patterns.",
        look=_too_large,
    ),
    Rule(
        id="codeowners_invalid",
        severity=Severity.ERROR,
        why="GitHub passes over the line; whoever it should name is not asked, and an earlier line may "
        "decide.",
        fix="Correct the line: a pattern, then people or teams who may write to the repository.",
        look=_invalid,
    ),
    Rule(
        id="workflows_unowned",
        severity=Severity.WARNING,
        why="Whoever edits a workflow on the default branch may take the writing credential. The last "
        "line that "
        "matches decides: a later, wider one takes an owner away.",
        fix="Add this as the last line of CODEOWNERS.",
        paste="/.github/ @your-org/ml-platform",
        look=_workflows_unowned,
    ),
    Rule(
        id="policy_unowned",
        severity=Severity.WARNING,
        why="The policy says how models are judged and who approves.",
        fix="Add the policy's path at the end of CODEOWNERS.",
        paste="/.github/promotion-policy.yaml @your-org/risk-ml",
        look=_policy_unowned,
    ),
)
