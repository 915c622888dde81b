"""What the engine that runs models lets a policy say of data, environments and limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promoter.core.engine import Engine
from promoter.core.layers import Strictness
from promoter.core.nodes import MapNode, ScalarNode
from promoter.core.problems import Problems
from promoter.core.scalars import Choice
from promoter.core.shape import JsonSchema, Rule, defaulted
from promoter.core.shape_rules import Holds, Needs, NotBeside
from promoter.text import quote, say

TABLE = r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+){1,2}"
"""A table's name, of two or three words."""
_SPARK = (str(Engine.SPARK),)
_OF_EVALUATION = Holds(path=("engine",), words=_SPARK)
_OF_MODEL = Holds(path=("evaluation", "engine"), words=_SPARK)

ENGINE = defaulted(
    "engine",
    Choice(
        about="What runs the models. `local`: this job. `spark`: a Spark cluster, where the data lies; no "
        "sandbox is around them there.",
        options=tuple(Engine),
    ),
    default=Engine.LOCAL,
)


@dataclass(frozen=True, kw_only=True)
class DataOfEngine(Rule):
    """What `data` looks like, matched as a whole: `files` for this job, `in_spark` for Spark. What matches
    neither is told of by whoever reads the key."""

    files: str
    in_spark: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the data."""
        entry = node.get("data")
        if entry is None or not isinstance(entry.value, ScalarNode):
            return
        text, is_spark = entry.value.text, _OF_EVALUATION.entry(node) is not None
        fits, other = (self.in_spark, self.files) if is_spark else (self.files, self.in_spark)
        if re.fullmatch(fits, text) or not re.fullmatch(other, text):
            return
        where = "with" if is_spark else "without"
        problems.add(
            entry.value.place,
            found=say("found ", quote(text), f" for `data` {where} `engine: spark`"),
            write=say(self._spark_reads if is_spark else self._job_reads),
        )

    @property
    def _spark_reads(self) -> str:
        return (
            "Spark reads no CSV as we do. Write a table's name, such as `main.ml.holdout`, or a Parquet path"
        )

    @property
    def _job_reads(self) -> str:
        return "Write a path or an address that ends with `.parquet` or `.csv`; a table needs `engine: spark`"

    def schema(self) -> JsonSchema:
        """One pattern or the other."""
        return {
            "description": self._job_reads,
            "if": _OF_EVALUATION.schema(),
            "then": {"properties": {"data": {"pattern": rf"^(?:{self.in_spark})$"}}},
            "else": {"properties": {"data": {"pattern": rf"^(?:{self.files})$"}}},
        }


NOT_IN_SPARK = (
    NotBeside(
        when=_OF_EVALUATION,
        refused=(("sha256",),),
        found="`{}` with `engine: spark`, where no bytes are read here",
        write="Delete it: reports show a digest of the rows that the cluster counted (docs/spark.md)",
    ),
    NotBeside(
        when=_OF_EVALUATION,
        refused=(("environment",),),
        found="`{}` with `engine: spark`",
        write="Delete it: the cluster's own Python runs the models",
    ),
)
"""Of keys in `evaluation`."""

OF_SPARK = (
    Needs(
        when=_OF_MODEL.path,
        when_is=_SPARK,
        then=("unsafe_sandbox",),
        then_is=(str(Strictness.BEST_EFFORT),),
        found="`engine: spark` without `unsafe_sandbox: best_effort`",
        write="Write `unsafe_sandbox: best_effort` beside `evaluation` where every model that can be asked "
        "for is trusted: no sandbox is around what a cluster runs, and reports say so",
    ),
    NotBeside(
        when=_OF_MODEL,
        refused=tuple(
            ("checks", "inference", limit)
            for limit in ("max_p95_latency_ms", "max_load_seconds", "max_memory_mb")
        ),
        found="`{}` with `engine: spark`, which does not measure it",
        write="Delete the limit, or write `engine: local`",
    ),
)
"""Of keys in a model's rule."""
