"""The part of a policy that says where figures come from and how sure to be of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promoter.core import policy_later
from promoter.core.nodes import ScalarNode, Style
from promoter.core.policy import Environment, Evaluation, Source, Statistics
from promoter.core.scalars import Choice, Count, Number, Refusal, Scalar, Text
from promoter.core.shape import Complaint, JsonSchema, Map, Record, defaulted, optional, required
from promoter.core.shape_rules import Needs

_PARQUET_OR_CSV = "Write the data as Parquet or CSV, and a path such as `data/holdout.parquet`"
_NAME = r"[A-Za-z0-9_.=+,() -]+"
_FOLDERS = rf"(?:(?!\.{{1,2}}/){_NAME}/)*"
_STORE = r"(?:(?:s3|gs)://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]/|abfss://[a-z0-9$-]+@[a-z0-9.-]+/)"

COLUMN = Text(
    about="A column of the data.",
    write="Write a column's name, in quotes where it is not plain",
    pattern=r"\S(?:.*\S)?",
    longest=250,
)
_DATA = Text(
    about="The rows: a Parquet or CSV file of the repository, or an address s3://, gs:// or abfss://.",
    write="Write a path from the repository's root, or an address `s3://…`, `gs://…` or `abfss://…`, that "
    "ends with `.parquet` or `.csv`",
    pattern=rf"{_STORE}?{_FOLDERS}{_NAME}\.(?:parquet|csv)",
    longest=1_000,
    refusals=(
        Refusal(
            pattern=r".*\.(?:pkl|pickle|joblib|npy|npz)",
            why="reading such a file can run code that is in it",
            write=_PARQUET_OR_CSV,
        ),
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


_source = required(
    "source",
    Choice(
        about="Where figures come from. `run_metrics`: logged at training, shown as claimed by the run. "
        "`inference`: both models predict the same rows, and we count.",
        options=(Source.RUN_METRICS, Source.INFERENCE),
        later=(str(Source.PREDICTIONS),),
        not_yet="Write `source: inference` to have the models predict, or `source: run_metrics` to compare "
        "what was logged",
    ),
    write="Write `source: inference` or `source: run_metrics`",
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
_engine = defaulted(
    "engine",
    Choice(
        about="What runs the models: this job.",
        options=("local",),
        later=("spark",),
        not_yet="Write `engine: local`, or leave it out: the data is read in batches and may be large",
    ),
    default="local",
)
_environment = defaulted(
    "environment",
    Choice(
        about="Where a model's code runs. `model`: an environment of its own requirements; `image`: ours.",
        options=tuple(Environment),
    ),
    default=Environment.MODEL,
)
_ONLY_INFERENCE = (_data, _sha256, _target, _positive_label, _group, _engine, _environment)
_INFERENCE = (str(Source.INFERENCE),)


def _evaluation(record: Record) -> Evaluation:
    return Evaluation(
        source=record[_source],
        data=record[_data] or "",
        sha256=record[_sha256],
        target=record[_target] or "",
        positive_label=record[_positive_label],
        group=record[_group],
        environment=record[_environment],
    )


EVALUATION = Map(
    about="How both models' figures are made.",
    write="Write `source: inference` or `source: run_metrics` below it",
    fields=(_source, *_ONLY_INFERENCE, *policy_later.EVALUATION),
    build=_evaluation,
    rules=(
        Needs(
            when=("source",),
            when_is=_INFERENCE,
            then=("data",),
            found="`source: inference` without `data`",
            write=f"Add `data:`. {_DATA.write}",
        ),
        Needs(
            when=("source",),
            when_is=_INFERENCE,
            then=("target",),
            found="`source: inference` without `target`",
            write="Add `target:` and the column that holds what should be predicted",
        ),
        *(
            Needs(
                when=(field.name,),
                then=("source",),
                then_is=_INFERENCE,
                found=f"`{field.name}`, which only `source: inference` reads",
                write="Write `source: inference`, or delete it",
            )
            for field in _ONLY_INFERENCE
        ),
    ),
)

_confidence_level = defaulted(
    "confidence_level",
    Number(
        about="How sure each decision must be; 0.95 is wrong once in twenty times.",
        write="Write a number between 0.5 and 1, such as `0.95`",
        above=0.5,
        below=1,
    ),
    default=Statistics.confidence_level,
)
_resamples = defaulted(
    "resamples",
    Count(
        about="How many bootstrap resamples the intervals are made from.",
        write="Write a whole number from 100 to 100000, such as `10000`",
        minimum=100,
        maximum=100_000,
    ),
    default=Statistics.resamples,
)
STATISTICS = Map(
    about="How sure to be. It needs rows: `source: inference`.",
    write="Write `confidence_level` or `resamples` below it",
    fields=(_confidence_level, _resamples),
    build=lambda record: Statistics(confidence_level=record[_confidence_level], resamples=record[_resamples]),
)
