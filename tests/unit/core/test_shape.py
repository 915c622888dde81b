from __future__ import annotations

import pytest

from promoter.core.problems import MOST_PROBLEMS, Problems
from promoter.core.scalars import Anything, Count, Flag, Text
from promoter.core.shape import ListOf, Map, MapOf, Record, Shape, defaulted, later, optional, required
from promoter.core.shape_rules import AsksForSomething, Needs
from promoter.core.strict_yaml import read_tree

WORD = Text(about="A word.", write="Write a word", pattern="[a-zA-Z]+")
COUNT = Count(about="How many.", write="Write 1 to 9", minimum=1, maximum=9)

NAME = required("name", WORD, write="Write `name:`")
SIZE = defaulted("size", COUNT, default=3)
COLOUR = defaulted("colour", WORD, default="red")
NOTE = defaulted("note", WORD, default="")
OPEN = defaulted("open", Flag(about="Whether."), default=False)
WORDS = optional("words", ListOf(about="Words.", write="Write a list", item=WORD, distinct=str.lower))
SIZES = optional("sizes", MapOf(about="Sizes.", write="Write a mapping", key=WORD, value=COUNT))
FUTURE = later("future", COUNT, write="Wait")
INNER = optional(
    "inner",
    Map(
        about="Inside.",
        write="Write it below",
        fields=(
            optional("a", COUNT),
            optional("b", Flag(about="Whether.")),
            later("c", Anything(), write="Wait"),
        ),
        build=lambda record: record,
        rules=(AsksForSomething(names=("a", "b"), later=("c",), found="nothing asked", write="Ask"),),
    ),
)
BOX = Map(
    about="A box.",
    write="Write a box",
    fields=(NAME, SIZE, COLOUR, NOTE, OPEN, WORDS, SIZES, INNER, FUTURE),
    build=lambda record: record,
    rules=(Needs(when=("inner", "a"), then=("words",), found="`a` without words", write="Write `words:`"),),
    outlook=". A box is simple",
)


def read(text: str, shape: Shape[Record] = BOX) -> tuple[Record | None, list[str]]:
    problems = Problems("f")
    root = read_tree(text.encode(), problems)
    assert root is not None
    record = shape.read(root, name="box", problems=problems)
    return record, [str(problem).removeprefix("f:") for problem in problems.all()]


def test_a_record_gives_each_field_its_own_type_and_default() -> None:
    record, problems = read("name: a\nwords: [x, z]\nsizes: {p: 1, q: 2}\nopen: true\n")
    assert not problems
    assert record is not None
    assert (record[NAME], record[SIZE], record[COLOUR], record[OPEN]) == ("a", 3, "red", True)
    assert record[WORDS] == ("x", "z")
    assert record[SIZES] == {"p": 1, "q": 2}
    assert record[INNER] is None
    assert record.line(WORDS) == 2


ALLOWED = "Allowed keys: `name`, `size`, `colour`, `note`, `open`, `words`, `sizes`, `inner`. A box is simple"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("size: 1", ["1:1: found no `name`. Write `name:`"]),
        ("nmae: a", [f"1:1: found the unknown key `nmae`. Did you mean `name`? {ALLOWED}"]),
        ("NAME: a", [f"1:1: found the unknown key `NAME`. Did you mean `name`? {ALLOWED}"]),
        ("name: a\nzzz: 1", [f"2:1: found the unknown key `zzz`. {ALLOWED}"]),
        (f"name: a\n{'n' * 41}: 1", [f"2:1: found the unknown key `{'n' * 41}`. {ALLOWED}"]),
        (
            "name: a\nunsafe_x: true",
            [
                "2:1: found `unsafe_x`, which is not available in this version. "
                "Delete it: no check can be loosened"
            ],
        ),
        ("name: a\nfuture: 1", ["2:1: found `future`, which is not available in this version. Wait"]),
        (
            "name: a\nfuture: x",
            [
                "2:1: found `future`, which is not available in this version. Wait",
                "2:9: found `x` for `future`. Write 1 to 9",
            ],
        ),
        ("name: a\nwords: []", ["2:8: found an empty list for `words`. Write a list"]),
        ("name: a\nwords: x", ["2:8: found `x` for `words`. Write a list"]),
        (
            "name: a\nwords: [x,\n  z, X, 1, x]",
            [
                "3:6: found `x` a second time in `words`. Keep one of them; the first is in line 2",
                "3:9: found `1` for `words`. Write a word",
                "3:12: found `x` a second time in `words`. Keep one of them; the first is in line 2",
            ],
        ),
        ("name: a\nsizes: {}", ["2:8: found an empty mapping for `sizes`. Write a mapping"]),
        ("name: a\nsizes: [x]", ["2:8: found a list for `sizes`. Write a mapping"]),
        (
            "name: a\nsizes: {1: 1, q: 0}",
            ["2:9: found `1` for `sizes`. Write a word", "2:18: found `0` for `sizes`. Write 1 to 9"],
        ),
        ("name: a\ninner: {}", ["2:8: found nothing asked. Ask"]),
        ("name: a\ninner: {b: false}", ["2:8: found nothing asked. Ask"]),
        ("name: a\ninner: 1", ["2:8: found `1` for `inner`. Write it below"]),
        ("name: a\ninner: {c: 1}", ["2:9: found `c`, which is not available in this version. Wait"]),
        ("name: a\ninner: {a: 1}", ["2:9: found `a` without words. Write `words:`"]),
        (
            "name: 1\nsize: 0\nzzz: 1",
            [
                "1:7: found `1` for `name`. Write a word",
                "2:7: found `0` for `size`. Write 1 to 9",
                f"3:1: found the unknown key `zzz`. {ALLOWED}",
            ],
        ),
    ],
)
def test_everything_wrong_is_named_at_its_place(text: str, messages: list[str]) -> None:
    assert read(text)[1] == messages


@pytest.mark.parametrize("text", ["size: 1", "name: 1", "name: a\nzzz: 1"])
def test_nothing_is_built_from_a_mapping_that_is_not_whole(text: str) -> None:
    assert read(text)[0] is None


@pytest.mark.parametrize(
    "text", ["name: a\ninner: {b: true}", "name: a\ninner: {a: 1}\nwords: [x]", "name: a\ninner: [*x]"]
)
def test_a_rule_that_holds_says_nothing(text: str) -> None:
    problems = read(text)[1]
    assert not [problem for problem in problems if "asked" in problem or "without" in problem]


def test_a_hole_is_no_second_problem() -> None:
    _, problems = read("name: *x\nwords: *x\nsizes: !!map {}\ninner: *x\n")
    assert [problem.split(" a YAML ")[1].split(".")[0] for problem in problems] == [
        "alias",
        "alias",
        "tag",
        "alias",
    ]


def test_a_file_that_is_wrong_all_over_shows_its_first_problems() -> None:
    _, problems = read("name: a\n" + "".join(f"k{number}: 1\n" for number in range(MOST_PROBLEMS + 5)))
    assert len(problems) == MOST_PROBLEMS + 1
    assert (
        problems[-1]
        == f"{MOST_PROBLEMS + 1}:1: found 5 more problems in this file. Correct the ones above first"
    )


def test_the_schema_is_closed_and_leaves_out_what_is_not_available() -> None:
    schema = BOX.schema()
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == ["name", "size", "colour", "note", "open", "words", "sizes", "inner"]
    assert schema["required"] == ["name"]
    assert schema["additionalProperties"] is False
    assert properties["name"] == {"title": "Name", **WORD.schema()}
    assert properties["size"] == {"title": "Size", **COUNT.schema(), "default": 3}
    assert properties["colour"]["default"] == "red"
    assert properties["open"]["default"] is False
    assert "default" not in properties["note"]
    assert properties["words"] == {
        "title": "Words",
        "description": "Words.",
        "type": "array",
        "items": WORD.schema(),
        "minItems": 1,
        "uniqueItems": True,
    }
    assert properties["sizes"] == {
        "title": "Sizes",
        "description": "Sizes.",
        "type": "object",
        "propertyNames": WORD.schema(),
        "additionalProperties": COUNT.schema(),
        "minProperties": 1,
    }


def test_rules_stand_in_the_schema() -> None:
    assert BOX.schema()["allOf"] == [
        {
            "description": "Write `words:`",
            "if": {"required": ["inner"], "properties": {"inner": {"required": ["a"]}}},
            "then": {"required": ["words"]},
        }
    ]
    assert INNER.shape.schema()["allOf"] == [
        {
            "description": "Ask",
            "anyOf": [
                {"required": ["a"], "properties": {"a": {"not": {"const": False}}}},
                {"required": ["b"], "properties": {"b": {"not": {"const": False}}}},
            ],
        }
    ]


def test_a_list_may_repeat_itself_where_nothing_says_otherwise() -> None:
    shape = ListOf(about="Words.", write="Write a list", item=WORD)
    assert "uniqueItems" not in shape.schema()
    box = Map(about="", write="", fields=(optional("words", shape),), build=lambda record: record)
    assert read("words: [x, x]", box)[1] == []
