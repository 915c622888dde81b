"""The part of a policy that says what predictions are worth."""

from __future__ import annotations

from collections.abc import Mapping

from promoter.core import policy_metrics as metric
from promoter.core.policy import BusinessValueRule, Inverted
from promoter.core.policy_evaluation import Label
from promoter.core.policy_rules import AsksByLimitOrTest
from promoter.core.scalars import Flag, Number, Text
from promoter.core.shape import Field, Map, MapOf, Record, defaulted, optional, required
from promoter.core.value_rules import (
    FORMS,
    MATRIX,
    UNSAFE,
    VALUES,
    ErrorsCost,
    OneForm,
    OneOf,
    RightPaysMore,
    RightPaysMost,
    Square,
)

_INVERTED = "Write what each outcome earns: what a wrong label costs is negative, such as `-2000`"
_CORNERS = "Write a row for each label, and in it every label with what predicting it is worth"
_FORM = (
    "Write `true_positive`, `false_positive`, `false_negative` and `true_negative`, or for a regression "
    "`under_prediction` and `over_prediction`"
)
_AMOUNT = "Write a number, without quotes, such as `1500` or `-500`"


def _worth(name: str, about: str) -> Field[float | None]:
    return optional(name, Number(about=about, write=_AMOUNT))


_WORTHS = (
    _worth("true_positive", "What a row is worth that is positive and called so."),
    _worth("false_positive", "What a row is worth that is negative and called positive."),
    _worth("false_negative", "What a row is worth that is positive and called negative."),
    _worth("true_negative", "What a row is worth that is negative and called so."),
    _worth("under_prediction", "What each unit is worth by which a prediction is too low."),
    _worth("over_prediction", "What each unit is worth by which a prediction is too high."),
)


def _worths(record: Record) -> Mapping[str, float]:
    found = {field.name: record[field] for field in _WORTHS}
    return {name: worth for name, worth in found.items() if worth is not None}


_unit = required(
    "unit",
    Text(
        about="What is counted: a currency, or points.",
        write="Write a short unit, such as `USD`",
        pattern=r"\S(?:.*\S)?",
        longest=40,
    ),
    write="Write `unit:` and a currency, such as `USD`",
)
_values = optional(
    VALUES,
    Map(
        about="What a row of each outcome is worth, or each unit of an error. Who is right must earn most.",
        write=f"{_FORM} below it",
        fields=_WORTHS,
        build=_worths,
        rules=(OneForm(forms=FORMS, write=_FORM),),
    ),
)
_matrix = optional(
    MATRIX,
    MapOf(
        about="For each true label, what each predicted one is worth. The right one must earn most.",
        write="Write a row for each label below it, such as `cat: {cat: 10, dog: -5}`",
        key=Label(about="The true label."),
        value=MapOf(
            about="What each predicted label is worth.",
            write="Write every label and what predicting it is worth, such as `{cat: 10, dog: -5}`",
            key=Label(about="The predicted label."),
            value=Number(about="What such a row is worth.", write=_AMOUNT),
        ),
    ),
)
_min_change = optional(
    "min_absolute_change",
    Number(
        about="How much more than the champion the challenger must earn, per 1000 rows.",
        write="Write 0 or more, such as `100`",
        minimum=0,
    ),
)
_max_loss = optional(
    "max_absolute_degradation",
    Number(
        about="How much less than the champion the challenger may earn, per 1000 rows.",
        write="Write 0 or more, such as `500`",
        minimum=0,
    ),
)
_unsafe = defaulted(
    UNSAFE,
    Flag(about="Lets a wrong prediction pay as much as the right one. The check then warns at best."),
    default=False,
)


def _rule(record: Record) -> BusinessValueRule:
    values, matrix = record[_values], record[_matrix]
    return BusinessValueRule(
        unit=record[_unit],
        values=values if values is not None else {},
        matrix=matrix if matrix is not None else {},
        test=record[metric.test],
        min_absolute_change=record[_min_change],
        max_absolute_degradation=record[_max_loss],
        unsafe_inverted_values=Inverted.ALLOWED if record[_unsafe] else Inverted.REFUSED,
    )


BUSINESS_VALUE = Map(
    about="What the change is worth. Limits are per 1000 rows.",
    write="Write `unit`, `values` and a limit below it",
    fields=(_unit, _values, _matrix, metric.test, _min_change, _max_loss, _unsafe),
    build=_rule,
    rules=(
        OneOf(
            names=(VALUES, MATRIX),
            write="Write `values:` and what each outcome is worth or, for more than two labels, `matrix:`",
        ),
        RightPaysMore(right="true_positive", wrong="false_negative", write=_INVERTED),
        RightPaysMore(right="true_negative", wrong="false_positive", write=_INVERTED),
        ErrorsCost(write="Write what each unit of the error costs: a number below 0, such as `-2`"),
        Square(write=_CORNERS),
        RightPaysMost(write=_INVERTED),
        AsksByLimitOrTest(
            limits=(_min_change.name, _max_loss.name),
            found="a `business_value` without any rule",
            write="Write a limit, such as `max_absolute_degradation: 500`, or a test, such as "
            "`test: non_inferiority`",
        ),
    ),
)
