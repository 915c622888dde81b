from __future__ import annotations

from itertools import product

import pytest

from promoter.core.plan import Step, ThreeWay, plan_step
from promoter.core.policy import OnMissingChampion
from tests.builders import a_three_way

BLOCK, BOOTSTRAP = OnMissingChampion.BLOCK, OnMissingChampion.BOOTSTRAP


@pytest.mark.parametrize(
    ("before", "proposed", "live", "earlier", "expected"),
    [
        ("6", "7", "6", (), Step.PROMOTE),
        ("6", "7", "6", ("5", "4"), Step.PROMOTE),
        ("6", "5", "6", ("5", "4"), Step.ROLLBACK),
        ("6", "4", "6", ("5", "4"), Step.ROLLBACK),
        ("6", "7", "6", ("7",), Step.ROLLBACK),
        ("6", "7", "7", (), Step.ALREADY_APPLIED),
        ("6", "5", "5", ("5",), Step.ALREADY_APPLIED),
        ("6", "6", "6", (), Step.ALREADY_APPLIED),
        (None, "7", "7", (), Step.ALREADY_APPLIED),
        (None, "7", "6", (), Step.ADOPT_FIRST),
        (None, "7", "6", ("7",), Step.ADOPT_FIRST),
        ("6", "7", "5", (), Step.CONFLICT),
        ("6", "6", "5", (), Step.CONFLICT),
        ("6", "5", "4", ("5",), Step.CONFLICT),
        ("6", "7", None, (), Step.CONFLICT),
        ("6", "5", None, ("5",), Step.CONFLICT),
        (None, "7", None, (), Step.MISSING_CHAMPION),
    ],
)
def test_the_three_way_rule(
    before: str | None, proposed: str, live: str | None, earlier: tuple[str, ...], expected: Step
) -> None:
    versions = ThreeWay(before=before, proposed=proposed, live=live, earlier=earlier)
    assert plan_step(versions, on_missing=BLOCK) is expected


def test_bootstrap_allows_a_first_promotion() -> None:
    versions = a_three_way(before=None, live=None)
    assert plan_step(versions, on_missing=BOOTSTRAP) is Step.FIRST_PROMOTION


def test_bootstrap_does_not_hide_that_a_champion_vanished() -> None:
    versions = a_three_way(before="6", live=None)
    assert plan_step(versions, on_missing=BOOTSTRAP) is Step.CONFLICT


VERSIONS = ("5", "6", "7")
EVERY = list(product((None, *VERSIONS), VERSIONS, (None, *VERSIONS), ((), ("5",), ("7",)), OnMissingChampion))


@pytest.mark.parametrize(("before", "proposed", "live", "earlier", "on_missing"), EVERY)
def test_an_alias_moves_only_from_where_git_says_it_is(
    before: str | None,
    proposed: str,
    live: str | None,
    earlier: tuple[str, ...],
    on_missing: OnMissingChampion,
) -> None:
    versions = ThreeWay(before=before, proposed=proposed, live=live, earlier=earlier)
    step = plan_step(versions, on_missing=on_missing)
    may_move = live != proposed and live == before and (live is not None or on_missing is BOOTSTRAP)
    assert step.moves == may_move
    assert (step is Step.ALREADY_APPLIED) == (live == proposed)


def test_which_steps_move() -> None:
    assert {step for step in Step if step.moves} == {Step.PROMOTE, Step.FIRST_PROMOTION, Step.ROLLBACK}
