"""Very many aliases, made quickly: rows written into MLflow's database, and one commit streamed into git.

By MLflow's API 10,000 registered models with two versions each would take many minutes; the server reads the
same rows either way.
"""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from tests.git_clone import GitClone

ALIAS = "champion"
LIVE = "2"
POLICY_PATH = ".github/promotion-policy.yaml"
POLICY = """\
version: 1
approvals: {minimum: 1}
models:
  - match: "*"
    aliases: [champion]
    checks: {description: {min_length: 40}}
"""
_MADE = 1_700_000_000_000
_ADA = "committer Ada <ada@example.org> 1700000000 +0000\n"
_TAGS = (("owner", "growth"), ("promoter_applied_champion", "12 1"), ("promoter_verdict", "promote"))


def names(first: int, last: int) -> list[str]:
    """The registered models with these numbers; `last` is not among them."""
    return [f"team-{number % 50:02}.model-{number:06}" for number in range(first, last)]


def seed_registry(database: Path, models: Sequence[str]) -> None:
    """Two versions of each, READY, with tags, the newer one champion; the server may be running."""
    versions = [(model, number) for model in models for number in (1, 2)]
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        connection.executemany(
            "INSERT INTO registered_models (name, creation_time, last_updated_time, description) "
            "VALUES (?, ?, ?, 'Who is likely to leave')",
            [(model, _MADE, _MADE) for model in models],
        )
        connection.executemany(
            "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, "
            "current_stage, source, run_id, status) VALUES (?, ?, ?, ?, ?, 'None', ?, ?, 'READY')",
            [
                (model, number, _MADE, _MADE, "Boosted trees.", f"models:/m-{model}-{number}", f"{at:032x}")
                for at, (model, number) in enumerate(versions)
            ],
        )
        connection.executemany(
            "INSERT INTO model_version_tags (name, version, key, value) VALUES (?, ?, ?, ?)",
            [(model, number, key, value) for model, number in versions for key, value in _TAGS],
        )
        connection.executemany(
            "INSERT INTO registered_model_aliases (name, alias, version) VALUES (?, ?, ?)",
            [(model, ALIAS, int(LIVE)) for model in models],
        )


def request_path(model: str) -> str:
    """Where a model's request is."""
    return f"promotions/{model}/{ALIAS}.yaml"


def request_of(model: str, *, version: str = LIVE) -> str:
    """What its request says: as long as one that a person wrote."""
    return (
        f"# Owned by growth\nmodel: {model}\nalias: {ALIAS}\nversion: {version}\n"
        f"reason: Retrained on the data of the third quarter, JIRA-{len(model)}\n"
    )


def commit_requests(clone: GitClone, models: Sequence[str], *, version: str = LIVE) -> None:
    """The policy and a request for each model as one commit on main, on top of what is there."""
    is_empty = not (clone.folder / ".git" / "refs" / "heads" / "main").exists()
    requests = {request_path(model): request_of(model, version=version) for model in models}
    files = {POLICY_PATH: POLICY, **requests}
    stream = "".join(_commit(files, is_first=is_empty)).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=clone.folder, input=stream, check=True)


def _commit(files: Mapping[str, str], *, is_first: bool) -> Iterator[str]:
    yield f"commit refs/heads/main\n{_ADA}{_data('Adopt')}"
    if not is_first:
        yield "from refs/heads/main^0\n"
    for path, text in files.items():
        yield f"M 100644 inline {path}\n{_data(text)}"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
