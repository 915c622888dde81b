"""The part of a policy that judges what was measured on rows: running and flips."""

from __future__ import annotations

from promoter.core.policy import InferenceRule, NegativeFlipsRule
from promoter.core.scalars import Number
from promoter.core.shape import Field, Map, Record, optional, required

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
