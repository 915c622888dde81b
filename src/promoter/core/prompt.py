"""A prompt version in our words: a template, for a text or for a list of messages, and what goes with it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain


class Kind(StrEnum):
    """What an alias belongs to. MLflow keeps both among the registered models; they share no name."""

    MODEL = "model"
    PROMPT = "prompt"


# As MLflow finds them
_VARIABLE = re.compile(r"\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z_][a-zA-Z0-9_]*)*)\s*\}\}")
# What MLflow takes for a template at most, in characters.
LONGEST_TEMPLATE = 100_000
_CHAT = "chat"


@dataclass(frozen=True, kw_only=True)
class PromptMessage:
    """One message of a chat; `role` is empty for a prompt that is one text."""

    role: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What MLflow keeps of a prompt version: the template as it is stored, `form` (`text` or `chat`), and the
    JSON of its response format and model config, empty where there is none.

    All of it is tags, which whoever may write to the registry can change after the version was made.
    """

    template: str
    form: str = "text"
    response_format: str = ""
    model_config: str = ""

    @property
    def messages(self) -> tuple[PromptMessage, ...]:
        """The messages of a chat in order; a text, or a chat nobody can read as one, is a single message."""
        return _messages(self.template) if self.form == _CHAT else (_alone(self.template),)

    @property
    def texts(self) -> tuple[str, ...]:
        """Where a text is to be searched for: what each message holds, and of a chat each text in its JSON by
        itself too, because what stands in JSON has its line breaks and quotes escaped."""
        contents = [one.content for one in self.messages]
        decoded = _decoded(self.template) if self.form == _CHAT else ()
        return tuple(dict.fromkeys([*contents, *decoded]))

    @property
    def variables(self) -> frozenset[str]:
        """The names between `{{` and `}}`, as MLflow reads them."""
        return frozenset(name for one in self.messages for name in _VARIABLE.findall(one.content))

    @property
    def logic(self) -> str:
        """The first `{% … %}` in it: MLflow has Jinja2 format such a template, which may hold any expression.
        Empty where there is none."""
        return next(filter(None, (_logic(one.content) for one in self.messages)), "")

    @property
    def length(self) -> int:
        """Characters of all messages."""
        return sum(len(one.content) for one in self.messages)

    @property
    def text_digest(self) -> str:
        """sha256 of the template as it is stored, in hex."""
        return _sha256(self.template)

    @property
    def digest(self) -> str:
        """sha256 over everything that decides what the prompt says, in hex."""
        return _sha256(json.dumps([self.form, self.template, self.response_format, self.model_config]))


def _sha256(text: str) -> str:
    # MLflow takes halves of surrogate pairs, which UTF-8 does not know.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _logic(content: str) -> str:
    # Searched for by hand: a pattern would look at the rest of the text again for each `{%`.
    start = content.find("{%")
    end = content.find("%}", start)
    return content[start : end + 2] if 0 <= start < end else ""


def _alone(template: str) -> PromptMessage:
    return PromptMessage(role="", content=template)


def _messages(template: str) -> tuple[PromptMessage, ...]:
    items = _parsed(template)
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        return (_alone(template),)
    try:
        return tuple(PromptMessage(role=str(item.get("role", "")), content=_content(item)) for item in items)
    except RecursionError:
        # Writing may stop at a nesting that reading has just borne.
        return (_alone(template),)


def _parsed(template: str) -> object:
    """None for what is no JSON."""
    try:
        return json.loads(template)
    except (ValueError, RecursionError):
        return None


def _decoded(template: str) -> Iterator[str]:
    """All texts of a chat's JSON, names of fields too, but for what every message has: its role, and the
    name `content`."""
    items = _parsed(template)
    if isinstance(items, list):
        items = [_told(item) if isinstance(item, dict) else item for item in items]
    # By hand: what is nested deeply would be too much for a function that calls itself.
    left = [items]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += reversed([*chain.from_iterable(one.items())])
        elif isinstance(one, list):
            left += reversed(one)


def _told(item: dict[str, object]) -> list[object]:
    return [item.get("content"), _without(item, "role", "content")]


def _without(item: dict[str, object], *names: str) -> dict[str, object]:
    return {key: value for key, value in item.items() if key not in names}


def _content(item: dict[str, object]) -> str:
    """A message's text, and whatever else stands in it as JSON: nothing of it may go unseen."""
    content = item.get("content")
    if isinstance(content, str):
        rest = _without(item, "role", "content")
        return "\n".join([content, _as_json(rest)]) if rest else content
    return _as_json(_without(item, "role"))


def _as_json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
