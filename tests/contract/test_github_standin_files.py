"""What the API says about files and history: limits, renames, modes, names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from promoter.demo.github.model import MergeMethod
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from tests.contract.github_standin_world import REPOSITORY, ask, get, listed, propose, small_world

REQUEST = "promotions/churn.yaml"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world(tmp_path)


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        yield running


@pytest.mark.slow
def test_files_and_commits_end_silently_at_their_limits(world: World, standin: Standin) -> None:
    many: dict[str, bytes | None] = {f"many/{at:04}.txt": b"x\n" for at in range(3001)}
    world.commit("many", many, author="alice", message="Many files")
    for at in range(250):
        world.commit("many", {"counter.txt": f"{at}\n".encode()}, author="alice", message=f"Commit {at}")
    number = world.open_pull_request("many", author="alice", title="Many").number
    files = [
        file
        for page in range(1, 32)
        for file in listed(standin, f"/pulls/{number}/files?per_page=100&page={page}")
    ]
    commits = [
        commit
        for page in range(1, 4)
        for commit in listed(standin, f"/pulls/{number}/commits?per_page=100&page={page}")
    ]
    shown = get(standin, f"/pulls/{number}")
    assert (len(files), shown["changed_files"]) == (3000, 3002)
    assert (len(commits), shown["commits"]) == (250, 251)


def test_renames_and_removals_are_told_apart(world: World, standin: Standin) -> None:
    text = b"one\ntwo\nthree\nfour\nfive\n"
    world.commit("main", {"old.txt": text, "gone.txt": b"bye\n"}, author="alice", message="Two files")
    removed = world.git.resolve("main:gone.txt")
    files: dict[str, bytes | None] = {"old.txt": None, "new.txt": text + b"six\n", "gone.txt": None}
    world.commit("moved", files, author="alice", message="Move")
    number = world.open_pull_request("moved", author="alice", title="Move").number
    shown = {file["filename"]: file for file in listed(standin, f"/pulls/{number}/files")}
    assert {name: file["status"] for name, file in shown.items()} == {
        "gone.txt": "removed",
        "new.txt": "renamed",
    }
    assert shown["new.txt"]["previous_filename"] == "old.txt"
    assert (shown["new.txt"]["additions"], shown["new.txt"]["deletions"]) == (1, 0)
    assert shown["gone.txt"]["sha"] == removed


def test_history_of_one_file(world: World, standin: Standin) -> None:
    first = world.tip("main")
    propose(world)
    push = world.merge(1, by="bob", method=MergeMethod.SQUASH)
    world.commit("main", {"README.md": b"# other\n"}, author="alice", message="Unrelated")
    assert [commit["sha"] for commit in listed(standin, f"/commits?path={REQUEST}")] == [push.after, first]
    assert len(listed(standin, "/commits")) == 3


def test_unusual_names_and_modes_survive(world: World, standin: Standin) -> None:
    names = ["späce and ünicode.yaml", 'quo"te.yaml', "back\\slash.yaml", "new\nline.yaml", "#?&%41.yaml"]
    files: dict[str, bytes | None] = {f"odd/{name}": name.encode() for name in names}
    world.commit("main", files, author="alice", message="Odd names")
    tree = {entry["path"]: entry for entry in get(standin, "/git/trees/main?recursive=1")["tree"]}
    assert {f"odd/{name}" for name in names} <= tree.keys()
    assert {path: tree[path]["mode"] for path in ("run.sh", "latest", "vendor/lib", "odd")} == {
        "run.sh": "100755",
        "latest": "120000",
        "vendor/lib": "160000",
        "odd": "040000",
    }
    assert "url" not in tree["vendor/lib"]
    assert ask(standin, f"{REPOSITORY}/contents/odd/%23%3F%26%2541.yaml").status_code == 200
