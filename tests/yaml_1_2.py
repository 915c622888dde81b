"""What an editor sees in a YAML file: scalars by the YAML 1.2 core schema, whatever the parser here does."""

from __future__ import annotations

import re

import yaml

# https://yaml.org/spec/1.2.2/#1032-tag-resolution
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = {
    f"{sign}.{word}": float(f"{sign}{word}")
    for sign, words in (("", ("inf", "Inf", "INF", "nan", "NaN", "NAN")), ("-", ("inf", "Inf", "INF")))
    for word in words
}
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **_NOT_FINITE,
}


class EditorError(Exception):
    """An editor underlines it before any schema is asked."""


def as_an_editor(data: bytes) -> object:
    """The value of a file. Raises EditorError for what every editor refuses: bad YAML, repeated keys."""
    try:
        node = yaml.compose(data, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError) as error:
        raise EditorError(str(error)) from error
    return None if node is None else _value(node)


def resolve(plain: str) -> object:
    """A scalar without quotes."""
    if plain in _WORDS:
        return _WORDS[plain]
    for pattern, base in ((_INTEGER, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if pattern.fullmatch(plain):
            return int(plain.replace("0o", "0"), base)
    return float(plain) if _FLOAT.fullmatch(plain) else plain


def _value(node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        keys = [str(key.value) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise EditorError("repeated key")
        return {key: _value(value) for key, (_, value) in zip(keys, node.value, strict=True)}
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return resolve(node.value) if is_plain else node.value
