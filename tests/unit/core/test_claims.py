from __future__ import annotations

import math
import sys
from collections.abc import Mapping

import pytest

from promoter.core.claims import Claim, Figures, Source, claim, finite, pair, same, why_unusable
from promoter.core.model_version import Dataset, ModelVersion
from promoter.text import Message
from tests.builders import (
    a_champion,
    a_champion_run,
    a_dataset,
    a_logged_model,
    a_model_version,
    a_run,
)

F1 = "f1_score"


def version_with(run: object, model: object) -> ModelVersion:
    """A version whose run and logged model claim these figures; None claims nothing."""
    in_run, in_model = ({} if value is None else {F1: value} for value in (run, model))
    return a_model_version(run=a_run(metrics=in_run), logged_model=a_logged_model(metrics=in_model))


# --- one figure ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.9, 0.9),
        (1, 1.0),
        (-2.5, -2.5),
        (1.79e308, 1.79e308),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (sys.float_info.max, None),
        (-sys.float_info.max, None),
        (10**400, None),
        (True, None),
        (False, None),
        ("0.9", None),
        (None, None),
        ([0.9], None),
    ],
)
def test_only_a_finite_number_is_a_figure(value: object, expected: float | None) -> None:
    assert finite(value) == expected


def test_negative_zero_is_zero() -> None:
    assert str(finite(-0.0)) == "0.0"


@pytest.mark.parametrize(
    ("run", "model", "source", "value", "elsewhere"),
    [
        (0.9, None, Source.RUN, 0.9, None),
        (0.9, 0.9, Source.RUN, 0.9, None),
        (0.1 + 0.2, 0.3, Source.RUN, 0.1 + 0.2, None),
        (0.9, 0.8, Source.RUN, 0.9, 0.8),
        (0.9, math.nan, Source.RUN, 0.9, None),
        (math.nan, 0.8, Source.RUN, None, None),
        (None, 0.8, Source.LOGGED_MODEL, 0.8, None),
        (None, math.inf, Source.LOGGED_MODEL, None, None),
        (None, None, None, None, None),
    ],
)
def test_the_run_goes_before_its_logged_model(
    run: object, model: object, source: Source | None, value: float | None, elsewhere: float | None
) -> None:
    found = claim(version_with(run, model), F1)
    assert (found.source, found.value, found.elsewhere) == (source, value, elsewhere)


def test_a_version_without_run_and_logged_model_claims_nothing() -> None:
    assert claim(a_model_version(run=None), F1) == Claim(version=a_model_version(run=None), name=F1)


@pytest.mark.parametrize(
    ("logged", "why"),
    [
        (None, "`f1_score` is in neither the champion's run nor its logged model"),
        (math.nan, "`f1_score` is `nan` in the champion's run, which is not a finite number"),
        ("a\nb", r"`f1_score` is `a\nb` in the champion's run, which is not a finite number"),
    ],
)
def test_why_a_figure_cannot_be_used(logged: object, why: str) -> None:
    assert str(why_unusable(claim(version_with(logged, None), F1), "champion")) == why


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(0.3, 0.1 + 0.2, True), (0.0, -0.0, True), (0.9, 0.9000001, False), (0.0, 1e-300, False)],
)
def test_rounding_is_no_difference(one: float, other: float, expected: bool) -> None:
    assert same(one, other) is expected


# --- two figures ---------------------------------------------------------------------------------


def obstacle(challenger: ModelVersion, champion: ModelVersion) -> str | None:
    """Why the two cannot be compared; None when they can."""
    both = pair(claim(challenger, F1), claim(champion, F1))
    return str(both) if isinstance(both, Message) else None


def test_two_figures_are_compared() -> None:
    both = pair(claim(a_model_version(), F1), claim(a_champion(), F1))
    assert isinstance(both, Figures)
    assert both == Figures(challenger=0.91, champion=0.88)
    assert both.change == pytest.approx(0.03)


def test_a_change_within_rounding_is_none() -> None:
    assert Figures(challenger=0.1 + 0.2, champion=0.3).change == 0


SAME_MODEL = "it is the same model as the champion, version `6`"


@pytest.mark.parametrize(
    ("challenger", "champion"),
    [
        ({"source": "models:/m-1"}, {"source": "models:/m-1"}),
        ({"source": "models:/churn/6"}, {"source": "models:/m-6"}),
        ({"source": "models:/m-7"}, {"source": "models:/churn/7"}),
        ({"source": "models:/dev.churn/3"}, {"source": "models:/dev.churn/3"}),
        ({"version": "6", "source": ""}, {"source": ""}),
    ],
)
def test_the_same_model_is_not_compared_with_itself(
    challenger: Mapping[str, str], champion: Mapping[str, str]
) -> None:
    assert obstacle(a_model_version(**challenger), a_champion(**champion)) == SAME_MODEL


def test_versions_whose_source_is_unknown_are_not_the_same() -> None:
    assert obstacle(a_model_version(source=""), a_champion(source="")) is None


@pytest.mark.parametrize(
    ("run_id", "comparable"), [("9b1c4e5f00aa4d1b8f1e2d3c4b5a6978", False), ("", True), (None, True)]
)
def test_two_models_of_one_run_share_its_figures(run_id: str | None, comparable: bool) -> None:
    both = a_model_version(run_id=run_id), a_champion(run_id=run_id)
    expected = "it is from the same run as the champion, whose figures are the same for both"
    assert obstacle(*both) == (None if comparable else expected)


def test_a_figure_of_a_run_says_nothing_about_one_of_a_logged_model() -> None:
    champion = a_champion(run=a_champion_run(metrics={}), logged_model=a_logged_model())
    assert obstacle(a_model_version(), champion) == (
        "its figure is from its run, the champion's from its logged model"
    )


@pytest.mark.parametrize("metrics", [{}, {F1: math.nan}], ids=["missing", "nan"])
def test_figures_that_are_none_are_not_compared(metrics: Mapping[str, float]) -> None:
    challenger = a_model_version(run=a_run(metrics=metrics))
    champion = a_champion(run=a_champion_run(metrics=metrics))
    assert "the challenger's run" in str(obstacle(challenger, a_champion()))
    assert "the champion's run" in str(obstacle(a_model_version(), champion))


OLD, NEW, EVAL = (a_dataset(digest=digest, context=digest) for digest in ("train", "Training", "eval"))
OTHER, UNNAMED, NO_DIGEST = a_dataset(digest="x"), a_dataset(digest="u", context=""), a_dataset(digest="")


@pytest.mark.parametrize(
    ("challenger", "champion", "comparable"),
    [
        ([EVAL], [EVAL], True),
        ([EVAL], [OTHER], False),
        ([EVAL, OTHER], [OTHER, EVAL], True),
        ([EVAL, OTHER], [EVAL], False),
        ([UNNAMED], [UNNAMED], True),
        ([UNNAMED], [OTHER], False),
        # a retrain on new data, judged on the same holdout
        ([NEW, EVAL], [OLD, EVAL], True),
        ([NEW, EVAL], [OLD, OTHER], False),
        ([OLD, EVAL], [OLD, OTHER], False),
        # only one says what it was judged on: all that was logged counts
        ([NEW], [OLD], False),
        ([OLD], [OLD], True),
        ([NEW, EVAL], [OLD], False),
        # nothing known of one of them
        ([], [EVAL], True),
        ([EVAL], [], True),
        ([], [], True),
        ([NO_DIGEST], [EVAL], True),
    ],
)
def test_figures_from_different_data_are_not_compared(
    challenger: list[Dataset], champion: list[Dataset], comparable: bool
) -> None:
    now = a_model_version(run=a_run(datasets=tuple(challenger)))
    before = a_champion(run=a_champion_run(datasets=tuple(champion)))
    why = obstacle(now, before)
    assert (why is None) is comparable
    assert comparable or str(why).startswith("the two figures are from different data")


def test_the_data_are_those_of_the_source() -> None:
    of_model = a_logged_model(datasets=(OTHER,))
    run_with, run_without = (a_run(metrics=metrics, datasets=(EVAL,)) for metrics in ({F1: 0.9}, {}))
    assert claim(a_model_version(run=run_with, logged_model=of_model), F1).digests == {"eval"}
    assert claim(a_model_version(run=run_without, logged_model=of_model), F1).digests == {"x"}


def test_a_logged_model_without_data_has_those_of_its_run() -> None:
    version = a_model_version(
        run=a_run(metrics={}, datasets=(EVAL,)), logged_model=a_logged_model(datasets=())
    )
    assert claim(version, F1).digests == {"eval"}
    assert claim(a_model_version(run=None, logged_model=a_logged_model(datasets=())), F1).digests == set()
