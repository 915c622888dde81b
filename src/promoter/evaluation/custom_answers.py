"""What a custom check's command may answer. Its text is nobody's but its own: bounded, checked, quoted."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import NoReturn

from promoter.core.evidence import CustomAnswer, Outcome
from promoter.text import Message, Part, quote, say

LARGEST_ANSWER = 64 * 1024
_MOST_RESULTS = 50
_LONGEST_MESSAGE = 500
_LONGEST_SUBJECT = 100
# A quote is cut where it is shown, at 200 characters with what is escaped in it.
_LONGEST_QUOTE = 160
_OUTCOMES = {
    outcome.value: outcome
    for outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.WARNED, Outcome.INCONCLUSIVE)
}


class Unanswered(Exception):
    """A custom check that gave no usable answer, and why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def read_answers(name: str, content: bytes | bytearray) -> tuple[CustomAnswer, ...]:
    """The answer as a whole, then one for each of its results. Raises Unanswered for anything else."""
    if len(content) > LARGEST_ANSWER:
        raise _wrong(f"more than {LARGEST_ANSWER:,} bytes")
    if not content.strip():
        raise _wrong("nothing")
    answer = _object(_parsed(content), required={"outcome", "message"}, optional={"results"})
    results = answer.get("results", [])
    if not isinstance(results, list) or len(results) > _MOST_RESULTS:
        raise _wrong(f"`results` that are not a list of at most {_MOST_RESULTS}")
    found = [_object(one, required={"subject", "outcome", "message"}) for one in results]
    answers = [_answer(name, one, subject=_text(one, "subject", longest=_LONGEST_SUBJECT)) for one in found]
    if len({one.subject for one in answers}) < len(answers):
        raise _wrong("two results with the same `subject`")
    return (_answer(name, answer, subject=""), *answers)


def _parsed(content: bytes | bytearray) -> object:
    try:
        return json.loads(
            bytes(content).decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise _wrong("bytes that are not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise _wrong("something that is not one JSON document") from error


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise _wrong("a key that is there twice")
    return dict(pairs)


def _refuse_constant(word: str) -> NoReturn:
    raise _wrong(f"{word}, which is not JSON")


def _object(value: object, *, required: Iterable[str], optional: Iterable[str] = ()) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _wrong("something that is not a JSON object")
    for key in sorted(required):
        if key not in value:
            raise _wrong(f"an object without `{key}`")
    for key in value:
        if key not in {*required, *optional}:
            raise _wrong("an object with the unknown key ", quote(key))
    return value


def _answer(name: str, found: Mapping[str, object], *, subject: str) -> CustomAnswer:
    outcome = found["outcome"]
    if not isinstance(outcome, str) or outcome not in _OUTCOMES:
        raise _wrong(f"an `outcome` that is none of {', '.join(_OUTCOMES)}")
    message = _text(found, "message", longest=_LONGEST_MESSAGE)
    return CustomAnswer(name=name, outcome=_OUTCOMES[outcome], message=_quoted(message), subject=subject)


def _text(found: Mapping[str, object], key: str, *, longest: int) -> str:
    text = found[key]
    if not isinstance(text, str) or not text.strip() or len(text) > longest:
        raise _wrong(f"a `{key}` that is not a text of 1 to {longest} characters")
    if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
        raise _wrong(f"a `{key}` with half of a character in it")
    return text


def _quoted(text: str) -> Message:
    parts: list[Part] = []
    for line in textwrap.wrap(text, _LONGEST_QUOTE):
        parts += [" ", quote(line)]
    return say("it answered", *(parts or [" ", quote(text)]))


def _wrong(*what: Part) -> Unanswered:
    return Unanswered(say("it answered ", *what))
