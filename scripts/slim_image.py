"""Leave out of the image's packages what nothing in it imports: `python scripts/slim_image.py SITE_PACKAGES`.

Each line of the lists was looked at: docs/adr/0002 says what it saves, and tests/unit/test_slim_image.py does
without it what the action does. A line that finds nothing fails: the packages changed, look again.

Then compiled libraries lose the end of their files that is never loaded: names for debuggers and linkers.
"""

from __future__ import annotations

import shutil
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

# Every folder of this name below these, whose tests nobody imports but their own developers.
_TESTS = "tests"
_TESTED = ("matplotlib", "numpy", "pandas", "pyarrow", "scipy", "skops", "sklearn")
# Patterns below the packages' folder.
_LEFT_OUT = (
    # a client and a server for tables over gRPC
    "pyarrow/_flight*",
    "pyarrow/flight.py",
    "pyarrow/libarrow_flight.so*",
    "pyarrow/libarrow_python_flight.so*",
    # what other packages are compiled against
    "numpy/_core/include",
    "numpy/_core/lib/*.a",
    "pyarrow/include",
    "pyarrow/src",
)
# Names of folders: of these packages only what is named is kept, and every file beside the folders.
_KEPT = {
    # S3, and how AWS tells who asks: keys, roles, single sign-on
    "botocore/data": {"s3", "sts", "sso", "sso-oidc", "signin"},
    # matplotlib asks for names of glyphs; fonts are read for PDF and PostScript only
    "fontTools": {"misc", "config", "encodings"},
}
_ARROWS = "pyarrow/lib*.so.*"
_LIBRARIES = "**/*.so*"
# ELF of 64 bits, the least byte first: x86 and ARM
_ELF = b"\x7fELF\x02\x01"
_HEADER_SIZE = 64
# Of one part: where it is in the file, and how many bytes of it are there
_PART = struct.Struct("<8xQ16xQ16x")


def unwanted(packages: Path) -> Iterator[tuple[str, list[Path]]]:
    """What each line of the lists stands for."""
    for name in _TESTED:
        yield f"{name}/**/{_TESTS}", [path for path in packages.glob(f"{name}/**/{_TESTS}") if path.is_dir()]
    for pattern in _LEFT_OUT:
        yield pattern, list(packages.glob(pattern))
    for name, kept in _KEPT.items():
        folders = [path for path in packages.glob(f"{name}/*") if path.is_dir()]
        missing = kept - {path.name for path in folders}
        if missing:
            raise SystemExit(f"slim_image: {name} has no {', '.join(sorted(missing))}")
        yield name, [path for path in folders if path.name not in kept | {"__pycache__"}]
    yield _ARROWS, list(_doubles(packages))


def _doubles(packages: Path) -> Iterator[Path]:
    """A wheel has no links: pyarrow brings some libraries three times, and only `lib….so.2500` is loaded."""
    for loaded in packages.glob(_ARROWS):
        stem, _, version = loaded.name.partition(".so.")
        if version.isdigit():
            for double in (loaded.with_name(f"{stem}.so"), *packages.glob(f"pyarrow/{stem}.so.{version}.*")):
                if double.is_file():
                    yield double


def leave_out(packages: Path) -> int:
    """Remove it; how many bytes that were. Raises SystemExit where a line of the list found nothing."""
    size = 0
    for line, found in unwanted(packages):
        if not found:
            raise SystemExit(f"slim_image: nothing is at {line}")
        for path in found:
            # Inside of one that is gone already.
            if path.exists():
                size += _size(path)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return size


def shorten(library: Path) -> int:
    """Cut off what lies behind the last part that is loaded, the list of sections too; how many bytes.

    The loader reads the list of parts (program headers) alone. Nothing is moved, as `strip` does, which
    breaks libraries that a wheel's maker has edited: scipy's OpenBLAS is one. What is no such library stays.
    """
    with library.open("r+b") as file:
        header = file.read(_HEADER_SIZE)
        if not header.startswith(_ELF) or len(header) < _HEADER_SIZE:
            return 0
        (table,) = struct.unpack_from("<Q", header, 32)
        entry, count = struct.unpack_from("<HH", header, 54)
        if entry != _PART.size:
            return 0
        file.seek(table)
        ends = [sum(place) for place in _PART.iter_unpack(file.read(entry * count))]
        end: int = max([table + entry * count, *ends])
        size = library.stat().st_size
        if end >= size:
            return 0
        file.truncate(end)
        # Where the sections' list is, and how long
        file.seek(40)
        file.write(bytes(8))
        file.seek(58)
        file.write(bytes(6))
    return size - end


def shorten_all(packages: Path) -> int:
    """Every library of the packages; how many bytes were cut off. Raises SystemExit where there were none."""
    libraries = [path for path in packages.glob(_LIBRARIES) if path.is_file() and not path.is_symlink()]
    size = sum(shorten(path) for path in libraries)
    if not size:
        raise SystemExit(f"slim_image: nothing to cut off at {_LIBRARIES}")
    return size


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def main(arguments: Sequence[str]) -> None:
    """Slim one folder of packages."""
    (packages,) = arguments
    print(f"slim_image: {leave_out(Path(packages)) / 1e6:.0f} MB left out")
    print(f"slim_image: {shorten_all(Path(packages)) / 1e6:.0f} MB cut off")


if __name__ == "__main__":
    main(sys.argv[1:])
