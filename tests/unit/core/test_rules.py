"""Which rule of a policy speaks for a model, and which metric rules need a champion."""

from __future__ import annotations

import pytest

from tests.builders import a_metric_rule, a_model_rule, a_policy

CHURN, CHURN_ALL, PROD = (a_model_rule(match=glob) for glob in ("churn", "churn*", "prod.ml.?*"))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("churn", CHURN),
        ("churn_eu", CHURN_ALL),
        ("prod.ml.fraud", PROD),
        ("Churn", None),
        ("a churn", None),
        ("prod.ml.", None),
        ("prodXml.fraud", None),
        ("", None),
    ],
)
def test_the_first_rule_that_matches_speaks(model: str, expected: object) -> None:
    assert a_policy(models=(CHURN, CHURN_ALL, PROD)).rule_for(model) is expected


def test_a_wider_rule_in_front_hides_a_narrower_one() -> None:
    assert a_policy(models=(CHURN_ALL, CHURN)).rule_for("churn") is CHURN_ALL


@pytest.mark.parametrize(
    "limit",
    ["min_absolute_change", "min_relative_change", "max_absolute_degradation", "max_relative_degradation"],
)
def test_any_limit_on_a_change_needs_a_champion_zero_too(limit: str) -> None:
    assert a_metric_rule(**{"max_absolute_degradation": None, limit: 0.0}).compares


def test_a_threshold_alone_needs_none() -> None:
    assert not a_metric_rule(threshold=0.6, max_absolute_degradation=None).compares
