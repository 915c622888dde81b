"""The part of a policy that judges parts of the rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from promoter.core import policy_metrics as metric
from promoter.core.nodes import ListNode, MapNode, Node, ScalarNode
from promoter.core.policy import SliceRule
from promoter.core.policy_evaluation import COLUMN, Label
from promoter.core.policy_rules import AtMost
from promoter.core.problems import Problems
from promoter.core.scalars import Count
from promoter.core.shape import JsonSchema, ListOf, Map, Rule, Shape, defaulted, required
from promoter.text import say

MOST_SLICE_COLUMNS = 3

_LABEL = Label(about="A value of the column, as text.")


@dataclass(frozen=True, kw_only=True)
class NamedSlice(Shape[tuple[str, ...]]):
    """One label for each column of `by`; of one column it may stand without a list around it."""

    labels: ListOf[str]

    def read(self, node: Node, *, name: str, problems: Problems) -> tuple[str, ...] | None:
        """The labels; how many they must be is `OneLabelAColumn`'s part."""
        if isinstance(node, ScalarNode):
            label = _LABEL.read(node, name=name, problems=problems)
            return None if label is None else (label,)
        return self.labels.read(node, name=name, problems=problems)

    def schema(self) -> JsonSchema:
        """A label, or a list of labels."""
        return {"anyOf": [_LABEL.schema(), self.labels.schema()]}


@dataclass(frozen=True, kw_only=True)
class OneLabelAColumn(Rule):
    """Each slice that `values` names has as many labels as `by` has columns."""

    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the slice."""
        columns = len(_items(node, "by"))
        for item in _items(node, "values") if columns else ():
            labels = len(item.items) if isinstance(item, ListNode) else 1
            if isinstance(item, ListNode | ScalarNode) and labels not in (0, columns):
                found = f"found {_count(labels, 'label')} for {_count(columns, 'column')} of `by`"
                problems.add(item.place, found=say(found), write=say(self.write))

    def schema(self) -> JsonSchema:
        """For each number of columns, that many labels."""
        return {"description": self.write, "allOf": list(_of_each_number())}


def _of_each_number() -> Iterator[JsonSchema]:
    for columns in range(1, MOST_SLICE_COLUMNS + 1):
        listed = {"type": "array", "minItems": columns, "maxItems": columns}
        item = listed if columns > 1 else {"anyOf": [listed, {"not": {"type": "array"}}]}
        by = {"type": "array", "minItems": columns, "maxItems": columns}
        yield {
            "if": {"required": ["by"], "properties": {"by": by}},
            "then": {"properties": {"values": {"items": item}}},
        }


def _items(node: MapNode, name: str) -> tuple[Node, ...]:
    entry = node.get(name)
    return entry.value.items if entry is not None and isinstance(entry.value, ListNode) else ()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _in_words(labels: tuple[str, ...]) -> str:
    return labels[0] if len(labels) == 1 else json.dumps(labels, ensure_ascii=False)


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
_values = defaulted(
    "values",
    ListOf(
        about="Slices that must be there and be judged, each by one label for each column of `by`. The "
        "others are judged as ever.",
        write='Write a list of slices, such as `["Two year", "Month-to-month"]`, or of two columns '
        '`[["Two year", "North"]]`',
        item=NamedSlice(
            labels=ListOf(
                about="One label for each column of `by`, in its order.",
                write='Write one label for each column of `by`, such as `["Two year", "North"]`',
                item=_LABEL,
            )
        ),
        distinct=_in_words,
    ),
    default=(),
)
_min_rows = defaulted(
    "min_rows",
    Count(
        about="Slices with fewer rows are shown, not judged; one of `values` is inconclusive.",
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
        fields=(_by, _values, _min_rows, _metrics),
        build=lambda record: SliceRule(
            by=record[_by],
            min_rows=record[_min_rows],
            metrics=record[_metrics],
            values=record[_values],
        ),
        rules=(
            AtMost(
                name="by",
                most=MOST_SLICE_COLUMNS,
                write=f"Keep at most {MOST_SLICE_COLUMNS}: more columns make slices without rows",
            ),
            OneLabelAColumn(
                write="Write one label for each column of `by`, in its order, such as `[contract, region]` "
                'and `[["Two year", "North"]]`',
            ),
        ),
    ),
    distinct=lambda rule: ", ".join(sorted(rule.by)),
)
