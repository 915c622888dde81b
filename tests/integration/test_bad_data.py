"""Bad data and bad models, each through the real Measurer on files and versions of a real registry.

Every case ends with its reason code, says what is wrong and what to do; none passes. `docs/reason-codes.md`
has the same table for readers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from pyarrow import parquet

from promoter.core.evidence import Outcome
from promoter.core.policy import Task
from promoter.core.policy_file import parse_policy
from promoter.core.verdict import Verdict
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset import DatasetSpec, open_dataset
from tests.integration.bad_models import (
    A_FLOOR,
    DATA,
    EVALUATION,
    FAIR,
    FLOOR,
    GOOD,
    METRICS,
    Desk,
    as_csv,
    as_parquet,
    holdout,
    policy,
    told,
)
from tests.mlflow_server import MlflowServer
from tests.model_folders import write_model

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

CSV = "data/holdout.csv"
CSV_EVALUATION = EVALUATION.replace(DATA, CSV)
FRAME = holdout()


@pytest.fixture(scope="module")
def desk(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk.at(mlflow_server.url, tmp_path_factory.mktemp("environments"))


@pytest.fixture(scope="module")
def fair(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A champion that runs."""
    return desk.version(write_model(tmp_path_factory.mktemp("models") / "fair", predict=FAIR))


@pytest.fixture(scope="module")
def good(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A challenger that runs, names its features, and is better."""
    folder = write_model(tmp_path_factory.mktemp("models") / "good", predict=GOOD)
    inputs = Schema([ColSpec(DataType.double, "x0"), ColSpec(DataType.double, "x1")])
    signature = ModelSignature(inputs, Schema([ColSpec(DataType.string, "label")]))
    with (folder / "MLmodel").open("a", encoding="utf-8") as file:
        file.write(f"signature:\n  inputs: '{inputs.to_json()}'\n")
        file.write(f"  outputs: '{signature.outputs.to_json()}'\n")
    return desk.version(folder)


def test_the_same_models_on_good_data_pass(desk: Desk, good: str, fair: str) -> None:
    """Without this, no refusal below would prove anything."""
    report = desk.judged(policy(checks=METRICS), files={DATA: PARQUET}, challenger=good, champion=fair)
    assert (report.reason, report.verdict) == (ReasonCode.VALIDATED, Verdict.PROMOTE), told(report)
    report = desk.judged(
        policy(evaluation=CSV_EVALUATION), files={CSV: as_csv(FRAME)}, challenger=good, champion=fair
    )
    assert report.reason is ReasonCode.VALIDATED, told(report)


# --- data -----------------------------------------------------------------------------------------

PARQUET = as_parquet(FRAME)
NOBODY = "0" * 64


@dataclass(frozen=True, kw_only=True)
class BadData:
    """`says` must stand in what a reader is told, and `do` too."""

    says: str
    do: str
    reason: ReasonCode = ReasonCode.DATA_UNAVAILABLE
    files: Mapping[str, bytes] = field(default_factory=lambda: {DATA: PARQUET})
    evaluation: str = EVALUATION
    checks: str = FLOOR


def parquet_of(**columns: object) -> dict[str, bytes]:
    return {DATA: as_parquet(FRAME.assign(**columns))}


def but_one(value: object) -> list[object]:
    """The labels, with another value in the first row."""
    return [value, *FRAME["label"][1:]]


POLICY_INVALID = ReasonCode.POLICY_INVALID
BAD_DATA: Mapping[str, BadData] = {
    "missing": BadData(files={}, says="there is no file", do="Correct `data`"),
    "garbage": BadData(
        files={DATA: bytes(range(256)) * 9}, says="its bytes do not", do="Write the data as Parquet"
    ),
    "garbage between the marks": BadData(
        files={DATA: b"PAR1" + b"\xff" * 500 + b"PAR1"}, says="cannot be read", do="Write the file again"
    ),
    "cut short": BadData(files={DATA: PARQUET[:-300]}, says="its bytes do not", do="Write the data"),
    "a page's header overwritten": BadData(
        files={DATA: PARQUET[:4] + b"\xff" * 200 + PARQUET[204:]},
        says="cannot be read",
        do="Write the file again",
    ),
    "empty": BadData(files={DATA: b""}, says="is an empty file", do="Write the holdout's rows"),
    "empty CSV": BadData(
        files={CSV: b""}, evaluation=CSV_EVALUATION, says="is an empty file", do="Write the holdout's rows"
    ),
    "no rows": BadData(
        files={DATA: as_parquet(FRAME.head(0))}, says="has no rows", do="Write the holdout's rows"
    ),
    "header only": BadData(
        files={CSV: as_csv(FRAME.head(0))},
        evaluation=CSV_EVALUATION,
        says="has no rows",
        do="Write the holdout's rows",
    ),
    "a row too long": BadData(
        files={CSV: as_csv(FRAME) + b"1,2,3,4,5,6\n"},
        evaluation=CSV_EVALUATION,
        says="a row has 6 cells and the header 5",
        do="Write the file again",
    ),
    "one class only": BadData(files=parquet_of(label="Yes"), says="one label only", do="rows of every label"),
    "three classes": BadData(
        files=parquet_of(label=but_one("Perhaps")), says="3 labels", do="multiclass_classification"
    ),
    "target with a null": BadData(
        files=parquet_of(label=but_one(None)),
        says="no usable value in 1 of 400 rows",
        do="Delete these rows",
    ),
    "no such positive label": BadData(
        evaluation=EVALUATION.replace('"Yes"', '"yes"'),
        says="the positive label `yes` is not in the target",
        do="Correct `positive_label`",
    ),
    "no target": BadData(
        files={DATA: as_parquet(FRAME.rename(columns={"label": "churned"}))},
        reason=POLICY_INVALID,
        says="has no column `label`, which `target` asks for; it has `x0`",
        do="Correct the name in the policy",
    ),
    "no feature": BadData(
        files={DATA: as_parquet(FRAME[["label"]])},
        says="has no column to predict from",
        do="Write the columns",
    ),
    "another file than pinned": BadData(
        evaluation=f'{EVALUATION}, sha256: "{NOBODY}"',
        says="is not what the policy pins",
        do="change `sha256` in the policy",
    ),
    "no slice column": BadData(
        checks=f"{FLOOR}, slices: [{{by: [contract], metrics: [{A_FLOOR}]}}]",
        reason=POLICY_INVALID,
        says="has no column `contract`, which `slices` asks for",
        do="Correct the name in the policy",
    ),
    "slices of a number": BadData(
        files={DATA: as_parquet(holdout(2_400))},
        checks=f"{FLOOR}, slices: [{{by: [x0], metrics: [{A_FLOOR}]}}]",
        reason=POLICY_INVALID,
        says="more than 1,000 values, too many for `slices`",
        do="Slice by a column of few values",
    ),
    "no group column": BadData(
        evaluation=f"{EVALUATION}, group: family",
        reason=POLICY_INVALID,
        says="has no column `family`, which `group` asks for",
        do="Correct the name in the policy",
    ),
    "a row without a group": BadData(
        files=parquet_of(household=[None, *FRAME["household"][1:]]),
        evaluation=f"{EVALUATION}, group: household",
        says="is missing in 1 of 400 rows",
        do="Give each row its group",
    ),
    "no such metric": BadData(
        checks=FLOOR.replace("f1_score", "f1_skore"),
        reason=POLICY_INVALID,
        says="the metric `f1_skore` is not computed",
        do="These are: accuracy",
    ),
}


@pytest.mark.parametrize("case", BAD_DATA.values(), ids=BAD_DATA.keys())
def test_data_that_nobody_can_judge_by(case: BadData, desk: Desk, good: str, fair: str) -> None:
    text = policy(evaluation=case.evaluation, checks=case.checks)
    report = desk.judged(text, files=case.files, challenger=good, champion=fair)
    assert report.reason is case.reason, told(report)
    assert report.verdict is None
    assert case.says in str(report.message)
    assert case.do in str(report.hint)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (FRAME.drop(columns="x1"), "missing inputs"),
        (FRAME.assign(x1=FRAME["x1"].map("about {:.1f}".format)), "x1"),
    ],
    ids=["missing", "text"],
)
def test_a_feature_that_is_not_what_the_signature_asks_for(
    frame: pd.DataFrame, says: str, desk: Desk, good: str
) -> None:
    report = desk.judged(policy(), files={DATA: as_parquet(frame)}, challenger=good)
    assert report.reason is ReasonCode.CHECKS_FAILED, told(report)
    assert says in told(report)
    assert f"{FRAME['x0'][0]:.6f}" not in told(report), "rows of the holdout are nobody's"


def test_a_statistic_without_rows_is_refused_with_the_policy() -> None:
    measured = f"{{{EVALUATION}, environment: image}}".encode()
    text = policy(checks=METRICS).replace(measured, b"{source: run_metrics}")
    with pytest.raises(PromoterError) as caught:
        parse_policy(text, path="policy.yaml")
    assert caught.value.reason is POLICY_INVALID
    problems = "\n".join(map(str, caught.value.problems))
    assert "a statistic without rows" in problems
    assert "`source: inference`" in problems


# --- models ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BadModel:
    """Python of a model's `predict` and of its loading, or the requirements of an environment of its own."""

    says: str
    do: str
    predict: str = GOOD
    load: str = ""
    requirements: str | None = None
    environment: str = "image"
    checks: str = FLOOR


ONE_A_ROW = "one prediction for each row"
A_LABEL_A_ROW = "Return one label or number a row"
AS_IN_THE_DATA = "return labels as they stand in the data"
A_WHEEL = "Each must be a wheel on the configured index"
NEVER_COUNTED = "Find the rows, mend the model"

BAD_MODELS: Mapping[str, BadModel] = {
    "does not load": BadModel(
        load='raise OSError("a lost weight")',
        says="loading failed: it raised `OSError: a lost weight",
        do="Load it and predict by hand",
    ),
    "ends the process": BadModel(
        load="os._exit(0)", says="its process ended without an answer", do="It crashed, ended itself or"
    ),
    "nulls": BadModel(
        predict='return [None] + ["Yes"] * (len(frame) - 1)',
        says="it predicted nothing (null) for 1 of 400 rows",
        do=NEVER_COUNTED,
    ),
    "NaN": BadModel(
        predict='return numpy.where(frame["x0"] > 9, 1.0, numpy.nan)',
        says="it predicted NaN, null or an infinite number for 400 of 400 rows",
        do=NEVER_COUNTED,
    ),
    "infinite": BadModel(
        predict="return numpy.append(numpy.zeros(len(frame) - 1), -numpy.inf)",
        says="an infinite number for 1 of 400 rows",
        do=NEVER_COUNTED,
    ),
    "a row too few": BadModel(
        predict='return ["Yes"] * (len(frame) - 1)', says="it predicted 399 rows for 400", do=ONE_A_ROW
    ),
    "a row too many": BadModel(
        predict='return ["Yes"] * (len(frame) + 1)', says="it predicted 401 rows for 400", do=ONE_A_ROW
    ),
    "one value for all": BadModel(
        predict='return "Yes"', says="an object of type str", do=A_LABEL_A_ROW
    ),
    "nothing": BadModel(predict="return None", says="an object of type NoneType", do=A_LABEL_A_ROW),
    "mappings": BadModel(
        predict='return [{"label": "Yes"}] * len(frame)',
        says="labels that are lists or mappings",
        do=A_LABEL_A_ROW,
    ),
    "bytes": BadModel(
        predict='return [b"Yes"] * len(frame)', says="labels of type bytes", do=A_LABEL_A_ROW
    ),
    "another label": BadModel(
        predict='return numpy.where(frame["x0"] > 0, "yes", "no")',
        says="which is no label of the data",
        do=AS_IN_THE_DATA,
    ),
    "numbers beyond 1": BadModel(
        predict='return frame["x0"].to_numpy() * 9', says="neither labels of the data nor probabilities",
        do=AS_IN_THE_DATA,
    ),
    "labels where probabilities are needed": BadModel(
        checks="metrics: [{name: roc_auc_score, greater_is_better: true, threshold: 0.5}]",
        says="the policy asks for a figure of probabilities",
        do="Log the model so that it predicts probabilities",
    ),
    "no requirements": BadModel(
        environment="model", says="has no `requirements.txt`", do="set `environment: image`"
    ),
    "a version that does not exist": BadModel(
        environment="model", requirements="six==99.0\n", says="no version of six==99.0", do=A_WHEEL
    ),
    "source only": BadModel(
        environment="model",
        requirements="docopt==0.6.2\n",
        says="docopt==0.6.2 has no usable wheels",
        do=A_WHEEL,
    ),
    "an address": BadModel(
        environment="model",
        requirements="six @ git+https://example.com/six.git\n",
        says="it names an address",
        do="Only packages of the configured index are installed, as wheels",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_MODELS.values(), ids=BAD_MODELS.keys())
def test_a_model_that_nobody_can_promote(case: BadModel, desk: Desk, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", predict=case.predict, load=case.load)
    if case.requirements is not None:
        (folder / "requirements.txt").write_text(case.requirements, encoding="utf-8")
    text = policy(checks=case.checks, environment=case.environment)
    report = desk.judged(text, files={DATA: PARQUET}, challenger=desk.version(folder))
    assert (report.reason, report.verdict) == (ReasonCode.CHECKS_FAILED, Verdict.REJECT), told(report)
    assert "the challenger did not finish: " in told(report)
    assert case.says in told(report)
    assert case.do in told(report)
    assert str(desk.cache) not in told(report)


NO = 'return ["No"] * len(frame)'
ALSO_NO = 'return numpy.where(frame["x0"] > 99, "Yes", "No")'


@dataclass(frozen=True, kw_only=True)
class Constant:
    """One figure of a model that says the same of every row, and of which champion."""

    metric: str
    reason: ReasonCode
    says: str
    champion: str = FAIR
    predict: str = NO


@pytest.mark.parametrize(
    "case",
    [
        Constant(metric="f1_score", reason=ReasonCode.CHECKS_FAILED, says="worse than the champion's"),
        Constant(metric="precision_score", reason=ReasonCode.CHECKS_FAILED, says="has no finite value"),
        Constant(metric="matthews_corrcoef", reason=ReasonCode.CHECKS_FAILED, says="has no finite value"),
        Constant(
            metric="precision_score",
            reason=ReasonCode.INCONCLUSIVE,
            says="it has no value for the champion",
            champion=NO,
            predict=GOOD,
        ),
        Constant(
            metric="precision_score",
            reason=ReasonCode.CHECKS_FAILED,
            says="has no finite value",
            champion=ALSO_NO,
        ),
    ],
    ids=["figure of 0", "undefined", "undefined over all labels", "undefined champion", "both undefined"],
)
def test_a_constant_is_never_passed_by_a_figure_that_it_has_not(
    case: Constant, desk: Desk, tmp_path: Path
) -> None:
    champion = desk.version(write_model(tmp_path / "champion", predict=case.champion))
    challenger = desk.version(write_model(tmp_path / "challenger", predict=case.predict))
    report = desk.judged(
        policy(checks=METRICS.replace("f1_score", case.metric)),
        files={DATA: PARQUET},
        challenger=challenger,
        champion=champion,
    )
    assert report.reason is case.reason, told(report)
    assert case.says in told(report)


RARE = FRAME.assign(label=np.where(FRAME["x0"] > 1.5, "Yes", "No"))
ACCURATE = "metrics: [{name: accuracy, greater_is_better: true, threshold: 0.9}]"
A_SCORE = "return numpy.full(len(frame), 0.25)"


@pytest.mark.parametrize(
    ("predict", "shown"),
    [(NO, "`No`"), (A_SCORE, "`No`, with the score 0.25 of `Yes`")],
    ids=["label", "score"],
)
@pytest.mark.parametrize("champions", [0, 1])
def test_a_constant_is_rejected_though_every_figure_keeps_its_rule(
    champions: int, predict: str, shown: str, desk: Desk, tmp_path: Path
) -> None:
    """Nine rows in ten are of one label, so accuracy is above 0.9 without having learned anything."""
    folders = [write_model(tmp_path / str(at), predict=predict) for at in range(1 + champions)]
    challenger, champion = (*(desk.version(folder) for folder in folders), None)[:2]
    assert challenger is not None
    report = desk.judged(
        policy(checks=ACCURATE), files={DATA: as_parquet(RARE)}, challenger=challenger, champion=champion
    )
    assert (report.reason, report.verdict) == (ReasonCode.CHECKS_FAILED, Verdict.REJECT), told(report)
    assert {one.outcome for one in report.results if one.check == "metrics"} == {Outcome.PASSED}
    assert f"inference varies failed: the challenger predicts the same for all 400 rows: {shown};" in told(
        report
    )
    assert ("champion_varies warned" in told(report)) == (champion is not None)


def test_a_constant_champion_holds_no_better_challenger_back(desk: Desk, good: str, tmp_path: Path) -> None:
    champion = desk.version(write_model(tmp_path / "model", predict=NO))
    report = desk.judged(policy(checks=METRICS), files={DATA: PARQUET}, challenger=good, champion=champion)
    assert report.reason is ReasonCode.VALIDATED, told(report)
    assert "inference champion_varies warned" in told(report)


# --- named slices ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "reason", "says"),
    [
        ("[north, south]", ReasonCode.VALIDATED, "segment=south · f1_score passed"),
        ("[north, [South]]", ReasonCode.CHECKS_FAILED, "`segment=South · f1_score` is absent"),
        ("[isle]", ReasonCode.INCONCLUSIVE, "too small to judge: 3 rows, the policy asks for at least 50"),
        ("[north]", ReasonCode.VALIDATED, "`segment=isle · f1_score` is not judged: 3 rows"),
    ],
)
def test_slices_that_the_policy_names_must_be_there_and_be_judged(
    values: str, reason: ReasonCode, says: str, desk: Desk, good: str
) -> None:
    frame = FRAME.assign(segment=["isle"] * 3 + [*FRAME["segment"][3:]])
    slices = f"slices: [{{by: [segment], values: {values}, min_rows: 50, metrics: [{A_FLOOR}]}}]"
    report = desk.judged(policy(checks=slices), files={DATA: as_parquet(frame)}, challenger=good)
    assert report.reason is reason, told(report)
    assert says in told(report)


def test_a_model_without_a_signature_gets_every_feature_and_fails_where_one_is_asked_for(
    desk: Desk, fair: str, tmp_path: Path
) -> None:
    sees = 'assert list(frame.columns) == ["x0", "x1", "segment", "household"]\n'
    version = desk.version(write_model(tmp_path / "model", predict=sees + GOOD))
    asks = f"{FLOOR}, signature: {{compatible_with_champion: true}}"
    files = {DATA: PARQUET}
    assert desk.judged(policy(), files=files, challenger=version).reason is ReasonCode.VALIDATED
    report = desk.judged(policy(checks=asks), files=files, challenger=version, champion=fair)
    assert report.reason is ReasonCode.CHECKS_FAILED
    assert "the challenger was logged without a signature" in told(report)


# --- more data than memory ------------------------------------------------------------------------

COLUMNS = 16
A_CHUNK = 250_000
MIB = 1024 * 1024


def write_rows(path: Path, chunks: int) -> int:
    """Numbers that do not compress, so many chunks of rows; the size of the file."""
    numbers = np.random.default_rng(0).normal(size=(COLUMNS, A_CHUNK))
    columns = {f"x{at}": column for at, column in enumerate(numbers)}
    table = pa.table({**columns, "label": np.where(numbers[0] > 0, "Yes", "No")})
    with parquet.ParquetWriter(path, table.schema, compression="none", use_dictionary=["label"]) as writer:
        for _ in range(chunks):
            writer.write_table(table)
    return path.stat().st_size


def growth_in_a_pass(path: Path) -> tuple[int, int]:
    """Rows counted in one pass, and by how many bytes the most memory of this process grew."""
    before = most_memory()
    spec = DatasetSpec(path=path, name=path.name, target="label", task=Task.BINARY, positive_label="Yes")
    rows = sum(len(batch.truth) for batch in open_dataset(spec).batches())
    return rows, most_memory() - before


def most_memory() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def in_a_new_process(call: Callable[[Path], tuple[int, int]], path: Path) -> tuple[int, int]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(call, path).result(timeout=120)


@pytest.mark.slow
def test_data_much_larger_than_the_memory_that_is_used(tmp_path: Path) -> None:
    small, large = tmp_path / "small.parquet", tmp_path / "large.parquet"
    write_rows(small, 2)
    size = write_rows(large, 8)
    assert size > 240 * MIB
    rows, little = in_a_new_process(growth_in_a_pass, small)
    more_rows, most = in_a_new_process(growth_in_a_pass, large)
    assert (rows, more_rows) == (2 * A_CHUNK, 8 * A_CHUNK)
    assert most < little + 24 * MIB
    assert most < size / 2
