"""Whether everything agrees on the version to be released: `python -m scripts.release_version TAG`.

TAG is the source tag, `source/v1.2.3` (docs/adr/0007). Prints `1.2.3`, or ends with what disagrees.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from scripts.release_notes import is_released, is_unreleased_empty, strange_headings

ROOT = Path(__file__).parents[1]
# No pre-releases: Python and Semantic Versioning write them differently, and one name has to do everywhere.
_NUMBER = r"(?:0|[1-9][0-9]*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
_PREFIX = "source/v"


def version_of(tag: str) -> str:
    """`1.2.3` of `source/v1.2.3`. Raises SystemExit for a tag of another form."""
    version = tag.removeprefix(_PREFIX)
    if version == tag or not _VERSION.fullmatch(version):
        raise SystemExit(f"release: the tag is {tag!r}; a release starts from a tag like source/v1.2.3")
    return version


def declared_version(project: str) -> str:
    """The version that `pyproject.toml`, given as text, says."""
    return str(tomllib.loads(project)["project"]["version"])


def disagreements(version: str, *, project: str, changelog: str, tags: Collection[str] = ()) -> Iterator[str]:
    """One sentence for each thing that does not fit `version`. Both files are given as text, tags by name."""
    declared = declared_version(project)
    if not _VERSION.fullmatch(version):
        yield f"{version} is no version like 1.2.3"
    if declared != version:
        yield f"pyproject.toml says {declared}, not {version}"
    if not is_released(changelog, version):
        yield f"CHANGELOG.md has no line `## [{version}] - YYYY-MM-DD`"
    if not is_unreleased_empty(changelog):
        yield f"CHANGELOG.md has lines under [Unreleased]: move them to [{version}]"
    for heading in strange_headings(changelog):
        yield f"CHANGELOG.md has the heading `{heading}`: write `## [1.2.3] - YYYY-MM-DD`, once for a version"
    if f"v{version}" in tags:
        yield f"the tag v{version} is there already, and is never moved: the next try is another version"


def main(arguments: Sequence[str]) -> None:
    """Print the version that a source tag stands for."""
    (tag,) = arguments
    version = version_of(tag)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    listed = subprocess.run(["git", "tag", "--list"], capture_output=True, text=True, check=True, cwd=ROOT)
    tags = set(listed.stdout.split())
    if found := list(disagreements(version, project=project, changelog=changelog, tags=tags)):
        raise SystemExit("\n".join(f"release: {one}" for one in found))
    print(version)


if __name__ == "__main__":
    main(sys.argv[1:])
