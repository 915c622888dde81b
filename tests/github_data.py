"""GitHub's own descriptions of its API and of its event payloads, which nobody here wrote.

They are not part of this repository. `PROMOTER_GITHUB_DATA` names the folder they lie in; without it the
folder `shared/data` beside this repository is looked at, and then the one that `make github-data` fills:

    python -m tests.github_data FOLDER

fetches Octokit's packages by npm, holds them to the digests below, and writes the three files to FOLDER.
Tests that need them are skipped where they are missing, and fail instead where
`PROMOTER_REQUIRE_GITHUB_DATA` is `1`.
"""

import base64
import hashlib
import json
import lzma
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, TypeAlias, cast

import pytest

Json: TypeAlias = dict[str, Any]
_ROOT = Path(__file__).resolve().parents[1]
_FOLDERS = (_ROOT.parent / "shared" / "data", _ROOT / ".venv" / "github-data")


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package of npm's index, and the one file of it that is wanted. `integrity`: as npm writes digests."""

    name: str
    version: str
    integrity: str
    member: str
    file: str


PACKAGES = (
    Package(
        name="@octokit/openapi",
        version="23.0.2",
        integrity="sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==",
        member="package/generated/api.github.com.json",
        file="github-openapi.json",
    ),
    Package(
        name="@octokit/webhooks-examples",
        version="7.6.1",
        integrity="sha512-De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ==",
        member="package/api.github.com/index.json",
        file="github-webhook-examples.json",
    ),
    Package(
        name="@octokit/webhooks-schemas",
        version="7.6.1",
        integrity="sha512-qW0Bwtb76r4m2WzVhKDyfEeEnt1GEQoRjkCqmq2ZeB0nNVDJ+Z2LBDS9FDPyduuMXf/ZTWiCJp9PFFHgRfBe3A==",
        member="package/schema.json",
        file="github-webhook-schema.json",
    ),
)


# --- reading --------------------------------------------------------------------------------------


def is_required() -> bool:
    """Tell whether a missing description is a failure."""
    return os.environ.get("PROMOTER_REQUIRE_GITHUB_DATA") == "1"


def missing(what: str) -> NoReturn:
    """Skip the test, saying what it needs; fail it where that is promised to be there."""
    if is_required():
        pytest.fail(f"{what}, and PROMOTER_REQUIRE_GITHUB_DATA=1 says it must be there")
    pytest.skip(f"{what}: `make github-data` fetches it, or name its folder in PROMOTER_GITHUB_DATA")


@cache
def _read(path: Path) -> object:
    raw = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    return json.loads(raw)


def found(name: str, folders: Iterable[Path]) -> Path | None:
    """The file of that name, packed (`.xz`) or not, in the first folder that has it."""
    paths = (folder / one for folder in folders for one in (name, f"{name}.xz"))
    return next(filter(Path.is_file, paths), None)


def load(name: str) -> object:
    """Return the JSON document of that name; skip the test when there is none."""
    named = os.environ.get("PROMOTER_GITHUB_DATA")
    folders = (Path(named),) if named else _FOLDERS
    path = found(name, folders)
    if path is None:
        missing(f"no {name} in {' or '.join(map(str, folders))}")
    return _read(path)


def openapi() -> Json:
    """The OpenAPI description of api.github.com."""
    return cast(Json, load("github-openapi.json"))


def webhook_schema() -> Json:
    """The JSON schema of event payloads."""
    return cast(Json, load("github-webhook-schema.json"))


def webhook_examples() -> dict[str, list[Json]]:
    """Real event payloads, by event name."""
    events = cast(list[Json], load("github-webhook-examples.json"))
    return {event["name"]: event["examples"] for event in events}


# --- fetching -------------------------------------------------------------------------------------


def npm_pack(package: Package, folder: Path, *, program: str = "npm") -> Path:
    """The package's tarball, fetched by npm into a folder that was empty."""
    wanted = f"{package.name}@{package.version}"
    command = [program, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    tarballs = list(folder.glob("*.tgz"))
    if done.returncode or len(tarballs) != 1:
        raise SystemExit(f"github-data: npm did not fetch {wanted}:\n{done.stderr.strip()}")
    return tarballs[0]


def unpacked(package: Package, tarball: Path) -> bytes:
    """The wanted file of a tarball. Raises SystemExit where the tarball is another, or has no such file."""
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    wanted = f"{package.name}@{package.version}"
    if f"sha512-{digest}" != package.integrity:
        raise SystemExit(f"github-data: {wanted} has sha512-{digest}, not {package.integrity}: not unpacked")
    with tarfile.open(tarball, "r:gz") as archive:
        named = [one for one in archive.getmembers() if one.name == package.member and one.isfile()]
        file = archive.extractfile(named[0]) if named else None
        if file is None:
            raise SystemExit(f"github-data: {wanted} has no file {package.member}")
        return file.read()


def fetch(
    folder: Path,
    packages: Sequence[Package] = PACKAGES,
    *,
    pack: Callable[[Package, Path], Path] = npm_pack,
) -> None:
    """Write the files of all packages to a folder; of a package that is refused nothing is written."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        with TemporaryDirectory(prefix="github-data-") as beside:
            text = unpacked(package, pack(package, Path(beside)))
        (folder / package.file).write_bytes(text)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]) if sys.argv[1:] else _FOLDERS[-1])
