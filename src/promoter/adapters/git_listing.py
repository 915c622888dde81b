"""Which files of a working tree git would commit, and how it has noted them, by the `git` command."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_TIMEOUT_SECONDS = 60


def listed_by_git(root: Path, start: str, *, environ: Mapping[str, str]) -> dict[str, str] | None:
    """Path → mode in git's index, empty for new files, of all at or below `start`; not what is ignored.

    Paths are names as `os.fsdecode` gives them. None where the folder is no working tree. What was deleted on
    disk is listed, and links are not followed.
    """
    listing = ["ls-files", "-t", "-z", "-s", "--cached", "--others", "--exclude-standard"]
    out = _git(root, [*listing, "--", *([f":(literal){start}"] if start else [])], environ=environ)
    return None if out is None else dict(_noted(line) for line in out.split(b"\0") if line)


def trusts_modes(root: Path, *, environ: Mapping[str, str]) -> bool:
    """Whether git takes the executable bit from the disk; else from its index, and of a new file none."""
    out = _git(root, ["config", "--type=bool", "--get", "core.fileMode"], environ=environ)
    return out is None or out.strip() != b"false"


def _noted(line: bytes) -> tuple[str, str]:
    """`? path` of a new file, `H mode id stage<tab>path` of one in the index."""
    tag, _, rest = line.partition(b" ")
    if tag == b"?":
        return os.fsdecode(rest), ""
    meta, _, path = rest.partition(b"\t")
    return os.fsdecode(path), meta.split(b" ")[0].decode()


def _git(root: Path, arguments: Sequence[str], *, environ: Mapping[str, str]) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            env={**environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
