"""Which moves are shown as deployments, and how their environments are called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.deployments import MOST_NAME_CHARACTERS, environment_of, wanted
from promoter.core.plan import Step
from promoter.core.report import Phase, Report, RequestReport
from promoter.errors import ReasonCode
from tests.builders import HEAD_COMMIT, a_report, a_request, a_request_report

NAMES = st.text(min_size=1, max_size=300)


def applied(**changes: object) -> RequestReport:
    return a_request_report(**{"reason": ReasonCode.APPLIED, **changes})


def an_apply(*reports: RequestReport) -> Report:
    return a_report(phase=Phase.APPLY, requests=reports)


def test_a_move_is_wanted_with_all_that_is_known_of_it() -> None:
    (found,) = wanted(an_apply(applied()))
    assert (found.environment, found.commit, found.description) == (
        "churn@champion",
        HEAD_COMMIT,
        "version 7",
    )
    assert found.identity == {"model": "churn", "alias": "champion", "version": "7", "pull_request": 12}
    assert (found.previous, found.page, found.log) == ("6", "", "")


def test_a_rollback_says_so() -> None:
    (found,) = wanted(an_apply(applied(step=Step.ROLLBACK)))
    assert found.description == "version 7, rolled back from version 6"


def test_what_was_in_place_already_does_not_know_what_was_there_before() -> None:
    in_place = applied(reason=ReasonCode.ALREADY_APPLIED, step=Step.ALREADY_APPLIED, now="7")
    (found,) = wanted(an_apply(in_place))
    assert (found.description, found.previous) == ("version 7", None)


@pytest.mark.parametrize("reason", sorted(set(ReasonCode) - {ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED}))
def test_nothing_else_deployed_anything(reason: ReasonCode) -> None:
    assert wanted(an_apply(applied(reason=reason))) == ()


def test_what_no_pull_request_of_this_run_brought_is_left_alone() -> None:
    in_place = applied(reason=ReasonCode.ALREADY_APPLIED, pull_request=None)
    assert wanted(an_apply(in_place)) == ()


def test_a_validation_deploys_nothing() -> None:
    assert wanted(a_report(phase=Phase.VALIDATE, requests=(applied(),))) == ()


def test_several_keep_their_order() -> None:
    shadow = applied(request=a_request(alias="shadow"))
    assert [one.environment for one in wanted(an_apply(shadow, applied()))] == [
        "churn@shadow",
        "churn@champion",
    ]


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["churn", "prod.ml.churn", "Churn model", "a-b_c", "m" * 246])
def test_a_usual_name_stays(model: str) -> None:
    assert environment_of(model, "champion") == f"{model}@champion"


@pytest.mark.parametrize("model", ["a/b", "a@b", "a\nb", "größe", "`x`", "m" * 247, "m" * 5000])
def test_an_unusual_name_ends_in_a_digest(model: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_. -]+@champion-[0-9a-f]{8}", environment_of(model, "champion"))


@given(NAMES, NAMES)
def test_every_name_is_one_that_github_takes(model: str, alias: str) -> None:
    found = environment_of(model, alias)
    assert len(found) <= MOST_NAME_CHARACTERS
    assert re.fullmatch(r"[A-Za-z0-9_. @-]+", found)


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_aliases_never_share_one(model: str, alias: str, other: str, another: str) -> None:
    same = (model, alias) == (other, another)
    assert (environment_of(model, alias) == environment_of(other, another)) == same


def test_names_that_look_alike_once_they_are_escaped_are_told_apart() -> None:
    assert len({environment_of(model, "champion") for model in ("a/b", "a-b", "a:b", "a@b")}) == 4
