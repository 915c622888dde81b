"""The stand-in's list of who moved which branch: what GitHub calls activities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from promoter.demo.github.git import ZERO_SHA
from promoter.demo.github.model import MergeMethod
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from tests.contract.github_standin_world import REPOSITORY, ask, listed, propose, small_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world(tmp_path)


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        yield running


def told(standin: Standin, query: str = "") -> list[tuple[str, str]]:
    """Kind and actor of each move, as listed."""
    return [_short(one) for one in listed(standin, f"/activity{query}")]


def _short(activity: dict[str, Any]) -> tuple[str, str]:
    return activity["activity_type"], activity["actor"]["login"]


def test_every_way_to_move_a_branch_is_told_newest_first(world: World, standin: Standin) -> None:
    propose(world)
    world.create_branch("promote-2", "main", by="dave")
    world.commit("promote-2", {"a.txt": b"1"}, author="alice", message="Again", pusher="bob")
    number = world.open_pull_request("promote-2", author="alice", title="Again").number
    world.merge(number, by="carol", method=MergeMethod.SQUASH)
    world.delete_branch("promote-2")

    assert told(standin, "?ref=refs/heads/promote-2") == [
        ("branch_deletion", "alice"),
        ("push", "bob"),
        ("force_push", "dave"),
        ("push", "alice"),
        ("branch_creation", "alice"),
    ]
    assert told(standin, "?ref=main") == [("pr_merge", "carol"), ("branch_creation", "alice")]


def test_a_real_push_is_noticed_and_is_its_committers(world: World, standin: Standin) -> None:
    before = world.tip("main") or ""
    propose(world)
    world.git.run("update-ref", "refs/heads/main", world.tip("promote-2") or "")

    (newest, *_) = listed(standin, "/activity?ref=main")

    assert _short(newest) == ("push", "alice")
    assert (newest["before"], newest["after"]) == (before, world.tip("promote-2"))


def test_moves_of_forks_are_in_their_own_lists(world: World, standin: Standin) -> None:
    propose(world, "mallory:second", author="mallory")
    assert {actor for _, actor in told(standin)} == {"alice"}


def test_a_list_is_narrowed_and_turned_round(world: World, standin: Standin) -> None:
    propose(world)
    assert told(standin, "?activity_type=push") == [("push", "alice")]
    assert told(standin, "?actor=bob") == []
    assert told(standin, "?time_period=day&direction=asc")[-1] == ("push", "alice")
    assert listed(standin, "/activity?direction=asc")[0]["before"] == ZERO_SHA


def test_pages_follow_a_cursor_to_the_end(world: World, standin: Standin) -> None:
    for at in range(5):
        world.commit("main", {"a.txt": f"{at}".encode()}, author="bob", message="More")
    whole = [one["id"] for one in listed(standin, "/activity")]
    found: list[int] = []
    path: str | None = f"{REPOSITORY}/activity?per_page=2"
    while path:
        answer = ask(standin, path)
        found += [one["id"] for one in answer.json()]
        following = answer.links.get("next")
        address = urlsplit(following["url"]) if following else None
        path = f"{address.path}?{address.query}" if address else None
    assert found == whole
    assert len(whole) == 6
