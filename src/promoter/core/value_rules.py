"""What must hold of a policy's worths: who is right earns most, and the form fits the task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promoter.core.nodes import Entry, MapNode, Node, ScalarNode
from promoter.core.policy import Task
from promoter.core.problems import Problems
from promoter.core.scalars import Number
from promoter.core.shape import JsonSchema, Rule
from promoter.core.shape_rules import Holds, Needs
from promoter.text import quote, say

UNSAFE = "unsafe_allow_inverted_values"
VALUES, MATRIX = "values", "matrix"
OUTCOMES = ("true_positive", "false_positive", "false_negative", "true_negative")
ERRORS = ("under_prediction", "over_prediction")
FORMS = (OUTCOMES, ERRORS)

_FEWEST_LABELS = 2
_ALLOWED = Holds(path=(UNSAFE,), words=("true",))


@dataclass(frozen=True, kw_only=True)
class OneOf(Rule):
    """Exactly one of these keys is there."""

    names: tuple[str, ...]
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands where the mapping begins."""
        there = [name for name in self.names if node.get(name) is not None]
        if len(there) != 1:
            words = (" and " if there else " and no ").join(f"`{name}`" for name in there or self.names)
            found = say(f"found both {words}" if there else f"found no {words}")
            problems.add(node.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """One of several keys, and no other of them."""
        return {"description": self.write, "oneOf": [{"required": [name]} for name in self.names]}


@dataclass(frozen=True, kw_only=True)
class OneForm(Rule):
    """All keys of exactly one of these forms are there. `write` ends what is said of a missing key."""

    forms: tuple[tuple[str, ...], ...]
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands where the mapping begins."""
        begun = [form for form in self.forms if any(node.get(name) for name in form)]
        if len(begun) != 1:
            found = "found worths of labels and of errors together" if begun else "found no worth"
            problems.add(node.place, found=say(found), write=say(self.write))
            return
        for name in begun[0]:
            if node.get(name) is None:
                write = say(f"Write `{name}:` and what that is worth; a cost is negative")
                problems.add(node.place, found=say(f"found no `{name}`"), write=write)

    def schema(self) -> JsonSchema:
        """One of the forms, whole, and nothing of another."""
        whole = [
            {
                "required": list(form),
                "not": {
                    "anyOf": [{"required": [name]} for other in self.forms if other != form for name in other]
                },
            }
            for form in self.forms
        ]
        return {"description": self.write, "oneOf": whole}


@dataclass(frozen=True, kw_only=True)
class RightPaysMore(Rule):
    """Among `values`, the right answer for a row is worth more than the wrong one; a schema cannot compare
    two numbers. Not asked where inverted values are allowed."""

    right: str
    wrong: str
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the wrong answer's value."""
        right, wrong = (_number(_below(node, VALUES, name)) for name in (self.right, self.wrong))
        entry = _below(node, VALUES, self.wrong)
        if entry is None or right is None or wrong is None or right > wrong or _ALLOWED.entry(node):
            return
        found = say(
            "found a wrong label that pays at least as much as the right one: "
            f"`{self.wrong}` {wrong:,.10g}, `{self.right}` {right:,.10g}"
        )
        problems.add(entry.value.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """Only the words."""
        return {"description": self.write}


@dataclass(frozen=True, kw_only=True)
class ErrorsCost(Rule):
    """Among `values`, a unit of error is worth less than 0. Not asked where inverted values are allowed."""

    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the value."""
        for name in ERRORS:
            entry = _below(node, VALUES, name)
            value = _number(entry)
            if entry is not None and value is not None and value >= 0 and not _ALLOWED.entry(node):
                found = say(
                    f"found an error that {'pays' if value else 'costs nothing'}: `{name}` {value:,.10g}"
                )
                problems.add(entry.value.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """Below 0, or allowed."""
        below = {"properties": {name: {"exclusiveMaximum": 0} for name in ERRORS}}
        return {
            "description": self.write,
            "if": {"not": {"required": [UNSAFE], "properties": {UNSAFE: {"const": True}}}},
            "then": {"properties": {VALUES: below}},
        }


@dataclass(frozen=True, kw_only=True)
class Square(Rule):
    """The matrix has, in the row of each label, every label, and at least two."""

    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the row, or at the label that has no row."""
        rows, whole = dict(_rows(node)), node.get(MATRIX)
        if whole is None or not isinstance(whole.value, MapNode) or len(whole.value.entries) > len(rows):
            return  # no matrix, or a row that is none: that was refused where it stands
        if len(rows) == 1:
            problems.add(whole.value.place, found=say("found a matrix of one label"), write=say(self.write))
        for truth, row in rows.items():
            for label in rows:
                if row.get(label) is None:
                    found = say("found no ", quote(label), " in the row of ", quote(truth))
                    problems.add(row.place, found=found, write=say(self.write))
            for entry in row.entries:
                if entry.key.text not in rows:
                    found = say("found ", quote(entry.key.text), " in the row of ", quote(truth))
                    found = say(*found.parts, ", and no row of its own")
                    problems.add(entry.key.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """How many labels; a schema cannot compare keys."""
        return {
            "description": self.write,
            "properties": {MATRIX: {"minProperties": _FEWEST_LABELS}},
        }


@dataclass(frozen=True, kw_only=True)
class RightPaysMost(Rule):
    """In each row of the matrix the right label is worth more than any other. Not asked where inverted values
    are allowed."""

    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the wrong label's value."""
        for truth, row in () if _ALLOWED.entry(node) else _rows(node):
            right = _number(row.get(truth))
            for entry in row.entries:
                wrong = _number(entry)
                if entry.key.text == truth or right is None or wrong is None or right > wrong:
                    continue
                found = say(
                    "found a wrong label that pays at least as much as the right one: in the row of ",
                    quote(truth),
                    f" {wrong:,.10g} for ",
                    quote(entry.key.text),
                    f", and {right:,.10g} for the right one",
                )
                problems.add(entry.value.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """Only the words."""
        return {"description": self.write}


def _rows(node: MapNode) -> Iterator[tuple[str, MapNode]]:
    """True label → its row, of those that are mappings."""
    entry = node.get(MATRIX)
    for row in entry.value.entries if entry is not None and isinstance(entry.value, MapNode) else ():
        if isinstance(row.value, MapNode):
            yield row.key.text, row.value


def _below(node: MapNode, *path: str) -> Entry | None:
    return Holds(path=path).entry(node)


def _number(entry: Entry | None) -> float | None:
    value: Node | None = entry.value if entry is not None else None
    if entry is None or not isinstance(value, ScalarNode):
        return None
    number = Number(about="", write="").value(value, entry.key.text)
    return number if isinstance(number, float) else None


# --- which form belongs to which task ------------------------------------------------------------

_WORTH = ("checks", "business_value")
_BINARY, _MULTICLASS, _REGRESSION = str(Task.BINARY), str(Task.MULTICLASS), str(Task.REGRESSION)


def _refused(key: tuple[str, ...], *, task: str, found: str, write: str) -> Needs:
    """What is written as `key` does not belong to the task."""
    return Needs(
        when=(*_WORTH, *key),
        given=(Holds(path=("task",), words=(task,)),),
        then=("task",),
        then_is=tuple(str(other) for other in Task if str(other) != task),
        found=found,
        write=write,
    )


FORMS_OF_TASKS: tuple[Rule, ...] = (
    _refused(
        (MATRIX,),
        task=_BINARY,
        found="a `matrix` for `binary_classification`",
        write="Write `values:` in its place, and below it `true_positive`, `false_positive`, "
        "`false_negative` and `true_negative`",
    ),
    _refused(
        (MATRIX,),
        task=_REGRESSION,
        found="a `matrix` for `regression`",
        write="Write `values:` in its place, and below it `under_prediction` and `over_prediction`",
    ),
    _refused(
        (VALUES,),
        task=_MULTICLASS,
        found="`values` for `multiclass_classification`",
        write="Write `matrix:` in its place and, for each true label, what each predicted one is worth",
    ),
    _refused(
        (VALUES, OUTCOMES[0]),
        task=_REGRESSION,
        found="worths of labels for `regression`",
        write="Write `under_prediction` and `over_prediction`, and what each unit of them is worth",
    ),
    _refused(
        (VALUES, ERRORS[0]),
        task=_BINARY,
        found="worths of errors for `binary_classification`",
        write="Write `true_positive`, `false_positive`, `false_negative` and `true_negative`",
    ),
)
