"""Answers read strictly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.github_answers import (
    flag,
    garbage,
    maybe_text,
    next_page,
    number,
    read_answer,
    records,
    text,
)
from promoter.errors import PromoterError, ReasonCode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b"]), inner),
    max_leaves=8,
)


def test_headers_are_found_whatever_their_case() -> None:
    answer = read_answer(200, headers={"Retry-After": "3"}, body='{"a": 1}')

    assert (answer.status, answer.headers, answer.data) == (200, {"retry-after": "3"}, {"a": 1})


@pytest.mark.parametrize("body", ['{"a": ', "<html>", "[" * 100_000, '{"a": 1}{'])
def test_a_success_that_is_no_json_is_no_answer(body: str) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        read_answer(200, headers={}, body=body)


def test_a_refusal_may_be_a_page() -> None:
    answer = read_answer(502, headers={}, body="<html>Bad gateway</html>")

    assert answer.said == "<html>Bad gateway</html>"


@pytest.mark.parametrize(
    ("body", "said"),
    [('{"message": "Not Found"}', "Not Found"), ('{"message": 7}', ""), ("[]", ""), ("", ""), (" \n", "")],
)
def test_what_the_server_says(body: str, said: str) -> None:
    assert read_answer(404, headers={}, body=body).said == said


def test_fields_are_read_by_their_path() -> None:
    pull = {"head": {"sha": "abc", "repo": None}, "number": 12, "merged": False, "labels": [{"name": "x"}]}

    assert text(pull, "head", "sha") == "abc"
    assert maybe_text(pull, "head", "sha") == "abc"
    assert maybe_text(pull, "head", "repo", "full_name") is None
    assert maybe_text(pull, "user", "login") is None
    assert number(pull, "number") == 12
    assert flag(pull, "merged") is False
    assert records(pull, "labels") == [{"name": "x"}]
    assert records([{"name": "x"}]) == [{"name": "x"}]


@pytest.mark.parametrize(
    ("read", "data", "said"),
    [
        (lambda data: text(data, "a", "b"), {"a": {"b": 1}}, "a.b should be text and is int"),
        (lambda data: text(data, "a"), {}, "a should be text and is NoneType"),
        (lambda data: text(data, "a", "b"), {"a": "x"}, "a.b should be an object and is str"),
        (lambda data: maybe_text(data, "a"), {"a": 1}, "a should be text and is int"),
        (lambda data: number(data, "a"), {"a": True}, "a should be a whole number and is bool"),
        (lambda data: number(data, "a"), {"a": 1.0}, "a should be a whole number and is float"),
        (lambda data: flag(data, "a"), {"a": 1}, "a should be true or false and is int"),
        (records, {}, "the answer should be a list of objects and is dict"),
        (records, [1], "the answer should be a list of objects and is list"),
        (lambda data: text(data, "a"), [], "a should be an object and is list"),
    ],
)
def test_a_field_of_another_kind_is_an_outage(
    read: Callable[[object], object], data: object, said: str
) -> None:
    with pytest.raises(PromoterError, match="makes no sense") as raised:
        read(data)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert said in str(raised.value)


def reason_of(read: Callable[[], object]) -> ReasonCode | None:
    try:
        read()
    except PromoterError as error:
        return error.reason
    return None


@given(JSON)
def test_whatever_comes_reading_it_answers_or_says_that_it_makes_no_sense(data: object) -> None:
    reads: list[Callable[[], object]] = [
        lambda: text(data, "a", "b"),
        lambda: maybe_text(data, "a", "b"),
        lambda: number(data, "a"),
        lambda: flag(data, "a"),
        lambda: records(data, "a"),
    ]

    assert {reason_of(read) for read in reads} <= {None, ReasonCode.GITHUB_UNAVAILABLE}


def test_garbage_is_quoted() -> None:
    assert str(garbage("reading", "a\nb")) == r"GitHub's answer makes no sense while `reading`: `a\nb`"


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ('<https://h/x?page=2>; rel="next", <https://h/x?page=9>; rel="last"', "https://h/x?page=2"),
        ('<https://h/x?page=1>; rel="prev", <https://h/x?page=3>; rel="next"', "https://h/x?page=3"),
        ("<https://h/x?page=2>; rel=next", "https://h/x?page=2"),
        ('<https://h/x?a=1,2&page=2>; title="a, b"; rel="next"', "https://h/x?a=1,2&page=2"),
        ('<https://h/x?page=9>; rel="last"', None),
        ('<https://h/x?page=9>; rel="next-but-one"', None),
        ('<https://h/x?page=2>; title="rel=next"', None),
        ("", None),
    ],
)
def test_the_next_page_is_the_one_called_next(link: str, following: str | None) -> None:
    assert next_page({"link": link}) == following


def test_without_a_link_there_is_no_next_page() -> None:
    assert next_page({}) is None
