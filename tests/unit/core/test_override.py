"""An override: when it counts, what it makes of results, and what it can never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.checks import negative_flips
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.measurement import Measurement
from promoter.core.override import approvals_asked, is_overridable, misuse, overridden, unneeded
from promoter.core.override_rules import Overridable, Override, OverrideRules
from promoter.core.policy import NegativeFlipsRule
from promoter.core.verdict import Verdict, decide
from promoter.errors import ReasonCode
from promoter.text import say
from tests.builders import (
    a_comparison,
    a_measured_evidence,
    a_measurement,
    a_model_rule,
    a_model_run,
    a_policy,
    a_request,
    some_flips,
)

RULES = OverrideRules(checks=(Overridable.METRICS, Overridable.TAGS), max_days=14)
DAY = date(2026, 3, 31)


def an_override(*checks: Overridable, expires: date = DAY) -> Override:
    return Override(checks=checks or (Overridable.METRICS,), reason="The season is over", expires=expires)


def a_result(outcome: Outcome, check: str = "metrics", **fields: object) -> CheckResult:
    whole = CheckResult(check=check, outcome=outcome, message=say("it is so"), comparison=a_comparison())
    return replace(whole, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "counts"),
    [
        (datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC), True),
        (datetime(2026, 4, 1, 0, 0, 0, tzinfo=UTC), False),
        # 23:00 on the 31st in New York is the next day in UTC, and 01:00 on the 1st in Tokyo the day before.
        (datetime(2026, 3, 31, 23, 0, tzinfo=timezone(timedelta(hours=-4))), False),
        (datetime(2026, 4, 1, 1, 0, tzinfo=timezone(timedelta(hours=9))), True),
        (datetime(2026, 3, 17, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 16, 23, 59, 59, tzinfo=UTC), False),
    ],
)
def test_it_counts_to_the_end_of_its_day_in_utc_and_not_for_too_long(now: datetime, *, counts: bool) -> None:
    error = misuse(an_override(), RULES, now=now)
    assert (error is None) is counts
    if error is not None:
        assert error.reason is ReasonCode.OVERRIDE_REFUSED
        assert str(error.hint)


@pytest.mark.parametrize(
    ("rules", "override", "said"),
    [
        (None, an_override(), "the policy allows no override"),
        (
            RULES,
            an_override(Overridable.METRICS, Overridable.SLICES, Overridable.CUSTOM),
            "the policy does not let requests override `slices, custom`",
        ),
        (RULES, an_override(expires=date(2026, 3, 1)), "the override expired with 2026-03-01 (UTC)"),
        (
            RULES,
            an_override(expires=date(2027, 1, 1)),
            "the override would count until 2027-01-01, and the policy says `max_days: 14`",
        ),
    ],
)
def test_every_refusal_says_why(rules: OverrideRules | None, override: Override, said: str) -> None:
    error = misuse(override, rules, now=datetime(2026, 3, 20, tzinfo=UTC))
    assert error is not None
    assert str(error.message) == said


def test_what_failed_becomes_a_warning_that_says_so() -> None:
    (result,) = overridden([a_result(Outcome.FAILED)], an_override())
    assert (result.outcome, result.overridden) == (Outcome.WARNED, Outcome.FAILED)
    assert str(result.message) == "it is so; overridden until 2026-03-31: `The season is over`"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (a_result(Outcome.FAILED), True),
        (a_result(Outcome.FAILED, check="tags", comparison=None), True),
        (a_result(Outcome.FAILED, check="slices"), False),
        (a_result(Outcome.FAILED, comparison=None), False),
        (a_result(Outcome.FAILED, comparison=a_comparison(challenger=None)), False),
        (a_result(Outcome.INCONCLUSIVE), True),
        (a_result(Outcome.INCONCLUSIVE, comparison=a_comparison(champion=None)), False),
        (a_result(Outcome.INCONCLUSIVE, check="tags", comparison=None), False),
        (a_result(Outcome.ERROR), False),
        (a_result(Outcome.PASSED), False),
        (a_result(Outcome.SKIPPED), False),
    ],
)
def test_only_what_a_named_check_has_found_can_be_overridden(result: CheckResult, *, expected: bool) -> None:
    assert is_overridable(result, an_override(Overridable.METRICS, Overridable.TAGS)) is expected


@pytest.mark.parametrize(
    ("measurement", "expected"),
    [
        (a_measurement(flips=some_flips(count=400, rate=0.25)), Outcome.WARNED),
        (a_measurement(flips=some_flips(rate=float("nan"))), Outcome.FAILED),
        (a_measurement(challenger=a_model_run(problem=say("it crashed"))), Outcome.FAILED),
        (a_measurement(challenger=a_model_run(problem=say("it crashed")), flips=None), Outcome.FAILED),
        (a_measurement(flips=None), Outcome.INCONCLUSIVE),
        (None, Outcome.INCONCLUSIVE),
    ],
)
def test_negative_flips_that_were_not_counted_are_not_accepted(
    measurement: Measurement | None, expected: Outcome
) -> None:
    evidence = a_measured_evidence(measurement=measurement)
    results = negative_flips.run(NegativeFlipsRule(max_rate=0.05), evidence)
    override = an_override(Overridable.NEGATIVE_FLIPS)
    (after,) = overridden(results, override, measurement=measurement)
    assert after.outcome is expected
    assert (after == results[0]) is (expected is not Outcome.WARNED)


def test_what_it_did_not_change_is_told() -> None:
    override = an_override(Overridable.METRICS, Overridable.TAGS, Overridable.CUSTOM)
    results = overridden(
        [a_result(Outcome.FAILED), a_result(Outcome.PASSED, "tags"), a_result(Outcome.ERROR, "custom")],
        override,
    )
    assert [str(note) for note in unneeded(results, override)] == [
        "the override of `tags` was not needed: nothing of it failed",
        "the override of `custom` changes nothing: what could not be carried out, or has no figure, cannot "
        "be overridden",
    ]


def test_more_approvals_are_asked_only_for_a_request_with_an_override() -> None:
    rule = a_model_rule(override=OverrideRules(checks=(Overridable.METRICS,), minimum_approvals=3))
    policy = a_policy(models=(rule,))
    assert approvals_asked(policy, a_request()) == 0
    assert approvals_asked(policy, a_request(override=an_override())) == 3
    assert approvals_asked(a_policy(models=(a_model_rule(),)), a_request(override=an_override())) == 0


_CHECKS = [*Overridable, "inference", "artifacts"]
_RESULTS = st.lists(
    st.builds(
        a_result,
        st.sampled_from(Outcome),
        st.sampled_from(_CHECKS).map(str),
        comparison=st.sampled_from([None, a_comparison(), a_comparison(challenger=None)]),
    ),
    max_size=6,
)
_OVERRIDES = st.lists(st.sampled_from(Overridable), min_size=1, unique=True).map(
    lambda checks: an_override(*checks)
)


@given(_RESULTS, _OVERRIDES)
def test_whatever_it_names_it_accepts_no_error_and_nothing_that_keeps_the_promise(
    results: list[CheckResult], override: Override
) -> None:
    after = overridden(results, override)
    assert len(after) == len(results)
    for old, new in zip(results, after, strict=True):
        if old.check not in override.checks or old.outcome not in {Outcome.FAILED, Outcome.INCONCLUSIVE}:
            assert new == old
        assert new.outcome in {old.outcome, Outcome.WARNED}
    if decide(results) is Verdict.ERROR:
        assert decide(after) is Verdict.ERROR
    kept = [one for one in results if one.check in {"inference", "artifacts"}]
    if any(one.outcome in {Outcome.FAILED, Outcome.INCONCLUSIVE} for one in kept):
        assert decide(after) is not Verdict.PROMOTE
    if not any(one.outcome in {Outcome.FAILED, Outcome.INCONCLUSIVE} for one in results):
        assert decide(after) is decide(results)


@given(_OVERRIDES, st.dates(), st.datetimes(timezones=st.just(UTC)))
def test_without_the_policys_word_none_counts(override: Override, expires: date, now: datetime) -> None:
    assert misuse(replace(override, expires=expires), None, now=now) is not None


@given(st.dates(), st.datetimes(timezones=st.just(UTC)), st.integers(1, 90))
def test_what_counts_ends_within_the_days_allowed(expires: date, now: datetime, days: int) -> None:
    rules = OverrideRules(checks=(Overridable.METRICS,), max_days=days)
    if misuse(an_override(expires=expires), rules, now=now) is None:
        assert timedelta() <= expires - now.date() <= timedelta(days=days)
