"""Checksums as `sha256sum --check` reads them: `python -m scripts.release_checksums FILE…`."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path


def sha256_of(path: Path) -> str:
    """64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(paths: Sequence[Path]) -> str:
    """One line a file, by name. Only names are written: raises SystemExit where two files share one."""
    names = [path.name for path in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SystemExit(f"release: several files are called {', '.join(twice)}")
    return "".join(f"{sha256_of(path)}  {path.name}\n" for path in sorted(paths, key=lambda one: one.name))


def main(arguments: Sequence[str]) -> None:
    """Print the checksums of files."""
    print(checksums([Path(one) for one in arguments]), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
