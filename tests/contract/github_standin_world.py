"""A small GitHub for the stand-in's own tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import requests

from promoter.demo.github.model import File, Permission, Repository, UserKind
from promoter.demo.github.server import Standin
from promoter.demo.github.world import World
from tests.contract.github_recording import ON_PURPOSE

WORKFLOW = "workflow-token"
ALICE = "alice-token"
READER = "reader-token"
STRANGER = "stranger-token"
REPOSITORY = "/repos/acme/churn"
TEAM_GRANTS: Mapping[str, str] = {"metadata": "read", "contents": "read", "members": "read"}


class Clock:
    """A clock that moves a minute each time it is looked at."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def small_world(directory: Path) -> World:
    """A private repository with a team, a few people with different roles, and one commit."""
    world = World.create(directory, Repository(owner="acme", name="churn"), clock=Clock())
    world.add_user("alice", Permission.ADMIN)
    world.add_user("bob", Permission.WRITE)
    world.add_user("carol", Permission.TRIAGE)
    world.add_user("dave", Permission.MAINTAIN)
    world.add_user("rita", Permission.READ)
    world.add_user("mallory", Permission.NONE)
    world.add_user("renovate[bot]", Permission.WRITE, kind=UserKind.BOT)
    world.add_team("acme", "risk-ml", members=["bob", "carol"])
    world.add_workflow_token(WORKFLOW)
    world.add_token(ALICE, "alice", grants={**TEAM_GRANTS, "issues": "write", "pull_requests": "write"})
    world.add_token(READER, "rita")
    world.add_token(STRANGER, "mallory")
    files: dict[str, bytes | File | None] = {
        "README.md": b"# churn\n",
        "promotions/churn.yaml": b"model: churn\nalias: champion\nversion: 1\n",
        "run.sh": File(mode="100755", content=b"#!/bin/sh\n"),
        "latest": File(mode="120000", content=b"promotions/churn.yaml"),
        "vendor/lib": File(mode="160000", content=b"1" * 40),
        ".gitmodules": b'[submodule "lib"]\n\tpath = vendor/lib\n\turl = https://example.com/lib.git\n',
        "model.bin": b"\0\1\2" * 100,
    }
    world.commit("main", files, author="alice", message="Start")
    return world


def propose(world: World, branch: str = "promote-2", *, version: int = 2, author: str = "alice") -> int:
    """Open a pull request of two commits that asks for another version; return its number."""
    request = f"model: churn\nalias: champion\nversion: {version}\n".encode()
    world.commit(branch, {"promotions/churn.yaml": request}, author=author, message="Promote churn")
    note = {f"notes/{branch.rpartition(':')[2]}.md": b"Better recall.\n"}
    world.commit(branch, note, author=author, message="Say why\n\nIt matters.")
    return world.open_pull_request(branch, author=author, title=f"Promote churn {version}").number


def ask(
    standin: Standin,
    path: str,
    *,
    token: str = WORKFLOW,
    method: str = "GET",
    body: Mapping[str, object] | None = None,
) -> requests.Response:
    """Send one request to the API."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, standin.api_url + path, headers=headers, json=body, timeout=10)


def ask_wrongly(
    standin: Standin,
    path: str,
    *,
    why: str,
    token: str = WORKFLOW,
    body: Mapping[str, object] | None = None,
) -> requests.Response:
    """Send what GitHub's description does not allow, on purpose: it is not held to it. A POST with a body."""
    headers = {"Authorization": f"Bearer {token}", ON_PURPOSE: why}
    method = "GET" if body is None else "POST"
    return requests.request(method, standin.api_url + path, headers=headers, json=body, timeout=10)


def get(standin: Standin, path: str) -> dict[str, Any]:
    """Read one thing of the repository."""
    response = ask(standin, REPOSITORY + path)
    assert response.status_code == 200, response.text
    return cast(dict[str, Any], response.json())


def listed(standin: Standin, path: str) -> list[dict[str, Any]]:
    """Read one page of a list of the repository."""
    return cast(list[dict[str, Any]], get(standin, path))
