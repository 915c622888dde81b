from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.mlflow_values import can_exist, digits, figure, to_aliases, to_logged_model, to_run
from promoter.core.model_version import Dataset

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel as MlflowLoggedModel

LARGEST = 2**31 - 1


def metric(key: str, value: float, **changed: object) -> SimpleNamespace:
    """A LoggedModel's metric, as MLflow's entity has it."""
    plain = {"timestamp": 1, "step": 0, "dataset_name": None, "dataset_digest": None}
    return SimpleNamespace(key=key, value=value, **(plain | changed))


def logged_model(*metrics: SimpleNamespace) -> MlflowLoggedModel:
    return cast("MlflowLoggedModel", SimpleNamespace(model_id="m-1", metrics=list(metrics)))


@given(st.integers(0, 10**40), st.integers(0, 5))
def test_a_version_is_written_in_canonical_digits(number: int, zeros: int) -> None:
    assert digits("0" * zeros + str(number)) == str(number)
    assert digits(number) == str(number)


@given(st.text(max_size=10).filter(lambda text: not (text.isascii() and text.isdigit())))
def test_anything_else_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        digits(text)


@given(st.integers(0, 2**33) | st.integers(0, 10**6000))
def test_only_what_mlflow_can_number_is_asked_for(number: int) -> None:
    # Written without str(): Python refuses to turn thousands of digits into text.
    written = f"{number:x}" if number > 10**4000 else str(number)
    assert can_exist(written) is (0 < number <= LARGEST)


@given(st.floats())
def test_figures_keep_their_value_unless_mlflow_made_them_of_infinity(value: float) -> None:
    found = figure(value)
    if math.isnan(value):
        assert math.isnan(found)
    elif abs(value) < 1.7e308:
        assert found == value
        assert math.copysign(1, found) == math.copysign(1, value)
    else:
        assert found == math.copysign(math.inf, value)


@pytest.mark.parametrize("value", [1.7976931348623157e308, -1.7976931348623157e308])
def test_what_mlflow_gives_back_for_infinity_is_infinite(value: float) -> None:
    assert math.isinf(figure(value))


def test_aliases_come_as_text_from_a_server_and_as_numbers_from_a_database() -> None:
    model: Any = SimpleNamespace(aliases={"champion": 7, "challenger": "08"})
    assert to_aliases(model) == {"champion": "7", "challenger": "8"}


def test_an_alias_on_something_that_is_no_version_is_not_passed_on() -> None:
    model: Any = SimpleNamespace(aliases={"champion": "seven"})
    with pytest.raises(ValueError, match="digits"):
        to_aliases(model)


def test_of_several_values_of_a_metric_the_last_logged_counts() -> None:
    found = to_logged_model(
        logged_model(
            metric("f1", 0.9, timestamp=3, step=1),
            metric("f1", 0.1, timestamp=3, step=0),
            metric("f1", 0.2, timestamp=2, step=9),
        )
    )
    assert found.metrics == {"f1": 0.9}


def test_datasets_of_metrics_are_listed_once() -> None:
    found = to_logged_model(
        logged_model(
            metric("f1", 0.9, dataset_name="eval", dataset_digest="d1"),
            metric("loss", 0.2, dataset_name="eval", dataset_digest="d1"),
            metric("auc", 0.8, dataset_name="other"),
            metric("mcc", 0.7),
        )
    )
    assert found.datasets == (Dataset(name="eval", digest="d1"), Dataset(name="other", digest=""))


def test_a_run_without_inputs_has_no_datasets() -> None:
    run: Any = SimpleNamespace(
        info=SimpleNamespace(lifecycle_stage="active", run_id="r", experiment_id=0, status="FINISHED"),
        data=SimpleNamespace(metrics={}, params={}, tags={"mlflow.source.git.commit": ""}),
        inputs=None,
    )
    found = to_run(run)
    assert found is not None
    assert (found.datasets, found.git_commit, found.experiment_id) == ((), None, "0")
