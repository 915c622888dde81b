"""Rules between a policy's keys that a reader of shapes alone does not know."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.core.nodes import Entry, ListNode, MapNode, Node, ScalarNode
from promoter.core.policy import Test
from promoter.core.problems import Problems
from promoter.core.shape import JsonSchema, Rule
from promoter.core.shape_rules import Holds
from promoter.text import quote, say

STATISTICAL_TESTS = tuple(str(test) for test in Test if test is not Test.POINT)
# Sources that know the rows behind a figure
SOURCES_OF_ROWS = ("inference", "predictions")
HAS_ROWS = Holds(path=("evaluation", "source"), words=SOURCES_OF_ROWS)
GIVE_ROWS = "Write `source: inference` in `evaluation`, with `data` and `target`"

_STATISTICAL = Holds(path=("test",), words=STATISTICAL_TESTS)


@dataclass(frozen=True, kw_only=True)
class AsksByLimitOrTest(Rule):
    """At least one limit, or a test that has one of its own: not worse, or better."""

    limits: tuple[str, ...]
    found: str
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands where the mapping begins."""
        limits = (node.get(name) for name in self.limits)
        if not any(limits) and _STATISTICAL.entry(node) is None:
            problems.add(node.place, found=say(f"found {self.found}"), write=say(self.write))

    def schema(self) -> JsonSchema:
        """One of several keys, or one of the tests."""
        asked: list[JsonSchema] = [{"required": [name]} for name in self.limits]
        return {"description": self.write, "anyOf": [*asked, _STATISTICAL.schema()]}


@dataclass(frozen=True, kw_only=True)
class TestsNeedRows(Rule):
    """A metric's `test` other than `point` needs a source that has rows; for the mapping above `checks`."""

    __test__ = False

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the test."""
        metrics = Holds(path=("checks", "metrics")).entry(node)
        if HAS_ROWS.entry(node) is not None or metrics is None:
            return
        for entry in _tests(metrics.value):
            words = entry.value.text if isinstance(entry.value, ScalarNode) else ""
            problems.add(
                entry.value.place,
                found=say(f"found `{words}` for `test`, a statistic without rows"),
                write=say(f"{GIVE_ROWS}, or `test: point`: metrics that were logged have no rows"),
            )

    def schema(self) -> JsonSchema:
        """Without rows, only `point`."""
        point = {"items": {"properties": {"test": {"const": str(Test.POINT)}}}}
        return {
            "description": "A test other than `point` needs rows.",
            "if": {"not": HAS_ROWS.schema()},
            "then": {"properties": {"checks": {"properties": {"metrics": point}}}},
        }


@dataclass(frozen=True, kw_only=True)
class NotAlso(Rule):
    """What `name` says, no other of these keys says too; a schema cannot compare two values."""

    name: str
    others: tuple[str, ...]
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the value of `name`."""
        entry = node.get(self.name)
        if entry is None or not isinstance(entry.value, ScalarNode):
            return
        for other in self.others:
            if entry.value.text in _texts(node.get(other)):
                found = say("found ", quote(entry.value.text), f" for `{self.name}` and for `{other}`")
                problems.add(entry.value.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """Only the words."""
        return {"description": self.write}


def _texts(entry: Entry | None) -> tuple[str, ...]:
    value = entry.value if entry is not None else None
    nodes = value.items if isinstance(value, ListNode) else (value,)
    return tuple(node.text for node in nodes if isinstance(node, ScalarNode))


def _tests(metrics: Node) -> list[Entry]:
    items = metrics.items if isinstance(metrics, ListNode) else ()
    found = (_STATISTICAL.entry(item) for item in items)
    return [entry for entry in found if entry is not None]


@dataclass(frozen=True, kw_only=True)
class AtMost(Rule):
    """A list has at most so many items."""

    name: str
    most: int
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the list."""
        entry = node.get(self.name)
        if entry is not None and isinstance(entry.value, ListNode) and len(entry.value.items) > self.most:
            found = say(f"found {len(entry.value.items):,} items for `{self.name}`")
            problems.add(entry.value.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """The list's length."""
        return {"description": self.write, "properties": {self.name: {"maxItems": self.most}}}
