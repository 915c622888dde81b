"""Changes a request file as a careful person would: the asked values, and not a byte besides.

PyYAML's own marks say where a value begins and ends. The result is read again by the strict reader and
compared: a file in which anything else came out different is not changed at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import yaml

from promoter.core.nodes import ListNode, MapNode, Node, ScalarNode
from promoter.core.problems import START, Problems
from promoter.core.request import SourceVersion
from promoter.core.request_file import parse_request
from promoter.core.safe_text import is_text_for_everybody
from promoter.core.strict_yaml import read_tree
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say

# What YAML takes for text without quotes, wherever it stands in a block mapping.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,;.()/_+%@&*!?=~-]*[A-Za-z0-9,;.()/_+%@&*!?=~-]|[A-Za-z]")
_BLOCK_HEADER = re.compile(r"[|>][0-9+-]*(?P<comment>[ \t]+#[^\r\n]*)?\r?\n")
_VERSION, _FROM, _REASON = "version", "from", "reason"
_QUOTES = frozenset({"'", '"'})

_Value: TypeAlias = "str | tuple[_Value, ...] | Mapping[str, _Value]"


def scalar(text: str) -> str:
    """The text as one YAML scalar on one line: as it is where every parser reads text, quoted elsewhere."""
    if _PLAIN.fullmatch(text) and is_text_for_everybody(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def with_version(data: bytes, *, version: str, reason: str | None, path: str = "request.yaml") -> bytes:
    """The request's bytes with this version and, unless it is None, this reason.

    `version` is digits, or `dev.ml.churn/7` for a version of another model to copy: `version` and `from`
    take each other's place. Comments, quotes, order and line ends stay. Raises REQUEST_INVALID where the file
    is no request, or the values are none that a request may hold, or the file cannot be edited safely.
    """
    before = parse_request(data, path=path)
    text = data.decode("utf-8")
    if version != before.version:
        text = _with_asked(text, version, path=path)
    if reason is not None and reason.strip() != before.reason:
        text = _with_reason(text, reason.strip())
    edited = text.encode("utf-8", "replace")
    refuse_other_changes(data, edited, asked=(version, reason), path=path)
    return edited


def refuse_other_changes(
    data: bytes, edited: bytes, *, asked: tuple[str, str | None], path: str = "request.yaml"
) -> None:
    """Raises REQUEST_INVALID where more than the version and the reason came out different, or they did not.

    `asked` are both of them, as `with_version` is asked.
    """
    version, reason = asked
    before, after = parse_request(data, path=path), parse_request(edited, path=path)
    expected = (version, before.reason if reason is None else reason.strip())
    if (after.version, after.reason) != expected or _others(edited) != _others(data):
        raise _by_hand(path, "a form that cannot be edited without changing more than was asked")


def _by_hand(path: str, why: str) -> PromoterError:
    problems = Problems(path)
    problems.add(START, found=say(f"found {why}"), write=say("Write the version and the reason by hand"))
    return PromoterError(
        ReasonCode.REQUEST_INVALID,
        say("the promotion request cannot be edited safely"),
        hint=say("Edit it by hand, then run `promoter validate`."),
        problems=problems.all(),
    )


@dataclass(frozen=True, kw_only=True)
class _Span:
    """Where a top-level key or value stands in the text: `[start, end)`, white space after it left out."""

    start: int
    end: int
    style: str | None


@dataclass(frozen=True, kw_only=True)
class _Form:
    """How the one mapping is written: its column, whether in `{}`, and its top-level keys and scalars by
    key."""

    column: int
    in_braces: bool
    keys: Mapping[str, _Span]
    values: Mapping[str, _Span]


def _form(text: str) -> _Form:
    """Of a text that the strict reader has taken: one mapping, no anchors, aliases or tags."""
    depth, key = 0, ""
    column, in_braces, is_key = 0, False, True
    keys: dict[str, _Span] = {}
    values: dict[str, _Span] = {}
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.MappingStartEvent) and depth == 0:
            column = cast("yaml.Mark", event.start_mark).column
            in_braces = bool(event.flow_style)
        elif depth == 1:
            if isinstance(event, yaml.ScalarEvent):
                if is_key:
                    key = event.value
                    keys[key] = _span(event, text)
                else:
                    values[key] = _span(event, text)
            is_key = not is_key
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            is_key = True if depth == 1 else is_key
    return _Form(column=column, in_braces=in_braces, keys=keys, values=values)


def _span(event: yaml.ScalarEvent, text: str) -> _Span:
    start = cast("yaml.Mark", event.start_mark).index
    end = cast("yaml.Mark", event.end_mark).index
    # A block's end is where the next key begins: blank lines between belong to nobody.
    return _Span(start=start, end=start + len(text[start:end].rstrip()), style=event.style)


def _with_asked(text: str, version: str, *, path: str) -> str:
    """With another version, under the key that fits it. Raises REQUEST_INVALID."""
    form, source = _form(text), SourceVersion.of(version)
    written = [key for key in (_FROM, _VERSION) if key in form.values]
    key = _VERSION if source is None else _FROM
    if len(written) > 1:
        if source is None:
            raise _by_hand(path, "both `from` and `version`")
        # What stands beside `from` repeats its number.
        spans = [(form.values[_FROM], version), (form.values[_VERSION], source.version)]
    else:
        spans = [(form.values[written[0]], version)]
    for span, value in sorted(spans, key=lambda one: one[0].start, reverse=True):
        text = _replaced(text, span, value=_in_form(value, span, form=form))
    if key in written:
        return text
    span = form.keys[written[0]]
    quotes = span.style if span.style in _QUOTES else ""
    return f"{text[: span.start]}{quotes}{key}{quotes}{text[span.end :]}"


def _in_form(value: str, span: _Span, *, form: _Form) -> str:
    """Digits, or a source's name, in the quotes that the old value stands in; no name holds one."""
    if span.style in _QUOTES:
        return f"{span.style}{value}{span.style}"
    if value.isdigit():
        return value
    return json.dumps(value) if form.in_braces else scalar(value)


def _with_reason(text: str, reason: str) -> str:
    form = _form(text)
    value = json.dumps(reason, ensure_ascii=False) if form.in_braces else scalar(reason)
    span = form.values.get(_REASON)
    if span is not None:
        return _replaced(text, span, value=value)
    after = form.values[_VERSION if _VERSION in form.values else _FROM].end
    if form.in_braces:
        return f"{text[:after]}, {_REASON}: {value}{text[after:]}"
    line_end = "\r\n" if "\r\n" in text else "\n"
    at = text.find("\n", after)
    line = f"{' ' * form.column}{_REASON}: {value}{line_end}"
    if at < 0:
        return f"{text}{line_end}{line}"
    return f"{text[: at + 1]}{line}{text[at + 1 :]}"


def _replaced(text: str, span: _Span, *, value: str) -> str:
    """What was a block becomes one line, its comment kept."""
    old = text[span.start : span.end]
    header = _BLOCK_HEADER.match(old) if span.style in {"|", ">"} else None
    if header is not None:
        value += header["comment"] or ""
    return text[: span.start] + value + text[span.end :]


def _others(data: bytes) -> Mapping[str, _Value]:
    """Every value of the file but those that may be asked to change."""
    root = read_tree(data, Problems(""))
    entries = root.entries if root else ()
    asked = {_VERSION, _FROM, _REASON}
    return {entry.key.text: _plain(entry.value) for entry in entries if entry.key.text not in asked}


def _plain(node: Node) -> _Value:
    if isinstance(node, MapNode):
        return {entry.key.text: _plain(entry.value) for entry in node.entries}
    if isinstance(node, ListNode):
        return tuple(_plain(item) for item in node.items)
    return node.text if isinstance(node, ScalarNode) else ""
