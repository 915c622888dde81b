"""What was validated is what is applied: a version whose files were exchanged in between is not moved."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from promoter.commands.apply import ApplyWorld, apply
from promoter.commands.publish import Channels, complete, publish
from promoter.commands.validate import validate
from promoter.core.model_version import ModelVersion
from promoter.core.report import CommentMode, Links, Report
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.fakes.github import Comment, InMemoryPullRequests
from tests.fakes.observed import observed
from tests.fakes.runner import RecordingRunner
from tests.fakes.team import POLICY, REQUEST, SHADOW, Team, policy, request

BOT = "github-actions[bot]"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Pull request 12 asks for version 7, which has files, as version 6 has."""
    team = Team()
    for number in ("6", "7"):
        folder = tmp_path / number
        folder.mkdir()
        (folder / "MLmodel").write_text("flavors: {}\n")
        (folder / "model.bin").write_bytes(b"\x00\x01")
        team.registry.add_files(team.registry.model_version("churn", number), folder)
    team.propose(12, {REQUEST: request("7")})
    return team


def validated(
    team: Team, mode: CommentMode = CommentMode.ALWAYS, before: Sequence[Comment] = (), **world: object
) -> list[Comment]:
    """The comments that a run of validate leaves."""
    pulls = team.pull_requests
    pulls.comments = list(before)
    report = validate(team.validate_world(pull_requests=pulls, **world), team.change())
    told = complete(report, tool_version="0.1.0", links=Links())
    publish(told, channels(pulls, mode))
    return pulls.comments


def channels(pulls: InMemoryPullRequests, mode: CommentMode = CommentMode.ALWAYS) -> Channels:
    return Channels(
        runner=RecordingRunner(),
        pull_requests=pulls,
        mode=mode,
        repository="acme/models",
        pull_request=12,
    )


def applied(team: Team, comments: list[Comment]) -> Report:
    """Apply after bob's approval and the merge."""
    if not team.pulls[12].is_merged:
        team.approve(12)
        team.merge(12)
    return apply(with_comments(team, comments), branch="main")


def with_comments(team: Team, comments: list[Comment]) -> ApplyWorld:
    pulls = team.pull_requests
    pulls.comments = comments
    return team.apply_world(pull_requests=pulls)


def exchange(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "7"
    if how == "flipped":
        (folder / "model.bin").write_bytes(b"\x00\x00")
    elif how == "added":
        (folder / "more.bin").write_bytes(b"")
    elif how == "removed":
        (folder / "model.bin").unlink()
    elif how == "renamed":
        (folder / "model.bin").rename(folder / "other.bin")
    elif how == "case":
        (folder / "model.bin").rename(folder / "Model.bin")
    else:
        shutil.rmtree(folder)


def test_the_same_files_are_applied(team: Team) -> None:
    report = applied(team, validated(team))
    assert (report.reason, team.champion()) == (ReasonCode.APPLIED, "7")
    assert report.requests[0].notes == ()


@pytest.mark.parametrize("how", ["flipped", "added", "removed", "renamed", "case", "gone"])
def test_t17_files_that_were_exchanged_after_validation_are_refused(
    team: Team, tmp_path: Path, how: str
) -> None:
    comments = validated(team)
    exchange(tmp_path, how)
    report = applied(team, comments)
    assert (report.reason, team.champion()) == (ReasonCode.ARTIFACTS_CHANGED, "6")
    assert team.registry.writes == []


@pytest.mark.parametrize(
    "anew",
    [
        lambda version: replace(version, source="models:/m-2"),
        lambda version: replace(version, run_id="other"),
        lambda version: replace(version, created_at=12345),
    ],
    ids=["source", "run", "time"],
)
def test_t18_a_version_that_was_made_anew_is_refused(
    team: Team, anew: Callable[[ModelVersion], ModelVersion]
) -> None:
    comments = validated(team)
    team.registry.add_version(anew(team.registry.model_version("churn", "7")))
    assert applied(team, comments).reason is ReasonCode.ARTIFACTS_CHANGED


def test_what_people_write_on_the_version_meanwhile_is_no_exchange(team: Team) -> None:
    comments = validated(team)
    team.registry.set_tags("churn", "7", tags={"owner": "bob"})
    assert applied(team, comments).reason is ReasonCode.APPLIED


def test_a_refusal_is_not_forgotten_by_the_next_run(team: Team, tmp_path: Path) -> None:
    comments = validated(team)
    exchange(tmp_path, "flipped")
    for _ in range(2):
        report = applied(team, comments)
        pulls = team.pull_requests
        pulls.comments = comments
        publish(complete(report, tool_version="0.1.0", links=Links()), channels(pulls))
        assert report.reason is ReasonCode.ARTIFACTS_CHANGED
    assert [comment.body.split("\n")[0] for comment in comments] == [
        "<!-- promoter results acme/models#12 -->",
        "<!-- promoter after-merge acme/models#12 -->",
    ]


def test_all_or_none_when_the_files_of_one_were_exchanged(team: Team, tmp_path: Path) -> None:
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    team.propose(12, {REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    comments = validated(team)
    exchange(tmp_path, "flipped")
    assert {one.reason for one in applied(team, comments).requests} == {ReasonCode.ARTIFACTS_CHANGED}


@pytest.mark.parametrize("mode", [CommentMode.NEVER, CommentMode.ALWAYS])
def test_without_our_own_comment_it_is_judged_anew_and_said(team: Team, mode: CommentMode) -> None:
    comments = validated(team, mode)
    for comment in comments:
        comment.author = "mallory"
    report = applied(team, comments)
    assert report.reason is ReasonCode.APPLIED
    (note,) = report.requests[0].notes
    assert str(note).startswith("the version's files were not compared with what was validated")


def test_that_nothing_was_compared_is_one_note_in_the_comment_for_all_of_a_pull_request(
    team: Team, tmp_path: Path
) -> None:
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    team.propose(12, {REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    report = applied(team, [])
    assert {one.reason for one in report.requests} == {ReasonCode.APPLIED}
    pulls = team.pull_requests
    publish(complete(report, tool_version="0.1.0", links=Links()), channels(pulls))
    (comment,) = pulls.comments
    assert comment.body.count("not compared with what was validated") == 1
    assert "files of 2 versions were not compared" in comment.body.replace("The files", "files")


def test_t68_an_edited_comment_can_only_make_apply_refuse(team: Team) -> None:
    comments = validated(team)
    pinned = [line for line in comments[0].body.splitlines() if line.startswith("<!-- pinned")]
    key = pinned[0].split()[2].split(":")[0]
    comments[0].body = comments[0].body.replace(pinned[0], f"<!-- pinned {key}:{'0' * 32} -->")
    assert applied(team, comments).reason is ReasonCode.ARTIFACTS_CHANGED


def test_a_comment_that_cannot_be_read_decides_nothing(team: Team) -> None:
    comments = validated(team)
    team.approve(12)
    team.merge(12)
    world = with_comments(team, comments)
    pulls, calls = observed(world.pull_requests)
    calls.fail("comment", PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("no answer")))
    report = apply(replace(world, pull_requests=pulls), branch="main")
    assert (report.reason, team.champion()) == (ReasonCode.GITHUB_UNAVAILABLE, "6")


def test_files_that_cannot_be_read_are_said_not_to_be_pinned(team: Team) -> None:
    team.version("8", 0.92)
    team.propose(12, {REQUEST: request("8")})
    comments = validated(team)
    assert "are not pinned" in comments[0].body
    assert "<!-- pinned" not in comments[0].body
    assert applied(team, comments).reason is ReasonCode.APPLIED


def test_a_policy_that_asks_for_the_files_does_not_decide_without_them(team: Team) -> None:
    team.version("8", 0.92)
    team.push({POLICY: policy("    checks:\n", "    checks:\n      artifacts: {}\n")})
    team.propose(12, {REQUEST: request("8")})
    report = validate(team.validate_world(), team.change())
    assert report.reason is ReasonCode.DATA_UNAVAILABLE


def test_t17_validating_again_does_not_pin_what_was_exchanged(team: Team, tmp_path: Path) -> None:
    comments = validated(team)
    exchange(tmp_path, "flipped")
    comments = validated(team, before=comments)
    assert "no longer what was validated" in comments[0].body
    assert applied(team, comments).reason is ReasonCode.ARTIFACTS_CHANGED


def test_t17_a_run_that_could_not_judge_keeps_the_pins(team: Team, tmp_path: Path) -> None:
    comments = validated(team)
    down = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))
    team.registry.fail("aliases", down)
    comments = validated(team, before=comments)
    assert "no answer" in comments[0].body
    exchange(tmp_path, "flipped")
    assert applied(team, comments).reason is ReasonCode.ARTIFACTS_CHANGED


def test_a_request_that_is_edited_is_pinned_anew(team: Team, tmp_path: Path) -> None:
    comments = validated(team)
    exchange(tmp_path, "flipped")
    team.propose(12, {REQUEST: request("7").replace(b"better", b"better, as it is now")})
    comments = validated(team, before=comments)
    assert applied(team, comments).reason is ReasonCode.APPLIED
