"""Models fitted to scikit-learn's own data sets: real truth, labels and scores of two of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from promoter.evaluation.figures import FloatArray, IntArray

LOADERS = {"breast_cancer": load_breast_cancer, "digits": load_digits, "wine": load_wine}


@dataclass(frozen=True, kw_only=True, eq=False)
class Classified:
    """Truth and predicted codes (n,), probabilities (n, K): of a tree and of naive Bayes, out of fold."""

    truth: IntArray
    champion: IntArray
    challenger: IntArray
    champion_scores: FloatArray
    challenger_scores: FloatArray
    classes: int

    @property
    def joint(self) -> IntArray:
        """Joint counts, one row at a time: slow, and plain to see right."""
        joint = np.zeros((self.classes, self.classes, self.classes), dtype=np.int64)
        for cell in zip(self.truth, self.champion, self.challenger, strict=True):
            joint[cell] += 1
        return joint


@dataclass(frozen=True, kw_only=True, eq=False)
class Regressed:
    """Truth and predictions (n,) of a tree and of a line, out of fold."""

    truth: FloatArray
    champion: FloatArray
    challenger: FloatArray


@cache
def classified(name: str) -> Classified:
    data = LOADERS[name]()
    tree = DecisionTreeClassifier(max_depth=6, random_state=0)
    champion, challenger = (_scores(model, data) for model in (tree, GaussianNB()))
    return Classified(
        truth=data.target.astype(np.int64),
        champion=champion.argmax(axis=1),
        challenger=challenger.argmax(axis=1),
        champion_scores=champion,
        challenger_scores=challenger,
        classes=len(data.target_names),
    )


def _scores(model: Any, data: Any) -> FloatArray:  # noqa: ANN401  # scikit-learn has no types
    scores: FloatArray = cross_val_predict(model, data.data, data.target, cv=4, method="predict_proba")
    return scores


@cache
def regressed() -> Regressed:
    features, target = load_diabetes(return_X_y=True)
    tree = DecisionTreeRegressor(max_depth=6, random_state=0)
    champion, challenger = (
        cross_val_predict(model, features, target, cv=4) for model in (tree, LinearRegression())
    )
    return Regressed(truth=target, champion=champion, challenger=challenger)
