"""Wheel, sdist and SBOM of a release: `python -m scripts.release_packages OUT`.

Wheel and sdist are built twice, to see that they are the same. OUT gets them, the SBOM and `SHA256SUMS`;
nothing else in the tree changes. Needs uv and hatchling beside the running Python (requirements/uv.txt,
requirements/build.txt). Ends with what went wrong.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.release_checksums import checksums, sha256_of
from scripts.release_sbom import LOCK, document
from scripts.release_version import declared_version

ROOT = Path(__file__).parents[1]
SUMS = "SHA256SUMS"
_BIN = Path(sys.executable).parent
# The second build is in another folder, and its files have other rights and another age, here 1980.
_COPIES = ((0o644, None), (0o600, 315_532_800))


def run(*command: str | Path, cwd: Path = ROOT, variables: Mapping[str, str] | None = None) -> str:
    """What a command prints. Raises SystemExit with all it said where it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=None if variables is None else dict(variables),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise SystemExit(f"release: {' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return done.stdout


def epoch(root: Path) -> int:
    """When the commit was made, in seconds since 1970: the date of everything that is built from it."""
    return int(run("git", "log", "-1", "--format=%ct", cwd=root))


def copy_of_the_tree(root: Path, target: Path) -> None:
    """The files that git knows or would add, as they are now."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=root)
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target / name)


def _copy(tree: Path, target: Path, *, mode: int, age: int | None) -> None:
    shutil.copytree(tree, target)
    for path in target.rglob("*"):
        if path.is_file():
            path.chmod(mode)
            if age is not None:
                os.utime(path, (age, age))


def build(root: Path, out: Path) -> list[Path]:
    """Wheel and sdist of the tree, in `out`. Raises SystemExit where two builds are not the same."""
    digests = []
    with TemporaryDirectory(prefix="promoter-release-") as folder:
        tree = Path(folder, "tree")
        # Once: whoever works in the tree meanwhile changes neither build.
        copy_of_the_tree(root, tree)
        variables = {"PATH": f"{_BIN}:/usr/bin:/bin", "HOME": folder, "SOURCE_DATE_EPOCH": str(epoch(root))}
        builder: list[str | Path] = [_BIN / "uv", "build", "--no-cache", "--no-build-isolation", "--offline"]
        for number, (mode, age) in enumerate(_COPIES):
            source, made = Path(folder, f"source-{number}"), Path(folder, f"made-{number}")
            _copy(tree, source, mode=mode, age=age)
            run(*builder, "--python", sys.executable, "--out-dir", made, source, variables=variables)
            files = sorted([*made.glob("*.whl"), *made.glob("*.tar.gz")])
            digests.append({file.name: sha256_of(file) for file in files})
            copies = [Path(shutil.copy(file, out)) for file in files]
    first, second = digests
    if first != second or len(first) != len({"wheel", "sdist"}):
        raise SystemExit(f"release: two builds of the same tree differ:\n{first}\n{second}")
    return copies


def try_out(wheel: Path, *, version: str, python: Path) -> str:
    """Install the wheel beside the image's locked packages, afresh; what it says its version is."""
    with TemporaryDirectory(prefix="promoter-release-") as folder:
        environment = Path(folder, "environment")
        run(python, "-m", "venv", "--without-pip", environment)
        inside = environment / "bin"
        install: list[str | Path] = [_BIN / "uv", "pip", "install", "--quiet", "--python", inside / "python"]
        run(*install, "--require-hashes", "--only-binary", ":all:", "-r", LOCK)
        run(*install, "--no-deps", "--offline", wheel)
        said = run(inside / "promoter", "--version", cwd=Path(folder)).strip()
        if said.split()[-1] != version:
            raise SystemExit(f"release: the wheel says {said!r}, not {version}")
        run(inside / "promoter", "schema", "policy", cwd=Path(folder))
        return said


def packages(root: Path, out: Path) -> list[Path]:
    """Everything of a release but the image, in `out`, its checksums last."""
    out.mkdir(parents=True, exist_ok=True)
    for old in [*out.glob("promoter-*"), out / SUMS]:
        old.unlink(missing_ok=True)
    version = declared_version((root / "pyproject.toml").read_text(encoding="utf-8"))
    built = build(root, out)
    (wheel,) = [one for one in built if one.suffix == ".whl"]
    try_out(wheel, version=version, python=Path(sys.executable))
    bom = out / f"promoter-{version}.cdx.json"
    lock = (root / "requirements" / LOCK.name).read_text(encoding="utf-8")
    bom.write_text(document(lock, version=version, epoch=epoch(root)), encoding="utf-8")
    sums = out / SUMS
    sums.write_text(checksums([*built, bom]), encoding="utf-8")
    return [*built, bom, sums]


def main(arguments: Sequence[str]) -> None:
    """Make them, and print their checksums."""
    (out,) = arguments
    *_, sums = packages(ROOT, Path(out))
    print(sums.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
