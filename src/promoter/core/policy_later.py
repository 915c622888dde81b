"""Keys of a policy that a later version will read. Their form is checked, and their use refused.

Ignoring one would let a policy promise a check that nobody runs.
"""

from __future__ import annotations

from promoter.core import policy_metrics as metric
from promoter.core.scalars import Anything, Choice, Count, Number, Text
from promoter.core.shape import ListOf, Map, MapOf, Record, later, optional, required

_REMOVE = "Delete it; what it asks for is not checked yet"
_FIGURES_ONLY = "Delete it: `source: run_metrics` compares figures that were logged at training"
_POINT_ONLY = "Delete it: figures are compared as they are"

_text = Text(
    about="", write="Write a text, in quotes where it is not plain", pattern=r"[\s\S]+", longest=1_000
)
_texts = ListOf(about="", write="Write a list of texts", item=_text)
_not_negative = Number(about="", write="Write a number, 0 or more, without quotes", minimum=0)
_fraction = Number(about="", write="Write a number from 0 to 1, without quotes", minimum=0, maximum=1)
_whole = Count(about="", write="Write a whole number, 1 or more", minimum=1, maximum=100_000_000)
_any_test = optional("test", Choice(about="", options=("point", *metric.STATISTICAL_TESTS)))


def _record(record: Record) -> Record:
    return record


_slice = Map(
    about="",
    write="Write `by` and `metrics` below it",
    fields=(
        required("by", _texts, write="Write `by:` and a list of columns"),
        optional("min_rows", _whole),
        required(
            "metrics",
            ListOf(
                about="",
                write="Write a list of metrics",
                item=Map(
                    about="",
                    write=metric.METRIC_RULE.write,
                    fields=(
                        metric.name,
                        metric.greater_is_better,
                        *metric.limits,
                        _any_test,
                        metric.severity,
                    ),
                    build=_record,
                ),
            ),
            write="Write `metrics:` and a list of metrics",
        ),
    ),
    build=_record,
)

_business_value = Map(
    about="",
    write="Write `unit`, `values` and a limit below it",
    fields=(
        required("unit", _text, write="Write `unit:` and a currency"),
        required(
            "values",
            MapOf(about="", write="Write what each outcome is worth", key=_text, value=Anything()),
            write="Write `values:` and what each outcome is worth",
        ),
        _any_test,
        optional("max_absolute_degradation", _not_negative),
        optional("min_absolute_change", _not_negative),
    ),
    build=_record,
)

_custom = Map(
    about="",
    write="Write `name` and `command` below it",
    fields=(
        required("name", _text, write="Write `name:` and the check's name"),
        required("command", _texts, write="Write `command:` and a list of words"),
    ),
    build=_record,
)

CHECKS = (
    later(
        "inference",
        Map(
            about="",
            write="Write `max_p95_latency_ms` below it",
            fields=(optional("max_p95_latency_ms", _not_negative),),
            build=_record,
        ),
        write=_REMOVE,
    ),
    later("slices", ListOf(about="", write="Write a list of slices", item=_slice), write=_REMOVE),
    later("business_value", _business_value, write=_REMOVE),
    later(
        "negative_flips",
        Map(
            about="",
            write="Write `max_rate` below it",
            fields=(required("max_rate", _fraction, write="Write `max_rate:` and a fraction"),),
            build=_record,
        ),
        write=_REMOVE,
    ),
    later("custom", ListOf(about="", write="Write a list of checks", item=_custom), write=_REMOVE),
)

EVALUATION = (
    later("data", _text, write=_FIGURES_ONLY),
    later(
        "sha256",
        Text(about="", write="Write 64 hexadecimal digits in quotes", pattern=r"[0-9a-f]{64}", longest=64),
        write=_FIGURES_ONLY,
    ),
    later("target", _text, write=_FIGURES_ONLY),
    later("positive_label", Anything(), write=_FIGURES_ONLY),
    later("id", _text, write=_FIGURES_ONLY),
    later("group", _text, write=_FIGURES_ONLY),
    later("engine", Choice(about="", options=("local", "spark")), write=_FIGURES_ONLY),
    later("environment", Choice(about="", options=("model", "image")), write=_FIGURES_ONLY),
    later("reference", Anything(), write=_FIGURES_ONLY),
)

STATISTICS = later(
    "statistics",
    Map(
        about="",
        write="Write `confidence_level` and `resamples` below it",
        fields=(optional("confidence_level", _fraction), optional("resamples", _whole)),
        build=_record,
    ),
    write=_POINT_ONLY,
)

ANYWHERE = (
    later("propose", Anything(), write="Delete it; open promotion requests by hand"),
    later("drift", Anything(), write="Delete it; apply reports what moved outside git"),
    later("override", Anything(), write="Delete it: no failed check can be overridden"),
    later("overrides", Anything(), write="Delete it: no failed check can be overridden"),
)
