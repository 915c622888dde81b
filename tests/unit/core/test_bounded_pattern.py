from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.bounded_pattern import (
    LONGEST_PATTERN,
    LONGEST_VALUE,
    BoundedPattern,
    PatternRefusedError,
    compile_bounded,
)
from promoter.core.nodes import ScalarNode, Style
from promoter.core.problems import Place, Problems

TOO_MANY_WAYS = "it has too many ways to match, and could run for hours"
SHAPE = BoundedPattern(about="A pattern.", write="Write `.+`")


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (".+", "alice"),
        ("(alice|bob)", "bob"),
        (r"[a-z.]+@acme\.example", "alice.b@acme.example"),
        (r"https://jira\.example/browse/[A-Z]+-[0-9]+", "https://jira.example/browse/ML-12"),
        (r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", "10.0.0.1"),
        (r"[0-9a-f]{40}", "a" * 40),
        (r"([a-z]+,)?[a-z]+", "a,b"),
        (r"(ab)*", "abab"),
        (r"[]x]+", "]x]"),
        (r"[^]x]+", "abc"),
        (r"[\]\[]", "["),
        (r"a{,2}b{1,}c{2}", "aabcc"),
        (r"x{}y{z}", "x{}y{z}"),
        (r"x{1,2}?y*+", "xxyy"),
        (r"(?:)|\(", "("),
    ],
)
def test_a_usual_pattern_is_compiled_as_it_is(pattern: str, value: str) -> None:
    compiled = compile_bounded(pattern)
    assert compiled.pattern == pattern
    assert compiled.fullmatch(value)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|aa)+",
        "(a|b)*",
        "(.*)*",
        "((?:ab?){1,30}){1,30}",
        ".*.*.*.*x",
        "(?:a?){30}b",
        "(?:(?:){1000}){1000}",
        "(?:.{0,999}){0,999}",
        "(ab)*(ab)*(ab)*x",
    ],
)
def test_a_pattern_that_could_run_away_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefusedError, match=re.escape(TOO_MANY_WAYS)):
        compile_bounded(pattern)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(alice", "it is not a regular expression: `missing ), unterminated subpattern`"),
        ("alice)", "it is not a regular expression: `unbalanced parenthesis`"),
        ("[a-z", "it is not a regular expression: `unterminated character set`"),
        ("a\\", "it is not a regular expression: `bad escape (end of pattern)`"),
        ("*", "it is not a regular expression: `nothing to repeat`"),
        ("a{3,2}", "it is not a regular expression: `min repeat greater than max repeat`"),
        (r"(a)\1", "it holds a back reference"),
        ("(?i)a", "it holds `(?`, of which only `(?:` may be used"),
        ("(?=a).", "it holds `(?`, of which only `(?:` may be used"),
        ("a{1001}", "it repeats something more than 1,000 times"),
        ("a{0,99999999999999999999}", "it repeats something more than 1,000 times"),
        ("[[a]", "write `\\[`, not `[`, and no doubled sign, inside `[…]`"),
        ("[a--b]", "write `\\[`, not `[`, and no doubled sign, inside `[…]`"),
    ],
)
def test_a_pattern_is_refused_with_why(pattern: str, why: str) -> None:
    with pytest.raises(PatternRefusedError) as caught:
        compile_bounded(pattern)
    assert str(caught.value) == why


def test_three_open_repeats_are_the_most() -> None:
    worst = "a" * LONGEST_VALUE
    assert compile_bounded(".*.*.*b").fullmatch(worst) is None
    with pytest.raises(PatternRefusedError):
        compile_bounded(".*.*.*.*b")


@given(st.text(alphabet="ab.*+?{}()[]|\\^$0123,:=-&", max_size=30))
def test_any_text_is_a_pattern_or_refused_without_a_warning(text: str) -> None:
    try:
        compiled = compile_bounded(text)
    except PatternRefusedError:
        return
    assert compiled.pattern == text


def read(text: str, style: Style = Style.QUOTED) -> tuple[re.Pattern[str] | None, list[str]]:
    problems = Problems("f")
    node = ScalarNode(text=text, style=style, place=Place(2, 3))
    return SHAPE.read(node, name="owner", problems=problems), [str(problem) for problem in problems.all()]


def test_the_shape_reads_a_compiled_pattern() -> None:
    assert read(".+") == (re.compile(".+"), [])


@pytest.mark.parametrize(
    ("text", "style", "message"),
    [
        ("(a+)+", Style.QUOTED, f"found the pattern `(a+)+` for `owner`: {TOO_MANY_WAYS}. Write `.+`"),
        ("a" * 201, Style.QUOTED, f"found 201 characters for `owner`. Write at most {LONGEST_PATTERN}"),
        ("a\nb", Style.QUOTED, "found `a\\nb` for `owner`. Write `.+`"),
    ],
)
def test_the_shape_says_what_is_wrong_with_a_pattern(text: str, style: Style, message: str) -> None:
    assert read(text, style) == (None, [f"f:2:3: {message}"])


def test_the_schema_asks_for_text_of_the_same_length() -> None:
    assert SHAPE.schema() == {
        "description": "A pattern.",
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_PATTERN,
        "pattern": r"^(?:[^\n]+)$",
    }
