"""Every bad input of the issue: its own reason code, exit code and message; the alias stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from promoter.demo.github.events import pull_request_event
from promoter.demo.github.exchange import Answer, Request, json_answer
from promoter.demo.github.model import ReviewState
from promoter.demo.job import Finished
from promoter.errors import ExitCode, ReasonCode
from tests.e2e.house import POLICY, POLICY_TEXT, TOKEN, House

pytestmark = pytest.mark.integration

Case = Callable[[House], Finished]


def ends(finished: Finished, reason: ReasonCode, said: str) -> None:
    """The three things a user meets: reason code, exit code, a message (in log and summary)."""
    assert finished.outputs["reason-code"] == reason.value, finished.log
    assert finished.exit_code is reason.exit_code
    # renderers begin a sentence with a capital, and wrap names for their own channel
    for told in (finished.log, finished.summary):
        assert plain(said) in plain(told), told


def plain(text: str) -> str:
    """Without what a renderer adds to words."""
    return text.replace("`", "").replace("\\", "").casefold()


def proposal(house: House, text: bytes | None = None) -> tuple[int, str]:
    """A pull request on an adopted alias, its new version better; with other text where given."""
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    return house.propose({house.path: house.request(new) if text is None else text}), old


# --- validate -------------------------------------------------------------------------------------


def test_no_policy(house: House) -> None:
    house.land({POLICY: None})
    number, _ = proposal(house)
    ends(house.validate(number), ReasonCode.POLICY_INVALID, "There is no policy")


def test_policy_invalid(house: House) -> None:
    house.land({POLICY: b"version: 1\nmodels: []\n"})
    number, _ = proposal(house)
    finished = house.validate(number)
    ends(finished, ReasonCode.POLICY_INVALID, "policy")
    assert f"{POLICY}:2:" in finished.log


def test_a_policy_alone_is_read_at_the_head(house: House) -> None:
    good = house.propose({POLICY: POLICY_TEXT.replace("0.5", "0.6").encode()})
    assert house.validate(good).exit_code is ExitCode.DONE
    bad = house.propose({POLICY: POLICY_TEXT.replace("threshold", "treshold").encode()})
    ends(house.validate(bad), ReasonCode.POLICY_INVALID, "treshold")


def test_policy_and_request_together(house: House) -> None:
    new = house.version(0.85)
    loose = POLICY_TEXT.replace("threshold: 0.5", "threshold: 0.1").encode()
    number = house.propose({POLICY: loose, house.path: house.request(new)})
    ends(house.validate(number), ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST, "together with")


def test_request_invalid_names_file_line_and_column(house: House) -> None:
    text = f"model: {house.model}\nalias: champion\nverison: 7\n".encode()
    number, _ = proposal(house, text)
    finished = house.validate(number)
    ends(finished, ReasonCode.REQUEST_INVALID, "verison")
    assert f"{house.path}:3:1" in finished.log
    assert f"::error file={house.path},line=3,col=1" in finished.log


def test_two_files_for_one_alias(house: House) -> None:
    new = house.version(0.85)
    house.adopt(house.version(0.80))
    number = house.propose({"promotions/other.yaml": house.request(new)})
    ends(house.validate(number), ReasonCode.DUPLICATE_REQUEST, "second request")


@pytest.mark.parametrize(
    ("change", "reason", "said"),
    [
        ({"model": "no-such-model"}, ReasonCode.MODEL_NOT_FOUND, "no-such-model"),
        ({"version": "999"}, ReasonCode.VERSION_NOT_FOUND, "999"),
        ({"alias": "production"}, ReasonCode.ALIAS_NOT_ALLOWED, "production"),
    ],
)
def test_unknown_names(house: House, change: dict[str, str], reason: ReasonCode, said: str) -> None:
    house.adopt(house.version(0.80))
    version = change.pop("version", house.version(0.85))
    number = house.propose(
        {"promotions/odd.yaml" if change else house.path: house.request(version, **change)}
    )
    ends(house.validate(number), reason, said)


def test_a_model_without_an_entry_in_the_policy(house: House) -> None:
    house.land({POLICY: POLICY_TEXT.replace('match: "*"', "match: other-*").encode()})
    number, _ = proposal(house)
    ends(house.validate(number), ReasonCode.ALIAS_NOT_ALLOWED, "No entry of the policy")


def test_a_disabled_entry(house: House) -> None:
    text = POLICY_TEXT.replace("    evaluation", "    mode: disabled\n    evaluation")
    house.land({POLICY: text.encode()})
    number, _ = proposal(house)
    ends(house.validate(number), ReasonCode.ALIAS_NOT_ALLOWED, "disabled")


def test_the_champion_is_the_challenger(house: House) -> None:
    old = house.version(0.80)
    house.adopt(old)
    number = house.propose({house.path: house.request(old, reason="again")})
    ends(house.validate(number), ReasonCode.ALREADY_APPLIED, "already")


def test_somebody_moved_the_alias_by_hand(house: House) -> None:
    number, _ = proposal(house)
    by_hand = house.version(0.70)
    house.set_alias(by_hand)
    ends(house.validate(number), ReasonCode.CONFLICT, f"version `{by_hand}`")
    house.approve(number)
    ends(house.apply(house.merge(number)), ReasonCode.CONFLICT, f"version `{by_hand}`")
    assert house.champion() == by_hand


def test_an_alias_that_git_does_not_know_must_be_adopted_first(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.set_alias(old)
    number = house.ask_for(new)
    ends(house.validate(number), ReasonCode.CONFLICT, "git does not know")


def test_a_worse_model(house: House) -> None:
    house.adopt(house.version(0.80))
    number = house.ask_for(house.version(0.70))
    finished = house.validate(number)
    ends(finished, ReasonCode.CHECKS_FAILED, "0.1 worse")
    assert finished.outputs["decision"] == "reject"
    assert f"::error file={house.path},line=3" in finished.log


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
def test_a_metric_that_is_missing_or_not_a_number(house: House, value: float | None) -> None:
    house.adopt(house.version(0.80))
    number = house.ask_for(house.version(value))
    ends(house.validate(number), ReasonCode.CHECKS_FAILED, "f1_score")


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_champion_without_the_metric_is_inconclusive(house: House, value: float | None) -> None:
    house.adopt(house.version(value))
    number = house.ask_for(house.version(0.9))
    finished = house.validate(number)
    ends(finished, ReasonCode.INCONCLUSIVE, "f1_score")
    assert finished.outputs["decision"] == "inconclusive"


def test_a_fork(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    house.world.add_user("stranger")
    house.world.commit("stranger:try", {house.path: house.request(new)}, author="stranger", message="Promote")
    number = house.world.open_pull_request("stranger:try", author="stranger", title="Promote").number
    finished = house.validate(number)
    ends(finished, ReasonCode.FORK_UNSUPPORTED, "fork")
    assert house.comments(number) == []


def test_a_fork_with_a_malformed_request_is_told_so(house: House) -> None:
    house.adopt(house.version(0.80))
    house.world.add_user("stranger")
    house.world.commit("stranger:try", {house.path: b"model: x\n"}, author="stranger", message="Try")
    number = house.world.open_pull_request("stranger:try", author="stranger", title="Try").number
    ends(house.validate(number), ReasonCode.REQUEST_INVALID, "alias")


def test_a_closed_pull_request(house: House) -> None:
    number, _ = proposal(house)
    house.world.close(number)
    ends(house.validate(number), ReasonCode.PULL_REQUEST_CLOSED, "closed")


def test_a_draft_is_judged_and_called_one(house: House) -> None:
    number, _ = proposal(house)
    house.world.convert_to_draft(number)
    ends(house.validate(number), ReasonCode.VALIDATED, "draft")


def test_a_pull_request_into_another_branch(house: House) -> None:
    number, _ = proposal(house)
    house.world.create_branch("release", house.world.tip("main") or "")
    house.world.retarget(number, "release")
    ends(house.validate(number), ReasonCode.NOT_DEFAULT_BRANCH, "release")


def test_a_newer_commit(house: House) -> None:
    number, _ = proposal(house)
    payload = pull_request_event(house.standin.view, number, action="opened")
    house.push_more(number, {"notes.md": b"more\n"})
    finished = house.job("pull_request", payload, ref=f"refs/pull/{number}/merge", commit="f" * 40)
    ends(finished, ReasonCode.SUPERSEDED, "newer commit")
    assert house.comments(number) == []


def test_too_many_files(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    many: dict[str, bytes | None] = {f"data/{index}.txt": b"x" for index in range(3000)}
    number = house.propose({**many, house.path: house.request(new)})
    ends(house.validate(number), ReasonCode.TOO_MANY_FILES, "3,001")


def test_three_thousand_files_are_judged(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    many: dict[str, bytes | None] = {f"data/{index}.txt": b"x" for index in range(2999)}
    number = house.propose({**many, house.path: house.request(new)})
    assert house.validate(number).outputs["reason-code"] == "validated"


def test_all_requests_deleted_at_once(house: House) -> None:
    old = house.version(0.80)
    house.adopt(old)
    number = house.propose({house.path: None})
    ends(house.validate(number), ReasonCode.ALL_REQUESTS_DELETED, "deletes all 1")
    applied = house.apply(house.merge(number))
    ends(applied, ReasonCode.ALL_REQUESTS_DELETED, "vanished")
    assert house.champion() == old


def test_one_of_two_requests_deleted(house: House) -> None:
    old = house.version(0.80)
    house.adopt(old)
    shadow = f"promotions/{house.model}/shadow.yaml"
    house.set_alias(old, "shadow")
    house.land({shadow: house.request(old, alias="shadow")})
    number = house.propose({shadow: None})
    ends(house.validate(number), ReasonCode.NOTHING_TO_PROMOTE, "unmanaged")


def test_a_pull_request_that_is_not_about_models(house: House) -> None:
    house.adopt(house.version(0.80))
    number = house.propose({"README.md": b"hello\n"})
    finished = house.validate(number)
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "nothing_to_promote")
    assert house.comments(number) == []


# --- apply ----------------------------------------------------------------------------------------


def approved_by(house: House, number: int, login: str, state: ReviewState = ReviewState.APPROVED) -> None:
    """A review that GitHub itself may refuse: what must hold is that it does not count."""
    base = house.world.review(number, "alice", state=ReviewState.COMMENTED)
    house.world.record_review(replace(base, id=house.world.new_id(), author=login, state=state))


def test_approval_missing(house: House) -> None:
    number, old = proposal(house)
    ends(house.apply(house.merge(number)), ReasonCode.APPROVAL_MISSING, "0 of 1 approvals")
    assert house.champion() == old


def test_approval_by_the_author(house: House) -> None:
    number, old = proposal(house)
    approved_by(house, number, "dora")
    ends(house.apply(house.merge(number)), ReasonCode.APPROVAL_SELF, "0 of 1 approvals")
    assert house.champion() == old


def test_approval_by_somebody_who_pushed_to_it(house: House) -> None:
    number, old = proposal(house)
    house.push_more(number, {"notes.md": b"x\n"}, author="bob")
    approved_by(house, number, "bob")
    ends(house.apply(house.merge(number)), ReasonCode.APPROVAL_SELF, "0 of 1 approvals")
    assert house.champion() == old


@pytest.mark.parametrize("login", ["robot[bot]", "rita"])
def test_approval_by_a_bot_or_a_reader(house: House, login: str) -> None:
    number, old = proposal(house)
    approved_by(house, number, login)
    ends(house.apply(house.merge(number)), ReasonCode.APPROVAL_MISSING, "0 of 1 approvals")
    assert house.champion() == old


@pytest.mark.parametrize("state", [ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED])
def test_approval_withdrawn(house: House, state: ReviewState) -> None:
    number, old = proposal(house)
    house.approve(number)
    approved_by(house, number, "alice", state)
    ends(house.apply(house.merge(number)), ReasonCode.APPROVAL_MISSING, "0 of 1 approvals")
    assert house.champion() == old


def test_a_comment_does_not_withdraw_an_approval(house: House) -> None:
    number, _ = proposal(house)
    house.approve(number)
    approved_by(house, number, "alice", ReviewState.COMMENTED)
    assert house.apply(house.merge(number)).outputs["reason-code"] == "applied"


def test_approval_by_somebody_the_policy_does_not_list(house: House) -> None:
    house.land({POLICY: POLICY_TEXT.replace("minimum: 1", "minimum: 1, from: [bob]").encode()})
    number, old = proposal(house)
    house.approve(number, by="alice")
    push = house.merge(number)
    ends(house.apply(push), ReasonCode.APPROVAL_MISSING, "0 of 1 approvals")
    assert house.champion() == old


def test_a_direct_push(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    push = house.land({house.path: house.request(new)})
    ends(house.apply(push), ReasonCode.NO_PULL_REQUEST, "No merged pull request")
    assert house.champion() == old


def test_policy_and_request_merged_together_all_the_same(house: House) -> None:
    old, new = house.version(0.80), house.version(0.30)
    house.adopt(old)
    loose = POLICY_TEXT.replace("threshold: 0.5, max_absolute_degradation: 0.01", "threshold: 0.1").encode()
    number = house.propose({POLICY: loose, house.path: house.request(new)})
    house.approve(number)
    ends(house.apply(house.merge(number)), ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST, "changed the policy")
    assert house.champion() == old


# --- servers and tokens ---------------------------------------------------------------------------


def test_a_registry_that_is_down(house: House) -> None:
    number, old = proposal(house)
    finished = house.validate(number, tracking_uri="http://127.0.0.1:9", deadline="0.2")
    assert finished.outputs["reason-code"] in {"registry_unavailable", "deadline_exceeded"}
    assert finished.exit_code is ExitCode.UNDECIDED
    assert finished.outputs["decision"] == "error"
    assert house.champion() == old


def test_no_registry_at_all(house: House) -> None:
    number, _ = proposal(house)
    house.registry = ""
    ends(house.validate(number), ReasonCode.USAGE_INVALID, "MLFLOW_TRACKING_URI")


def test_a_token_that_github_does_not_know(house: House) -> None:
    number, _ = proposal(house)
    ends(house.validate(number, github_token="wrong"), ReasonCode.PERMISSION_DENIED, "token")


@pytest.mark.parametrize("status", [403, 404])
def test_a_repository_that_the_token_does_not_see(house: House, status: int) -> None:
    number, _ = proposal(house)

    class Blind:
        """GitHub says 403 or 404 for what a token may not see."""

        def before(self, request: Request) -> Answer | None:
            return json_answer({"message": "Not Found", "status": str(status)}, status=status)

        def after(self, request: Request, answer: Answer) -> Answer:
            return answer

    house.standin.interceptor = Blind()
    finished = house.validate(number)
    ends(finished, ReasonCode.PERMISSION_DENIED, f"reading pull request {number}")


def test_a_token_that_may_not_comment(house: House) -> None:
    number, _ = proposal(house)
    house.world.add_workflow_token(
        "reads-only",
        grants={"metadata": "read", "contents": "read", "pull_requests": "read", "issues": "read"},
    )
    finished = house.validate(number, github_token="reads-only")
    assert finished.outputs["reason-code"] == "validated"
    assert "comment on" in finished.summary
    assert house.comments(number) == []


def test_a_token_that_may_not_read(house: House) -> None:
    number, _ = proposal(house)
    house.world.add_workflow_token("blind", grants={"metadata": "read"})
    finished = house.validate(number, github_token="blind")
    assert finished.outputs["reason-code"] == "permission_denied"
    assert finished.exit_code is ExitCode.UNDECIDED


def test_no_secret_is_told(house: House) -> None:
    number, _ = proposal(house)
    finished = house.validate(number)
    told = finished.log + finished.summary + "".join(finished.outputs.values())
    shown = "\n".join(line for line in told.splitlines() if not line.startswith("::add-mask::"))
    assert TOKEN not in shown
