"""Whole evaluations: real models in processes of their own, on the same rows, beside a reference too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from promoter.core.layers import Layer, missing_in
from promoter.core.measurement import Measurement, ModelRun, ReferenceMeasurement
from promoter.core.policy import (
    Checks,
    Evaluation,
    MetricRule,
    NegativeFlipsRule,
    Source,
    Statistics,
    Task,
    Test,
)
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.ahead import Runnable
from promoter.evaluation.dataset import DatasetSpec, open_dataset
from promoter.evaluation.figures import Numbers
from promoter.evaluation.local import Case, evaluate
from promoter.evaluation.prediction_source import Logged
from promoter.evaluation.sandbox.environments import Interpreter
from promoter.text import Message, say
from tests.builders import a_model_rule
from tests.model_folders import Unlimited, light_interpreter, write_model

ROWS = 500
# More than one batch holds.
MANY = 70_000
GOOD = 'return numpy.where(frame["score"] > 0.0, "Yes", "No")'
FAIR = 'return numpy.where(frame["score"] > 0.4, "Yes", "No")'
OLD = 'return numpy.where(frame["score"] > 0.8, "Yes", "No")'
CUTS = {"GOOD": 0.0, "FAIR": 0.4, "OLD": 0.8}
LOST = 'raise OSError("a lost weight")'


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    return light_interpreter(tmp_path_factory.mktemp("environment"))


def rows_of(count: int, labels: tuple[str, str] = ("No", "Yes")) -> pd.DataFrame:
    numbers = np.random.default_rng(9)
    score = numbers.normal(size=count)
    truth = np.where(score + numbers.normal(0, 0.4, count) > 0, labels[1], labels[0])
    return pd.DataFrame({"id": np.arange(count), "row": np.arange(count), "score": score, "label": truth})


@dataclass
class Place:
    """A folder for data and models; `said` is what was logged."""

    folder: Path
    python: Interpreter
    frame: pd.DataFrame
    said: list[str] = field(default_factory=list)

    def model(self, predict: str, *, load: str = "", digest: str = "") -> Runnable:
        name = f"model-{len(list(self.folder.iterdir()))}"
        files = write_model(self.folder / name, predict=predict, load=load)
        return Runnable(files=files, interpreter=self.python, digest=digest)

    def logged(self, predicted: object, *, digest: str = "") -> Logged:
        table = self.folder / f"table-{len(list(self.folder.iterdir()))}.parquet"
        pd.DataFrame({"id": self.frame["id"], "prediction": predicted}).to_parquet(table, index=False)
        return Logged(table=table, id="id", digest=digest)

    def case(self, *names: str, positive: str = "Yes", **models: object) -> Case:
        """A case of the metrics named (F1 where none is), without a champion if none is given."""
        data = self.folder / "holdout.parquet"
        self.frame.to_parquet(data, index=False)
        metrics = tuple(
            MetricRule(name=name, greater_is_better=True, test=Test.SUPERIORITY)
            for name in names or ("f1_score",)
        )
        rule = a_model_rule(
            checks=Checks(metrics=metrics, negative_flips=NegativeFlipsRule(max_rate=1.0)),
            evaluation=Evaluation(source=Source.INFERENCE, target="label", positive_label=positive),
            statistics=Statistics(resamples=200),
        )
        spec = DatasetSpec(path=data, name="holdout", target="label", task=Task.BINARY, id="id")
        parts = {"champion": None, **models}
        return Case(rule=rule, dataset=open_dataset(spec), columns=(), seed=1, **parts)  # type: ignore[arg-type]

    def measured(self, case: Case) -> Measurement:
        return evaluate(case, deadline=Unlimited(), log=lambda message: self.said.append(str(message)))

    def f1_of(self, cut: str) -> float:
        predicted = np.where(self.frame["score"] > CUTS[cut], "Yes", "No")
        return float(sk.f1_score(self.frame["label"], predicted, pos_label="Yes"))


@pytest.fixture
def place(tmp_path: Path, python: Interpreter) -> Place:
    return Place(folder=tmp_path, python=python, frame=rows_of(ROWS))


def reference_of(found: Measurement) -> ReferenceMeasurement:
    assert found.reference is not None
    return found.reference


def f1_pair(found: Measurement | ReferenceMeasurement) -> tuple[float | None, float | None]:
    """The challenger's F1 and that of whom it is compared with."""
    return found.estimates["f1_score"].challenger, found.estimates["f1_score"].champion


def runs(found: Measurement) -> list[ModelRun]:
    return [found.challenger, *([found.champion] if found.champion else [])]


# --- two models ------------------------------------------------------------------------------------------


def test_both_models_answer_the_same_rows_and_the_first_batch_twice(place: Place) -> None:
    case = place.case(challenger=place.model(GOOD, digest="abc"), champion=place.model(FAIR))
    found = place.measured(case)
    assert place.said == [f"scoring 2 model(s) on {ROWS} rows"]
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"), place.f1_of("FAIR")))
    assert found.reference is None
    assert found.flips is not None
    for run in runs(found):
        assert (run.finished, run.asked_twice, run.differing) == (True, ROWS, 0)
        assert run.p50_latency_ms > 0
    assert found.challenger.digest == "abc"


def test_rows_predicted_otherwise_are_counted_and_their_time_is_not(place: Place) -> None:
    moody = """
    found = numpy.where(frame["score"] > 0.0, "Yes", "No")
    if self.calls > 1:
        time.sleep(1)
        found[:7] = "No"
        found[7:9] = "Yes"
    return found
    """
    found = place.measured(place.case(challenger=place.model(moody), champion=place.model(GOOD)))
    first = place.frame["score"][:9] > 0.0
    assert found.challenger.differing == int(first[:7].sum() + (~first[7:]).sum()) > 0
    assert found.challenger.asked_twice == ROWS
    assert found.challenger.p95_latency_ms * ROWS < 900
    # what was said at first is what counts
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"),) * 2)


def test_a_model_that_answers_once_only_did_not_finish(place: Place) -> None:
    once = f'if self.calls > 1: raise ValueError("no second time")\n{GOOD}'
    found = place.measured(place.case(challenger=place.model(once), champion=place.model(GOOD)))
    assert "no second time" in str(found.challenger.problem)
    assert (found.estimates, found.challenger.asked_twice) == ({}, 0)
    # the champion, which had been asked too, is not blamed
    assert found.champion is not None
    assert found.champion.finished


def test_predictions_that_mean_nothing_are_their_models_problem_alone(place: Place) -> None:
    place.frame = rows_of(MANY)
    odd = 'return ["Perhaps"] * len(frame)'
    found = place.measured(place.case(challenger=place.model(odd), champion=place.model(GOOD)))
    assert "no label of the data" in str(found.challenger.problem)
    assert found.champion is not None
    assert found.champion.finished


def test_what_is_around_every_model_is_evidence(place: Place) -> None:
    found = place.measured(place.case(challenger=place.model(GOOD), champion=place.model(FAIR)))
    assert [[one.layer for one in run.sandbox] for run in runs(found)] == [list(Layer)] * 2
    assert missing_in(found.sandboxes) == {}


def test_a_metric_that_is_not_computed_is_refused_before_anything_runs(place: Place) -> None:
    with pytest.raises(PromoterError) as caught:
        place.measured(place.case("f1_skore", challenger=place.model(GOOD)))
    assert (caught.value.reason, place.said) == (ReasonCode.POLICY_INVALID, [])


@pytest.mark.parametrize("logged", [False, True])
def test_a_model_that_says_the_same_of_every_row_has_figures_and_is_told(logged: bool, place: Place) -> None:
    same = place.logged(["Yes"] * ROWS) if logged else place.model('return ["Yes"] * len(frame)')
    found = place.measured(place.case("accuracy", challenger=same, champion=place.model(GOOD)))
    assert [str(run.constant) for run in runs(found)] == ["`Yes`", ""]
    share = float((place.frame["label"] == "Yes").mean())
    assert found.estimates["accuracy"].challenger == pytest.approx(share)


def test_the_same_score_for_every_row_is_told_whatever_was_read_at_first(place: Place) -> None:
    """Ones may be labels until the last of them; read anew or not, nothing is said of what varies later."""
    place.frame = rows_of(MANY, ("0", "1"))
    late = 'return numpy.where(frame["row"] < 65_536, 1.0, 0.75)'
    found = place.measured(place.case("f1_score", positive="1", challenger=place.model(late)))
    assert found.challenger.constant == say()
    ones = place.model("return numpy.ones(len(frame))")
    found = place.measured(place.case("f1_score", positive="1", challenger=ones))
    assert str(found.challenger.constant) == "`1`"


# --- the reference ---------------------------------------------------------------------------------------


def test_a_reference_is_compared_with_by_the_same_rows_and_draws(place: Place) -> None:
    new, now, old = place.model(GOOD), place.model(FAIR), place.model(OLD, digest="old")
    case = place.case(challenger=new, champion=now, reference=old, reference_version="3")
    found = place.measured(case)
    assert place.said == [f"scoring 3 model(s) on {ROWS} rows"]
    reference = reference_of(found)
    assert (reference.version, reference.run.digest, reference.run.finished) == ("3", "old", True)
    assert reference.run.asked_twice == ROWS
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"), place.f1_of("FAIR")))
    assert f1_pair(reference) == pytest.approx((place.f1_of("GOOD"), place.f1_of("OLD")))
    as_champion = place.measured(replace(case, champion=old, reference=None))
    assert reference.estimates == as_champion.estimates
    without = place.measured(replace(case, reference=None))
    assert (found.estimates, found.flips) == (without.estimates, without.flips)


def test_the_champion_as_reference_runs_once(place: Place) -> None:
    now = place.model(FAIR)
    case = place.case(challenger=place.model(GOOD), champion=now, reference=now, reference_version="6")
    found = place.measured(case)
    assert place.said == [f"scoring 2 model(s) on {ROWS} rows"]
    assert reference_of(found) == ReferenceMeasurement(
        version="6", run=runs(found)[1], estimates=found.estimates
    )


def test_the_challenger_is_not_compared_with_itself(place: Place) -> None:
    new = place.model(GOOD)
    found = place.measured(place.case(challenger=new, reference=new, reference_version="7"))
    assert place.said == [f"scoring 1 model(s) on {ROWS} rows"]
    assert reference_of(found) == ReferenceMeasurement(version="7", run=found.challenger, estimates={})


def test_a_reference_counts_where_there_is_no_champion(place: Place) -> None:
    case = place.case(challenger=place.model(GOOD), reference=place.model(OLD), reference_version="3")
    found = place.measured(case)
    assert found.champion is None
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"), None))
    assert f1_pair(reference_of(found)) == pytest.approx((place.f1_of("GOOD"), place.f1_of("OLD")))


LATE = f'if self.calls > 1: raise ValueError("tired")\n{FAIR}'
Broken = Callable[[Place], Runnable]
BROKEN: dict[str, tuple[Broken, str]] = {
    "at loading": (lambda place: place.model(FAIR, load=LOST), "a lost weight"),
    "on the way": (lambda place: place.model(LATE), "tired"),
    "no environment": (
        lambda place: replace(place.model(FAIR), interpreter=None, problem=say("no such package")),
        "no such package",
    ),
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_a_champion_that_fails_leaves_the_comparison_with_the_reference(how: str, place: Place) -> None:
    place.frame = rows_of(MANY)
    broken, told = BROKEN[how]
    case = place.case(
        challenger=place.model(GOOD),
        champion=broken(place),
        reference=place.model(OLD),
        reference_version="3",
    )
    found = place.measured(case)
    assert found.champion is not None
    assert told in str(found.champion.problem)
    assert found.challenger.finished
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"), None))
    assert f1_pair(reference_of(found)) == pytest.approx((place.f1_of("GOOD"), place.f1_of("OLD")))


@pytest.mark.parametrize("how", list(BROKEN))
def test_a_reference_that_fails_leaves_the_comparison_with_the_champion(how: str, place: Place) -> None:
    broken, told = BROKEN[how]
    case = place.case(
        challenger=place.model(GOOD),
        champion=place.model(FAIR),
        reference=broken(place),
        reference_version="3",
    )
    found = place.measured(case)
    reference = reference_of(found)
    assert told in str(reference.run.problem)
    assert reference.estimates == {}
    assert all(run.finished for run in runs(found))
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"), place.f1_of("FAIR")))


def test_both_of_whom_it_is_compared_with_may_fail(place: Place) -> None:
    lost = [place.model(FAIR, load=LOST) for _ in range(2)]
    case = place.case(
        challenger=place.model(GOOD), champion=lost[0], reference=lost[1], reference_version="3"
    )
    found = place.measured(case)
    assert found.challenger.finished
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"), None))
    assert not reference_of(found).run.finished
    assert not runs(found)[1].finished


@pytest.mark.parametrize("how", list(BROKEN))
def test_without_the_challenger_nothing_is_compared(how: str, place: Place) -> None:
    broken, told = BROKEN[how]
    now = place.model(FAIR)
    case = place.case(challenger=broken(place), champion=now, reference=now, reference_version="6")
    found = place.measured(case)
    assert told in str(found.challenger.problem)
    assert (found.estimates, found.flips, reference_of(found).estimates) == ({}, None, {})


# --- what numbers mean, over several batches --------------------------------------------------------------

UNSURE_AT_LAST = """
first = frame["row"].to_numpy() < 65_536
found = 1 / (1 + numpy.exp(-frame["score"].to_numpy()))
return numpy.where(first, numpy.round(found), found)
"""


@pytest.mark.parametrize(
    ("labels", "positive"),
    # Where 0 is the positive label, what was counted of the first batch is wrong, and all begins again.
    [(("0", "1"), "1"), (("0", "1"), "0"), (("No", "Yes"), "Yes")],
)
def test_a_sure_first_batch_is_of_probabilities_where_a_later_one_is(
    labels: tuple[str, str], positive: str, place: Place
) -> None:
    place.frame = rows_of(MANY, labels)
    found = place.measured(
        place.case("roc_auc", "f1_score", positive=positive, challenger=place.model(UNSURE_AT_LAST))
    )
    assert found.challenger.finished, str(found.challenger.problem)
    truth, score = place.frame["label"] == positive, 1 / (1 + np.exp(-place.frame["score"]))
    score = np.where(place.frame["id"] < 65_536, np.round(score), score)
    assert found.estimates["roc_auc"].challenger == pytest.approx(sk.roc_auc_score(truth, score))
    assert found.estimates["f1_score"].challenger == pytest.approx(sk.f1_score(truth, score >= 0.5))


def test_sure_numbers_to_the_last_row_are_labels(place: Place) -> None:
    place.frame = rows_of(ROWS, ("0", "1"))
    whole = place.model('return (frame["score"] > 0).astype("float64")')
    found = place.measured(place.case("roc_auc", positive="1", challenger=whole))
    assert "figure of probabilities" in str(found.challenger.problem)
    assert found.estimates == {}
    assert place.measured(place.case("f1_score", positive="1", challenger=whole)).challenger.finished


# --- predictions that were logged ---------------------------------------------------------------------------


def said_by(place: Place, cut: str) -> Numbers:
    predicted: Numbers = np.where(place.frame["score"] > CUTS[cut], "Yes", "No")
    return predicted


def test_logged_predictions_stand_beside_models_that_run(place: Place) -> None:
    case = place.case(
        challenger=place.logged(said_by(place, "GOOD"), digest="abc"),
        champion=place.model(FAIR),
        reference=place.logged(said_by(place, "OLD")),
        reference_version="3",
    )
    found = place.measured(case)
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"), place.f1_of("FAIR")))
    assert f1_pair(reference_of(found)) == pytest.approx((place.f1_of("GOOD"), place.f1_of("OLD")))
    assert (found.challenger.digest, found.challenger.asked_twice) == ("abc", 0)
    assert [run.asked_twice for run in runs(found)] == [0, ROWS]


def test_a_version_that_logged_no_table_has_a_problem(place: Place) -> None:
    none: Message = say("no such table")
    missing = replace(place.logged(said_by(place, "OLD")), problem=none)
    found = place.measured(place.case(challenger=place.logged(said_by(place, "GOOD")), champion=missing))
    assert [run.problem for run in runs(found)] == [say(), none]
    assert f1_pair(found) == pytest.approx((place.f1_of("GOOD"), None))
