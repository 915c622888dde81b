from __future__ import annotations

import pytest

from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import quote, say
from tests.builders import a_problem

# The closed list of the public contract, written out: a name that changes breaks somebody's workflow.
CONTRACT = {
    ExitCode.DONE: "nothing_to_promote validated applied already_applied in_sync rollback_validated",
    ExitCode.NO: (
        "checks_failed inconclusive missing_champion champion_moved fork_unsupported approval_missing "
        "approval_stale approval_self no_pull_request superseded conflict readback_mismatch drift_found "
        "model_unsafe"
    ),
    ExitCode.WRONG_INPUT: (
        "request_invalid policy_invalid duplicate_request alias_not_allowed model_not_found "
        "version_not_found version_not_ready policy_changed_in_pull_request"
    ),
    ExitCode.UNDECIDED: (
        "apply_failed registry_unavailable github_unavailable data_unavailable deadline_exceeded "
        "permission_denied"
    ),
}


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [(code, exit_code) for exit_code, codes in CONTRACT.items() for code in codes.split()],
)
def test_reasons_of_the_contract_exist_with_their_exit_code(code: str, exit_code: ExitCode) -> None:
    assert ReasonCode(code).exit_code is exit_code


@pytest.mark.parametrize("reason", ReasonCode)
def test_every_reason_has_an_exit_code(reason: ReasonCode) -> None:
    assert reason.exit_code in ExitCode


def test_exit_codes_are_those_of_the_contract() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 130]


def test_only_a_bug_and_an_interruption_have_their_own_exit_codes() -> None:
    assert [r for r in ReasonCode if r.exit_code is ExitCode.BUG] == [ReasonCode.INTERNAL_ERROR]
    assert [r for r in ReasonCode if r.exit_code is ExitCode.INTERRUPTED] == [ReasonCode.INTERRUPTED]


def test_an_error_carries_reason_message_hint_and_exit_code() -> None:
    error = PromoterError(
        ReasonCode.MODEL_NOT_FOUND, say("no model ", quote("churn")), hint=say("Check its name.")
    )
    assert str(error) == "no model `churn`"
    assert (error.reason, error.exit_code) == (ReasonCode.MODEL_NOT_FOUND, ExitCode.WRONG_INPUT)
    assert str(error.hint) == "Check its name."
    assert error.problems == ()


def test_an_error_may_be_without_hint_and_with_problems() -> None:
    error = PromoterError(ReasonCode.REQUEST_INVALID, say("1 file is wrong"), problems=(a_problem(),))
    assert error.hint == say()
    assert error.problems == (a_problem(),)


def test_a_problem_reads_like_a_compilers() -> None:
    problem = a_problem(
        path="promotions/a.yaml",
        line=3,
        column=10,
        found=say("no number: ", quote("x")),
        write=say("Write 7."),
    )
    assert str(problem) == "promotions/a.yaml:3:10: no number: `x`. Write 7."
