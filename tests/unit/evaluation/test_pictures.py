"""What a measurement draws: both models of logged predictions, and models that run, against scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from promoter.core.measurement import Measurement
from promoter.core.pictures import NO_PICTURES, Confusion, Counts, Flip, Pictures, ScoreCurves, Scores
from promoter.core.policy import Checks, Evaluation, MetricRule, NegativeFlipsRule, Source, Statistics, Task
from promoter.core.progress import UNTOLD
from promoter.evaluation.ahead import Runnable
from promoter.evaluation.dataset import DatasetSpec, open_dataset
from promoter.evaluation.dataset_files import ROWS_OF_A_BATCH
from promoter.evaluation.figures import Numbers
from promoter.evaluation.local import Case, Model, evaluate
from promoter.evaluation.pictures import MOST_CLASSES, PictureTally
from promoter.evaluation.prediction_source import Logged
from promoter.evaluation.readings import Meaning, Reading
from promoter.evaluation.tallies import Asked, Tallies
from tests.builders import a_model_rule
from tests.model_folders import Unlimited, light_interpreter, write_model
from tests.unit.evaluation.real_models import classified, regressed

FLIPS = NegativeFlipsRule(max_rate=1.0)
YES_OR_NO = np.array(["No", "Yes"])
Table = dict[str, Numbers]


@dataclass(frozen=True, kw_only=True)
class Holdout:
    """A table of rows: `id` and `label`, and the policy's words for them."""

    folder: Path
    frame: pd.DataFrame
    task: Task
    positive: str | None = None

    def logged(self, name: str, predicted: Table) -> Logged:
        """A version's predictions, in another order than the rows."""
        table = self.folder / f"{name}.parquet"
        pd.DataFrame({"id": self.frame["id"], **predicted})[::-1].to_parquet(table, index=False)
        return Logged(table=table, id="id")

    def case(self, *names: str, checks: Checks | None = None, **models: Model) -> Case:
        """Of the metrics named, by ids where predictions were logged."""
        data = self.folder / "holdout.parquet"
        self.frame.to_parquet(data, index=False)
        asked = tuple(MetricRule(name=name, greater_is_better=True) for name in names)
        logged = all(isinstance(model, Logged) for model in models.values())
        rule = a_model_rule(
            checks=replace(checks or Checks(negative_flips=FLIPS), metrics=asked),
            evaluation=Evaluation(
                source=Source.PREDICTIONS if logged else Source.INFERENCE,
                target="label",
                positive_label=self.positive,
                id="id",
            ),
            statistics=Statistics(resamples=50),
            task=self.task,
        )
        spec = DatasetSpec(
            path=data, name="holdout", target="label", task=self.task, id="id" if logged else None
        )
        champion = models.get("champion")
        return Case(
            rule=rule,
            dataset=open_dataset(spec),
            columns=(),
            seed=1,
            challenger=models["challenger"],
            champion=champion,
        )


def measured(case: Case) -> Measurement:
    return evaluate(case, deadline=Unlimited(), log=lambda _: None, progress=UNTOLD)


def pictures(case: Case) -> Pictures:
    found = measured(case)
    assert all(run.finished for run in found.runs), [str(run.problem) for run in found.runs]
    return found.pictures


def holdout(folder: Path, truth: Numbers, task: Task, *, positive: str | None = None) -> Holdout:
    rows = len(truth)
    frame = pd.DataFrame({"id": [f"customer {n}" for n in range(rows)], "x": range(rows), "label": truth})
    return Holdout(folder=folder, frame=frame, task=task, positive=positive)


@pytest.fixture
def cancer(tmp_path: Path) -> Holdout:
    """Breast cancer: the tree and the naive Bayes of `real_models`."""
    truth = YES_OR_NO[classified("breast_cancer").truth]
    return holdout(tmp_path, truth, Task.BINARY, positive="Yes")


def scores_of(name: str) -> Numbers:
    found = classified("breast_cancer")
    whole = found.champion_scores if name == "champion" else found.challenger_scores
    return whole[:, 1]


def scored(place: Holdout, *names: str) -> Case:
    """Both models by their scores."""
    models = {
        name: place.logged(name, {"Yes": scores_of(name), "No": 1 - scores_of(name)})
        for name in ("champion", "challenger")
    }
    return place.case(*names, challenger=models["challenger"], champion=models["champion"])


# --- confusion --------------------------------------------------------------------------------------------


def table(truth: Numbers, predicted: Numbers) -> tuple[Counts, ...]:
    return tuple(tuple(row) for row in sk.confusion_matrix(truth, predicted).tolist())


@pytest.mark.parametrize("data", ["breast_cancer", "wine", "digits"])
def test_confusion_is_scikit_learns(tmp_path: Path, data: str) -> None:
    rows = classified(data)
    names = np.array([f"class {code}" for code in range(rows.classes)])
    task = Task.BINARY if rows.classes == 2 else Task.MULTICLASS
    positive = "class 1" if task is Task.BINARY else None
    place = holdout(tmp_path, names[rows.truth], task, positive=positive)
    challenger, champion = (
        place.logged(name, {"said": names[codes]})
        for name, codes in (("new", rows.challenger), ("old", rows.champion))
    )
    found = pictures(place.case("accuracy_score", challenger=challenger, champion=champion))
    assert found.confusion == Confusion(
        labels=tuple(names),
        challenger=table(rows.truth, rows.challenger),
        champion=table(rows.truth, rows.champion),
    )
    assert (found.scores, found.residuals) == (None, None)
    alone = pictures(place.case("accuracy_score", challenger=challenger))
    assert alone == Pictures(confusion=replace(found.confusion, champion=None))


@pytest.mark.parametrize("classes", [MOST_CLASSES, MOST_CLASSES + 1])
def test_very_many_classes_have_no_matrix(tmp_path: Path, classes: int) -> None:
    truth = np.array([f"{row % classes:02}" for row in range(200)])
    place = holdout(tmp_path, truth, Task.MULTICLASS)
    found = pictures(place.case("accuracy_score", challenger=place.logged("new", {"said": truth})))
    assert (found.confusion is None) is (classes > MOST_CLASSES)


# --- scores -----------------------------------------------------------------------------------------------


def assert_calibrated(found: ScoreCurves, truth: NDArray[np.bool_], scores: Numbers) -> None:
    shares, means = calibration_curve(truth, scores, n_bins=10)
    assert np.array(found.calibration) == pytest.approx(np.column_stack([means, shares]))
    assert sum(found.calibration_rows) == len(truth)


def drawn(case: Case) -> Scores:
    found = pictures(case).scores
    assert found is not None
    return found


@pytest.mark.parametrize("names", [("roc_auc",), ("average_precision_score", "log_loss")])
def test_kept_scores_are_drawn_exactly(cancer: Holdout, names: tuple[str, ...]) -> None:
    found = drawn(scored(cancer, *names))
    truth = cancer.frame["label"].to_numpy() == "Yes"
    assert found.positive == "Yes"
    assert found.share == pytest.approx(truth.mean())
    assert found.champion is not None
    for name, curves in (("challenger", found.challenger), ("champion", found.champion)):
        x, y = np.array(curves.roc).T
        assert np.trapezoid(y, x) == pytest.approx(sk.roc_auc_score(truth, scores_of(name)), abs=1e-12)
        assert_calibrated(curves, truth, scores_of(name))


def test_scores_that_pass_by_are_drawn_from_bins(cancer: Holdout) -> None:
    exact, found = drawn(scored(cancer, "roc_auc")), drawn(scored(cancer, "log_loss", "brier_score_loss"))
    assert found.champion is not None
    assert exact.champion is not None
    assert (found.positive, found.share) == (exact.positive, exact.share)
    # The tree has few scores, each in a bin of its own; nearly all of the naive Bayes's are 0 or 1
    assert found.champion.roc == exact.champion.roc
    for curves, kept in ((found.champion, exact.champion), (found.challenger, exact.challenger)):
        assert curves.calibration_rows == kept.calibration_rows
        assert np.array(curves.calibration) == pytest.approx(np.array(kept.calibration))
        x, y = np.array(curves.roc).T
        kept_x, kept_y = np.array(kept.roc).T
        assert np.trapezoid(y, x) == pytest.approx(np.trapezoid(kept_y, kept_x), abs=0.005)


def test_where_bins_hide_too_much_of_one_model_only_calibration_is_drawn(cancer: Holdout) -> None:
    close = 0.3 + scores_of("champion") * 1e-5
    close += np.random.default_rng(1).uniform(0, 1e-5, len(close))
    challenger = cancer.logged("close", {"Yes": close, "No": 1 - close})
    champion = cancer.logged("old", {"Yes": scores_of("champion"), "No": 1 - scores_of("champion")})
    found = drawn(cancer.case("log_loss", challenger=challenger, champion=champion))
    assert found.champion is not None
    for curves in (found.challenger, found.champion):
        assert (curves.roc, curves.precision_recall) == ((), ())
        assert sum(curves.calibration_rows) == len(close)
    kept = drawn(cancer.case("roc_auc", challenger=challenger, champion=champion))
    assert len(kept.challenger.roc) > 20


def test_scores_a_hair_beyond_1_have_no_calibration(cancer: Holdout) -> None:
    off = scores_of("champion").copy()
    off[0] = 1.0000001
    challenger = cancer.logged("off", {"Yes": off, "No": 1 - off})
    champion = cancer.logged("old", {"Yes": scores_of("champion"), "No": 1 - scores_of("champion")})
    found = drawn(cancer.case("roc_auc", challenger=challenger, champion=champion))
    assert found.champion is not None
    for curves in (found.challenger, found.champion):
        assert (curves.calibration, curves.calibration_rows) == ((), ())
        assert curves.roc[-1] == (1.0, 1.0)
    # In bins it is 1, as many other scores are, and nothing is left to draw
    assert pictures(cancer.case("log_loss", challenger=challenger, champion=champion)).scores is None


def test_without_a_champion_one_model_is_drawn(cancer: Holdout) -> None:
    model = cancer.logged("new", {"Yes": scores_of("champion"), "No": 1 - scores_of("champion")})
    for metric in ("roc_auc", "log_loss"):
        found = drawn(cancer.case(metric, challenger=model))
        assert (found.champion, found.challenger.roc[-1]) == (None, (1.0, 1.0))


def test_scores_that_no_figure_asks_for_are_not_drawn(cancer: Holdout) -> None:
    assert pictures(scored(cancer, "f1_score")).scores is None


def test_many_classes_have_no_scores_to_draw(tmp_path: Path) -> None:
    rows = classified("wine")
    names = [f"wine {code}" for code in range(3)]
    place = holdout(tmp_path, np.array(names)[rows.truth], Task.MULTICLASS)
    said = dict(zip(names, rows.champion_scores.T, strict=True))
    found = pictures(place.case("roc_auc", "log_loss", challenger=place.logged("new", said)))
    assert found.confusion is not None
    assert found.scores is None


def test_scores_of_rows_of_one_kind_are_left_out(tmp_path: Path) -> None:
    """A batch of them alone, as a holdout of one label is."""
    place = holdout(tmp_path, np.array(["No", "Yes"] * 5), Task.BINARY, positive="Yes")
    case = place.case("roc_auc", challenger=place.logged("new", {"Yes": np.linspace(0, 1, 10)}))
    asked = asked_of(case)
    for names in (("roc_auc",), ("log_loss",)):
        rules = tuple(MetricRule(name=name, greater_is_better=True) for name in names)
        one = replace(asked, checks=Checks(metrics=rules))
        drawing, tallies = PictureTally(one, case.dataset, id=None), Tallies(one, case.dataset)
        (batch,) = case.dataset.batches()
        batch = replace(batch, truth=np.zeros(10, dtype=np.int64))
        reading = Reading(codes=np.zeros(10, dtype=np.int64), scores=np.linspace(0, 1, 10))
        drawing.add(batch, reading, champion=reading)
        tallies.add(batch, reading, champion=reading)
        assert drawing.pictures(tallies).scores is None


def asked_of(case: Case) -> Asked:
    return Asked(
        checks=case.rule.checks,
        statistics=case.rule.statistics,
        meaning=Meaning(task=Task.BINARY, labels=case.dataset.labels, positive=1),
        columns=(),
        seed=1,
    )


# --- residuals --------------------------------------------------------------------------------------------


def test_residuals_of_real_models_are_numpys(tmp_path: Path) -> None:
    rows = regressed()
    place = holdout(tmp_path, rows.truth, Task.REGRESSION)
    challenger, champion = (
        place.logged(name, {"said": values})
        for name, values in (("new", rows.challenger), ("old", rows.champion))
    )
    found = pictures(place.case("r2_score", checks=Checks(), challenger=challenger, champion=champion))
    assert found == Pictures(residuals=found.residuals)
    assert found.residuals is not None
    edges = [-np.inf, *found.residuals.edges[1:-1], np.inf]
    for counts, values in (
        (found.residuals.challenger, rows.challenger),
        (found.residuals.champion, rows.champion),
    ):
        # the line's are on no edge; some of the tree's may be, which then count as farther from 0
        expected = np.histogram(values - rows.truth, edges)[0]
        assert counts is not None
        assert np.abs(np.array(counts) - expected).sum() <= 2 * np.isin(values - rows.truth, edges).sum()
    alone = pictures(place.case("r2_score", checks=Checks(), challenger=challenger)).residuals
    assert alone is not None
    assert (alone.champion, sum(alone.challenger)) == (None, len(rows.truth))


# --- flips ------------------------------------------------------------------------------------------------


def flipped(place: Holdout, codes: dict[str, Numbers], names: Numbers) -> tuple[Flip, ...]:
    models = {name: place.logged(name, {"said": names[found]}) for name, found in codes.items()}
    return pictures(
        place.case("accuracy_score", challenger=models["challenger"], champion=models["champion"])
    ).flips


def expected_flips(place: Holdout, codes: dict[str, Numbers], names: Numbers) -> tuple[Flip, ...]:
    truth = place.frame["label"].to_numpy()
    new, old = names[codes["challenger"]], names[codes["champion"]]
    rows = [row for row in range(len(truth)) if old[row] == truth[row] != new[row]]
    return tuple(
        Flip(row=row + 1, identity=f"customer {row}", truth=str(truth[row]), challenger=str(new[row]))
        for row in rows[:10]
    )


@pytest.mark.parametrize("data", ["breast_cancer", "digits"])
def test_flips_are_the_first_rows_that_turn_wrong(tmp_path: Path, data: str) -> None:
    rows = classified(data)
    names = np.array([f"class {code}" for code in range(rows.classes)])
    task = Task.BINARY if rows.classes == 2 else Task.MULTICLASS
    positive = "class 1" if task is Task.BINARY else None
    place = holdout(tmp_path, names[rows.truth], task, positive=positive)
    codes = {"challenger": rows.challenger, "champion": rows.champion}
    found = flipped(place, codes, names)
    assert found == expected_flips(place, codes, names)
    assert len(found) == 10


def test_flips_of_later_batches_bear_their_own_rows(tmp_path: Path) -> None:
    rows = ROWS_OF_A_BATCH + 40
    place = holdout(tmp_path, YES_OR_NO[np.arange(rows) % 2], Task.BINARY, positive="Yes")
    truth = np.arange(rows) % 2
    challenger = truth.copy()
    turned = [5, *range(ROWS_OF_A_BATCH - 3, rows)]
    challenger[turned] = 1 - challenger[turned]
    found = flipped(place, {"challenger": challenger, "champion": truth}, YES_OR_NO)
    assert [one.row - 1 for one in found] == turned[:10]
    assert found == expected_flips(place, {"challenger": challenger, "champion": truth}, YES_OR_NO)


def test_without_the_check_or_a_champion_no_row_is_named(cancer: Holdout) -> None:
    codes = (scores_of("challenger") < 0.5).astype(int)
    new = cancer.logged("new", {"said": YES_OR_NO[codes]})
    old = cancer.logged("old", {"said": YES_OR_NO[1 - codes]})
    assert pictures(cancer.case("accuracy_score", challenger=new, champion=old)).flips
    assert pictures(cancer.case("accuracy_score", challenger=new)).flips == ()
    unasked = cancer.case("accuracy_score", checks=Checks(), challenger=new, champion=old)
    assert pictures(unasked).flips == ()


# --- models that run --------------------------------------------------------------------------------------

WRONG = 'return numpy.where(frame["x"] % 2 == 0, "Yes", "No")'
RIGHT = 'return numpy.where(frame["x"] % 2 == 0, "No", "Yes")'


@pytest.fixture(scope="module")
def runnable(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runnable, Runnable]:
    """A challenger that is always wrong, and a champion that is always right."""
    folder = tmp_path_factory.mktemp("models")
    python = light_interpreter(tmp_path_factory.mktemp("environment"))
    wrong, right = (
        Runnable(files=write_model(folder / name, predict=code), interpreter=python)
        for name, code in (("wrong", WRONG), ("right", RIGHT))
    )
    return wrong, right


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        ([*"abcdefghijkl"], [*"abcdefghij"]),
        ([*range(70, 82)], [str(n) for n in range(70, 80)]),
        ([7, None, *range(10)], [None] * 10),
        (["a", None, *"cdefghijkl"], ["a", None, *"cdefghij"]),
        (["a" * 1_001, *"bcdefghijkl"], [None, *"bcdefghij"]),
        ([True, False] * 6, [None] * 10),
        (None, [None] * 10),
    ],
)
def test_ids_of_models_that_run_are_read_from_the_data(
    tmp_path: Path,
    runnable: tuple[Runnable, Runnable],
    ids: list[object] | None,
    shown: list[str | None],
) -> None:
    """Whole numbers and text; what pandas wrote as fractions names no row, and what is missing neither."""
    place = holdout(tmp_path, YES_OR_NO[np.arange(12) % 2], Task.BINARY, positive="Yes")
    frame = place.frame.drop(columns="id") if ids is None else place.frame.assign(id=ids)
    place = replace(place, frame=frame)
    wrong, right = runnable
    found = pictures(place.case("accuracy_score", challenger=wrong, champion=right))
    assert [one.identity for one in found.flips] == shown
    assert [one.row for one in found.flips] == list(range(1, 11))
    assert found.flips[0] == Flip(row=1, identity=shown[0], truth="No", challenger="Yes")
    assert found.confusion == Confusion(
        labels=("No", "Yes"), challenger=((0, 6), (6, 0)), champion=((6, 0), (0, 6))
    )


def test_a_model_that_fails_leaves_nothing_to_draw(
    tmp_path: Path, runnable: tuple[Runnable, Runnable]
) -> None:
    place = holdout(tmp_path, YES_OR_NO[np.arange(12) % 2], Task.BINARY, positive="Yes")
    wrong, right = runnable
    broken = replace(wrong, files=write_model(tmp_path / "broken", predict='raise OSError("lost")'))
    assert measured(place.case("f1_score", challenger=broken, champion=right)).pictures == NO_PICTURES
    found = measured(place.case("f1_score", challenger=wrong, champion=broken)).pictures
    assert found.confusion is not None
    assert (found.confusion.champion, found.flips) == (None, ())


# --- nothing is judged by them ----------------------------------------------------------------------------


def test_the_same_evidence_has_the_same_pictures(cancer: Holdout) -> None:
    once, again = (
        measured(scored(cancer, "roc_auc", "f1_score")),
        measured(scored(cancer, "roc_auc", "f1_score")),
    )
    assert once.pictures == again.pictures
    assert once.pictures != NO_PICTURES
