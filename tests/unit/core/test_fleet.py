"""Every alias at once: one row each, told by the comparison that drift makes."""

from __future__ import annotations

from dataclasses import replace

from promoter.core.drift import Comparison, DriftKind, DriftReport, Exemption, Finding, Undecided
from promoter.core.fleet import Beside, Changed, Only, State, chosen, fleet_rows
from promoter.errors import ReasonCode
from promoter.text import say
from tests.builders import a_request

ASKED = a_request(version="7")
OTHER = a_request(model="fraud", path="promotions/fraud.yaml", version="3")
LIVE = {"churn": {"champion": "6", "shadow": "2"}, "fraud": {"champion": "3"}, "spam": {"champion": "1"}}
MOVED = Finding(
    kind=DriftKind.MOVED, model="churn", alias="champion", live="6", request=ASKED, since="2026-03-01"
)
REPORT = DriftReport(
    reason=ReasonCode.DRIFT_FOUND,
    message=say("x"),
    findings=(MOVED,),
    compared=Comparison(agreeing=(OTHER,), live=LIVE),
)


def test_one_row_for_each_alias() -> None:
    rows = fleet_rows(REPORT, Beside())
    assert [(row.key, row.state, row.asked, row.live) for row in rows] == [
        (("churn", "champion"), State.DRIFT, "7", "6"),
        (("churn", "shadow"), State.UNMANAGED, None, "2"),
        (("fraud", "champion"), State.IN_SYNC, "3", "3"),
        (("spam", "champion"), State.UNMANAGED, None, "1"),
    ]


def test_who_holds_it_is_told_where_it_was_not_looked_at_closely() -> None:
    undecided = Undecided(request=ASKED, reason=ReasonCode.PERMISSION_DENIED, message=say("not for us"))
    exempt = {Exemption.DRY_RUN: (OTHER,)}
    report = replace(
        REPORT, findings=(), undecided=(undecided,), compared=Comparison(exempt=exempt, live=LIVE)
    )
    first, _, third, _ = fleet_rows(report, Beside())
    assert (first.state, first.live, str(first.why)) == (State.UNDECIDED, "6", "not for us")
    assert (third.state, third.live, third.exemption) == (State.EXEMPT, "3", Exemption.DRY_RUN)
    unexamined = replace(REPORT, findings=(), unexamined=(ASKED,))
    assert fleet_rows(unexamined, Beside())[0].state is State.DIFFERS


def test_since_when_and_what_is_proposed() -> None:
    changed = {one.path: Changed(when="2026-02-01", commit="c" * 40) for one in (ASKED, OTHER)}
    rows = fleet_rows(REPORT, Beside(changed=changed, pending={OTHER.path: (12, 11)}))
    # A finding has looked more closely than the log.
    assert [row.since for row in rows] == ["2026-03-01", "", "2026-02-01", ""]
    assert [row.pending for row in rows] == [(), (), (12, 11), ()]


def test_an_alias_that_drift_reports_as_unmanaged_is_told_once() -> None:
    unmanaged = Finding(kind=DriftKind.UNMANAGED, model="spam", alias="champion", live="1")
    rows = fleet_rows(replace(REPORT, findings=(MOVED, unmanaged)), Beside())
    assert [row.state for row in rows if row.model == "spam"] == [State.DRIFT]


def test_filters() -> None:
    rows = fleet_rows(REPORT, Beside(pending={OTHER.path: (12,)}))
    assert {row.model for row in chosen(rows, models="c*")} == {"churn"}
    assert [row.key for row in chosen(rows, only=Only.DRIFTED)] == [("churn", "champion")]
    assert [row.key for row in chosen(rows, only=Only.PENDING)] == [("fraud", "champion")]
    waiting = fleet_rows(replace(REPORT, findings=(), waiting=(MOVED,)), Beside())
    assert [row.state for row in chosen(waiting, only=Only.PENDING)] == [State.WAITING]


def test_nothing_compared_is_no_row() -> None:
    assert fleet_rows(replace(REPORT, findings=(), compared=None), Beside()) == ()
