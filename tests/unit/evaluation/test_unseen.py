"""What rows that all say the same, or nearly, may have missed; and losses that no correction may hide."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.checks.comparing.holm import rejected
from promoter.evaluation.figures import LABEL_NAMES, IntArray, label_figure, margin_figure
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.statistics import Rule, label_estimate, mean_estimate, score_estimate
from promoter.evaluation.tallied import Marks, PairedScores
from promoter.evaluation.tally import LabelTally
from promoter.evaluation.unseen import label_reach, rank_reach
from promoter.evaluation.value import value_estimate

RULE = Rule(greater_is_better=True, margin=0.02, resamples=1000)
THREE = -math.log(0.05)


def counted(*, agreed: int = 0, lost: int = 0, won: int = 0) -> IntArray:
    """Half of the rows that agree are of each class; rows lost and won are of class 1."""
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[0, 0, 0], joint[1, 1, 1] = agreed // 2, agreed - agreed // 2
    joint[1, 1, 0], joint[1, 0, 1] = lost, won
    return joint


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(30, 400),
    right=st.floats(0.7, 1),
    resamples=st.sampled_from([100, 1000]),
    others=st.integers(0, 100_000),
)
def test_a_slice_with_total_loss_is_clear_beside_however_many_others(
    rows: int, right: float, resamples: int, others: int
) -> None:
    """The challenger has every row wrong, the champion most of them right."""
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[1, 1, 0] = math.ceil(rows * right)
    joint[1, 0, 0] = rows - joint[1, 1, 0]
    rule = Rule(greater_is_better=True, margin=0.02, resamples=resamples)
    found = label_estimate(joint, name="accuracy", positive=1, rule=rule)
    assert found.p_worse is not None
    assert rejected([found.p_worse, *[1.0] * others], 0.05)[0]


def test_accuracy_of_models_that_agree_is_off_by_the_rule_of_three() -> None:
    found = label_estimate(counted(agreed=600), name="accuracy", positive=1, rule=RULE)
    assert (found.change, found.standard_error, found.p_worse) == (0.0, 0.0, 1.0)
    assert (found.lower, found.upper) == pytest.approx((-THREE / 600, 0.0))


def test_a_rare_class_may_have_missed_more_than_all_rows() -> None:
    joint = counted(agreed=600)
    joint[0, 0, 0], joint[1, 1, 1] = 570, 30
    lower = {
        name: label_estimate(joint, name=name, positive=1, rule=RULE).lower for name in ("accuracy", "recall")
    }
    assert lower == {"accuracy": pytest.approx(-THREE / 600), "recall": pytest.approx(-THREE / 30)}


@pytest.mark.parametrize(("won", "is_gain"), [(1, False), (2, False), (4, True), (11, True)])
def test_one_lucky_row_is_no_gain_and_shows_no_absence_of_loss(won: int, is_gain: bool) -> None:
    found = label_estimate(counted(agreed=1000, won=won), name="accuracy", positive=1, rule=RULE)
    assert found.lower is not None
    assert (found.lower > 0) is is_gain


def test_with_more_rows_that_differ_the_bootstrap_alone_decides() -> None:
    """Its ends are the wider ones then, so nothing jumps."""
    found = label_estimate(counted(agreed=1000, won=11, lost=11), name="accuracy", positive=1, rule=RULE)
    assert found.lower is not None
    assert found.lower < -THREE / 1022


@pytest.mark.parametrize("name", sorted(LABEL_NAMES))
def test_no_rows_that_move_change_a_figure_of_labels_more_than_its_reach(name: str) -> None:
    confusion = np.array([[30, 4, 2], [3, 25, 5], [1, 2, 18]])
    figure = label_figure(name, positive=None)
    down, up = label_reach(confusion, margin_figure(name, positive=None), missed=1.0)
    for truth, predicted, other in np.ndindex(3, 3, 3):
        moved = confusion.copy()
        moved[truth, predicted] -= 1
        moved[truth, other] += 1
        change = float(figure(moved)) - float(figure(confusion))
        assert down - 1e-12 <= change <= up + 1e-12


def test_groups_that_agree_are_as_many_rows_as_there_are_groups() -> None:
    tally = LabelTally(classes=2)
    truth = np.arange(400) % 2
    tally.add(truth, champion=truth, challenger=truth, marks=Marks(groups=np.arange(400) // 10))
    found = label_estimate(tally.select(), name="accuracy", positive=1, rule=RULE)
    assert found.groups == 40
    assert found.lower == pytest.approx(-THREE / 40)


def test_equal_errors_may_have_missed_as_much_as_the_largest_there_can_be() -> None:
    truth = np.arange(400.0)
    tally = MeanTally(MeanKind.REGRESSION)
    tally.add(truth, champion=truth + 0.2, challenger=truth - 0.2)
    found = mean_estimate(tally.select(), name="mae", rule=RULE)
    assert found.upper == pytest.approx(THREE * 0.2 / math.sqrt(400))
    assert found.lower == pytest.approx(-THREE * 0.2 / math.sqrt(400))


def test_equal_rankings_may_have_missed_rows_of_the_smaller_class() -> None:
    truth = (np.arange(400) % 10 == 0).astype(np.int64)
    scores = np.linspace(0, 1, 400) + truth
    same = PairedScores(truth=truth, challenger=scores, champion=scores * 2, groups=None)
    found = score_estimate(same, name="roc_auc", rule=RULE)
    assert found.lower == pytest.approx(-THREE / 40)
    precise = score_estimate(same, name="average_precision_score", rule=RULE)
    assert (precise.lower or 0) < (found.lower or 0)
    assert rank_reach(np.array([0, 1]), "roc_auc", missed=3.0) == (-1.0, 1.0)


def test_values_of_models_that_agree_move_by_what_a_wrong_label_costs() -> None:
    matrix = np.array([[1.0, -4.0], [-9.0, 2.0]])
    found = value_estimate(counted(agreed=600), matrix, unit="EUR", positive=1, rule=RULE)
    assert (found.change, found.upper) == (0.0, 0.0)
    assert found.lower == pytest.approx(-THREE / 600 * 11 * 1000)


@pytest.mark.filterwarnings("error")
def test_numbers_too_large_to_square_have_no_value_and_no_warning() -> None:
    truth = np.arange(40.0)
    tally = MeanTally(MeanKind.REGRESSION)
    tally.add(truth, champion=truth * 1e170, challenger=truth * 1e160)
    found = mean_estimate(tally.select(), name="mean_squared_error", rule=RULE)
    assert (found.challenger, found.change, found.lower) == (None, None, None)
