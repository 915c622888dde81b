from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promoter.render.markdown import (
    Align,
    bullets,
    cell,
    code,
    folded,
    link,
    prose,
    sentence,
    table,
    unbroken,
    visible,
)
from promoter.text import quote, say
from tests.oracles import unprintable

GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False})
TEXTS = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("`|\\ \n<>[]()@#*_~")), max_size=300)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("churn", "churn"),
        ("a\nb\r\t\x00", "a\\nb\\r\\t\\x00"),
        ("\u202eabc\u200b\xa0", "\\u202eabc\\u200b\\xa0"),
        ("\ud800", "\\ud800"),
        ("", '""'),
        ("  ", '"  "'),
        (" a", '" a"'),
        ("a ", '"a "'),
        ("naïve 漢字 😀", "naïve 漢字 😀"),
    ],
)
def test_visible_shows_what_is_there(value: str, shown: str) -> None:
    assert visible(value) == shown


def test_visible_cuts_behind_whole_escapes() -> None:
    assert visible("x" * 201) == "x" * 200 + "…"
    assert visible("x" * 200) == "x" * 200
    assert visible("abc\U000e0041", longest=5) == "abc…"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("churn", "`churn`"),
        ("a`b", "``a`b``"),
        ("a``b`c", "```a``b`c```"),
        ("`a", "`` `a ``"),
        ("a`", "`` a` ``"),
        ("`" * 8, "`" + "\\x60" * 8 + "`"),
        ("`" * 7, "`" * 8 + " " + "`" * 7 + " " + "`" * 8),
        ("a|b", "`a|b`"),
        ("a\\", "`a\\`"),
    ],
)
def test_code_has_a_fence_that_the_value_does_not(value: str, written: str) -> None:
    assert code(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [("a|b", "`a\\|b`"), ("a\\|b", "`a\\\\x7cb`"), ("|", "`\\|`"), ("a\\", "`a\\`"), ("||", "`\\|\\|`")],
)
def test_cell_has_no_bare_pipe(value: str, written: str) -> None:
    assert cell(value) == written


@given(TEXTS)
@example("`" * 100)
@example("\\`|`\\")
def test_code_is_one_code_span_with_the_value(value: str) -> None:
    (inline,) = GFM.parseInline(f"x {code(value, longest=5_000)} y")
    before, span, after = inline.children or []
    assert (before.content, span.type, after.content) == ("x ", "code_inline", " y")
    if not re.search("`{8}", value):
        assert span.content == visible(value, longest=5_000)


@given(TEXTS)
@example("a\\|b")
@example("\\\\|")
def test_cell_stays_one_cell(value: str) -> None:
    head, lines = table((("a", Align.LEFT), ("b", Align.RIGHT)), [(cell(value), cell(value))])
    inlines = [token for token in GFM.parse("\n".join([*head, *lines])) if token.type == "inline"]
    spans = [[child.type for child in token.children or []] for token in inlines]
    assert spans == [["text"], ["text"], ["code_inline"], ["code_inline"]]


@given(TEXTS)
def test_code_shows_no_character_that_hides(value: str) -> None:
    assert not unprintable(code(value))
    assert "\n" not in code(value)


def test_prose_keeps_code_and_shows_every_other_mark() -> None:
    written = prose("use `a_b` not *this* [x](y) <b> a_b ~x~ & $1 | \\ and one ` alone")
    (inline,) = GFM.parseInline(written)
    kinds = [(token.type, token.content) for token in inline.children or [] if token.content]
    assert ("code_inline", "a_b") in kinds
    text = "".join(content for _, content in kinds)
    assert text == "use a_b not *this* [x](y) <b> a_b ~x~ & $1 | \\ and one ` alone"
    assert {kind for kind, _ in kinds} == {"text", "code_inline"}


def test_prose_is_one_line() -> None:
    assert prose("one\n# two\r\nthree") == "one # two three"


def test_sentence_quotes_only_what_is_from_outside() -> None:
    message = say("version ", quote("*7*"), " of `churn` is *not* ready")
    assert sentence(message) == "version `*7*` of `churn` is \\*not\\* ready"


def test_link_needs_an_address() -> None:
    assert link("`7`", "https://mlflow.example/#/x") == "[`7`](https://mlflow.example/#/x)"
    assert link("`7`", "") == "`7`"


def test_table_lines_hold_one_row_each() -> None:
    head, lines = table((("A", Align.LEFT), ("B", Align.RIGHT)), [("1", "2"), ("3", "4")])
    assert head == ["| A | B |", "| :-- | --: |"]
    assert lines == ["| 1 | 2 |", "| 3 | 4 |"]


def test_lists_and_folds() -> None:
    assert bullets(["a", "b"]) == "- a\n- b"
    assert folded("T", "body") == "<details>\n<summary>T</summary>\n\nbody\n\n</details>"


def test_unbroken_text_breaks_behind_commas_only() -> None:
    assert unbroken("not worse; at most, 1") == "not\xa0worse; at\xa0most, 1"
