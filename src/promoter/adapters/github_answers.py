"""GitHub's answers: read strictly, because a field that is not what it should be decides nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

Record: TypeAlias = Mapping[str, object]

OK = 200
NO_CONTENT = 204
REDIRECTS = 300
REFUSALS = 400


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer. Header names are in lower case; `data` is the decoded JSON, None for an empty body.

    A refusal's body that is no JSON (a proxy's page) is in `data` as it came, as text.
    """

    status: int
    headers: Mapping[str, str]
    data: object

    @property
    def said(self) -> str:
        """What the server says about it, in its own words."""
        words = self.data.get("message") if isinstance(self.data, Mapping) else self.data
        return words if isinstance(words, str) else ""


def read_answer(status: int, *, headers: Mapping[str, str], body: str) -> Answer:
    """The answer with its JSON decoded. Raises ValueError when a success is no JSON."""
    data: object = None
    if body.strip():
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            if status < REFUSALS:
                raise ValueError("the answer is no JSON, or was cut off") from error
            data = body
    return Answer(status=status, headers={name.lower(): value for name, value in headers.items()}, data=data)


def garbage(what: str, found: str) -> PromoterError:
    """The error for an answer that is not what GitHub documents."""
    return PromoterError(
        ReasonCode.GITHUB_UNAVAILABLE,
        say("GitHub's answer makes no sense while ", quote(what), ": ", quote(found)),
        hint=say("Nothing was decided. Run the job again; look at what stands between it and GitHub."),
    )


def text(data: object, *keys: str) -> str:
    """The text under the keys, one inside the other: ``text(pull, "head", "sha")``."""
    value = _value(data, keys)
    if not isinstance(value, str):
        raise _wrong(keys, value, expected="text")
    return value


def maybe_text(data: object, *keys: str) -> str | None:
    """The text under the keys; None where one of them is missing or null."""
    value = _value(data, keys)
    if value is None:
        return None
    return text(data, *keys)


def number(data: object, *keys: str) -> int:
    """The whole number under the keys."""
    value = _value(data, keys)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(keys, value, expected="a whole number")
    return value


def flag(data: object, *keys: str) -> bool:
    """The true or false under the keys."""
    value = _value(data, keys)
    if not isinstance(value, bool):
        raise _wrong(keys, value, expected="true or false")
    return value


def record(data: object) -> Record:
    """The answer as one object."""
    if not isinstance(data, dict):
        raise _wrong((), data, expected="an object")
    return data


def records(data: object, *keys: str) -> list[Record]:
    """The list of objects under the keys."""
    value = _value(data, keys)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _wrong(keys, value, expected="a list of objects")
    return value


def _value(data: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        if data is None:
            return None
        if not isinstance(data, Mapping):
            raise _wrong(keys, data, expected="an object")
        data = data.get(key)
    return data


def _wrong(keys: tuple[str, ...], found: object, *, expected: str) -> PromoterError:
    name = ".".join(keys) or "the answer"
    return garbage("reading an answer", f"{name} should be {expected} and is {type(found).__name__}")


_LINK = re.compile(r"<([^<>]*)>([^<>]*)")
_NEXT = re.compile(r";\s*rel=\"?next\"?\s*(?:[;,]|\Z)")


def next_page(headers: Mapping[str, str]) -> str | None:
    """The address of the next page, from the `Link` header; None on the last one."""
    for address, parameters in _LINK.findall(headers.get("link", "")):
        if _NEXT.search(parameters):
            return str(address)
    return None


_MOST_DIGITS = 12


def seconds(value: str) -> float | None:
    """A header's whole number; None when it is none (a date, a word, nothing)."""
    value = value.strip()
    if not value.isascii() or not value.isdigit() or len(value) > _MOST_DIGITS:
        return None
    return float(value)
