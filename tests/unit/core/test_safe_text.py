from __future__ import annotations

import sys
import unicodedata

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.safe_text import code_point, first_unsafe, is_text_for_everybody, mixed_script_word
from tests.yaml_1_2 import resolve


def words(text: str) -> list[str]:
    return text.split()


UNSAFE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
# trust.md T29: what people write without quotes and parsers read as something else
NOT_TEXT = words("""
null Null NULL ~ true True TRUE false False FALSE yes Yes YES no No NO on On ON off Off OFF y Y n N
0 7 -7 +7 007 010 012 0o14 0x1f 0X1F 0b101 1_000 0x_ff 1:30 190:20:30 -1:30 1:30.5 0.5 .5 5. -0.5 +.5
1e3 1E3 1.0e+400 1.5e-3 -1.e3 .inf -.inf +.INF .Inf .nan .NaN .NAN 685_230.15 12e03
2024-01-31 2024-1-3 2024-01-31T12:00:00Z 2001-12-14t21:59:43.10-05:00 = <<
""")
TEXT = words("""
churn prod.ml.churn v7 7b 1.2.3 nulls yesterday non-linear e3 1e 0x 0xg -x x:y .nano inf nan NaN
2024-01 01-02-2024 on_hold T1:30 truth +a
""")


def test_every_character_that_hides_something_is_found() -> None:
    for number in range(sys.maxunicode + 1):
        char = chr(number)
        is_noncharacter = number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
        hides = (unicodedata.category(char) in UNSAFE or is_noncharacter) and char != "\n"
        assert (first_unsafe(char) is not None) == hides, code_point(char)


@pytest.mark.parametrize(
    ("text", "index"),
    [("", None), ("plain\ntext", None), ("naïve ≥ 0.5 ☂ 日本", None), ("a\tb", 1), ("line\n\u202e", 5)],
)
def test_the_first_unsafe_character_is_named_by_its_index(text: str, index: int | None) -> None:
    assert first_unsafe(text) == index


def test_a_character_not_assigned_yet_is_no_reason_to_refuse() -> None:
    assert unicodedata.category("\u0378") == "Cn"
    assert first_unsafe("new \u0378") is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Approved by Alice", None),
        ("Одобрено: Alice", None),
        ("gain ≥ 2 %, naïve Straße", None),
        ("by \u0410lice", "\u0410lice"),
        ("ch\u0430mpion and \u03c1aypal", "ch\u0430mpion"),
        ("x \u03c1aypal", "\u03c1aypal"),
        ("модель-churn, \u03b1_x", None),
    ],
)
def test_a_word_of_two_alphabets_that_look_alike_is_found(text: str, word: str | None) -> None:
    assert mixed_script_word(text) == word


@pytest.mark.parametrize(
    ("char", "shown"),
    [
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\t", "U+0009 TAB"),
        ("\x07", "U+0007"),
        ("\U000e0001", "U+E0001 LANGUAGE TAG"),
    ],
)
def test_a_character_is_shown_by_number_and_name(char: str, shown: str) -> None:
    assert code_point(char) == shown


@pytest.mark.parametrize("plain", ["", *NOT_TEXT])
def test_what_some_parser_reads_as_something_else_is_not_text(plain: str) -> None:
    assert not is_text_for_everybody(plain)


@pytest.mark.parametrize("plain", TEXT)
def test_what_every_parser_reads_as_text_is_text(plain: str) -> None:
    assert is_text_for_everybody(plain)


ODD_SCALARS = st.one_of(
    st.text(alphabet="0123456789._-+:eExXoObBaAfF nulltrysoTZ~=<", max_size=12),
    st.from_regex(r"[-+]?[0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9:.]+)?", fullmatch=True),
)


@given(ODD_SCALARS)
def test_accepted_as_text_means_text_in_yaml_1_1_and_in_yaml_1_2(plain: str) -> None:
    if is_text_for_everybody(plain):
        resolver = yaml.SafeLoader("")
        tag = resolver.resolve(yaml.ScalarNode, plain, (True, False))  # type: ignore[no-untyped-call]
        assert tag == "tag:yaml.org,2002:str"
        assert resolve(plain) == plain
