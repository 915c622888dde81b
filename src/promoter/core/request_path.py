"""Where a new request file goes: a path that no name can lead astray."""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import sha256

from promoter.core.files import matches

_LONGEST = 100
_OTHER = re.compile(r"[^A-Za-z0-9._-]+")
# Windows opens a device for these, whatever stands behind the first dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_WILD = frozenset("*?")


def slug(name: str) -> str:
    """The name where it can be one part of a path anywhere; else what can, and a digest of the name."""
    safe = _OTHER.sub("-", name)[:_LONGEST].strip(".-")
    return name if name and safe == name and not _DEVICES.fullmatch(name) else _digested(safe, name)


def request_path(model: str, alias: str, *, pattern: str, taken: Collection[str] = ()) -> str:
    """A path for the request that the glob `pattern` finds; empty where there is none.

    `taken` are other files' paths: none of them is answered, in upper or lower case either.
    """
    occupied = {path.casefold() for path in taken}
    folders = pattern.split("/")
    fixed = next((i for i, part in enumerate(folders) if _WILD & set(part)), len(folders) - 1)
    root = "".join(f"{part}/" for part in folders[:fixed])
    ending = folders[-1].rpartition(".")[2]
    ending = "yaml" if _WILD & set(ending) or "." not in folders[-1] else ending
    for one in (slug(model), _digested(slug(model), model)):
        for path in (f"{root}{one}/{slug(alias)}.{ending}", f"{root}{one}-{slug(alias)}.{ending}"):
            if matches(path, pattern) and path.casefold() not in occupied:
                return path
    return ""


def _digested(safe: str, name: str) -> str:
    return f"{safe or 'model'}-{sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
