"""The main job over HTTP: a pull request judges, a merge moves, a revert brings back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from promoter.demo.github.model import MergeMethod, Review, ReviewState
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House, housed, result_of
from tests.mlflow_server import MlflowServer

pytestmark = pytest.mark.integration


def test_a_pull_request_promotes_a_model(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)

    validated = house.validate(number)
    assert (validated.exit_code, validated.outputs["reason-code"]) == (ExitCode.DONE, "validated")
    assert validated.outputs["decision"] == "promote"
    assert house.champion() == old
    (comment,) = house.comments(number)
    assert validated.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")
    assert "0.8000" in comment.body
    assert "0.8500" in comment.body

    house.approve(number)
    applied = house.apply(house.merge(number))
    assert (applied.exit_code, applied.outputs["reason-code"]) == (ExitCode.DONE, "applied")
    assert house.champion() == new
    (comment,) = house.comments(number)
    assert comment.body.splitlines()[1].startswith("### ✅ Promoted")
    tags = house.tags(new)
    assert tags["promoter_verdict"] == "promote"
    assert tags["promoter_check_metrics"] == "passed"
    assert tags["promoter_pull_request"] == str(number)
    assert tags["promoter_approved_by"] == "alice"
    assert tags["promoter_previous_version"] == old
    assert len(tags["promoter_evidence"]) == 64
    assert house.tags(old) == {}


@pytest.mark.parametrize("method", list(MergeMethod))
def test_every_way_to_merge_applies(house: House, method: MergeMethod) -> None:
    old, first_try, new = house.version(0.80), house.version(0.82), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(first_try)
    house.push_more(number, {house.path: house.request(new)})
    house.approve(number)
    applied = house.apply(house.merge(number, method))
    assert applied.outputs["reason-code"] == "applied", applied.log
    assert house.champion() == new
    assert house.tags(new)["promoter_previous_version"] == old


def test_a_revert_rolls_back_though_the_figures_are_worse(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    house.approve(number)
    house.apply(house.merge(number))

    branch = house.world.revert(number, by="dora")
    undo = house.world.open_pull_request(branch, author="dora", title="Revert").number
    validated = house.validate(undo)
    assert validated.outputs["reason-code"] == "rollback_validated", validated.log
    assert "roll back" in house.comments(undo)[0].body.splitlines()[1]
    house.approve(undo)
    assert house.apply(house.merge(undo)).outputs["reason-code"] == "applied"
    assert house.champion() == old


def test_a_first_promotion_needs_the_policys_word(house: House) -> None:
    new = house.version(0.85)
    number = house.ask_for(new)
    assert house.validate(number).outputs["reason-code"] == "missing_champion"

    text = POLICY_TEXT.replace("    evaluation", "    on_missing_champion: bootstrap\n    evaluation")
    house.land({POLICY: text.encode()})
    number = house.ask_for(new)
    assert house.validate(number).outputs["reason-code"] == "validated"
    house.approve(number)
    assert house.apply(house.merge(number)).outputs["reason-code"] == "applied"
    assert house.champion() == new
    assert house.tags(new)["promoter_previous_version"] == ""


def test_a_push_that_changes_no_alias_moves_nothing(house: House) -> None:
    version = house.version(0.8)
    house.adopt(version)
    push = house.land({"README.md": b"hello\n"})
    applied = house.apply(push)
    assert (applied.exit_code, applied.outputs["reason-code"]) == (ExitCode.DONE, "already_applied")
    # Somebody pushed it without a pull request: that much is noted.
    assert house.tags(version) == {"promoter_applied_champion": "0 found", "promoter_commit": push.after}


def test_replaying_an_old_push_writes_nothing(house: House) -> None:
    versions = [house.version(0.80), house.version(0.85), house.version(0.90)]
    house.adopt(versions[0])
    pushes = []
    for version in versions[1:]:
        number = house.ask_for(version)
        house.approve(number)
        pushes.append(house.merge(number))
        house.apply(pushes[-1])
    tags = house.tags(versions[1])
    replayed = house.apply(pushes[0])
    assert replayed.outputs["reason-code"] == "already_applied"
    assert house.champion() == versions[2]
    assert house.tags(versions[1]) == tags


def test_a_dropped_run_is_made_good_by_the_next(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    house.approve(number)
    house.merge(number)
    applied = house.apply(house.land({"README.md": b"something else\n"}))
    assert applied.outputs["reason-code"] == "applied"
    assert house.champion() == new
    assert "Promoted" in house.comments(number)[0].body


def test_several_requests_in_one_pull_request_move_together_or_not_at_all(house: House) -> None:
    old, new, bad = house.version(0.80), house.version(0.85), house.version(0.30)
    shadow = f"promotions/{house.model}/shadow.yaml"
    house.set_alias(old, "shadow")
    house.adopt(old)
    house.land({shadow: house.request(old, alias="shadow")})

    number = house.propose(
        {house.path: house.request(new), shadow: house.request(bad, alias="shadow")},
    )
    validated = house.validate(number)
    assert (validated.exit_code, validated.outputs["reason-code"]) == (ExitCode.NO, "checks_failed")
    assert len(result_of(validated)) == 2
    house.approve(number)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == "checks_failed"
    assert (house.champion(), house.champion("shadow")) == (old, old)

    number = house.propose({shadow: house.request(new, alias="shadow")})
    house.approve(number)
    assert house.apply(house.merge(number)).outputs["reason-code"] in {"applied", "approval_missing"}


def test_both_aliases_move_when_both_are_good(house: House) -> None:
    old, new, newer = house.version(0.80), house.version(0.85), house.version(0.86)
    shadow = f"promotions/{house.model}/shadow.yaml"
    house.set_alias(old, "shadow")
    house.adopt(old)
    house.land({shadow: house.request(old, alias="shadow")})
    number = house.propose({house.path: house.request(new), shadow: house.request(newer, alias="shadow")})
    house.approve(number)
    assert house.apply(house.merge(number)).outputs["reason-code"] == "applied"
    assert (house.champion(), house.champion("shadow")) == (new, newer)


def test_several_pull_requests_in_one_push_of_the_merge_queue(house: House) -> None:
    old, new, bad = house.version(0.80), house.version(0.85), house.version(0.2)
    shadow = f"promotions/{house.model}/shadow.yaml"
    house.set_alias(old, "shadow")
    house.adopt(old)
    house.land({shadow: house.request(old, alias="shadow")})
    numbers = [
        house.propose({house.path: house.request(new)}),
        house.propose({shadow: house.request(bad, alias="shadow")}),
    ]
    for number in numbers:
        house.approve(number)
    group = house.world.enqueue(numbers, by="alice")
    assert house.validate_group(group).outputs["reason-code"] == "checks_failed"
    assert house.comments(numbers[0]) == []
    applied = house.apply(house.world.land(group, by="alice"))
    assert applied.outputs["reason-code"] == "checks_failed"
    assert (house.champion(), house.champion("shadow")) == (new, old)
    assert "Promoted" in house.comments(numbers[0])[0].body
    assert "Promoted" not in house.comments(numbers[1])[0].body


def test_a_merge_group_is_validated_without_a_comment(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    validated = house.validate_group(house.world.enqueue([number], by="alice"))
    assert (validated.exit_code, validated.outputs["reason-code"]) == (ExitCode.DONE, "validated")
    assert house.comments(number) == []
    assert house.model in validated.summary


def test_the_comment_is_one_and_not_written_again_when_nothing_changed(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    house.validate(number)
    house.standin.requests.clear()
    house.validate(number)
    assert len(house.comments(number)) == 1
    assert house.standin.count("PATCH") == 0
    assert house.standin.count("POST", "/repos/acme/models/issues") == 0


def test_update_branch_keeps_an_approval_and_a_push_loses_it(house: House) -> None:
    old, new, newer = house.version(0.80), house.version(0.85), house.version(0.86)
    house.adopt(old)
    kept = house.ask_for(new)
    house.approve(kept)
    house.push_more(kept, {"notes.md": b"unrelated\n"})
    assert house.apply(house.merge(kept)).outputs["reason-code"] == "applied"

    lost = house.ask_for(old)
    house.approve(lost)
    house.push_more(lost, {house.path: house.request(newer)})
    applied = house.apply(house.merge(lost))
    assert (applied.exit_code, applied.outputs["reason-code"]) == (ExitCode.NO, "approval_stale")
    assert house.champion() == new

    house.world.record_review(_late_approval(house, lost))
    again = house.apply(house.land({"README.md": b"run again\n"}))
    assert again.outputs["reason-code"] == "applied"
    assert house.champion() == newer


def _late_approval(house: House, number: int) -> Review:
    """bob approves what was merged, after the merge."""
    last = [review for review in house.world.reviews if review.number == number][-1]
    head = house.world.pulls[number].head_sha
    return replace(last, id=house.world.new_id(), author="bob", commit_id=head, state=ReviewState.APPROVED)


def test_what_went_wrong_after_the_merge_is_a_comment_of_its_own(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    house.validate(number)
    push = house.merge(number)
    for _ in range(2):
        assert house.apply(push).outputs["reason-code"] == "approval_missing"
    bodies = [comment.body for comment in house.comments(number)]
    assert len(bodies) == 2
    assert "Ready to promote" in bodies[0]
    assert "after-merge" in bodies[1]


def test_dry_run_judges_shows_and_moves_nothing(house: House) -> None:
    old, bad = house.version(0.80), house.version(0.30)
    house.adopt(old)
    house.land({POLICY: POLICY_TEXT.replace("    evaluation", "    mode: dry_run\n    evaluation").encode()})
    number = house.ask_for(bad)
    validated = house.validate(number)
    assert (validated.exit_code, validated.outputs["reason-code"]) == (ExitCode.DONE, "dry_run")
    house.approve(number)
    assert house.apply(house.merge(number)).exit_code is ExitCode.DONE
    assert house.champion() == old


def test_enterprise_server_addresses_work(tmp_path: Path, mlflow_server: MlflowServer) -> None:
    with housed(tmp_path, mlflow_server.url, base_path="/api/v3") as house:
        old, new = house.version(0.80), house.version(0.85)
        house.adopt(old)
        number = house.ask_for(new)
        assert house.validate(number).outputs["reason-code"] == "validated"
        house.approve(number)
        assert house.apply(house.merge(number)).outputs["reason-code"] == "applied"


def test_calls_to_github_are_few(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    house.approve(number)
    house.standin.requests.clear()
    house.validate(number)
    validate_calls = len(house.standin.requests)
    push = house.merge(number)
    house.standin.requests.clear()
    house.apply(push)
    apply_calls = len(house.standin.requests)
    assert validate_calls <= 25, house.standin.requests
    assert apply_calls <= 20, house.standin.requests
