"""Event payloads of the stand-in, held to GitHub's schema and to its real examples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from promoter.demo.github import events
from promoter.demo.github.git import ZERO_SHA
from promoter.demo.github.model import MergeMethod, Push, ReviewState
from promoter.demo.github.view import View
from promoter.demo.github.world import World
from tests import github_data
from tests.contract.github_standin_world import propose, small_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = small_world(tmp_path)
    propose(made)
    return made


def view(world: World) -> View:
    return View(state=world, api="https://api.github.com", web="https://github.com")


def complaints(event: object, name: str) -> list[str]:
    schema = github_data.webhook_schema()
    validator = jsonschema.Draft7Validator(
        {"$ref": f"#/definitions/{name}", "definitions": schema["definitions"]},
        format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER,
    )
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in validator.iter_errors(event)
    ]


ACTIONS = ["opened", "synchronize", "reopened", "edited", "ready_for_review", "converted_to_draft", "closed"]


@pytest.mark.parametrize("action", ACTIONS)
def test_pull_request(world: World, action: str) -> None:
    if action == "converted_to_draft":
        world.convert_to_draft(1)
    if action == "closed":
        world.close(1)
    event = events.pull_request_event(view(world), 1, action=action)
    assert complaints(event, f"pull_request${action}") == []


@pytest.mark.parametrize("method", list(MergeMethod))
def test_a_merged_pull_request(world: World, method: MergeMethod) -> None:
    push = world.merge(1, by="bob", method=method)
    event: Any = events.pull_request_event(view(world), 1, action="closed", sender="bob")
    assert complaints(event, "pull_request$closed") == []
    assert event["pull_request"]["merge_commit_sha"] == push.after
    assert event["sender"]["login"] == "bob"
    assert complaints(events.push_event(view(world), push), "push$event") == []


def test_a_pull_request_from_a_fork(world: World) -> None:
    number = propose(world, "mallory:mine", author="mallory")
    event: Any = events.pull_request_event(view(world), number, action="opened")
    assert complaints(event, "pull_request$opened") == []
    assert event["pull_request"]["head"]["repo"]["fork"] is True
    world.delete_fork("mallory")
    event = events.pull_request_event(view(world), number, action="opened")
    assert complaints(event, "pull_request$opened") == []
    assert event["pull_request"]["head"]["repo"] is None


@pytest.mark.parametrize("state", [ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED])
def test_a_review(world: World, state: ReviewState) -> None:
    review = world.review(1, "bob", state=state, body="See there.")
    event = events.pull_request_review_event(view(world), review, action="submitted")
    assert complaints(event, "pull_request_review$submitted") == []


def test_a_push_tells_its_commits_oldest_first(world: World) -> None:
    push = world.merge(1, by="bob", method=MergeMethod.REBASE)
    event: Any = events.push_event(view(world), push)
    assert [commit["message"].split("\n")[0] for commit in event["commits"]] == ["Promote churn", "Say why"]
    first, second = event["commits"]
    assert (first["modified"], first["added"]) == (["promotions/churn.yaml"], [])
    assert (second["modified"], second["added"]) == ([], ["notes/promote-2.md"])
    assert event["head_commit"] == second
    assert (event["created"], event["deleted"], event["forced"]) == (False, False, False)
    assert first["author"]["username"] == "alice"


def test_pushes_that_create_delete_and_rewrite(world: World) -> None:
    main, branch = world.tip("main") or "", world.tip("promote-2") or ""
    ref = "refs/heads/promote-2"
    made: Any = events.push_event(view(world), Push(ref=ref, before=ZERO_SHA, after=branch, by="alice"))
    gone: Any = events.push_event(view(world), Push(ref=ref, before=branch, after=ZERO_SHA, by="alice"))
    back: Any = events.push_event(view(world), Push(ref=ref, before=branch, after=main, by="alice"))
    root: Any = events.push_event(
        view(world), Push(ref="refs/heads/main", before=ZERO_SHA, after=main, by="alice")
    )
    assert [complaints(event, "push$event") for event in (made, gone, back, root)] == [[], [], [], []]
    assert (made["created"], len(made["commits"])) == (True, 2)
    assert (gone["deleted"], gone["commits"], gone["head_commit"]) == (True, [], None)
    assert (back["forced"], back["commits"]) == (True, [])
    assert [commit["id"] for commit in root["commits"]] == [main]


def test_a_merge_group(world: World) -> None:
    group = world.enqueue([1], by="bob")
    event: Any = events.merge_group_event(view(world), group, sender="bob")
    assert complaints(event, "merge_group$checks_requested") == []
    assert event["merge_group"]["head_sha"] == world.git.resolve(group.head_ref)


def test_a_schedule_has_no_sender(world: World) -> None:
    event = events.schedule_event(view(world), schedule="0 6 * * *")
    assert sorted(event) == ["repository", "schedule", "workflow"]


def fields(value: object, path: str = "") -> set[str]:
    """Every field of a payload; lists count as their first item."""
    if isinstance(value, list):
        return fields(value[0], path + "[]") if value else set()
    if not isinstance(value, dict):
        return set()
    return {f"{path}.{key}" for key in value} | {
        name for key, inner in value.items() for name in fields(inner, f"{path}.{key}")
    }


# What GitHub's examples have because of what they are about: an app, an organization, people who were asked.
BESIDES = (
    ".installation",
    ".organization",
    *(f".pull_request.{name}" for name in ("labels", "assignee", "requested_", "milestone")),
)


@pytest.mark.parametrize(
    ("name", "pick"),
    [
        ("pull_request", lambda example: example["action"] == "opened"),
        ("push", lambda example: bool(example["commits"])),
        ("merge_group", lambda example: True),
    ],
)
def test_no_field_of_the_real_examples_is_missing(
    world: World, name: str, pick: Callable[[github_data.Json], bool]
) -> None:
    ours = {
        "pull_request": events.pull_request_event(view(world), 1, action="opened"),
        "push": events.push_event(view(world), world.merge(1, by="bob")),
    }
    propose(world, "next", version=3)
    ours["merge_group"] = events.merge_group_event(view(world), world.enqueue([2], by="bob"), sender="bob")
    for example in filter(pick, github_data.webhook_examples()[name]):
        absent = {field for field in fields(example) - fields(ours[name]) if not field.startswith(BESIDES)}
        # Settings of a repository that only its administrators see.
        assert {field for field in absent if "allow_" not in field and "delete_branch" not in field} == set()
