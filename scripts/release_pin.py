"""Name the action's image by digest: `python -m scripts.release_pin ACTION_YML IMAGE@sha256:…`.

Prints the text of `action.yml` with one line changed, `image: Dockerfile`. Nothing is written: the repository
keeps building from its Dockerfile, and only the release's commit has the other line (docs/adr/0007).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

_BUILT = re.compile(r"^(  image: )Dockerfile$", re.MULTILINE)
_ANY_IMAGE = re.compile(r"^  image: (.*)$", re.MULTILINE)
# A registry's host, at least one more part, and a digest: no tag, which could be moved. Without a dot or a
# port the first part is no host: `acme/promoter` would be somebody's image on Docker Hub.
_REFERENCE = re.compile(
    r"(?=[^/]*[.:])[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]{1,5})?"
    r"(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+"
    r"@sha256:[0-9a-f]{64}"
)


def pinned(action: str, image: str) -> str:
    """`action.yml`'s text with the image named by digest. `image` is `host/name@sha256:<64 hex digits>`.

    Raises SystemExit where the image is not named so, or where the text does not build from the Dockerfile.
    """
    if not _REFERENCE.fullmatch(image):
        raise SystemExit(
            f"release: {image!r} is no image by digest, like ghcr.io/owner/promoter@sha256:<64 hex>"
        )
    named = _ANY_IMAGE.findall(action)
    if named != ["Dockerfile"]:
        raise SystemExit(f"release: action.yml has to say `image: Dockerfile` once, and has {named}")
    return _BUILT.sub(rf"\1docker://{image}", action)


def main(arguments: Sequence[str]) -> None:
    """Print one pinned action."""
    action, image = arguments
    print(pinned(Path(action).read_text(encoding="utf-8"), image), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
