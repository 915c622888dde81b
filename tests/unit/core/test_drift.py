"""What drifts, and of which kind it is; agreement asks for no issue, and doing it twice changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.drift import (
    Application,
    Comparison,
    DriftKind,
    DriftReport,
    Exemption,
    Facts,
    Finding,
    Undecided,
    compare,
    concluded,
    is_waiting,
    kind_of,
)
from promoter.core.drift_rules import DriftRules, Healing, Unmanaged
from promoter.core.model_version import READY
from promoter.core.policy import Mode
from promoter.errors import ExitCode, ReasonCode
from promoter.text import say
from tests.builders import a_model_rule, a_policy, a_request

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ASKED = a_request(version="7")
REPORT = DriftReport(reason=ReasonCode.IN_SYNC, message=say(), compared=Comparison())


def a_finding(**changes: object) -> Finding:
    given = {"kind": DriftKind.MOVED, "model": "churn", "alias": "champion", "live": "6", "request": ASKED}
    return Finding(**{**given, **changes})  # type: ignore[arg-type]


# --- kinds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("application", Application)
@pytest.mark.parametrize("status", [None, READY, "PENDING_REGISTRATION"])
@pytest.mark.parametrize("live", [None, "6", "7"])
def test_every_kind(live: str | None, status: str | None, application: Application) -> None:
    aliases = {"champion": live} if live else {}
    found = kind_of(ASKED, Facts(aliases=aliases, status=status, application=application))
    if live == "7":
        assert found is None
    elif status is None:
        assert found is DriftKind.VERSION_MISSING
    elif status != READY:
        assert found is DriftKind.VERSION_NOT_READY
    elif application is Application.NEVER:
        assert found is DriftKind.NEVER_APPLIED
    else:
        assert found is (DriftKind.MOVED if live else DriftKind.MISSING)


@pytest.mark.parametrize(("status", "application"), [*product([None, READY], Application)])
def test_without_its_model_nothing_else_counts(status: str | None, application: Application) -> None:
    facts = Facts(aliases=None, status=status, application=application)
    assert kind_of(ASKED, facts) is DriftKind.MODEL_MISSING


def test_an_alias_of_another_spelling_is_another_alias() -> None:
    facts = Facts(aliases={"Champion": "7"}, status=READY, application=Application.DONE)
    assert kind_of(ASKED, facts) is DriftKind.MISSING


def test_what_a_run_that_writes_can_put_right() -> None:
    healing = {kind for kind in DriftKind if kind.heals}
    assert healing == {DriftKind.MOVED, DriftKind.MISSING, DriftKind.NEVER_APPLIED}


# --- requests beside the registry -----------------------------------------------------------------


def test_requests_are_sorted_by_what_the_registry_says() -> None:
    one, other = a_request(version="7"), a_request(version="3", model="fraud", path="promotions/f.yaml")
    policy = a_policy(models=(a_model_rule(match="*", aliases=("champion",)),))
    found = compare([one, other], policy, live={"churn": {"champion": "7"}})
    assert (found.agreeing, found.differing, found.exempt) == ((one,), (other,), {})


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"mode": Mode.DRY_RUN}, Exemption.DRY_RUN),
        ({"mode": Mode.DISABLED}, Exemption.DISABLED),
        ({"aliases": ("shadow",)}, Exemption.NOT_ALLOWED),
        ({"match": "fraud"}, Exemption.NOT_ALLOWED),
    ],
)
def test_what_the_policy_does_not_have_moved_is_no_drift(rule: dict[str, object], why: Exemption) -> None:
    policy = a_policy(models=(a_model_rule(**{"match": "*", "aliases": ("champion",), **rule}),))
    found = compare([ASKED], policy, live={})
    assert (found.differing, found.exempt) == ((), {why: (ASKED,)})


def test_unmanaged_aliases_are_told_where_the_policy_wants_it_and_would_have_them_moved() -> None:
    live = {
        "churn": {"champion": "7", "shadow": "2", "private": "1"},
        "fraud": {"champion": "4"},
        "trial": {"champion": "5"},
    }
    models = (
        a_model_rule(match="trial", aliases=("champion",), mode=Mode.DRY_RUN),
        a_model_rule(match="churn", aliases=("champion", "shadow")),
    )
    policy = a_policy(models=models)
    assert compare([ASKED], policy, live=live).unmanaged == ()
    watchful = replace(policy, drift=DriftRules(unmanaged=Unmanaged.REPORT))
    assert compare([ASKED], watchful, live=live).unmanaged == (
        Finding(kind=DriftKind.UNMANAGED, model="churn", alias="shadow", live="2"),
    )


# --- grace ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "waits"),
    [
        ("2026-03-01T12:29:00+00:00", True),
        ("2026-03-01T12:00:01Z", True),
        ("2026-03-01T14:20:00+02:00", True),
        ("2026-03-01T12:20:00", True),
        ("2026-03-01T12:00:00+00:00", False),
        ("2026-02-01T12:29:00+00:00", False),
        ("2026-03-01T12:45:00+00:00", True),
        ("2036-03-01T12:29:00+00:00", False),
        ("", False),
        ("yesterday", False),
    ],
)
def test_a_young_request_waits_for_its_apply(since: str, waits: bool) -> None:
    finding = a_finding(kind=DriftKind.NEVER_APPLIED, since=since)
    assert is_waiting(finding, now=NOW, grace=timedelta(minutes=30)) is waits


@pytest.mark.parametrize("kind", DriftKind)
def test_only_what_was_not_applied_yet_waits(kind: DriftKind) -> None:
    finding = a_finding(kind=kind, since=NOW.isoformat())
    waits = kind in {DriftKind.NEVER_APPLIED, DriftKind.VERSION_NOT_READY}
    assert is_waiting(finding, now=NOW, grace=timedelta(minutes=30)) is waits


def test_without_grace_nothing_waits() -> None:
    finding = a_finding(kind=DriftKind.NEVER_APPLIED, since=NOW.isoformat())
    assert not is_waiting(finding, now=NOW, grace=timedelta(0))


# --- the whole run --------------------------------------------------------------------------------


def test_agreement() -> None:
    report = concluded(replace(REPORT, compared=Comparison(agreeing=(ASKED,))))
    assert (report.reason, str(report.message)) == (ReasonCode.IN_SYNC, "git and registry agree on 1 alias")


def test_drift() -> None:
    compared = Comparison(agreeing=(ASKED, ASKED))
    report = concluded(replace(REPORT, compared=compared, findings=(a_finding(),)))
    assert (report.reason, report.reason.exit_code) == (ReasonCode.DRIFT_FOUND, ExitCode.NO)
    assert str(report.message) == "1 of 3 aliases differ from git"


def test_what_waits_is_no_drift() -> None:
    assert concluded(replace(REPORT, waiting=(a_finding(),))).reason is ReasonCode.IN_SYNC


def test_what_was_not_looked_at_is_drift_too() -> None:
    assert concluded(replace(REPORT, unexamined=(ASKED,))).reason is ReasonCode.DRIFT_FOUND


def test_what_could_not_be_decided_outweighs_drift() -> None:
    unknown = Undecided(request=ASKED, reason=ReasonCode.REGISTRY_UNAVAILABLE, message=say("no answer"))
    report = concluded(replace(REPORT, findings=(a_finding(),), undecided=(unknown,)))
    assert report.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert str(report.message) == "1 alias could not be decided: no answer"


# --- properties -----------------------------------------------------------------------------------

NAMES = st.sampled_from(["churn", "fraud", "spam"])
VERSIONS = st.sampled_from(["1", "2", "3"])
ALIASES = st.dictionaries(st.sampled_from(["champion", "shadow"]), VERSIONS)


@given(asked=st.dictionaries(NAMES, VERSIONS), live=st.dictionaries(NAMES, ALIASES))
def test_every_request_is_counted_once(asked: dict[str, str], live: dict[str, dict[str, str]]) -> None:
    requests = [
        a_request(model=model, version=version, path=f"promotions/{model}.yaml")
        for model, version in asked.items()
    ]
    policy = a_policy(models=(a_model_rule(match="*", aliases=("champion", "shadow")),))
    found = compare(requests, policy, live=live)
    assert sorted([*found.agreeing, *found.differing], key=lambda one: one.path) == sorted(
        requests, key=lambda one: one.path
    )
    for request in found.agreeing:
        assert live[request.model]["champion"] == request.version


def test_drift_is_not_healed_unless_asked_for() -> None:
    assert DriftRules().healing is Healing.NEVER
