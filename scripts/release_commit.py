"""The release's commit and its tag, made through GitHub's API.

    python -m scripts.release_commit SOURCE VERSION PATH=FILE…

SOURCE is the commit that was tested and built. The new commit is its child and differs in the given files
alone (PATH in the repository, FILE with the content). The tag `v1.2.3` is put on it. Prints the commit. Safe
to run again with the same content; a tag on anything else is never moved. Reads GITHUB_API_URL,
GITHUB_REPOSITORY and GH_TOKEN.

By API and not by `git push`, so that no token lies in a checkout, and so that GitHub signs the commit. The
standard library alone: this runs beside a token that may write.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Json = dict[str, Any]
Ask = Callable[[str, Json | None], Json | None]
"""Asks for a path below the repository's, with a body by POST; None says that there is no such thing."""

_SECONDS = 30
_NOT_FOUND = 404


def asking(api: str, *, repository: str, token: str) -> Ask:
    """How GitHub is asked. Raises SystemExit with GitHub's own words where it refuses."""

    def ask(path: str, body: Json | None = None) -> Json | None:
        request = Request(
            f"{api}/repos/{repository}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urlopen(request, timeout=_SECONDS) as answer:
                found: Json = json.load(answer)
        except HTTPError as error:
            if error.code == _NOT_FOUND and body is None:
                return None
            said = error.read().decode(errors="replace")
            raise SystemExit(f"release: GitHub answered {error.code} to {path}: {said}") from error
        return found

    return ask


def release(ask: Ask, *, source: str, version: str, files: Mapping[str, str]) -> str:
    """Make commit and tag where they are not there yet; the commit's 40 digits.

    Raises SystemExit where the tag stands on a commit of other content or another parent.
    """
    tag = f"v{version}"
    tree = _tree(ask, source, files)
    there = ask(f"git/ref/tags/{tag}", None)
    if there is not None:
        commit = str(there["object"]["sha"])
        known = ask(f"git/commits/{commit}", None) if there["object"]["type"] == "commit" else None
        if (
            known is None
            or known["tree"]["sha"] != tree
            or [one["sha"] for one in known["parents"]] != [source]
        ):
            raise SystemExit(f"release: {tag} is on {commit}, which is not this release. It is never moved.")
        return commit
    message = f"Release {version}\n\nThe content of {source}, with the action's images named by digest.\n"
    made = _made(ask, "git/commits", {"message": message, "tree": tree, "parents": [source]})
    _made(ask, "git/refs", {"ref": f"refs/tags/{tag}", "sha": made["sha"]})
    return str(made["sha"])


def _tree(ask: Ask, source: str, files: Mapping[str, str]) -> str:
    base = ask(f"git/commits/{source}", None)
    if base is None:
        raise SystemExit(f"release: GitHub knows no commit {source}")
    blobs = {
        path: _made(ask, "git/blobs", {"content": text, "encoding": "utf-8"})["sha"]
        for path, text in files.items()
    }
    entries = [{"path": path, "mode": "100644", "type": "blob", "sha": sha} for path, sha in blobs.items()]
    return str(_made(ask, "git/trees", {"base_tree": base["tree"]["sha"], "tree": entries})["sha"])


def _made(ask: Ask, path: str, body: Json) -> Json:
    answer = ask(path, body)
    if answer is None:
        raise SystemExit(f"release: GitHub made nothing at {path}")
    return answer


def main(arguments: Sequence[str]) -> None:
    """Make the commit and tag of one release."""
    source, version, *given = arguments
    places = dict(one.split("=", 1) for one in given)
    files = {path: Path(file).read_text(encoding="utf-8") for path, file in places.items()}
    ask = asking(
        os.environ["GITHUB_API_URL"],
        repository=os.environ["GITHUB_REPOSITORY"],
        token=os.environ["GH_TOKEN"],
    )
    print(release(ask, source=source, version=version, files=files))


if __name__ == "__main__":
    main(sys.argv[1:])
