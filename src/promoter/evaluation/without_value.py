"""Why a figure has no value on some rows whatever a model predicts: it is undefined even for one that is
always right."""

from __future__ import annotations

import numpy as np

from promoter.evaluation.figures import (
    LABEL_NAMES,
    RANK_NAMES,
    IntArray,
    canonical,
    label_figure,
)
from promoter.evaluation.readings import Meaning
from promoter.evaluation.tallied import GroupedSums, Moments
from promoter.text import NOTHING, Message, quote, say


def why_no_label_figure(name: str, truth: IntArray, *, meaning: Meaning) -> Message:
    """For a figure of labels or of the order of scores: `truth` (K,) is how many rows are of each label.
    Empty where a model could have a value."""
    missing = [label for label, rows in zip(meaning.labels, truth, strict=True) if not rows]
    positive = None if meaning.positive is None else meaning.labels[meaning.positive]
    if name in LABEL_NAMES:
        always_right = label_figure(name, positive=meaning.positive)(np.diag(truth))
        undefined = bool(np.isnan(always_right))
    elif name in RANK_NAMES:
        undefined = bool(missing) if canonical(name) == "roc_auc" else positive in missing
    else:
        undefined = False
    if not undefined or not missing:
        return NOTHING
    named = positive if positive is not None and positive in missing else missing[0]
    return say("none of its rows is ", quote(named))


def why_no_number_figure(name: str, sums: Moments | GroupedSums) -> Message:
    """For a figure of numbers: R² of a truth that is the same everywhere."""
    if canonical(name) != "r2_score":
        return NOTHING
    rows = float(np.sum(sums.rows))
    shifted, squared = np.atleast_2d(sums.challenger).sum(axis=0)[:2] / rows
    return say("the truth of its rows is one and the same") if squared <= shifted**2 else NOTHING
