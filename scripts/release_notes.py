"""The notes of a release, cut from CHANGELOG.md.

    python -m scripts.release_notes VERSION REPOSITORY COMMIT NAME=IMAGE@DIGEST…

Prints how to pin the release, then what changed. The form of CHANGELOG.md is Keep a Changelog.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNRELEASED = "Unreleased"
_HEADING = re.compile(
    r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}))?[ \t]*$", re.MULTILINE
)
_ANY_HEADING = re.compile(r"^##(?!#).*$", re.MULTILINE)
# `[1.2.3]: https://…` at the end of the file belongs to no version.
_REFERENCES = re.compile(r"^\[[^\]]+\]: \S+\s*$", re.MULTILINE)


def notes(changelog: str, version: str) -> str:
    """What stands under the version's heading, without the heading. `version` may be `Unreleased`.

    Raises SystemExit where the version is not there, is there twice, or has nothing under it.
    """
    found = _sections(changelog).get(version, [])
    if len(found) != 1:
        raise SystemExit(f"release: CHANGELOG.md has {len(found)} headings for [{version}], one is needed")
    text = found[0]
    if not text:
        raise SystemExit(f"release: CHANGELOG.md says nothing under [{version}]")
    return text + "\n"


def is_released(changelog: str, version: str) -> bool:
    """Tell whether the version has one heading, with a date of the calendar."""
    dates = [one["date"] for one in _HEADING.finditer(changelog) if one["name"] == version]
    return len(dates) == 1 and _is_date(dates[0])


def strange_headings(changelog: str) -> list[str]:
    """Headings that nobody reads: what stands under them would be in no release's notes.

    Each but `## [Unreleased]`, once and without a date, and `## [1.2.3] - YYYY-MM-DD`, once for each version.
    """
    seen: set[str] = set()
    strange = []
    for line in (one[0].rstrip() for one in _ANY_HEADING.finditer(changelog)):
        heading = _HEADING.fullmatch(line)
        fits = heading is not None and (heading["name"] == UNRELEASED) != _is_date(heading["date"])
        if heading is None or not fits or heading["name"] in seen:
            strange.append(line)
        else:
            seen.add(heading["name"])
    return strange


def _is_date(text: str | None) -> bool:
    try:
        return text is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def is_unreleased_empty(changelog: str) -> bool:
    """Tell whether nothing waits for a later release."""
    return not any(_sections(changelog).get(UNRELEASED, []))


def page(version: str, *, repository: str, commit: str, images: Mapping[str, str], changes: str) -> str:
    """The text of a GitHub release. `images` are the references by digest, by the name of the action.

    An action in a folder is named by it, `promoter-spark`; the one at the top is `promoter`.
    """
    uses = [
        f"uses: {repository}{'' if name == 'promoter' else f'/{name}'}@{commit} # v{version}"
        for name in images
    ]
    named = [f"| `{name}` | `{image}` |" for name, image in images.items()]
    return "\n".join(
        [
            "Pin the commit of this release. Its `action.yml` names the image by digest.",
            "",
            "```yaml",
            *uses,
            "```",
            "",
            "| action | image |",
            "|---|---|",
            *named,
            "",
            f"How to verify all of it: [docs/maintainers.md](https://github.com/{repository}/blob/v{version}/docs/maintainers.md).",
            "",
            changes,
        ]
    )


def _sections(changelog: str) -> dict[str, list[str]]:
    text = _REFERENCES.sub("", changelog)
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    found: dict[str, list[str]] = {}
    # Not strict: a text without any heading still ends somewhere.
    for heading, end in zip(headings, ends, strict=False):
        found.setdefault(heading["name"], []).append(text[heading.end() : end].strip())
    return found


def main(arguments: Sequence[str]) -> None:
    """Print the page of one release."""
    version, repository, commit, *named = arguments
    images = dict(one.split("=", 1) for one in named)
    changes = notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    print(page(version, repository=repository, commit=commit, images=images, changes=changes), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
