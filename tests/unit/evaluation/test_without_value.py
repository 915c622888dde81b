"""Whether it is the data's doing that a figure has no value."""

from __future__ import annotations

import numpy as np
import pytest

from promoter.core.policy import Task
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.readings import Meaning
from promoter.evaluation.without_value import why_no_label_figure, why_no_number_figure

CHURN = Meaning(task=Task.BINARY, labels=("No", "Yes"), positive=1)
COLOURS = Meaning(task=Task.MULTICLASS, labels=("blue", "green", "red"), positive=None)


@pytest.mark.parametrize(
    ("name", "meaning", "truth", "told"),
    [
        ("recall_score", CHURN, [9, 0], "none of its rows is `Yes`"),
        ("precision", CHURN, [9, 0], "none of its rows is `Yes`"),
        ("f1_score", CHURN, [9, 0], "none of its rows is `Yes`"),
        ("roc_auc", CHURN, [9, 0], "none of its rows is `Yes`"),
        ("roc_auc", CHURN, [0, 9], "none of its rows is `No`"),
        ("average_precision_score", CHURN, [9, 0], "none of its rows is `Yes`"),
        ("matthews_corrcoef", CHURN, [0, 9], "none of its rows is `No`"),
        ("roc_auc", COLOURS, [5, 0, 4], "none of its rows is `green`"),
        # these have a value for a model that is right: it is the challenger's doing
        ("precision_score", CHURN, [5, 4], ""),
        ("recall_score", CHURN, [0, 9], ""),
        ("average_precision_score", CHURN, [0, 9], ""),
        ("accuracy_score", CHURN, [9, 0], ""),
        ("balanced_accuracy_score", CHURN, [9, 0], ""),
        ("precision_macro", COLOURS, [5, 0, 4], ""),
        ("log_loss", CHURN, [9, 0], ""),
    ],
)
def test_a_figure_without_a_value_for_a_model_that_is_right(
    name: str, meaning: Meaning, truth: list[int], told: str
) -> None:
    assert str(why_no_label_figure(name, np.array(truth), meaning=meaning)) == told


@pytest.mark.parametrize(
    ("name", "truth", "told"),
    [
        ("r2", [4.0] * 9, "the truth of its rows is one and the same"),
        ("r2", [4.0] * 8 + [5.0], ""),
        ("mae", [4.0] * 9, ""),
    ],
)
def test_a_constant_truth_has_no_r2(name: str, truth: list[float], told: str) -> None:
    tally = MeanTally(MeanKind.REGRESSION)
    tally.add(np.array(truth), champion=None, challenger=np.arange(9.0))
    assert str(why_no_number_figure(name, tally.select())) == told
