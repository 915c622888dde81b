"""The part of a policy that judges what was measured on rows: running, slices, flips."""

from __future__ import annotations

from promoter.core import policy_metrics as metric
from promoter.core.policy import InferenceRule, NegativeFlipsRule, SliceRule
from promoter.core.policy_evaluation import COLUMN
from promoter.core.policy_rules import AtMost
from promoter.core.scalars import Count, Number
from promoter.core.shape import Field, ListOf, Map, Record, defaulted, optional, required

# --- inference -----------------------------------------------------------------------------------


def _limit(name: str, about: str) -> Field[float | None]:
    write = "Write a number above 0, without quotes, such as `50`"
    return optional(name, Number(about=about, write=write, above=0))


_latency = _limit("max_p95_latency_ms", "The 95th percentile of milliseconds per row.")
_load = _limit("max_load_seconds", "Seconds until the model is loaded.")
_memory = _limit("max_memory_mb", "The most memory of the model's process, in MiB.")
_size = _limit("max_size_mb", "The size of the model's files, in MiB.")
INFERENCE = Map(
    about="The challenger loads and predicts every row validly, within these limits.",
    write="Write a limit below it, such as `max_p95_latency_ms: 50`, or `{}` to ask only that it predicts",
    fields=(_latency, _load, _memory, _size),
    build=lambda record: InferenceRule(
        max_p95_latency_ms=record[_latency],
        max_load_seconds=record[_load],
        max_memory_mb=record[_memory],
        max_size_mb=record[_size],
    ),
)

# --- slices --------------------------------------------------------------------------------------

MOST_SLICE_COLUMNS = 3

_by = required(
    "by",
    ListOf(
        about="The columns; every combination of their values is a slice.",
        write="Write a list of one to three columns, such as `[contract]`",
        item=COLUMN,
        distinct=str,
    ),
    write="Write `by:` and a list of columns, such as `[contract]`",
)
_min_rows = defaulted(
    "min_rows",
    Count(
        about="Slices with fewer rows are shown, not judged.",
        write="Write a whole number, 1 or more, such as `200`",
        minimum=1,
        maximum=100_000_000,
    ),
    default=SliceRule.min_rows,
)
_metrics = required(
    "metrics",
    ListOf(
        about="What each slice must pass.",
        write="Write a list of metrics, each with `name`, `greater_is_better` and a limit",
        item=metric.METRIC_RULE,
        distinct=lambda rule: rule.name,
    ),
    write="Write `metrics:` and a list of metrics",
)
SLICES = ListOf(
    about="Metrics on parts of the rows, so that no group of people pays for the average.",
    write="Write a list of slices, each with `by` and `metrics`",
    item=Map(
        about="The slices of some columns, and their metrics.",
        write="Write `by` and `metrics` below it",
        fields=(_by, _min_rows, _metrics),
        build=lambda record: SliceRule(by=record[_by], min_rows=record[_min_rows], metrics=record[_metrics]),
        rules=(
            AtMost(
                name="by",
                most=MOST_SLICE_COLUMNS,
                write=f"Keep at most {MOST_SLICE_COLUMNS}: more columns make slices without rows",
            ),
        ),
    ),
    distinct=lambda rule: ", ".join(sorted(rule.by)),
)

# --- negative flips ------------------------------------------------------------------------------


def _flips(record: Record) -> NegativeFlipsRule:
    return NegativeFlipsRule(max_rate=record[_max_rate])


_max_rate = required(
    "max_rate",
    Number(
        about="The largest share of rows that the champion gets right and the challenger wrong.",
        write="Write a fraction from 0 to 1, such as `0.03` for 3 %",
        minimum=0,
        maximum=1,
    ),
    write="Write `max_rate:` and a fraction, such as `0.03`",
)
NEGATIVE_FLIPS = Map(
    about="Few rows turn from right to wrong.",
    write="Write `max_rate` below it",
    fields=(_max_rate,),
    build=_flips,
)
