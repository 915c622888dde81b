"""GitHub's own descriptions of its API and of its event payloads, which nobody here wrote.

They are not part of this repository. `PROMOTER_GITHUB_DATA` names the folder they lie in; without it the
folder `shared/data` beside this repository is looked at. Tests that need them are skipped where they are
missing, and fail instead where `PROMOTER_REQUIRE_GITHUB_DATA` is `1`.
"""

import json
import lzma
import os
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

Json = dict[str, Any]
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def is_required() -> bool:
    """Tell whether a missing description is a failure."""
    return os.environ.get("PROMOTER_REQUIRE_GITHUB_DATA") == "1"


def missing(what: str) -> NoReturn:
    """Skip the test, saying what it needs; fail it where that is promised to be there."""
    if is_required():
        pytest.fail(f"{what}, and PROMOTER_REQUIRE_GITHUB_DATA=1 says it must be there")
    pytest.skip(f"{what}: name its folder in PROMOTER_GITHUB_DATA")


@cache
def _read(path: Path) -> object:
    raw = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    return json.loads(raw)


def load(name: str) -> object:
    """Return the JSON document of that name, packed (`.xz`) or not; skip the test when there is none."""
    folder = Path(os.environ.get("PROMOTER_GITHUB_DATA") or _BESIDE)
    for path in (folder / name, folder / f"{name}.xz"):
        if path.is_file():
            return _read(path)
    missing(f"no {name} in {folder}")


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
