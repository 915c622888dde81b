"""What a cluster's answers mean, with a cluster that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from promoter.core.measurement import Data
from promoter.core.policy import Checks, MetricRule, Statistics, Task
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.evaluation.dataset_columns import Columns
from promoter.evaluation.engines import spark_errors, spark_measuring
from promoter.evaluation.engines import spark_sql as sql
from promoter.evaluation.engines.spark_counts import MOST_ENTRIES, PARTS, Counter
from promoter.evaluation.engines.spark_errors import Refused
from promoter.evaluation.engines.spark_models import (
    ClusterModel,
    Predictor,
    Reach,
    Workbench,
    Workers,
    modules_of,
)
from promoter.evaluation.engines.spark_readings import Form, Looker
from promoter.evaluation.engines.spark_scoring import Role, Scoring
from promoter.evaluation.engines.spark_table import Table
from promoter.evaluation.readings import Meaning
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.tallies import Asked
from promoter.text import Message

Answer = list[dict[str, Any]] | Refused
RAISED = 'Traceback (most recent call last):\n  File "m.py", line 3\nValueError: a bad row\n'


def refused(kind: str = "AnalysisException", text: str = "no", condition: str = "") -> Refused:
    return Refused(kind=kind, condition=condition, text=text)


@dataclass
class FakeCluster:
    """Gives `rows` for every query, one after another; `done` is what it was told to do."""

    rows: list[Answer] = field(default_factory=list)
    told: Mapping[str, Mapping[str, Any] | Refused] = field(default_factory=dict)
    folder: Path = Path("/nowhere")
    done: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def do(self, what: str, **words: object) -> Mapping[str, Any]:
        self.done.append((what, words))
        answer = self.told.get(what, {})
        if isinstance(answer, Refused):
            raise answer
        return answer

    def ask(self, sql: str) -> pa.Table:
        self.asked.append(sql)
        answer = self.rows.pop(0)
        if isinstance(answer, Refused):
            raise answer
        return pa.Table.from_pylist(answer)


# --- queries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["it's", 'a"b', "\\", "`", "ü", "'; DROP TABLE x; --", ""])
def test_no_character_ends_a_text(value: str) -> None:
    literal = sql.text(value)
    digits = literal.removeprefix("CAST(X'").removesuffix("' AS STRING)")
    assert bytes.fromhex(digits).decode() == value


def test_no_character_ends_a_name() -> None:
    assert sql.name("a`b; --") == "`a``b; --`"


def test_numbers_are_written_to_the_last_bit() -> None:
    assert float(sql.number(0.1 + 0.2).removesuffix("D")) == 0.1 + 0.2


def test_two_probabilities_count_half_as_brier_does() -> None:
    of_two, of_three = (sql.probability_rows("y", scores)[1] for scores in (("a", "b"), ("a", "b", "c")))
    assert of_two.endswith("* 0.5D")
    assert of_three.endswith("* 1.0D")


# --- errors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RAISED, "`ValueError: a bad row`"),
        ("ModuleNotFoundError: No module named 'lightgbm'", "No module named 'lightgbm'"),
        (
            "MlflowException: Failed to enforce schema of data '   a  b\n0  Ann  7' with schema '[a]'. "
            "Error: Model is missing inputs ['z'].\n",
            "`Model is missing inputs ['z'].`",
        ),
        ("no line of an error", "`no line of an error`"),
        ("", "it raised ``"),
    ],
)
def test_a_models_error_is_told_without_rows(text: str, said: str) -> None:
    problem = spark_errors.model_problem(refused("PythonException", text))
    assert said in str(problem.message)
    assert "Ann" not in str(problem.message)


@pytest.mark.parametrize(
    ("error", "reason", "exit_code"),
    [
        (spark_errors.refused_session(refused()), ReasonCode.CHECK_UNAVAILABLE, ExitCode.UNDECIDED),
        (spark_errors.unreadable(refused(), data="a.b"), ReasonCode.DATA_UNAVAILABLE, ExitCode.UNDECIDED),
        (spark_errors.failed_query(refused(text="")), ReasonCode.CHECK_UNAVAILABLE, ExitCode.UNDECIDED),
        (spark_errors.lost(""), ReasonCode.CHECK_UNAVAILABLE, ExitCode.UNDECIDED),
        (spark_errors.not_installed("pyspark"), ReasonCode.USAGE_INVALID, ExitCode.WRONG_INPUT),
        (spark_errors.no_java(), ReasonCode.USAGE_INVALID, ExitCode.WRONG_INPUT),
    ],
)
def test_what_spark_cannot_do_is_no_verdict(
    error: PromoterError, reason: ReasonCode, exit_code: ExitCode
) -> None:
    assert (error.reason, error.exit_code) == (reason, exit_code)
    assert error.hint.parts


def test_how_to_install_spark_is_told() -> None:
    assert "pip install 'promoter[spark]'" in str(spark_errors.not_installed("pyspark").hint)


# --- what predictions mean --------------------------------------------------------------------------------

BINARY = Meaning(task=Task.BINARY, labels=("No", "Yes"), positive=1)
ZEROS = Meaning(task=Task.BINARY, labels=("0", "1"), positive=0)
MANY = Meaning(task=Task.MULTICLASS, labels=("1", "10", "2"), positive=None)
NUMBERS = Meaning(task=Task.REGRESSION, labels=(), positive=None)


def seen(*ends: tuple[float, float], **more: object) -> list[dict[str, Any]]:
    """One answer about numbers: the ends of each column, and what else is said."""
    columns = {f"least{at}": low for at, (low, _) in enumerate(ends)}
    columns |= {f"greatest{at}": high for at, (_, high) in enumerate(ends)}
    return [{"wrong": 0, "off": 0.0, "stranger": None, **columns, **more}]


def form_of(
    meaning: Meaning, answer: list[dict[str, Any]], *, scored: bool = False, **predictor: object
) -> Form:
    looker = Looker(cluster=FakeCluster(rows=[answer]), meaning=meaning, scored=scored)
    return looker.form(replace(Predictor(function="f", asked="x"), **predictor), column="p", rows=10)  # type: ignore[arg-type]


def codes_of(form: Form, found: list[Any]) -> list[int]:
    assert form.codes is not None
    return [int(code) for code in form.codes(pa.array(found))]


def test_labels_as_text_are_those_of_the_data() -> None:
    form = form_of(BINARY, [{"v": "Yes", "n": 4}, {"v": "No", "n": 6}], is_text=True)
    assert codes_of(form, ["No", "Yes", "No"]) == [0, 1, 0]


def test_true_as_mlflow_writes_it_is_the_label_true() -> None:
    meaning = Meaning(task=Task.BINARY, labels=("false", "true"), positive=1)
    form = form_of(meaning, [{"v": "True", "n": 4}, {"v": "False", "n": 6}], is_text=True)
    assert codes_of(form, ["True", "False"]) == [1, 0]


def test_several_columns_mean_what_they_are_called() -> None:
    form = form_of(BINARY, seen((0.1, 0.9), (0.1, 0.9)), width=2, fields=("Yes", "No"))
    assert form.scores == ("get(p, 0)",)
    # in the order of labels, of which the first is taken where both are as likely
    assert "array(get(p, 1), get(p, 0))" in form.label
    assert codes_of(form, [0, 1]) == [0, 1]


def test_columns_of_many_labels_stand_in_their_order_by_size() -> None:
    form = form_of(MANY, seen((0, 1), (0, 1), (0, 1)), width=3, fields=("2", "1", "10"))
    assert form.scores == ("get(p, 1)", "get(p, 2)", "get(p, 0)")
    assert "array(get(p, 1), get(p, 0), get(p, 2))" in form.label
    assert codes_of(form, [0, 1, 2]) == [0, 2, 1]


def test_a_label_without_a_column_is_never_likely() -> None:
    form = form_of(MANY, seen((0, 1), (0, 1)), width=2, fields=("2", "10"))
    assert form.scores == ("0D", "get(p, 1)", "get(p, 0)")


@pytest.mark.parametrize(
    ("meaning", "above", "label"), [(BINARY, ">", "THEN 1 ELSE 0"), (ZEROS, ">=", "THEN 0 ELSE 1")]
)
def test_one_column_from_0_to_1_is_of_the_positive_label(meaning: Meaning, above: str, label: str) -> None:
    form = form_of(meaning, seen((0.0, 1.0), stranger=0.3), scored=True)
    assert form.scores == ("get(p, 0)",)
    assert f"get(p, 0) {above} 0.5D {label}" in form.label


def test_numbers_that_are_all_labels_are_labels() -> None:
    form = form_of(MANY, seen((1, 10)))
    assert codes_of(form, [10.0, 2.0, 1.0]) == [1, 2, 0]


def test_a_regression_is_its_number() -> None:
    assert form_of(NUMBERS, seen((-4.5, 9.0), stranger=9.0)).value == "get(p, 0)"


@pytest.mark.parametrize(
    ("meaning", "answer", "predictor", "why"),
    [
        (BINARY, [{"v": "Perhaps", "n": 1}], {"is_text": True}, "`Perhaps`, which is no label"),
        (BINARY, [{"v": None, "n": 3}], {"is_text": True}, "for 3 of 10 rows"),
        (BINARY, seen((0, 1), wrong=2), {}, "NaN, null or an infinite number for 2 of 10 rows"),
        (BINARY, seen((0.1, 3.0), stranger=0.1), {}, "neither labels of the data nor probabilities"),
        (MANY, seen((0.1, 0.9), stranger=0.1), {}, "neither labels of the data nor probabilities"),
        (BINARY, seen((0, 1), (0, 1), (0, 1)), {"width": 3}, "it predicts 3 columns for 2 labels"),
        (NUMBERS, seen((0, 1), (0, 1)), {"width": 2}, "where a regression needs one number a row"),
        (BINARY, seen((-1, 1), (0, 1)), {"width": 2, "scored": True}, "below 0 or above 1"),
        (BINARY, seen((0, 1), (0, 1), off=0.2), {"width": 2, "scored": True}, "do not add up to 1"),
        (ZEROS, seen((0, 1)), {"scored": True}, "it predicts labels, and the policy asks for a figure"),
    ],
)
def test_predictions_that_cannot_be_judged_are_the_models_fault(
    meaning: Meaning, answer: list[dict[str, Any]], predictor: dict[str, Any], why: str
) -> None:
    with pytest.raises(ModelProblem) as problem:
        form_of(meaning, answer, **predictor)
    assert why in str(problem.value.message)


def test_labels_without_end_are_refused() -> None:
    answer = [{"v": str(at), "n": 1} for at in range(10_001)]
    with pytest.raises(ModelProblem, match="more than 10,000 different labels"):
        form_of(BINARY, answer, is_text=True)


# --- models -----------------------------------------------------------------------------------------------

TABLE = Table(
    data=Data(name="h", digest="d", rows=10, columns=("a", "b")),
    labels=("No", "Yes"),
    slice_values=(),
    columns=Columns(target="y", group=None, slices=(), features=("a", "b")),
    truths=(("No", 0), ("Yes", 1)),
)
UNSIGNED = {
    "code": "",
    "inputs": None,
    "tensor": None,
    "has_outputs": False,
    "outputs": None,
    "is_numeric": False,
}
TRIED = [{"rows": 5, "widest": 1, "least": 1, "differing": 2}]


def predictor_of(
    cluster: FakeCluster, *, task: Task = Task.BINARY, reach: Reach = Reach.SAME_FILES
) -> Predictor:
    bench = Workbench(cluster=cluster, table=TABLE, task=task, reach=reach)
    return bench.predictor(ClusterModel(files=Path("/models/7"), digest="ab"), function="f")


def results(cluster: FakeCluster) -> list[object]:
    return [words["result"] for what, words in cluster.done if what == "model"]


def test_a_model_without_a_signature_is_asked_for_numbers_and_then_for_text() -> None:
    no_numbers = refused(
        "PythonException", "The model did not produce any values compatible with the requested type 'x'"
    )
    cluster = FakeCluster(rows=[no_numbers, TRIED], told={"signature": UNSIGNED})
    found = predictor_of(cluster)
    assert (found.is_text, found.tried, found.differing) == (True, 5, 2)
    assert results(cluster) == ["array<double>", "array<double>", "array<string>", "array<string>"]


def test_a_signature_says_what_to_ask_for() -> None:
    named = {
        **UNSIGNED,
        "has_outputs": True,
        "is_numeric": True,
        "outputs": ["Yes", "N`o"],
        "inputs": ["b", "z"],
    }
    cluster = FakeCluster(rows=[[{**TRIED[0], "widest": 2, "least": 2}]], told={"signature": named})
    found = predictor_of(cluster)
    assert found.fields == ("Yes", "N`o")
    assert found.asked == "struct(`b`)"
    assert found.numbers("f(x)") == "array(f(x).`Yes`, f(x).`N``o`)"
    assert results(cluster)[0] == "struct<`Yes`: double, `N``o`: double>"


def test_a_tensor_is_made_of_columns_of_its_type() -> None:
    tensor = {**UNSIGNED, "tensor": "float32"}
    cluster = FakeCluster(rows=[TRIED], told={"signature": tensor})
    assert predictor_of(cluster).asked == "struct(CAST(`a` AS FLOAT) AS `a`, CAST(`b` AS FLOAT) AS `b`)"
    with pytest.raises(ModelProblem, match="it takes several tensors"):
        predictor_of(FakeCluster(told={"signature": {**tensor, "tensor": ""}}))


@pytest.mark.parametrize(
    ("tried", "told", "why"),
    [
        ([{"rows": 5, "widest": 3, "least": 2, "differing": 0}], {}, "it predicted 3 columns for a row"),
        (
            [{"rows": 5, "widest": None, "least": None, "differing": 0}],
            {},
            "it predicted 0 columns for a row",
        ),
        (
            [{"rows": 5, "widest": 2, "least": 2, "differing": 0}],
            {"has_outputs": True},
            "it predicts 2 columns of text",
        ),
        (refused("PythonException", RAISED), {}, "ValueError: a bad row"),
    ],
)
def test_a_model_that_cannot_be_tried_is_at_fault(tried: Answer, told: dict[str, Any], why: str) -> None:
    with pytest.raises(ModelProblem) as problem:
        predictor_of(FakeCluster(rows=[tried], told={"signature": UNSIGNED | told}))
    assert why in str(problem.value.message)


def test_several_columns_need_a_signature_to_say_which_is_which() -> None:
    tried = [{"rows": 5, "widest": 2, "least": 2, "differing": 0}]
    with pytest.raises(ModelProblem, match="has no signature"):
        predictor_of(FakeCluster(rows=[tried], told={"signature": UNSIGNED}))


def test_a_cluster_that_fails_is_nobodys_fault() -> None:
    for cluster in (
        FakeCluster(rows=[refused("SparkException", "lost an executor")], told={"signature": UNSIGNED}),
        FakeCluster(told={"signature": refused("SparkConnectGrpcException", "gone")}),
    ):
        with pytest.raises(PromoterError) as error:
            predictor_of(cluster)
        assert error.value.reason is ReasonCode.CHECK_UNAVAILABLE
        assert not isinstance(error.value, ModelProblem)


def test_a_model_that_mlflow_cannot_read_is_at_fault() -> None:
    with pytest.raises(ModelProblem, match="no MLmodel"):
        predictor_of(
            FakeCluster(told={"signature": refused("MlflowException", "MlflowException: no MLmodel")})
        )


def test_files_are_sent_once_to_a_cluster_elsewhere(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "MLmodel").write_text("flavors: {}\n", encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    cluster = FakeCluster(rows=[TRIED, TRIED], told={"signature": UNSIGNED}, folder=work)
    bench = Workbench(cluster=cluster, table=TABLE, task=Task.BINARY, reach=Reach.SENT)
    for function in ("one", "two"):
        bench.predictor(ClusterModel(files=model, digest="d" * 64), function=function)
    name = f"promoter-{'d' * 32}"
    assert [words for what, words in cluster.done if what == "send"] == [
        {"archive": f"{work / name}.zip#{name}"}
    ]
    assert {words["uri"] for what, words in cluster.done if what == "model"} == {name}
    assert (work / name / "MLmodel").is_file()


def test_modules_of_one_name_are_refused_where_processes_run_both_models(tmp_path: Path) -> None:
    for model, text in (("one", "x = 1"), ("two", "x = 2"), ("same", "x = 1")):
        package = tmp_path / model / "code" / "features"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(text, encoding="utf-8")
        (tmp_path / model / "code" / "other.py").write_text("", encoding="utf-8")
    code = {name: modules_of(tmp_path / name / "code") for name in ("one", "two", "same")}
    assert code["one"].keys() == {"features", "other"}
    one, two, same = (Predictor(function="f", asked="x", code=found) for found in code.values())
    cluster = FakeCluster()
    for workers, models in ((Workers.USED, (one, same)), (Workers.NEW, (one, two))):
        bench = Workbench(cluster=cluster, table=TABLE, task=Task.BINARY, reach=Reach.SENT, workers=workers)
        bench.refuse_shared_modules(models)
    used = Workbench(cluster=cluster, table=TABLE, task=Task.BINARY, reach=Reach.SENT, workers=Workers.USED)
    with pytest.raises(PromoterError, match="different modules named `features`") as refusal:
        used.refuse_shared_modules((one, two))
    assert refusal.value.reason is ReasonCode.CHECK_UNAVAILABLE
    assert "spark.python.worker.reuse=false" in str(refusal.value.hint)


# --- scoring and counting ---------------------------------------------------------------------------------


def asked(*names: str) -> Asked:
    metrics = tuple(MetricRule(name=name, greater_is_better=True) for name in names)
    return Asked(checks=Checks(metrics=metrics), statistics=Statistics(), meaning=BINARY, columns=(), seed=1)


def scoring(cluster: FakeCluster, *roles: Role) -> tuple[Scoring, list[str]]:
    said: list[str] = []
    log: Callable[[Message], None] = lambda message: said.append(str(message))  # noqa: E731
    bench = Workbench(cluster=cluster, table=TABLE, task=Task.BINARY, reach=Reach.SAME_FILES)
    models = {role: ClusterModel(files=Path(f"/{role.name}"), digest=role.name) for role in roles}
    return Scoring(bench=bench, models=models, asked=asked("f1_score"), log=log), said


def test_whose_error_it_was_shows_where_each_is_asked_alone() -> None:
    raised, fine = refused("PythonException", RAISED), seen((0, 1), stranger=0.5)
    # Both are tried, and raise together; alone the challenger does not, the champion does; then without it.
    rows: list[Answer] = [TRIED, TRIED, raised, fine, raised, raised, fine]
    work, said = scoring(FakeCluster(rows=rows, told={"signature": UNSIGNED}), Role.CHALLENGER, Role.CHAMPION)
    work.run()
    assert list(work.problems) == [Role.CHAMPION]
    assert "ValueError: a bad row" in str(work.problems[Role.CHAMPION])
    assert list(work.predictors) == [Role.CHALLENGER]
    assert said == [f"scoring {models} model(s) on 10 rows in Spark" for models in (2, 1)]


def test_without_the_challenger_nothing_is_scored() -> None:
    raised = refused("PythonException", RAISED)
    work, said = scoring(FakeCluster(rows=[raised, TRIED], told={"signature": UNSIGNED}), *Role)
    work.bench.cluster.rows.append(TRIED)  # type: ignore[attr-defined]
    work.run()
    assert (list(work.problems), said) == ([Role.CHALLENGER], [])


def test_a_query_that_fails_while_scoring_is_no_verdict() -> None:
    work, _ = scoring(
        FakeCluster(rows=[TRIED, refused("SparkException")], told={"signature": UNSIGNED}), Role.CHALLENGER
    )
    with pytest.raises(PromoterError) as error:
        work.run()
    assert error.value.reason is ReasonCode.CHECK_UNAVAILABLE


def a_form() -> Form:
    return form_of(BINARY, seen((0, 1), stranger=0.5))


def test_bins_are_coarser_where_they_would_be_too_many() -> None:
    many = Table(**{**TABLE.__dict__, "data": Data(name="h", digest="d", rows=10**9)})
    entry = {"y": 1, "b0": 5, "n": 3, "min0": 0.2, "max0": 0.3}
    too_many = [{"n": 2_000_000}]
    cluster = FakeCluster(rows=[[{"t": "Yes", "l0": 1, "n": 3}], too_many, [{"n": 10}], [entry]])
    counted = Counter(cluster=cluster, table=many, asked=asked("roc_auc")).counted(a_form(), None)
    assert f"* {PARTS[1]} " in cluster.asked[-1]
    assert counted.scores is not None
    assert counted.scores.select().challenger.mixed.tolist() == [True]


def test_more_than_can_be_taken_in_is_refused() -> None:
    class Endless(FakeCluster):
        def ask(self, sql: str) -> pa.Table:
            return pa.table({"n": pa.nulls(MOST_ENTRIES + 1, pa.int64())})

    with pytest.raises(PromoterError, match="more than 5,000,000 different rows"):
        Counter(cluster=Endless(), table=TABLE, asked=asked("f1_score")).counted(a_form(), None)


# --- where data lies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "is_table"),
    [
        ("main.ml.holdout", True),
        ("ml.holdout", True),
        ("holdout.parquet", False),
        ("ml.holdout.parquet", False),
        ("holdout", False),
        ("data/a.b", False),
        ("s3://bucket/ml.holdout", False),
    ],
)
def test_a_table_has_two_or_three_words(data: str, *, is_table: bool) -> None:
    assert spark_measuring.is_table(data) is is_table
