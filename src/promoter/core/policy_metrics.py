"""The part of a policy that judges a metric."""

from __future__ import annotations

from promoter.core.names import METRIC
from promoter.core.policy import MetricRule, Severity, Test
from promoter.core.policy_rules import AsksByLimitOrTest
from promoter.core.scalars import Choice, Flag, Number
from promoter.core.shape import Map, Record, defaulted, optional, required

_NUMBER = "Write a number in decimal digits, without quotes, such as `0.6`"
_IMPROVEMENT = "Write 0 or more, such as `0.01`; a change counts in the metric's good direction"
_LOSS = "Write 0 or more, such as `0.01`: how much worse the challenger may be"

name = required("name", METRIC, write="Write `name:` and the metric's name, as it was logged")
greater_is_better = required(
    "greater_is_better",
    Flag(about="The metric's good direction: true for F1, false for an error."),
    write="Write `greater_is_better: true` for a metric like F1, `false` for an error: "
    "a comparison without direction says nothing",
)
threshold = optional(
    "threshold",
    Number(about="The worst value the challenger may have, whatever the champion has.", write=_NUMBER),
)
min_absolute_change = optional(
    "min_absolute_change",
    Number(
        about="How much better than the champion the challenger must be, in the metric's unit. 0: not worse.",
        write=_IMPROVEMENT,
        minimum=0,
    ),
)
min_relative_change = optional(
    "min_relative_change",
    Number(
        about="How much better, as a fraction of the champion's value: 0.05 is 5 %.",
        write=_IMPROVEMENT,
        minimum=0,
    ),
)
max_absolute_degradation = optional(
    "max_absolute_degradation",
    Number(
        about="How much worse than the champion the challenger may be, in the metric's unit.",
        write=_LOSS,
        minimum=0,
    ),
)
max_relative_degradation = optional(
    "max_relative_degradation",
    Number(
        about="How much worse, as a fraction of the champion's value: 0.05 is 5 %.",
        write="Write a fraction from 0 to 1, such as `0.05` for 5 %",
        minimum=0,
        maximum=1,
    ),
)
severity = defaulted(
    "severity",
    Choice(about="Whether a broken rule rejects the challenger or only warns.", options=tuple(Severity)),
    default=Severity.FAIL,
)
limits = (
    threshold,
    min_absolute_change,
    min_relative_change,
    max_absolute_degradation,
    max_relative_degradation,
)
test = defaulted(
    "test",
    Choice(
        about="How figures are compared: as they are (`point`), or by what the rows can show.",
        options=tuple(Test),
    ),
    default=Test.POINT,
)


def _rule(record: Record) -> MetricRule:
    return MetricRule(
        name=record[name],
        greater_is_better=record[greater_is_better],
        threshold=record[threshold],
        min_absolute_change=record[min_absolute_change],
        min_relative_change=record[min_relative_change],
        max_absolute_degradation=record[max_absolute_degradation],
        max_relative_degradation=record[max_relative_degradation],
        severity=record[severity],
        test=record[test],
    )


METRIC_RULE = Map(
    about="One metric: a floor, a comparison with the champion, or both. Every limit given must hold.",
    write="Write `name`, `greater_is_better` and at least one limit below it",
    fields=(name, greater_is_better, *limits, test, severity),
    build=_rule,
    rules=(
        AsksByLimitOrTest(
            limits=tuple(field.name for field in limits),
            found="a metric without any rule",
            write="Write at least one limit, such as `max_absolute_degradation: 0.01` or `threshold: 0.6`",
        ),
    ),
)
