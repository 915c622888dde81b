"""All tallies of a policy together: figures as scikit-learn's, slices, margins, money and flips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from promoter.core.measurement import Estimate
from promoter.core.policy import (
    BusinessValueRule,
    Checks,
    MetricRule,
    NegativeFlipsRule,
    SliceRule,
    Statistics,
    Task,
)
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset import Dataset, DatasetSpec, open_dataset
from promoter.evaluation.figures import Numbers
from promoter.evaluation.readings import Meaning, Reading
from promoter.evaluation.tallies import Asked, Tallies, refuse_unknown

ROWS = 300
BATCH = 70
LABELS = {Task.BINARY: ("No", "Yes"), Task.MULTICLASS: ("blue", "green", "red"), Task.REGRESSION: ()}
MONEY = BusinessValueRule(
    unit="USD",
    values={"true_positive": 1500, "false_positive": -500, "false_negative": -2000, "true_negative": 0},
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """What a model predicts of all rows; `text` its labels as the data has them."""

    reading: Reading
    text: Numbers = field(default_factory=lambda: np.empty(0))

    def of(self, part: slice) -> Reading:
        """Its predictions of a batch."""
        codes, scores, values = self.reading.codes, self.reading.scores, self.reading.values
        return Reading(
            codes=None if codes is None else codes[part],
            scores=None if scores is None else scores[part],
            values=None if values is None else values[part],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """A holdout and two models: `truth` as in the file."""

    task: Task
    frame: pd.DataFrame
    dataset: Dataset
    challenger: Model
    champion: Model

    @property
    def truth(self) -> Numbers:
        """The target."""
        truth: Numbers = self.frame["target"].to_numpy()
        return truth

    def filled(self, checks: Checks, *, positive: int | None = 1, champion: Model | None) -> Tallies:
        """Tallies of all rows, batch by batch."""
        tallies = Tallies(asked(self.task, checks, positive=positive), self.dataset)
        for at, batch in enumerate(self.dataset.batches(BATCH)):
            part = slice(at * BATCH, (at + 1) * BATCH)
            new = self.challenger.of(part)
            tallies.add(batch, new, champion=champion.of(part) if champion else None)
        return tallies


def asked(task: Task, checks: Checks, *, positive: int | None = 1) -> Asked:
    return Asked(
        checks=checks,
        statistics=Statistics(resamples=200),
        meaning=Meaning(task=task, labels=LABELS[task], positive=positive if task is Task.BINARY else None),
        columns=("plan", "region"),
        seed=1,
    )


def a_model(task: Task, truth: Numbers, *, noise: float, seed: int) -> Model:
    numbers = np.random.default_rng(seed)
    if task is Task.REGRESSION:
        return Model(reading=Reading(values=truth + numbers.normal(0, noise, ROWS)))
    names = np.array(LABELS[task])
    right = np.searchsorted(names, truth)
    if task is Task.MULTICLASS:
        codes = np.where(numbers.random(ROWS) < noise / 4, numbers.integers(0, 3, ROWS), right)
        return Model(reading=Reading(codes=codes), text=names[codes])
    scores = np.clip(right + numbers.normal(0, noise, ROWS), 0.01, 0.99).round(2).astype(np.float64)
    codes = (scores >= 0.5).astype(np.int64)
    return Model(reading=Reading(codes=codes, scores=scores), text=names[codes])


def a_world(folder: Path, task: Task) -> World:
    numbers = np.random.default_rng(5)
    target = numbers.normal(100, 20, ROWS) if task is Task.REGRESSION else numbers.choice(LABELS[task], ROWS)
    frame = pd.DataFrame(
        {
            "age": numbers.integers(18, 80, ROWS),
            "plan": numbers.choice(["basic", "full"], ROWS),
            "region": numbers.choice(["north", "south", "isle"], ROWS, p=[0.6, 0.37, 0.03]),
            "target": target,
        }
    )
    frame.to_parquet(folder / "holdout.parquet", index=False)
    spec = DatasetSpec(
        path=folder / "holdout.parquet",
        name="holdout.parquet",
        target="target",
        task=task,
        slice_columns=("plan", "region"),
    )
    return World(
        task=task,
        frame=frame,
        dataset=open_dataset(spec),
        challenger=a_model(task, target, noise=0.4, seed=1),
        champion=a_model(task, target, noise=0.7, seed=2),
    )


@pytest.fixture
def binary(tmp_path: Path) -> World:
    return a_world(tmp_path, Task.BINARY)


def metric(name: str, **limits: float) -> MetricRule:
    return replace(MetricRule(name=name, greater_is_better=True), **limits)  # type: ignore[arg-type]


def checks_of(*names: str) -> Checks:
    return Checks(metrics=tuple(metric(name) for name in names))


Figure = Callable[[Numbers, Model], float]


def of_text(figure: Callable[..., float], **how: object) -> Figure:
    return lambda truth, model: figure(truth, model.text, **how)


def of_scores(figure: Callable[..., float]) -> Figure:
    return lambda truth, model: figure(truth == "Yes", model.reading.scores)


def of_values(figure: Callable[..., float]) -> Figure:
    return lambda truth, model: figure(truth, model.reading.values)


EXPECTED: dict[Task, dict[str, Figure]] = {
    Task.BINARY: {
        "accuracy_score": of_text(sk.accuracy_score),
        "balanced_accuracy_score": of_text(sk.balanced_accuracy_score),
        "precision_score": of_text(sk.precision_score, pos_label="Yes"),
        "recall_score": of_text(sk.recall_score, pos_label="Yes"),
        "f1_score": of_text(sk.f1_score, pos_label="Yes"),
        "matthews_corrcoef": of_text(sk.matthews_corrcoef),
        "roc_auc": of_scores(sk.roc_auc_score),
        "average_precision_score": of_scores(sk.average_precision_score),
        "log_loss": of_scores(sk.log_loss),
        "brier_score_loss": of_scores(sk.brier_score_loss),
    },
    Task.MULTICLASS: {
        "accuracy": of_text(sk.accuracy_score),
        "f1_macro": of_text(sk.f1_score, average="macro"),
        "f1_score": of_text(sk.f1_score, average="weighted"),
        "precision_weighted": of_text(sk.precision_score, average="weighted"),
        "recall_macro": of_text(sk.recall_score, average="macro"),
    },
    Task.REGRESSION: {
        "mean_absolute_error": of_values(sk.mean_absolute_error),
        "mean_squared_error": of_values(sk.mean_squared_error),
        "rmse": of_values(sk.root_mean_squared_error),
        "mean_absolute_percentage_error": of_values(sk.mean_absolute_percentage_error),
        "r2_score": of_values(sk.r2_score),
    },
}


@pytest.mark.parametrize("task", list(Task))
def test_figures_are_scikit_learns(task: Task, tmp_path: Path) -> None:
    world, expected = a_world(tmp_path, task), EXPECTED[task]
    found = world.filled(checks_of(*expected), champion=world.champion).overall()
    assert list(found) == list(expected)
    for name, figure in expected.items():
        of = found[name]
        assert (of.metric, of.rows) == (name, ROWS)
        assert of.challenger == pytest.approx(figure(world.truth, world.challenger), rel=1e-9)
        assert of.champion == pytest.approx(figure(world.truth, world.champion), rel=1e-9)
        assert of.lower is not None
        assert of.upper is not None
        assert of.change is not None
        assert of.lower < of.change < of.upper


@pytest.mark.parametrize("task", list(Task))
def test_without_a_champion_only_the_challenger_has_figures(task: Task, tmp_path: Path) -> None:
    world = a_world(tmp_path, task)
    checks = replace(
        checks_of(*EXPECTED[task]), business_value=MONEY, negative_flips=NegativeFlipsRule(max_rate=1)
    )
    tallies = world.filled(checks, champion=None)
    for name, one in tallies.overall().items():
        assert one.challenger == pytest.approx(EXPECTED[task][name](world.truth, world.challenger), rel=1e-9)
        assert (one.champion, one.change, one.lower, one.p_worse) == (None, None, None, None)
    assert tallies.flips() is None
    value = tallies.value()
    assert (value is None) == (task is not Task.BINARY)
    assert value is None or (value.champion, value.change, value.lower) == (None, None, None)


def test_the_positive_class_may_be_the_first_label(binary: World) -> None:
    found = binary.filled(checks_of("recall_score"), positive=0, champion=binary.champion).overall()
    expected = sk.recall_score(binary.truth, binary.challenger.text, pos_label="No")
    assert found["recall_score"].challenger == pytest.approx(expected)


def test_every_combination_of_a_slice_is_told_and_small_ones_have_no_figures(binary: World) -> None:
    rule = SliceRule(by=("region", "plan"), metrics=(metric("recall_score"), metric("log_loss")), min_rows=20)
    slices = binary.filled(Checks(slices=(rule,)), champion=binary.champion).slices()
    sizes = binary.frame.groupby(["region", "plan"]).size()
    assert {tuple(value for _, value in one.values): one.rows for one in slices} == sizes.to_dict()
    assert {one.values[0][0] for one in slices} == {"region"}
    assert any(one.rows < rule.min_rows for one in slices)
    for one in slices:
        rows = np.all([binary.frame[column] == value for column, value in one.values], axis=0)
        assert set(one.estimates) == ({"recall_score", "log_loss"} if one.rows >= rule.min_rows else set())
        if one.estimates:
            expected = sk.recall_score(binary.truth[rows], binary.challenger.text[rows], pos_label="Yes")
            assert one.estimates["recall_score"].challenger == pytest.approx(expected)


@pytest.mark.parametrize("task", list(Task))
def test_named_slices_without_rows_are_told_behind_the_others(task: Task, tmp_path: Path) -> None:
    world = a_world(tmp_path, task)
    name = next(iter(EXPECTED[task]))
    # the last one: a label of another column
    named = (("north", "full"), ("moon", "full"), ("full", "north"))
    rule = SliceRule(by=("region", "plan"), metrics=(metric(name),), min_rows=1, values=named)
    slices = world.filled(Checks(slices=(rule,)), champion=world.champion).slices()
    plain = world.filled(Checks(slices=(replace(rule, values=()),)), champion=world.champion).slices()
    assert slices[: len(plain)] == plain
    assert [(one.values, one.rows, one.estimates) for one in slices[len(plain) :]] == [
        ((("region", "moon"), ("plan", "full")), 0, {}),
        ((("region", "full"), ("plan", "north")), 0, {}),
    ]


class Watched(Tallies):
    """Remembers what was estimated."""

    def __init__(self, asked: Asked, dataset: Dataset) -> None:
        super().__init__(asked, dataset)
        self.estimated: list[Mapping[int, int]] = []

    def estimates(self, rules: Iterable[MetricRule], where: Mapping[int, int]) -> dict[str, Estimate]:
        self.estimated.append(where)
        return super().estimates(rules, where)


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION])
def test_of_small_slices_nothing_is_drawn(task: Task, tmp_path: Path) -> None:
    world = a_world(tmp_path, task)
    rule = SliceRule(by=("region",), metrics=(metric(next(iter(EXPECTED[task]))),), min_rows=20)
    tallies = Watched(asked(task, Checks(slices=(rule,))), world.dataset)
    for at, batch in enumerate(world.dataset.batches(BATCH)):
        part = slice(at * BATCH, (at + 1) * BATCH)
        tallies.add(batch, world.challenger.of(part), champion=world.champion.of(part))
    slices = {one.values[0][1]: one for one in tallies.slices()}
    assert {name: one.rows for name, one in slices.items()} == world.frame.groupby("region").size().to_dict()
    assert slices["isle"].rows < rule.min_rows
    assert slices["isle"].estimates == {}
    # the codes of "north" and "south" in the second slice column
    assert tallies.estimated == [{1: 1}, {1: 2}]


def test_a_regression_has_slices_too(tmp_path: Path) -> None:
    world = a_world(tmp_path, Task.REGRESSION)
    rule = SliceRule(by=("plan",), metrics=(metric("mae"),), min_rows=1)
    slices = world.filled(Checks(slices=(rule,)), champion=world.champion).slices()
    assert [one.values for one in slices] == [(("plan", "basic"),), (("plan", "full"),)]
    assert sum(one.rows for one in slices) == ROWS


def of_rule(world: World, rule: MetricRule) -> Estimate:
    swapped = replace(world, challenger=world.champion)
    return swapped.filled(Checks(metrics=(rule,)), champion=world.challenger).overall()[rule.name]


@pytest.mark.parametrize(
    ("limits", "same_as"),
    [
        ({"max_relative_degradation": 0.2}, 0.2),
        # every limit must hold, so the strictest counts
        ({"max_relative_degradation": 0.2, "max_absolute_degradation": 1.0}, 0.2),
        ({"max_relative_degradation": 1.0, "max_absolute_degradation": 0.0}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_margin_of_a_loss_is_the_strictest_one(
    limits: dict[str, float], same_as: float, binary: World
) -> None:
    plain = of_rule(binary, metric("accuracy_score"))
    assert plain.champion is not None
    margin = same_as * plain.champion
    expected = of_rule(binary, metric("accuracy_score", max_absolute_degradation=margin))
    found = of_rule(binary, metric("accuracy_score", **limits))
    assert found == expected
    assert (found.p_worse == plain.p_worse) == (same_as == 0)


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (Task.BINARY, "f1_skore"),
        (Task.BINARY, "r2_score"),
        (Task.MULTICLASS, "average_precision"),
        (Task.REGRESSION, "accuracy"),
    ],
)
def test_a_metric_of_another_task_is_refused(task: Task, name: str) -> None:
    of_slice = Checks(slices=(SliceRule(by=("plan",), metrics=(metric(name),)),))
    for checks in (checks_of(name), of_slice):
        with pytest.raises(PromoterError) as caught:
            refuse_unknown(asked(task, checks))
        assert caught.value.reason is ReasonCode.POLICY_INVALID
        assert name in str(caught.value)
        assert "mean_absolute_error" in str(caught.value.hint) or "f1_macro" in str(caught.value.hint)
    refuse_unknown(asked(task, checks_of(*EXPECTED[task])))


@pytest.mark.parametrize(
    ("task", "name", "scored"),
    [
        (Task.BINARY, "roc_auc", True),
        (Task.BINARY, "log_loss", True),
        (Task.BINARY, "f1_score", False),
        (Task.MULTICLASS, "log_loss", True),
        (Task.MULTICLASS, "f1_macro", False),
        (Task.REGRESSION, "rmse", False),
    ],
)
def test_figures_of_probabilities_are_known(task: Task, name: str, scored: bool) -> None:
    of_slice = Checks(slices=(SliceRule(by=("plan",), metrics=(metric(name),)),))
    assert asked(task, checks_of(name)).scored is scored
    assert asked(task, of_slice).scored is scored
    assert not asked(task, of_slice).of_metrics().scored


@pytest.mark.parametrize("task", list(Task))
def test_of_the_metrics_alone_the_figures_are_the_same(task: Task, tmp_path: Path) -> None:
    world = a_world(tmp_path, task)
    slices = (SliceRule(by=("region", "plan"), metrics=(metric(next(iter(EXPECTED[task]))),), min_rows=1),)
    every = asked(task, replace(checks_of(*EXPECTED[task]), slices=slices, business_value=MONEY))
    alone = every.of_metrics()
    assert (alone.checks, alone.seed) == (checks_of(*EXPECTED[task]), every.seed)
    tallies = Tallies(alone, world.dataset)
    for at, batch in enumerate(world.dataset.batches(BATCH)):
        part = slice(at * BATCH, (at + 1) * BATCH)
        tallies.add(batch, world.challenger.of(part), champion=world.champion.of(part))
    full = world.filled(checks_of(*EXPECTED[task]), champion=world.champion)
    # sums are added in another order where there are slices
    for name, one in full.overall().items():
        found = tallies.overall()[name]
        for figure in ("challenger", "champion", "change", "lower", "upper", "p_worse"):
            assert getattr(found, figure) == pytest.approx(getattr(one, figure), rel=1e-9), (name, figure)
    assert (tallies.slices(), tallies.value()) == ((), None)


def counts(world: World, model: Model) -> tuple[int, int, int]:
    truth, found = world.truth == "Yes", model.text == "Yes"
    return int((truth & found).sum()), int((~truth & found).sum()), int((truth & ~found).sum())


def test_what_predictions_are_worth_and_what_turns_wrong(binary: World) -> None:
    checks = Checks(business_value=MONEY, negative_flips=NegativeFlipsRule(max_rate=0.1))
    tallies = binary.filled(checks, champion=binary.champion)
    value, flips = tallies.value(), tallies.flips()
    assert value is not None
    assert flips is not None
    for found, model in ((value.challenger, binary.challenger), (value.champion, binary.champion)):
        hits, alarms, misses = counts(binary, model)
        assert found == pytest.approx((1500 * hits - 500 * alarms - 2000 * misses) / ROWS * 1000)
    assert value.lower is not None
    wrong = (binary.champion.text == binary.truth) & (binary.challenger.text != binary.truth)
    assert (flips.rows, flips.count) == (ROWS, int(wrong.sum()))
    assert flips.lower < flips.rate < flips.upper


def test_what_nobody_asks_for_is_not_computed(binary: World) -> None:
    tallies = binary.filled(checks_of("f1_score"), champion=binary.champion)
    assert (tallies.value(), tallies.flips(), tallies.slices()) == (None, None, ())


def test_no_codes_of_a_regression_are_counted(tmp_path: Path) -> None:
    world = a_world(tmp_path, Task.REGRESSION)
    checks = replace(checks_of("mae"), business_value=MONEY, negative_flips=NegativeFlipsRule(max_rate=0.1))
    tallies = world.filled(checks, champion=world.champion)
    assert (tallies.value(), tallies.flips()) == (None, None)
