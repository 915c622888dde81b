"""What must hold of a policy's metrics where Promoter computes the figures, and of its reference version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promoter.core.metric_names import GREATER_IS_BETTER, LESS_IS_BETTER, canonical
from promoter.core.nodes import ListNode, MapNode, Node, ScalarNode, Style
from promoter.core.policy_rules import HAS_ROWS, STATISTICAL_TESTS
from promoter.core.problems import Problems
from promoter.core.shape import JsonSchema, Rule
from promoter.core.shape_rules import Holds
from promoter.text import quote, say

COMPARING_LIMITS = (
    "min_absolute_change",
    "min_relative_change",
    "max_absolute_degradation",
    "max_relative_degradation",
)
_METRICS = Holds(path=("checks", "metrics"))
_SLICES = Holds(path=("checks", "slices"))
_REFERENCE = Holds(path=("evaluation", "reference"))
_STATISTICAL = Holds(path=("test",), words=STATISTICAL_TESTS)
# What may be written → what is right in its place, and of which figures.
_CONTRARY: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "false": ("true", "more", GREATER_IS_BETTER),
    "true": ("false", "less", LESS_IS_BETTER),
}


@dataclass(frozen=True, kw_only=True)
class GoodDirections(Rule):
    """A figure that Promoter computes has one good direction; for the mapping above `checks`. A logged metric
    may mean anything, whatever it is called."""

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the direction."""
        for metric in (metric for metrics in _lists(node) for metric in metrics):
            name, entry = _name(metric), metric.get("greater_is_better")
            asked = entry.value if entry is not None else None
            if isinstance(asked, ScalarNode) and asked.style is Style.PLAIN:
                _refuse_contrary(name, asked, problems=problems)

    def schema(self) -> JsonSchema:
        """Which names go with which direction."""
        directions = {
            "items": {
                "allOf": [
                    {
                        "if": {"required": ["name"], "properties": {"name": {"enum": sorted(names)}}},
                        "then": {"properties": {"greater_is_better": {"const": word == "true"}}},
                    }
                    for word, _, names in _CONTRARY.values()
                ]
            }
        }
        slices = {"items": {"properties": {"metrics": directions}}}
        return {
            "description": "A figure that is computed here has one good direction.",
            "if": HAS_ROWS.schema(),
            "then": {"properties": {"checks": {"properties": {"metrics": directions, "slices": slices}}}},
        }


@dataclass(frozen=True, kw_only=True)
class EachFigureOnce(Rule):
    """No figure that Promoter computes is named twice in one list by two of its names; for the mapping above
    `checks`. The same name twice is refused where the list is read."""

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the second metric."""
        for metrics in _lists(node):
            first: dict[str, tuple[str, int]] = {}
            for metric in metrics:
                name = _name(metric)
                before, line = first.setdefault(canonical(name), (name, metric.place.line))
                if name != before:
                    found = say("found ", quote(name), ", the same figure as ", quote(before))
                    write = say(f"Keep one of them; the first is in line {line}")
                    problems.add(metric.place, found=found, write=write)

    def schema(self) -> JsonSchema:
        """Only the words."""
        return {"description": "No figure is named twice, by another of its names either."}


@dataclass(frozen=True, kw_only=True)
class ReferenceIsCompared(Rule):
    """Where there is a reference version, one of `metrics` at least compares; for the mapping above
    `checks`."""

    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the reference."""
        asking, metrics = _REFERENCE.entry(node), _METRICS.entry(node)
        if asking is None or HAS_ROWS.entry(node) is None:
            return
        if metrics is not None and not isinstance(metrics.value, ListNode):
            return  # that was refused where it stands
        if not any(_compares(metric) for metric in _items(metrics.value if metrics else None)):
            found = say("found a `reference` and no metric that compares with it")
            problems.add(asking.key.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """One of the metrics has a limit that compares, or a test."""
        limits: list[JsonSchema] = [{"required": [name]} for name in COMPARING_LIMITS]
        compares = {"metrics": {"contains": {"anyOf": [*limits, _STATISTICAL.schema()]}}}
        return {
            "description": self.write,
            "if": {"allOf": [HAS_ROWS.schema(), _REFERENCE.schema()]},
            "then": {"properties": {"checks": {"required": ["metrics"], "properties": compares}}},
        }


def _refuse_contrary(name: str, asked: ScalarNode, *, problems: Problems) -> None:
    word, better, names = _CONTRARY.get(asked.text, ("", "", frozenset()))
    if name in names:
        found = say(f"found `{asked.text}` for `greater_is_better` of ", quote(name), f": {better} is better")
        problems.add(asked.place, found=found, write=say(f"Write `greater_is_better: {word}`"))


def _lists(node: MapNode) -> Iterator[list[MapNode]]:
    """Each list of metrics, of all rows and of slices, where the figures are computed here."""
    if HAS_ROWS.entry(node) is None:
        return
    metrics, slices = _METRICS.entry(node), _SLICES.entry(node)
    yield _items(metrics.value if metrics else None)
    for one in _items(slices.value if slices else None):
        inner = one.get("metrics")
        yield _items(inner.value if inner else None)


def _items(node: Node | None) -> list[MapNode]:
    items = node.items if isinstance(node, ListNode) else ()
    return [item for item in items if isinstance(item, MapNode)]


def _name(metric: MapNode) -> str:
    entry = metric.get("name")
    return entry.value.text if entry is not None and isinstance(entry.value, ScalarNode) else ""


def _compares(metric: MapNode) -> bool:
    return any(metric.get(name) for name in COMPARING_LIMITS) or _STATISTICAL.entry(metric) is not None


OF_FIGURES: tuple[Rule, ...] = (
    GoodDirections(),
    EachFigureOnce(),
    ReferenceIsCompared(
        write="Give a metric below `checks` a limit such as `max_absolute_degradation: 0.01`, or a `test` "
        "such as `non_inferiority`; or delete it: thresholds, slices and value are not held against it",
    ),
)
