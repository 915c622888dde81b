"""The part of a policy that says where figures come from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promoter.core.nodes import ScalarNode, Style
from promoter.core.policy import Environment, Evaluation, Source
from promoter.core.policy_engine import ENGINE, NOT_IN_SPARK, TABLE, DataOfEngine
from promoter.core.policy_rules import SOURCES_OF_ROWS, NotAlso
from promoter.core.scalars import Choice, Digits, Refusal, Scalar, Text
from promoter.core.shape import (
    Complaint,
    JsonSchema,
    ListOf,
    Map,
    Record,
    Rule,
    defaulted,
    optional,
    required,
)
from promoter.core.shape_rules import Needs

_PARQUET_OR_CSV = "Write the data as Parquet or CSV, and a path such as `data/holdout.parquet`"
_CAN_RUN = r".*\.(?:pkl|pickle|joblib|npy|npz)"
_WHY_IT_CAN_RUN = "reading such a file can run code that is in it"
_NAME = r"[A-Za-z0-9_.=+,() -]+"
_FOLDERS = rf"(?:(?!\.{{1,2}}/){_NAME}/)*"
_FILE = rf"{_FOLDERS}{_NAME}\.(?:parquet|csv)"
_FOLDER = rf"{_FOLDERS}[A-Za-z0-9_=+,() -]+/?"  # of a Delta table: no extension
_STORE = r"(?:(?:s3|gs)://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]/|abfss://[a-z0-9$-]+@[a-z0-9.-]+/)"

COLUMN = Text(
    about="A column of the data.",
    write="Write a column's name, in quotes where it is not plain",
    pattern=r"\S(?:.*\S)?",
    longest=250,
)
_IN_SPARK = rf"{TABLE}|{_STORE}{_FOLDER}|{_STORE}?{_FOLDERS}{_NAME}\.parquet"
_DATA = Text(
    about="The rows: a Parquet or CSV file of the repository, or an address s3://, gs:// or abfss://; with "
    "`engine: spark` a table, such as main.ml.holdout, or the address of a Delta table's folder, too.",
    write="Write a path from the repository's root, or an address `s3://…`, `gs://…` or `abfss://…`, that "
    "ends with `.parquet` or `.csv`",
    pattern=rf"{_STORE}?{_FILE}|{_IN_SPARK}",
    longest=1_000,
    refusals=(
        Refusal(pattern=_CAN_RUN, why=_WHY_IT_CAN_RUN, write=_PARQUET_OR_CSV),
        Refusal(
            pattern=r"(?!(?:s3|gs|abfss)://)[a-z][a-z0-9+.-]*://.*",
            why="only a file of the repository, `s3://`, `gs://` and `abfss://` are read",
            write="Copy the data there, or into the repository",
        ),
        Refusal(
            pattern=r"(?:/|~|[a-z]:[/\\]).*",
            why="a path from the repository's root is asked for",
            write="Write a path such as `data/holdout.parquet`",
        ),
        Refusal(
            pattern=r"(?:.*[/\\])?\.\.(?:[/\\].*)?",
            why="the path leaves the repository",
            write="Write a path without `..`",
        ),
    ),
    nearly=lambda text: text.removeprefix("./").replace("\\", "/"),
)


@dataclass(frozen=True, kw_only=True)
class Label(Scalar[str]):
    """A label as text. Whole numbers, `true` and `false` may stand without quotes: data has such labels."""

    about: str
    write: str = 'Write the label as the data has it, such as `"Yes"` or `1`'

    @property
    def _text(self) -> Text:
        return Text(about=self.about, write=self.write, pattern=r"[^\n]+", longest=250)

    def value(self, node: ScalarNode, name: str) -> str | Complaint:
        """The label itself."""
        if node.style is Style.PLAIN and re.fullmatch(r"true|false|0|-?[1-9][0-9]{0,8}", node.text):
            return node.text
        return self._text.value(node, name)

    def schema(self) -> JsonSchema:
        """Text, an integer or a boolean."""
        whole = {"type": "integer", "minimum": -999_999_999, "maximum": 999_999_999}
        return {"description": self.about, "anyOf": [self._text.schema(), whole, {"type": "boolean"}]}


_WRITE_SOURCE = "Write `source: inference`, `source: predictions` or `source: run_metrics`"
_source = required(
    "source",
    Choice(
        about="Where figures come from. `run_metrics`: logged at training, shown as claimed by the run. "
        "`inference`: both models predict the same rows, and we count. `predictions`: we count what the run "
        "of each version logged as its predictions of the same rows.",
        options=(Source.RUN_METRICS, Source.INFERENCE, Source.PREDICTIONS),
    ),
    write=_WRITE_SOURCE,
)
_data = optional("data", _DATA)
_sha256 = optional(
    "sha256",
    Text(
        about="The sha256 of the data file's bytes; other bytes are refused.",
        write="Write 64 hexadecimal digits, as `sha256sum` prints them, in quotes",
        pattern=r"[0-9a-f]{64}",
        longest=64,
        nearly=str.lower,
    ),
)
_target = optional("target", COLUMN)
_positive_label = optional(
    "positive_label", Label(about="The label that counts as positive, for binary_classification.")
)
_group = optional("group", COLUMN)
_environment = defaulted(
    "environment",
    Choice(
        about="Where a model's code runs. `model`: an environment of its own requirements; `image`: ours.",
        options=tuple(Environment),
    ),
    default=Environment.MODEL,
)
_id = optional("id", COLUMN)
_predictions = defaulted(
    "predictions",
    Text(
        about="The table of predictions among the artifacts of each version's run: Parquet or CSV.",
        write="Write the artifact's path in the run, such as `predictions.parquet` or `tables/holdout.csv`",
        pattern=_FILE,
        longest=1_000,
        refusals=(
            Refusal(
                pattern=_CAN_RUN,
                why=_WHY_IT_CAN_RUN,
                write="Log the table as Parquet or CSV, and write a path such as `predictions.parquet`",
            ),
        ),
    ),
    default="predictions.parquet",
)
_prediction_columns = defaulted(
    "prediction_columns",
    ListOf(
        about="The columns of the table that hold predictions; all but `id` where none is named.",
        write="Write a list of columns, such as `[prediction]`, or leave it out",
        item=COLUMN,
        distinct=str,
    ),
    default=(),
)
_reference = optional(
    "reference",
    Digits(
        about="A version of the same model that the challenger is compared with too, against slow decay.",
        write="Write the model version's number in digits, such as `3`",
    ),
)
# `id` may stand beside `inference`, too, where it is not needed: one mapping serves both sources.
_FOR_ROWS = (_data, _sha256, _target, _positive_label, _id, _group, _reference)
_ONLY_INFERENCE = (ENGINE, _environment)
_ONLY_PREDICTIONS = (_predictions, _prediction_columns)
_INFERENCE = (str(Source.INFERENCE),)
_PREDICTIONS = (str(Source.PREDICTIONS),)
_TARGET = "Add `target:` and the column that holds what should be predicted"
_ID = "Add `id:` and the column that names each row, in the data and in the tables of predictions"


def _evaluation(record: Record) -> Evaluation:
    source = record[_source]
    return Evaluation(
        source=source,
        data=record[_data] or "",
        sha256=record[_sha256],
        target=record[_target] or "",
        positive_label=record[_positive_label],
        id=record[_id],
        group=record[_group],
        environment=record[_environment],
        predictions=record[_predictions] if source is Source.PREDICTIONS else "",
        prediction_columns=record[_prediction_columns],
        reference=record[_reference],
        engine=record[ENGINE],
    )


def _asks(source: Source, key: str, *, write: str) -> Needs:
    return Needs(
        when=("source",),
        when_is=(str(source),),
        then=(key,),
        found=f"`source: {source}` without `{key}`",
        write=write,
    )


def _is_read_by(key: str, *sources: str) -> Needs:
    words = " or ".join(f"`source: {source}`" for source in sources)
    return Needs(
        when=(key,),
        then=("source",),
        then_is=sources,
        found=f"`{key}`, which only {words} reads",
        write=f"Write {words}, or delete it",
    )


_RULES: tuple[Rule, ...] = (
    *(
        rule
        for source in (Source.INFERENCE, Source.PREDICTIONS)
        for rule in (
            _asks(source, "data", write=f"Add `data:`. {_DATA.write}"),
            _asks(source, "target", write=_TARGET),
        )
    ),
    _asks(Source.PREDICTIONS, "id", write=_ID),
    *(_is_read_by(field.name, *SOURCES_OF_ROWS) for field in _FOR_ROWS),
    *(_is_read_by(field.name, *_INFERENCE) for field in _ONLY_INFERENCE),
    *(_is_read_by(field.name, *_PREDICTIONS) for field in _ONLY_PREDICTIONS),
    DataOfEngine(files=rf"{_STORE}?{_FILE}", in_spark=_IN_SPARK),
    *NOT_IN_SPARK,
    NotAlso(name="id", others=("target", "prediction_columns"), write="Name a column that only names rows"),
)

EVALUATION = Map(
    about="How both models' figures are made.",
    write=f"{_WRITE_SOURCE} below it",
    fields=(_source, *_FOR_ROWS, *_ONLY_INFERENCE, *_ONLY_PREDICTIONS),
    build=_evaluation,
    rules=_RULES,
)
