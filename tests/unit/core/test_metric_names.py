from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.checks.catalog import CATALOG
from promoter.core.metric_names import ALIASES, GREATER_IS_BETTER, LESS_IS_BETTER, canonical
from promoter.core.policy_custom import BUILT_IN
from promoter.core.policy_file import parse_policy
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation import figures

NAMES = sorted(GREATER_IS_BETTER | LESS_IS_BETTER)
POLICY = """version: 1
models:
  - match: m
    aliases: [champion]
    task: regression
    evaluation: {source: %s}
    checks:
      metrics: [{name: %s, greater_is_better: %s, threshold: 0.5}]
"""
ROWS = "inference, data: data/d.parquet, target: days"


def test_the_names_are_those_that_evaluation_computes() -> None:
    assert GREATER_IS_BETTER | LESS_IS_BETTER == (
        figures.LABEL_NAMES | figures.REGRESSION_NAMES | figures.SCORE_NAMES
    )
    assert not GREATER_IS_BETTER & LESS_IS_BETTER


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_has_the_direction_of_its_figure(alias: str) -> None:
    assert canonical(alias) != alias
    assert (alias in GREATER_IS_BETTER) == (canonical(alias) in GREATER_IS_BETTER)
    assert (alias in LESS_IS_BETTER) == (canonical(alias) in LESS_IS_BETTER)


@pytest.mark.parametrize("name", sorted(LESS_IS_BETTER))
def test_less_is_better_of_losses_and_errors_only(name: str) -> None:
    assert "error" in name or "loss" in name or name in {"mae", "mse", "mape", "rmse", "brier_score"}


@given(st.sampled_from(NAMES), st.booleans())
def test_a_computed_figure_has_one_direction(name: str, greater: bool) -> None:
    text = POLICY % (ROWS, name, str(greater).lower())
    if greater == (name in GREATER_IS_BETTER):
        assert parse_policy(text.encode(), path="p.yaml").models[0].checks.metrics[0].name == name
        return
    with pytest.raises(PromoterError) as caught:
        parse_policy(text.encode(), path="p.yaml")
    assert caught.value.reason is ReasonCode.POLICY_INVALID
    (problem,) = caught.value.problems
    assert (problem.line, str(problem.write)) == (8, f"Write `greater_is_better: {str(not greater).lower()}`")


@given(st.sampled_from(NAMES), st.booleans())
def test_a_logged_metric_may_mean_anything(name: str, greater: bool) -> None:
    text = POLICY % ("run_metrics", name, str(greater).lower())
    (rule,) = parse_policy(text.encode(), path="p.yaml").models[0].checks.metrics
    assert rule.greater_is_better is greater


@pytest.mark.parametrize("written", ['"false"', "[false]", "{}"])
def test_what_is_no_direction_is_refused_as_that_and_not_as_a_wrong_one(written: str) -> None:
    with pytest.raises(PromoterError) as caught:
        parse_policy((POLICY % (ROWS, "f1_score", written)).encode(), path="p.yaml")
    (problem,) = caught.value.problems
    assert (problem.line, str(problem.write)) == (8, "Write `true` or `false`, without quotes")


def test_no_check_of_the_users_own_bears_the_name_of_one_of_ours() -> None:
    assert [check.id for check in CATALOG] == list(BUILT_IN)
