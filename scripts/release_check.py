"""A release without the outside: `python -m scripts.release_check [--without-image]`.

Builds everything into dist/, looks at it, and prints what would be published with its digests. Publishes
nothing, and changes nothing else in the tree. Where the version is not ready to be released it says so, and
ends with 0 all the same: between two releases it never is.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.release_checksums import sha256_of
from scripts.release_notes import UNRELEASED, is_released, notes, page
from scripts.release_packages import ROOT, SUMS, packages, run
from scripts.release_pin import pinned
from scripts.release_version import declared_version, disagreements

DIST = ROOT / "dist"
NOTES = "release-notes.md"
_BIN = Path(sys.executable).parent
_REPOSITORY = "OWNER/promoter"
_IMAGE = "ghcr.io/owner/promoter"
_NO_COMMIT = "0" * 40
# What an engine prints last of a build: the classic store writes an image, containerd's exports manifests.
_BUILT = re.compile(r"(?:writing image|exporting manifest list|exporting manifest) (sha256:[0-9a-f]{64})")
_WITHOUT_IMAGE = "--without-image"


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One thing that a release publishes."""

    name: str
    size: str
    digest: str
    to: str


def built_id(log: str) -> str:
    """The local id of the image from what its build printed. Raises SystemExit where it printed none."""
    if found := _BUILT.findall(log):
        return str(found[-1])
    raise SystemExit("release: the build of the image printed no id")


def image_id(script: Path) -> str:
    """Build the image and try it out; its local id. What the build prints is shown as it comes."""
    lines = []
    with subprocess.Popen(
        [script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as build:
        for line in build.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if build.returncode:
        raise SystemExit(f"release: {script.name} ended with {build.returncode}")
    return built_id("".join(lines))


def pinned_action(root: Path, out: Path, *, image: str) -> Path:
    """A copy of action.yml that names the image, held against the schema of actions."""
    target = out / "action.yml"
    target.write_text(pinned((root / "action.yml").read_text(encoding="utf-8"), image), encoding="utf-8")
    run(_BIN / "check-jsonschema", "--builtin-schema", "vendor.github-actions", target)
    return target


def written_notes(root: Path, out: Path, *, version: str, image: str) -> Path:
    """The release's page; of what is unreleased, where the changelog does not know the version yet."""
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = notes(changelog, version if is_released(changelog, version) else UNRELEASED)
    target = out / NOTES
    text = page(
        version, repository=_REPOSITORY, commit=_NO_COMMIT, images={"promoter": image}, changes=changes
    )
    target.write_text(text, encoding="utf-8")
    return target


def table(things: Sequence[Thing]) -> str:
    """The things, one a line, in columns."""
    rows = [
        ("what", "size", "sha256", "goes to"),
        *((one.name, one.size, one.digest, one.to) for one in things),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def thing(path: Path, to: str) -> Thing:
    """A file that is published."""
    return Thing(name=path.name, size=f"{path.stat().st_size:,} B", digest=sha256_of(path), to=to)


def check(root: Path, out: Path, *, digest: str) -> str:
    """Make everything but the image, whose digest is given; what would be published, as text."""
    made = packages(root, out)
    version = declared_version((root / "pyproject.toml").read_text(encoding="utf-8"))
    image = f"{_IMAGE}@{digest}"
    action = pinned_action(root, out, image=image)
    page_of_it = written_notes(root, out, version=version, image=image)
    release, registry = "GitHub release", "image registry"
    files = [
        thing(one, f"{release}, package index" if one.suffix in {".whl", ".gz"} else release) for one in made
    ]
    things = [
        Thing(name=_IMAGE, size="", digest=digest.removeprefix("sha256:"), to=registry),
        Thing(
            name=f"{_IMAGE}-spark",
            size="",
            digest="(built at a release only, on the image's digest)",
            to=registry,
        ),
        thing(action, f"the commit with the tag v{version}"),
        *files,
        thing(page_of_it, f"{release}'s text"),
    ]
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    against = list(disagreements(version, project=project, changelog=changelog))
    return "\n".join(
        [
            page_of_it.read_text(encoding="utf-8"),
            f"What a release of {version} would publish (files lie in {out.name}/, checksums in {SUMS}):",
            table(things),
            "",
            "Wheel and sdist: built twice, the same to the last byte. The wheel was installed and runs.",
            "action.yml: with the image by digest it fits the schema of actions.",
            *(f"Not ready: {one}" for one in against),
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Check a release."""
    if [one for one in arguments if one != _WITHOUT_IMAGE]:
        raise SystemExit(__doc__)
    if _WITHOUT_IMAGE in arguments:
        digest = "sha256:" + "0" * 64
        said = "No image was built: zeros stand for its digest."
    else:
        digest = image_id(ROOT / "scripts" / "image.sh")
        said = "The image's digest is its local id. A registry's is of all platforms, known after the push."
    print(check(ROOT, DIST, digest=digest))
    print(said)


if __name__ == "__main__":
    main(sys.argv[1:])
