"""`scripts/release_commit.py` against the stand-in: what is written, what is found again, what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from promoter.demo.github.model import File
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from scripts.release_commit import Ask, asking, release
from tests.contract.github_spec import GitHubSpec, load_spec
from tests.contract.github_standin_world import READER, REPOSITORY, ask, small_world

ROOT = Path(__file__).parents[2]
TOKEN = "release-token"
FILES = {"action.yml": "runs: docker\n", "promoter-spark/action.yml": "runs: spark\n"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = small_world(tmp_path)
    files: dict[str, bytes | File | None] = {"action.yml": b"runs: Dockerfile\n"}
    made.commit("main", files, author="alice", message="The version to be released")
    made.add_token(TOKEN, "alice", grants={"contents": "write"})
    return made


@pytest.fixture
def source(world: World) -> str:
    return world.tip("main") or ""


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        yield running


@pytest.fixture
def github(standin: Standin) -> Ask:
    return asking(standin.api_url, repository="acme/churn", token=TOKEN)


def test_the_commit_is_a_child_that_differs_in_the_given_files_alone(
    world: World, github: Ask, source: str
) -> None:
    commit = release(github, source=source, version="1.2.3", files=FILES)
    changed = {change.path: change.status for change in world.changes_between(source, commit)}
    assert changed == {"action.yml": "modified", "promoter-spark/action.yml": "added"}
    assert world.git.text("show", f"{commit}:promoter-spark/action.yml") == "runs: spark"
    assert world.git.text("show", "--no-patch", "--format=%P", commit) == source
    assert source in world.git.text("show", "--no-patch", "--format=%B", commit)


def test_the_tag_is_on_the_commit_and_the_branch_stays(world: World, github: Ask, source: str) -> None:
    commit = release(github, source=source, version="1.2.3", files=FILES)
    assert world.git.resolve("refs/tags/v1.2.3") == commit
    assert world.tip("main") == source


def test_what_is_sent_is_as_github_describes_it(standin: Standin, github: Ask, source: str) -> None:
    spec: GitHubSpec = load_spec()
    release(github, source=source, version="1.2.3", files=FILES)
    sent = [
        (one.method, one.target.partition("/repos/acme/churn/")[2], one.status) for one in standin.requests
    ]
    assert sent == [
        ("GET", f"git/commits/{source}", 200),
        ("POST", "git/blobs", 201),
        ("POST", "git/blobs", 201),
        ("POST", "git/trees", 201),
        ("GET", "git/ref/tags/v1.2.3", 404),
        ("POST", "git/commits", 201),
        ("POST", "git/refs", 201),
    ]
    made: dict[str, object] = {"ref": "refs/tags/v1.2.4", "sha": source}
    spec.check(
        ask(standin, f"{REPOSITORY}/git/refs", token=TOKEN, method="POST", body=made),
        ask(standin, f"{REPOSITORY}/git/ref/tags/v1.2.3", token=TOKEN),
        ask(standin, f"{REPOSITORY}/git/ref/tags/v9", token=TOKEN),
    )


def test_a_second_run_finds_what_the_first_one_made(world: World, github: Ask, source: str) -> None:
    first = release(github, source=source, version="1.2.3", files=FILES)
    assert release(github, source=source, version="1.2.3", files=FILES) == first
    assert world.git.resolve("refs/tags/v1.2.3") == first


def test_a_tag_on_other_content_is_never_moved(world: World, github: Ask, source: str) -> None:
    first = release(github, source=source, version="1.2.3", files=FILES)
    with pytest.raises(SystemExit, match=f"v1.2.3 is on {first}, which is not this release"):
        release(github, source=source, version="1.2.3", files={"action.yml": "runs: something else\n"})
    assert world.git.resolve("refs/tags/v1.2.3") == first


def test_a_tag_on_another_parent_is_never_moved(world: World, github: Ask, source: str) -> None:
    first = release(github, source=source, version="1.2.3", files=FILES)
    world.commit("main", {"new": b"x"}, author="alice", message="Later")
    later = world.tip("main") or ""
    with pytest.raises(SystemExit, match="never moved"):
        release(github, source=later, version="1.2.3", files=FILES)
    assert world.git.resolve("refs/tags/v1.2.3") == first


def test_a_commit_that_github_does_not_know_is_refused(github: Ask) -> None:
    with pytest.raises(SystemExit, match="GitHub knows no commit ffff"):
        release(github, source="f" * 40, version="1.2.3", files=FILES)


def test_a_token_that_may_not_write_is_told_in_githubs_words(standin: Standin, source: str) -> None:
    reader = asking(standin.api_url, repository="acme/churn", token=READER)
    with pytest.raises(SystemExit, match=r"GitHub answered 40[34] to git/blobs: .*message"):
        release(reader, source=source, version="1.2.3", files=FILES)


def test_the_command_prints_the_commit(tmp_path: Path, world: World, standin: Standin, source: str) -> None:
    file = tmp_path / "pinned.yml"
    file.write_text("runs: docker\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.release_commit", source, "1.2.3", f"action.yml={file}"],
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "GITHUB_API_URL": standin.api_url,
            "GITHUB_REPOSITORY": "acme/churn",
            "GH_TOKEN": TOKEN,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.strip() == world.git.resolve("refs/tags/v1.2.3")
    assert TOKEN not in done.stdout
