from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.evidence import Outcome
from promoter.evaluation.custom_answers import LARGEST_ANSWER, Unanswered, read_answers
from promoter.text import Quoted

GOOD = {"outcome": "passed", "message": "fine"}
ONE = {"subject": "a", "outcome": "failed", "message": "no"}


def refused(content: object) -> str:
    """Why an answer cannot be used."""
    whole = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(Unanswered) as caught:
        read_answers("fairness", whole)
    return str(caught.value.message).removeprefix("it answered ")


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("passed", Outcome.PASSED),
        ("failed", Outcome.FAILED),
        ("warned", Outcome.WARNED),
        ("inconclusive", Outcome.INCONCLUSIVE),
    ],
)
def test_an_answer_is_an_outcome_and_a_message(word: str, outcome: Outcome) -> None:
    (answer,) = read_answers("fairness", json.dumps({"outcome": word, "message": "a ü"}).encode())
    assert (answer.name, answer.subject, answer.outcome) == ("fairness", "", outcome)
    assert str(answer.message) == "it answered `a ü`"


def test_results_follow_the_whole_in_their_order() -> None:
    results = [{**ONE, "subject": name} for name in ("b", "a")]
    answers = read_answers("fairness", json.dumps({**GOOD, "results": results}).encode())
    assert [(one.subject, one.outcome) for one in answers] == [
        ("", Outcome.PASSED),
        ("b", Outcome.FAILED),
        ("a", Outcome.FAILED),
    ]
    assert read_answers("x", json.dumps({**GOOD, "results": []}).encode()) == read_answers(
        "x", json.dumps(GOOD).encode()
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "nothing"),
        (b" \n\t", "nothing"),
        (b"yes", "something that is not one JSON document"),
        (b'{"outcome": "passed", "message": "x"} {}', "something that is not one JSON document"),
        (b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), "something that is not one JSON document"),
        (b'{"outcome": "passed", "message": "\xff"}', "bytes that are not UTF-8"),
        (b"[" * 60_000, "something that is not one JSON document"),
        (b"1" * 5_000, "something that is not one JSON document"),
        (b" " * (LARGEST_ANSWER + 1), "more than 65,536 bytes"),
        (b'{"outcome": "failed", "outcome": "passed", "message": "x"}', "a key that is there twice"),
        (b'{"outcome": "passed", "message": NaN}', "NaN, which is not JSON"),
        (b'{"outcome": "passed", "message": -Infinity}', "-Infinity, which is not JSON"),
        (b'{"outcome": "passed", "message": "a\\ud800"}', "a `message` with half of a character in it"),
        ([GOOD], "something that is not a JSON object"),
        ("passed", "something that is not a JSON object"),
        (None, "something that is not a JSON object"),
        ({"message": "x"}, "an object without `outcome`"),
        ({"outcome": "passed"}, "an object without `message`"),
        ({**GOOD, "score": 1}, "an object with the unknown key `score`"),
        ({**GOOD, "outcome": "error"}, "an `outcome` that is none of passed, failed, warned, inconclusive"),
        ({**GOOD, "outcome": "skipped"}, "an `outcome` that is none of passed, failed, warned, inconclusive"),
        ({**GOOD, "outcome": "PASSED"}, "an `outcome` that is none of passed, failed, warned, inconclusive"),
        ({**GOOD, "outcome": True}, "an `outcome` that is none of passed, failed, warned, inconclusive"),
        (
            {**GOOD, "outcome": ["passed"]},
            "an `outcome` that is none of passed, failed, warned, inconclusive",
        ),
        ({**GOOD, "message": 1}, "a `message` that is not a text of 1 to 500 characters"),
        ({**GOOD, "message": " "}, "a `message` that is not a text of 1 to 500 characters"),
        ({**GOOD, "message": "x" * 501}, "a `message` that is not a text of 1 to 500 characters"),
        ({**GOOD, "results": {}}, "`results` that are not a list of at most 50"),
        ({**GOOD, "results": None}, "`results` that are not a list of at most 50"),
        ({**GOOD, "results": [ONE] * 51}, "`results` that are not a list of at most 50"),
        ({**GOOD, "results": [ONE, ONE]}, "two results with the same `subject`"),
        ({**GOOD, "results": [GOOD]}, "an object without `subject`"),
        ({**GOOD, "results": [{**ONE, "results": []}]}, "an object with the unknown key `results`"),
        ({**GOOD, "results": [{**ONE, "subject": ""}]}, "a `subject` that is not a text of 1 to 100"),
        ({**GOOD, "results": [{**ONE, "subject": "x" * 101}]}, "a `subject` that is not a text of 1 to 100"),
        ({**GOOD, "results": ["a"]}, "something that is not a JSON object"),
    ],
)
def test_anything_else_is_no_answer(content: object, said: str) -> None:
    assert refused(content).startswith(said)


def test_as_much_as_may_be_answered_is_read() -> None:
    results = [{**ONE, "subject": f"{at:>100}", "message": "m" * 500} for at in range(50)]
    content = json.dumps({**GOOD, "results": results}).encode()
    assert len(read_answers("x", content.ljust(LARGEST_ANSWER))) == 51


def test_a_long_message_is_quoted_in_pieces_that_are_shown_whole() -> None:
    text = " ".join(f"word{at}" for at in range(70))
    (answer,) = read_answers("x", json.dumps({**GOOD, "message": text}).encode())
    pieces = [part.value for part in answer.message.parts if isinstance(part, Quoted)]
    assert " ".join(pieces) == text
    assert max(map(len, pieces)) <= 160


@given(st.text(min_size=1, max_size=500))
def test_whatever_it_says_is_quoted(text: str) -> None:
    try:
        (answer,) = read_answers("x", json.dumps({**GOOD, "message": text}).encode())
    except Unanswered:
        assert not text.strip() or any("\ud800" <= char <= "\udfff" for char in text)
        return
    ours = [part for part in answer.message.parts if isinstance(part, str)]
    assert ours[0] == "it answered"
    assert set(ours[1:]) == {" "}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.sampled_from(["passed", "a", ""])
    | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["outcome", "message", "results", "subject"]) | st.text(), inner)
    ),
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary())
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    try:
        subjects = [answer.subject for answer in read_answers("x", content)]
    except Unanswered:
        subjects = [""]
    assert subjects[0] == ""
