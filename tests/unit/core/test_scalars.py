from __future__ import annotations

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from promoter.core.nodes import HoleNode, ListNode, MapNode, Node, ScalarNode, Style
from promoter.core.problems import Place, Problems
from promoter.core.scalars import Anything, Choice, Count, Digits, Flag, Number, Refusal, Text
from promoter.core.shape import Shape
from tests.yaml_1_2 import resolve

HERE = Place(4, 9)


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


WORD = Text(
    about="A word.",
    write="Write a small word",
    pattern="[a-z]+",
    longest=8,
    refusals=(Refusal(pattern="none|nil", why="that is no word", write="Write a real one"),),
    nearly=str.lower,
)
SENTENCE = Text(about="A sentence.", write="Write a sentence", pattern=r"[\s\S]*\S[\s\S]*", longest=60)
DIGITS = Digits(about="A number that is a name.", write="Write digits")
NUMBER = Number(about="A number.", write="Write a number")
SHARE = Number(about="A share.", write="Write 0 to 1", minimum=0, maximum=1)
COUNT = Count(about="How many.", write="Write 1 to 20", minimum=1, maximum=20)
FLAG = Flag(about="Whether.")
COLOUR = Choice(
    about="A colour.", options=tuple(Colour), later=("purple",), not_yet="Write `blue` until purple is there"
)
ONE_WAY = Choice(about="The way.", options=("on",))
SHAPES: tuple[Shape[object], ...] = (WORD, SENTENCE, DIGITS, NUMBER, SHARE, COUNT, FLAG, COLOUR, ONE_WAY)


def plain(text: str) -> ScalarNode:
    return ScalarNode(text=text, style=Style.PLAIN, place=HERE)


def quoted(text: str) -> ScalarNode:
    return ScalarNode(text=text, style=Style.QUOTED, place=HERE)


def read(shape: Shape[object], node: Node) -> tuple[object, list[str]]:
    problems = Problems("f")
    value = shape.read(node, name="key", problems=problems)
    return value, [str(problem).removeprefix("f:4:9: ") for problem in problems.all()]


@pytest.mark.parametrize(
    ("shape", "node", "value"),
    [
        (WORD, plain("churn"), "churn"),
        (WORD, quoted("on"), "on"),
        (SENTENCE, quoted("two\nlines"), "two\nlines"),
        (SENTENCE, quoted("2024"), "2024"),
        (DIGITS, plain("7"), "7"),
        (DIGITS, quoted("7"), "7"),
        (DIGITS, plain("9999999999"), "9999999999"),
        (NUMBER, plain("0"), 0.0),
        (NUMBER, plain("-0"), 0.0),
        (NUMBER, plain("-12.50"), -12.5),
        (NUMBER, plain("1e-99"), 1e-99),
        (NUMBER, plain("1.5E+3"), 1500.0),
        (SHARE, plain("1"), 1.0),
        (SHARE, plain("-0.0"), 0.0),
        (COUNT, plain("20"), 20),
        (FLAG, plain("true"), True),
        (FLAG, plain("false"), False),
        (COLOUR, plain("green"), Colour.GREEN),
        (COLOUR, quoted("red"), Colour.RED),
        (ONE_WAY, plain("on"), "on"),
    ],
)
def test_values_are_read_by_their_own_rule(shape: Shape[object], node: Node, value: object) -> None:
    assert read(shape, node) == (value, [])


def test_minus_zero_is_zero() -> None:
    assert str(read(NUMBER, plain("-0.0"))[0]) == "0.0"


@pytest.mark.parametrize(
    ("shape", "node", "message"),
    [
        (WORD, plain(""), "found no value for `key`. Write a small word"),
        (WORD, quoted(""), "found an empty text for `key`. Write a small word"),
        (WORD, plain("abcdefghi"), "found 9 characters for `key`. Write at most 8"),
        (WORD, plain("nil"), "found `nil` for `key`: that is no word. Write a real one"),
        (WORD, quoted("NONE"), "found `NONE` for `key`: that is no word. Write a real one"),
        (WORD, plain("Churn"), "found `Churn` for `key`. Did you mean `churn`? Write a small word"),
        (WORD, plain("Churn 7"), "found `Churn 7` for `key`. Write a small word"),
        (WORD, quoted("churn\n"), "found `churn\\n` for `key`. Write a small word"),
        (
            WORD,
            plain("\u0441hurn"),
            "found `\u0441hurn` for `key`, with U+0441 CYRILLIC SMALL LETTER ES in it. Write a small word",
        ),
        (
            WORD,
            plain("no"),
            "found `no` for `key`, which YAML may read as something other than text. "
            'Put it in quotes: `"no"`',
        ),
        (
            SENTENCE,
            plain("12:30"),
            "found `12:30` for `key`, which YAML may read as something other than text. "
            'Put it in quotes: `"12:30"`',
        ),
        (SENTENCE, quoted(" \n "), "found ` \\n ` for `key`. Write a sentence"),
        (
            SENTENCE,
            plain("fine by \u0410lice"),
            "found `\u0410lice` in `key`, which mixes alphabets that look alike "
            "(U+0410 CYRILLIC CAPITAL LETTER A). Write the word in one alphabet",
        ),
        (DIGITS, plain("v7"), "found `v7` for `key`. Did you mean `7`? Write digits"),
        (DIGITS, plain("007.0"), "found `007.0` for `key`. Did you mean `7`? Write digits"),
        (DIGITS, plain("0"), "found `0` for `key`. Write digits"),
        (DIGITS, plain("7.1"), "found `7.1` for `key`. Write digits"),
        (DIGITS, quoted("7\n"), "found `7\\n` for `key`. Write digits"),
        (DIGITS, plain("\u0667"), "found `\u0667` for `key`. Write digits"),
        (DIGITS, plain("10000000000"), "found `10000000000` for `key`. Write digits"),
        (DIGITS, plain(""), "found no value for `key`. Write digits"),
        (NUMBER, quoted("0.5"), "found `0.5` for `key` in quotes. Write a number"),
        (SHARE, plain("-0.1"), "found `-0.1` for `key`. Write 0 to 1"),
        (SHARE, plain("1.1"), "found `1.1` for `key`. Write 0 to 1"),
        (COUNT, plain("0"), "found `0` for `key`. Write 1 to 20"),
        (COUNT, plain("21"), "found `21` for `key`. Write 1 to 20"),
        (COUNT, plain("2.0"), "found `2.0` for `key`. Write 1 to 20"),
        (COUNT, plain("01"), "found `01` for `key`. Write 1 to 20"),
        (COUNT, plain("9" * 20), "found `99999999999999999999` for `key`. Write 1 to 20"),
        (COUNT, quoted("3"), "found `3` for `key` in quotes. Write 1 to 20"),
        (FLAG, plain("yes"), "found `yes` for `key`. Write `true` or `false`, without quotes"),
        (FLAG, plain("True"), "found `True` for `key`. Write `true` or `false`, without quotes"),
        (FLAG, quoted("true"), "found `true` for `key` in quotes. Write `true` or `false`, without quotes"),
        (COLOUR, plain("pink"), "found `pink` for `key`. Write `red`, `green` or `blue`"),
        (COLOUR, plain(""), "found no value for `key`. Write `red`, `green` or `blue`"),
        (
            COLOUR,
            plain("purple"),
            "found `purple` for `key`, which is not available in this version. "
            "Write `blue` until purple is there",
        ),
        (ONE_WAY, plain("off"), "found `off` for `key`. Write `on`"),
    ],
)
def test_a_wrong_value_is_named_and_answered(shape: Shape[object], node: Node, message: str) -> None:
    assert read(shape, node) == (None, [message])


NO_NUMBERS = ".nan .inf -.inf nan 1_000 1:30 0x1f 0o17 012 +1 .5 5. 1e 1e+400 1e-400 --1 1,5 \u0663 \xb9 \xbd"


@pytest.mark.parametrize("text", [*NO_NUMBERS.split(), "", "1\n", "1\xa0", "0." + "1" * 40, "9" * 41])
def test_numbers_are_decimal_ascii_and_finite(text: str) -> None:
    value, problems = read(NUMBER, plain(text))
    assert value is None
    assert len(problems) == 1


@pytest.mark.parametrize("shape", SHAPES[:-1], ids=lambda shape: type(shape).__name__)
def test_a_leaf_takes_no_list_no_mapping_and_says_nothing_of_a_hole(shape: Shape[object]) -> None:
    for node, words in (
        (ListNode(items=(), place=HERE), "a list"),
        (MapNode(entries=(), place=HERE), "a mapping"),
    ):
        value, problems = read(shape, node)
        assert value is None
        assert problems[0].startswith(f"found {words} for `key`. Write ")
    assert read(shape, HoleNode(place=HERE)) == (None, [])


def test_anything_is_read_as_it_stands() -> None:
    node = ListNode(items=(), place=HERE)
    assert read(Anything(), node) == (node, [])
    assert Anything().schema() == {}


def test_a_text_teaches_an_editor_its_refusals() -> None:
    assert WORD.schema() == {
        "description": "A word.",
        "type": "string",
        "minLength": 1,
        "maxLength": 8,
        "pattern": "^(?:[a-z]+)$",
        "not": {"anyOf": [{"pattern": "^(?:none|nil)$"}]},
    }


def test_limits_stand_in_the_schema_where_there_are_any() -> None:
    assert NUMBER.schema() == {"description": "A number.", "type": "number"}
    assert SHARE.schema() == {"description": "A share.", "type": "number", "minimum": 0, "maximum": 1}


SCALARS = st.one_of(
    st.text(alphabet="truefalsredgno0123456789.-+eEx_: v\n\u0441", max_size=10),
    st.sampled_from(
        ["true", "on", "red", "7", "0.5", "-0", "1e5", "churn", "012", "2024-01-31", "~", "null"]
    ),
    st.text(max_size=10),
)


@given(SCALARS, st.sampled_from(Style), st.sampled_from(SHAPES))
def test_what_a_leaf_accepts_is_valid_under_its_schema(text: str, style: Style, shape: Shape[object]) -> None:
    value, problems = read(shape, ScalarNode(text=text, style=style, place=HERE))
    assert (value is None) == bool(problems)
    if value is not None:
        seen = resolve(text) if style is Style.PLAIN else text
        assert Draft7Validator(shape.schema()).is_valid(seen)
