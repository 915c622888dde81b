"""Models as functions of a cluster's SQL: made, and tried on some rows twice."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

from promoter.core.policy import Task
from promoter.evaluation.engines import spark_sql as sql
from promoter.evaluation.engines.spark_errors import Refused, failed_query, model_problem, shared_module
from promoter.evaluation.engines.spark_process import Asks
from promoter.evaluation.engines.spark_table import VIEW, Table
from promoter.evaluation.sandbox.answers import MOST_COLUMNS
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.scoring import SAME
from promoter.text import say

TRIED_ROWS = 1_000
"""Rows that are predicted twice, before all are."""
_TENSORS = {"float64": "DOUBLE", "float32": "FLOAT", "int64": "BIGINT", "int32": "INT"}


class Workers(Enum):
    """Which processes of Python models run in: a new one for every task of each model, or some that have run
    other models before, and hold their modules."""

    NEW = auto()
    USED = auto()


class Reach(Enum):
    """How the cluster comes by a model's files: it reads where we do, or they are sent to it."""

    SAME_FILES = auto()
    SENT = auto()


@dataclass(frozen=True, kw_only=True)
class ClusterModel:
    """A model's files, and their sha256."""

    files: Path
    digest: str


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A model that answers in the cluster. `asked`: the call, as SQL on the rows of the data; `fields`: the
    names of its columns where it names them; `is_text`: whether it predicts labels as text; `code`: the
    modules it brings, each with a sha256."""

    function: str
    asked: str
    fields: tuple[str, ...] = ()
    is_text: bool = False
    code: Mapping[str, str] = field(default_factory=dict)
    width: int = 1
    tried: int = 0
    differing: int = 0

    def numbers(self, called: str) -> str:
        """What a call gives, as an array."""
        return (
            f"array({sql.columns(f'{called}.{sql.name(one)}' for one in self.fields)})"
            if self.fields
            else called
        )


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """Where models are made to answer: of this data, for this task."""

    cluster: Asks
    table: Table
    task: Task
    reach: Reach
    workers: Workers = Workers.NEW

    def predictor(self, model: ClusterModel, *, function: str) -> Predictor:
        """The model, once it has answered some rows. Raises ModelProblem, and what a query raises."""
        told = self._do("signature", path=str(model.files))
        for is_text in _ways(told, self.task):
            predictor = replace(
                self._described(told, function=function, is_text=is_text),
                code=modules_of(model.files / told["code"]) if told["code"] else {},
            )
            try:
                return self._tried(predictor, model, has_outputs=bool(told["has_outputs"]))
            except Refused as refused:
                if not refused.is_of_model:
                    raise failed_query(refused) from refused
                if not refused.is_no_number or is_text or told["has_outputs"]:
                    raise model_problem(refused) from refused
        raise ModelProblem(say("it predicts neither numbers nor labels"))

    def refuse_shared_modules(self, predictors: Iterable[Predictor]) -> None:
        """Raises CHECK_UNAVAILABLE where models bring different modules of one name to processes that both
        run in: whoever comes second would get the other one's."""
        known: dict[str, str] = {}
        for predictor in predictors if self.workers is Workers.USED else ():
            for module, digest in predictor.code.items():
                if known.setdefault(module, digest) != digest:
                    raise shared_module(module)

    def _described(self, told: Mapping[str, Any], *, function: str, is_text: bool) -> Predictor:
        outputs = tuple(told["outputs"] or ())
        is_named = len(outputs) > 1 and not is_text and self.task is not Task.REGRESSION
        return Predictor(
            function=function,
            asked=f"struct({sql.columns(_inputs(told, self.table))})",
            fields=outputs if is_named else (),
            is_text=is_text,
        )

    def _tried(self, predictor: Predictor, model: ClusterModel, *, has_outputs: bool) -> Predictor:
        """Some rows twice, by two functions: of one, the cluster would see that it need not ask again."""
        uri = self._uri(model)
        for function in (predictor.function, f"{predictor.function}_again"):
            self._do("model", name=function, uri=uri, result=_result(predictor))
        first, again = (predictor.numbers(f"{predictor.function}{again}(x)") for again in ("", "_again"))
        query = (
            f"SELECT count(*) AS rows, max(size(a)) AS widest, min(size(a)) AS least, "
            f"count_if({_differ(predictor)}) AS differing "
            f"FROM (SELECT {first} AS a, {again} AS b "
            f"FROM (SELECT {predictor.asked} AS x FROM {VIEW} LIMIT {TRIED_ROWS}))"
        )
        (seen,) = self.cluster.ask(query).to_pylist()
        width = int(seen["widest"] or 0)
        if not 1 <= width <= MOST_COLUMNS or width != seen["least"]:
            raise ModelProblem(
                say(f"it predicted {width:,} columns for a row; Promoter takes 1 to {MOST_COLUMNS:,}")
            )
        if predictor.is_text and width > 1:
            raise ModelProblem(say(f"it predicts {width:,} columns of text, and Promoter takes one"))
        if width > 1 and not has_outputs:
            raise ModelProblem(
                say(f"it predicts {width:,} columns, and has no signature that says which is which"),
                hint=say("Log it with a signature, as `infer_signature` gives one."),
            )
        return replace(predictor, width=width, tried=int(seen["rows"]), differing=int(seen["differing"]))

    def _uri(self, model: ClusterModel) -> str:
        """Where the cluster's Python finds the files. Sent ones are unpacked below the folder it works in; a
        copy of the same name lies in the one that our process works in, which looks at them too."""
        if self.reach is Reach.SAME_FILES:
            return str(model.files)
        name = f"promoter-{model.digest[:32]}"
        beside = self.cluster.folder / name
        if not beside.exists():
            shutil.copytree(model.files, beside)  # MLflow follows no link out of a model's folder
            archive = shutil.make_archive(str(beside), "zip", root_dir=model.files)
            self._do("send", archive=f"{archive}#{name}")
        return name

    def _do(self, what: str, **words: object) -> Mapping[str, Any]:
        try:
            return self.cluster.do(what, **words)
        except Refused as refused:
            if refused.kind == "MlflowException":
                raise model_problem(refused) from refused
            raise failed_query(refused) from refused


def modules_of(folder: Path) -> dict[str, str]:
    """The modules and packages that lie in a model's folder of code, and the sha256 of each."""
    found: dict[str, str] = {}
    for one in sorted(folder.iterdir()):
        files = [one] if one.is_file() else sorted(file for file in one.rglob("*.py") if file.is_file())
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
        found[one.stem] = digest.hexdigest()
    return found


def _ways(told: Mapping[str, Any], task: Task) -> tuple[bool, ...]:
    """Whether to ask for text, in the order to try: numbers first, as they lose nothing."""
    if task is Task.REGRESSION or told["is_numeric"]:
        return (False,)
    return (True,) if told["has_outputs"] else (False, True)


def _result(predictor: Predictor) -> str:
    """The type that MLflow is asked to give."""
    if predictor.fields:
        return f"struct<{sql.columns(f'{sql.name(one)}: double' for one in predictor.fields)}>"
    return "array<string>" if predictor.is_text else "array<double>"


def _inputs(told: Mapping[str, Any], table: Table) -> list[str]:
    """The features, as a model takes them: those it names, or all; cast where it takes a tensor.

    Raises ModelProblem for what a table does not hold."""
    features, tensor = table.columns.features, told["tensor"]
    if tensor is not None:
        if tensor not in _TENSORS:
            raise ModelProblem(
                say("it takes several tensors, or one of another type than a table's columns have"),
                hint=say("Judge it with `engine: local`."),
            )
        return [f"CAST({sql.name(one)} AS {_TENSORS[tensor]}) AS {sql.name(one)}" for one in features]
    named = told["inputs"]
    # MLflow leaves out what a signature does not name: it need not travel to a process of Python's.
    kept = [one for one in features if named is None or one in named]
    return [sql.name(one) for one in kept or features]


def _differ(predictor: Predictor) -> str:
    """Whether a row is predicted otherwise the second time."""
    if predictor.is_text:
        return "NOT (a <=> b)"
    apart = f"abs(p - q) > {sql.number(SAME)} * greatest(abs(p), abs(q))"
    return f"exists(zip_with(a, b, (p, q) -> {apart}), d -> d)"
