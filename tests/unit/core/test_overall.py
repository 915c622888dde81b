"""Many requests, one reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.overall import narrowed, overall_message, overall_reason
from promoter.core.report import RequestReport
from promoter.errors import ExitCode, ReasonCode
from promoter.text import say
from tests.builders import a_report, a_request_report

R = ReasonCode


def reports(*reasons: ReasonCode) -> list[RequestReport]:
    return [a_request_report(reason=reason, message=say(f"because {reason}")) for reason in reasons]


def test_nothing_asked_is_nothing_to_promote() -> None:
    assert overall_reason([]) is R.NOTHING_TO_PROMOTE
    assert str(overall_message([])) == "no promotion request is changed"


@pytest.mark.parametrize(
    ("reasons", "overall"),
    [
        ((R.VALIDATED, R.INTERRUPTED, R.INTERNAL_ERROR), R.INTERRUPTED),
        ((R.REGISTRY_UNAVAILABLE, R.INTERNAL_ERROR), R.INTERNAL_ERROR),
        ((R.REQUEST_INVALID, R.REGISTRY_UNAVAILABLE, R.CHECKS_FAILED), R.REGISTRY_UNAVAILABLE),
        ((R.CHECKS_FAILED, R.VERSION_NOT_FOUND), R.VERSION_NOT_FOUND),
        ((R.VALIDATED, R.INCONCLUSIVE), R.INCONCLUSIVE),
        ((R.CHECKS_FAILED, R.INCONCLUSIVE), R.CHECKS_FAILED),
        ((R.INCONCLUSIVE, R.CHECKS_FAILED), R.INCONCLUSIVE),
        ((R.ALREADY_APPLIED, R.APPLIED), R.APPLIED),
        ((R.ALREADY_APPLIED, R.DRY_RUN), R.DRY_RUN),
        ((R.DRY_RUN, R.ROLLBACK_VALIDATED), R.ROLLBACK_VALIDATED),
        ((R.ROLLBACK_VALIDATED, R.VALIDATED), R.VALIDATED),
        ((R.IN_SYNC, R.IN_SYNC), R.IN_SYNC),
    ],
)
def test_the_worst_speaks_and_among_good_ones_the_most_telling(
    reasons: tuple[ReasonCode, ...], overall: ReasonCode
) -> None:
    assert overall_reason(reports(*reasons)) is overall


@given(st.lists(st.sampled_from(ReasonCode), min_size=1, max_size=6))
def test_the_run_is_good_only_when_every_request_is(reasons: list[ReasonCode]) -> None:
    overall = overall_reason(reports(*reasons))
    assert overall in reasons
    assert (overall.exit_code is ExitCode.DONE) == all(one.exit_code is ExitCode.DONE for one in reasons)


def test_one_request_speaks_for_itself() -> None:
    assert str(overall_message(reports(R.CONFLICT))) == "because conflict"


def test_several_are_counted() -> None:
    many = reports(R.CHECKS_FAILED, R.VALIDATED, R.CHECKS_FAILED)
    assert str(overall_message(many)) == "2 of 3 requests: checks failed"


def test_a_part_of_a_report_speaks_for_its_own_requests() -> None:
    whole = a_report(requests=tuple(reports(R.CONFLICT, R.APPLIED)), reason=R.CONFLICT, hint=say("look"))
    part = narrowed(whole, whole.requests[1:])
    assert (part.reason, str(part.message), part.requests) == (
        R.APPLIED,
        "because applied",
        whole.requests[1:],
    )
    assert part.hint == whole.requests[1].hint
    assert narrowed(whole, whole.requests).hint.parts == ()


def test_a_part_with_one_request_has_that_ones_hint_and_not_the_runs() -> None:
    one, other = (
        replace(each, hint=say(f"look at {at}")) for at, each in enumerate(reports(R.CONFLICT, R.APPLIED))
    )
    whole = a_report(requests=(one, other), reason=R.CONFLICT, hint=say("look"))
    assert str(narrowed(whole, [other]).hint) == "look at 1"
    assert str(narrowed(whole, [one, other]).hint) == ""
