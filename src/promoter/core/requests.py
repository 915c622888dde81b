"""All promotion requests of a commit: read, and compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promoter.core.files import REGULAR_FILE, FileEntry
from promoter.core.problems import START, Problems
from promoter.core.request import PromotionRequest
from promoter.core.request_file import parse_request
from promoter.core.safe_text import code_point, first_unsafe
from promoter.errors import Problem, PromoterError, ReasonCode
from promoter.text import Message, quote, say

_POINTER = b"version https://git-lfs.github.com/spec/"
_IRREGULAR = {
    "120000": "a symbolic link",
    "160000": "a submodule",
    "100755": "an executable file",
}
_NO_LFS = say("Commit the request itself: take its path out of Git LFS in `.gitattributes`")
_RENAME = say("Rename the file to visible characters")
_REGULAR_ONLY = say("Commit the request itself as a regular file (mode 100644)")


@dataclass(frozen=True, kw_only=True)
class RequestSet:
    """Every request file of a commit.

    `requests` are those that are valid and alone in asking for their alias, in the order of their paths.
    Nothing of the set may be acted on while there are `problems`: `reason` is None only without any. Of
    these, `repeated` are about files that are valid, each by itself.
    """

    requests: tuple[PromotionRequest, ...]
    problems: tuple[Problem, ...]
    reason: ReasonCode | None
    repeated: tuple[Problem, ...] = ()


def read_requests(files: Sequence[tuple[FileEntry, bytes]]) -> RequestSet:
    """Read every file (its entry and its content; a submodule has none), and find what contradicts.

    A file that is not a valid request gives REQUEST_INVALID, otherwise two for one alias DUPLICATE_REQUEST.
    """
    read: list[PromotionRequest] = []
    invalid: list[Problem] = []
    for entry, content in sorted(files, key=lambda file: file[0].path):
        try:
            read.append(_read(entry, content))
        except PromoterError as error:
            invalid.extend(error.problems)
    by_key: dict[tuple[str, str], list[PromotionRequest]] = {}
    for request in read:
        by_key.setdefault(request.key, []).append(request)
    repeated = [problem for same in by_key.values() for problem in _repeated(same)]
    reason = ReasonCode.REQUEST_INVALID if invalid else ReasonCode.DUPLICATE_REQUEST if repeated else None
    return RequestSet(
        requests=tuple(request for request in read if len(by_key[request.key]) == 1),
        problems=(*invalid, *repeated),
        reason=reason,
        repeated=tuple(repeated),
    )


def _read(entry: FileEntry, content: bytes) -> PromotionRequest:
    unsafe = first_unsafe(entry.path.replace("\n", "\r"))
    if unsafe is not None:
        character = code_point(entry.path[unsafe])
        found = say(f"found the character {character} in the file's name")
        raise _refused(entry.path, found=found, write=_RENAME)
    if entry.mode != REGULAR_FILE:
        kind = _IRREGULAR.get(entry.mode, f"something that is no file (mode {entry.mode})")
        raise _refused(entry.path, found=say("found ", kind), write=_REGULAR_ONLY)
    if content.startswith(_POINTER):
        raise _refused(entry.path, found=say("found a Git LFS pointer"), write=_NO_LFS)
    return parse_request(content, path=entry.path, blob_id=entry.blob_id)


def _refused(path: str, *, found: Message, write: Message) -> PromoterError:
    problems = Problems(path)
    problems.add(START, found=found, write=write)
    return PromoterError(ReasonCode.REQUEST_INVALID, found, problems=problems.all())


def _repeated(same: Sequence[PromotionRequest]) -> tuple[Problem, ...]:
    """One problem for each file but the first that asks for the same alias."""
    first, *others = same
    found = say("found a second request for ", quote(first.model), f" @ `{first.alias}`; the first is ")
    return tuple(
        Problem(
            path=other.path,
            line=other.version_line,
            column=1,
            found=say(*found.parts, quote(first.path)),
            write=say("Keep one file for one model and alias"),
        )
        for other in others
    )
