from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.text import Message, Quoted, printable, quote, say


def test_a_message_keeps_our_words_apart_from_others() -> None:
    assert say("tag ", quote("owner"), " is missing").parts == ("tag ", Quoted("owner"), " is missing")


def test_a_message_reads_as_one_line_with_other_peoples_words_in_quotes() -> None:
    assert str(say("version ", quote(7), " of ", quote("a\nb"))) == r"version `7` of `a\nb`"


def test_an_empty_message_is_empty() -> None:
    assert str(say()) == ""
    assert say() == Message(())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain é 日本", "plain é 日本"),
        ("a\r\nb", r"a\r\nb"),
        ("a\x00b\x1b[31m", r"a\x00b\x1b[31m"),
        ("\u2028\u2029\x85", r"\u2028\u2029\x85"),
        ("right\u202eleft", r"right\u202eleft"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
        ("`code`", "'code'"),
        ("::error::x", r":\x3aerror:\x3ax"),
        (":::", r":\x3a\x3a"),
        ("##[group]", r"#\x23[group]"),
        ("###[group]", r"##\x23[group]"),
    ],
)
def test_what_does_not_print_or_may_command_is_broken(value: str, expected: str) -> None:
    assert printable(value) == expected


@pytest.mark.parametrize(("length", "expected"), [(4, "aaaa"), (5, "aaaaa"), (6, "aaaa…"), (9_999, "aaaa…")])
def test_a_long_value_is_cut_where_it_does_not_fit(length: int, expected: str) -> None:
    assert printable("a" * length, longest=5) == expected


def test_escapes_count_towards_the_length() -> None:
    assert printable("\x00\x00", longest=5) == r"\x00…"


@settings(deadline=None)
@given(
    st.text(alphabet=st.one_of(st.sampled_from(":#[`\r\n a"), st.characters()), max_size=40),
    st.integers(min_value=1, max_value=30),
)
def test_no_value_commands_breaks_the_line_or_the_length(value: str, longest: int) -> None:
    text = printable(value, longest=longest)
    assert len(text) <= longest
    assert len(text.splitlines()) <= 1
    assert not any(token in text for token in ("::", "##[", "`"))
