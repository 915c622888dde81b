"""What an override can and cannot let through, from the file to the registry's tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from promoter.commands.apply import apply
from promoter.commands.validate import validate
from promoter.core.evidence import Outcome
from promoter.core.plan import Step
from promoter.core.report import Report
from promoter.core.verdict import Verdict
from promoter.errors import ReasonCode
from promoter.render.comment import comment
from tests.fakes.team import NOW, POLICY, REQUEST, Team, policy, request

WORSE = "8"
ALLOWED = policy("    checks:", "    override: {checks: [metrics], max_days: 14}\n    checks:")
TODAY = NOW.date().isoformat()


@pytest.fixture
def allowing(team: Team) -> Team:
    """A team whose policy lets requests override `metrics`; version 8 is worse than version 6."""
    team.version(WORSE, 0.80)
    team.push({POLICY: ALLOWED})
    return team


def asked(version: str = WORSE, checks: str = "[metrics]", expires: str = TODAY) -> bytes:
    words = f"override: {{checks: {checks}, reason: The season is over, expires: {expires}}}\n"
    return request(version) + words.encode()


def validated(team: Team, files: Mapping[str, bytes | None], *, now: datetime = NOW) -> Report:
    team.propose(12, files)
    return validate(team.validate_world(now=now), team.change())


def applied(team: Team, *, now: datetime = NOW) -> Report:
    team.approve(12)
    team.merge(12)
    return apply(team.apply_world(now=now), branch="main")


def test_a_named_failure_is_accepted_and_told_wherever_anybody_looks(allowing: Team) -> None:
    report = validated(allowing, {REQUEST: asked()})
    (one,) = report.requests
    assert (one.reason, one.verdict) == (ReasonCode.VALIDATED, Verdict.PROMOTE)
    assert [result.overridden for result in one.results if result.check == "metrics"] == [Outcome.FAILED]
    lines = comment(report, marker="<!-- m -->").splitlines()
    assert lines[1].endswith("with checks overridden")
    assert lines[3].startswith("🔓 **Overridden: `metrics` of `churn` @ `champion`")
    assert "The season is over" in lines[3]
    assert TODAY in lines[3]

    assert applied(allowing).reason is ReasonCode.APPLIED
    assert allowing.champion() == WORSE
    tags = allowing.registry.model_version("churn", WORSE).tags
    assert tags["promoter_override"] == f"metrics until {TODAY}: The season is over"
    assert tags["promoter_check_metrics"] == "warned"


def test_the_tag_does_not_outlive_the_override(allowing: Team) -> None:
    validated(allowing, {REQUEST: asked()})
    applied(allowing)
    allowing.ask({REQUEST: request("6")}, number=13)
    apply(allowing.apply_world(), branch="main")
    allowing.ask({REQUEST: request(WORSE)}, number=14)
    assert apply(allowing.apply_world(), branch="main").reason is ReasonCode.APPLIED
    assert allowing.registry.model_version("churn", WORSE).tags["promoter_override"] == ""


def test_without_the_policys_word_it_is_refused_before_anything_is_judged(team: Team) -> None:
    team.version(WORSE, 0.80)
    report = validated(team, {REQUEST: asked()})
    assert (report.reason, report.requests[0].results) == (ReasonCode.OVERRIDE_REFUSED, ())
    assert applied(team).reason is ReasonCode.OVERRIDE_REFUSED
    assert team.registry.writes == []


@pytest.mark.parametrize("checks", ["[description]", "[metrics, description]", "[slices]"])
def test_it_reaches_no_check_that_the_policy_does_not_name(allowing: Team, checks: str) -> None:
    assert validated(allowing, {REQUEST: asked(checks=checks)}).reason is ReasonCode.OVERRIDE_REFUSED
    assert applied(allowing).reason is ReasonCode.OVERRIDE_REFUSED
    assert allowing.champion() == "6"


@pytest.mark.parametrize(
    "text",
    [
        "override: {checks: [inference], reason: x, expires: 2026-03-01}\n",
        "override: {checks: [approvals], reason: x, expires: 2026-03-01}\n",
        "override: {checks: ['*'], reason: x, expires: 2026-03-01}\n",
        "override: {checks: [metrics], reason: '', expires: 2026-03-01}\n",
        "override: {checks: [metrics], reason: x, expires: never}\n",
        "override: {checks: [metrics], reason: x, expires: 2026-03-01, expires: 2026-03-02}\n",
        "override: {checks: [metrics], reason: x}\n",
        "override: &a {checks: [metrics], reason: x, expires: 2026-03-01}\n",
        "<<: {override: {checks: [metrics], reason: x, expires: 2026-03-01}}\n",
        "override: !!map {checks: [metrics], reason: x, expires: 2026-03-01}\n",
        "overrides: {checks: [metrics], reason: x, expires: 2026-03-01}\n",
        "policy: {override: {checks: [metrics]}}\n",
    ],
)
def test_no_form_of_yaml_smuggles_one_in(allowing: Team, text: str) -> None:
    report = validated(allowing, {REQUEST: request(WORSE) + text.encode()})
    assert report.reason is ReasonCode.REQUEST_INVALID
    assert report.requests == ()


def test_nobody_allows_it_for_the_request_at_hand(team: Team) -> None:
    team.version(WORSE, 0.80)
    report = validated(team, {POLICY: ALLOWED, REQUEST: asked()})
    assert report.reason is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST
    assert applied(team).reason is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST


def test_one_that_expires_between_review_and_merge_moves_nothing(allowing: Team) -> None:
    assert validated(allowing, {REQUEST: asked()}).reason is ReasonCode.VALIDATED
    midnight = datetime.combine(NOW.date(), datetime.min.time(), tzinfo=UTC) + timedelta(days=1)
    report = applied(allowing, now=midnight)
    assert report.reason is ReasonCode.OVERRIDE_REFUSED
    assert str(report.requests[0].message) == f"the override expired with {TODAY} (UTC)"
    assert allowing.champion() == "6"
    before = apply(allowing.apply_world(now=midnight - timedelta(microseconds=1)), branch="main")
    assert before.reason is ReasonCode.APPLIED


def test_what_was_applied_stays_when_the_override_expires(allowing: Team) -> None:
    validated(allowing, {REQUEST: asked()})
    applied(allowing)
    later = apply(allowing.apply_world(now=NOW + timedelta(days=90)), branch="main")
    assert later.reason is ReasonCode.ALREADY_APPLIED


def test_it_needs_its_approval_and_as_many_as_the_policy_says(allowing: Team) -> None:
    two = ALLOWED.replace(b"max_days: 14", b"max_days: 14, minimum_approvals: 2")
    allowing.push({POLICY: two})
    validated(allowing, {REQUEST: asked()})
    report = applied(allowing)
    assert report.reason is ReasonCode.APPROVAL_MISSING
    assert report.requests[0].approval is not None
    assert report.requests[0].approval.needed == 2
    allowing.approve(12, "carol")
    assert apply(allowing.apply_world(), branch="main").reason is ReasonCode.APPLIED


def test_no_content_is_approved_but_that_with_the_override(allowing: Team) -> None:
    allowing.propose(12, {REQUEST: request(WORSE)})
    allowing.approve(12)
    allowing.update(12, {REQUEST: asked()})
    allowing.merge(12)
    assert apply(allowing.apply_world(), branch="main").reason is ReasonCode.APPROVAL_STALE


def test_a_figure_that_is_missing_is_not_accepted(allowing: Team) -> None:
    challenger = allowing.registry.model_version("churn", WORSE)
    assert challenger.run is not None
    allowing.registry.add_version(replace(challenger, run=replace(challenger.run, metrics={})))
    report = validated(allowing, {REQUEST: asked()})
    assert report.requests[0].verdict is Verdict.REJECT
    assert "cannot be overridden" in " ".join(map(str, report.requests[0].notes))


def test_a_dry_run_shows_it_and_moves_nothing(allowing: Team) -> None:
    allowing.push({POLICY: ALLOWED.replace(b"mode: enforce", b"mode: dry_run")})
    report = validated(allowing, {REQUEST: asked()})
    assert (report.reason, report.requests[0].verdict) == (ReasonCode.DRY_RUN, Verdict.PROMOTE)
    assert applied(allowing).reason is ReasonCode.DRY_RUN
    assert allowing.champion() == "6"


def test_a_conflict_is_no_check(allowing: Team) -> None:
    allowing.registry.set_alias("churn", "champion", version="7")
    assert validated(allowing, {REQUEST: asked()}).reason is ReasonCode.CONFLICT


@pytest.mark.parametrize("expires", ["2026-02-01", "2030-01-01", TODAY])
def test_a_revert_goes_back_to_a_file_whose_override_is_long_over(allowing: Team, expires: str) -> None:
    validated(allowing, {REQUEST: asked()})
    applied(allowing)
    allowing.version("9", 0.95)
    allowing.ask({REQUEST: request("9")}, number=13)
    apply(allowing.apply_world(), branch="main")
    allowing.propose(14, {REQUEST: asked(expires=expires)})
    report = validate(allowing.validate_world(), allowing.change(14))
    (one,) = report.requests
    assert (one.reason, one.step) == (ReasonCode.ROLLBACK_VALIDATED, Step.ROLLBACK)
    assert "does not count: a rollback does without" in " ".join(map(str, one.notes))


@pytest.mark.parametrize("expires", ["2026-02-01", TODAY])
def test_an_override_that_does_not_count_lets_no_rollback_pass_an_integrity_check(
    allowing: Team, expires: str
) -> None:
    described = ALLOWED.replace(b"checks: [metrics]", b"checks: [metrics, description]")
    allowing.push({POLICY: described})
    allowing.version("5", 0.9, description="short")
    allowing.registry.set_alias("churn", "champion", version="5")
    allowing.push({REQUEST: request("5")})
    apply(allowing.apply_world(), branch="main")
    allowing.ask({REQUEST: request("7")}, number=13)
    apply(allowing.apply_world(), branch="main")
    allowing.propose(14, {REQUEST: asked("5", "[description]", expires)})
    (one,) = validate(allowing.validate_world(), allowing.change(14)).requests
    assert (one.step, one.verdict) == (Step.ROLLBACK, Verdict.REJECT)
