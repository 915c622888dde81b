"""The signature in an `MLmodel` file, read without MLflow's loader and without building any object.

The file comes from whoever logged the model. Only YAML's events are looked at: no tag, anchor or alias is
followed, and nesting costs neither stack nor time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import yaml

from promoter.core.model_version import Column, Signature
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_SIGNATURE, _INPUTS, _OUTPUTS = "signature", "inputs", "outputs"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_DEEPEST_KIND = 20
# MLflow nests a handful deep. libyaml takes time that grows with the square of the depth, a minute for
# 200,000 brackets, and lets no other thread run meanwhile.
_DEEPEST_YAML = 100


class _UnreadableError(ValueError):
    """The file says what no signature says."""


def read_signature(mlmodel: bytes) -> Signature | None:
    """The signature in the bytes of an `MLmodel`; None when the model was logged without one.

    Raises DATA_UNAVAILABLE for bytes that are no `MLmodel`: not the same as "no signature".
    """
    try:
        block = _signature_block(_events(mlmodel))
        return None if block is None else _to_signature(block)
    except _UnreadableError as error:
        why = str(error)
    except (yaml.YAMLError, ValueError, RecursionError):
        why = "it is not the YAML and JSON that MLflow writes"
    raise PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say("the signature in the file `MLmodel` cannot be read: ", quote(why)),
        hint=say("Log the model again; MLflow writes that file."),
    )


def _events(mlmodel: bytes) -> Iterator[yaml.Event]:
    # libyaml where PyYAML was built with it: many times faster, the same events
    loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return iter(yaml.parse(mlmodel.decode("utf-8"), Loader=loader))


def _signature_block(events: Iterator[yaml.Event]) -> dict[str, str] | None:
    """The scalar entries of the top-level `signature:`; None when there is no such key, or it is null."""
    start = next((event for event in events if isinstance(event, yaml.NodeEvent)), None)
    if not isinstance(start, yaml.MappingStartEvent):
        raise _UnreadableError("the file is not a mapping")
    block: dict[str, str] | None = None
    for key, value in _entries(events):
        if key != _SIGNATURE:
            _pass_over(value, events)
        elif block is None:
            block = _block(value, events)
        else:
            raise _UnreadableError("`signature` stands there twice")
    return block


def _block(value: yaml.Event, events: Iterator[yaml.Event]) -> dict[str, str] | None:
    if _is_null(value):
        return None
    if not isinstance(value, yaml.MappingStartEvent):
        raise _UnreadableError("`signature` is not a mapping")
    block: dict[str, str] = {}
    for key, entry in _entries(events):
        if key in {_INPUTS, _OUTPUTS} and not _is_null(entry):
            if not isinstance(entry, yaml.ScalarEvent):
                raise _UnreadableError("inputs and outputs are not text")
            block[key] = entry.value
        else:
            _pass_over(entry, events)
    return block


def _entries(events: Iterator[yaml.Event]) -> Iterator[tuple[str | None, yaml.Event]]:
    """Key and first event of each value of the mapping just entered; the caller reads the value's rest."""
    for key in events:
        if isinstance(key, yaml.MappingEndEvent):
            return
        _pass_over(key, events)
        yield key.value if isinstance(key, yaml.ScalarEvent) else None, next(events)


def _pass_over(event: yaml.Event, events: Iterator[yaml.Event]) -> None:
    depth = int(isinstance(event, yaml.CollectionStartEvent))
    while depth:
        inner = next(events)
        depth += isinstance(inner, yaml.CollectionStartEvent) - isinstance(inner, yaml.CollectionEndEvent)
        if depth > _DEEPEST_YAML:
            raise _UnreadableError("it is nested deeper than MLflow writes")


def _is_null(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value in _NULL


def _to_signature(block: Mapping[str, str]) -> Signature:
    return Signature(inputs=_columns(block.get(_INPUTS)), outputs=_columns(block.get(_OUTPUTS)))


def _columns(text: str | None) -> tuple[Column, ...]:
    if text is None:
        return ()
    written = json.loads(text)
    if not isinstance(written, list):
        raise _UnreadableError("its columns are not a list")
    return tuple(_column(position, item) for position, item in enumerate(written))


def _column(position: int, written: object) -> Column:
    """One entry; a column without a name is known by its position, counted from 0."""
    if not isinstance(written, dict):
        raise _UnreadableError("a column is not a mapping")
    name = written.get("name")
    return Column(
        name=str(position) if name is None else str(name), kind=_kind(written), required=_is_required(written)
    )


def _is_required(written: Mapping[str, object]) -> bool:
    # `optional` is how MLflow before 2.6 wrote it
    return bool(written.get("required", not written.get("optional", False)))


def _kind(written: object, depth: int = 0) -> str:
    """A type in one line: `double`, `array(string)`, `object(a: long, b?: double)`, `tensor(int8, [-1])`."""
    if not isinstance(written, dict) or depth > _DEEPEST_KIND:
        raise _UnreadableError("a type is not one that MLflow writes")
    kind = str(written.get("type"))
    if kind == "tensor":
        return _tensor(written.get("tensor-spec"))
    if kind == "array":
        return f"array({_kind(written.get('items'), depth + 1)})"
    if kind == "map":
        return f"map({_kind(written.get('values'), depth + 1)})"
    if kind == "object":
        return f"object({_properties(written.get('properties'), depth)})"
    return kind


def _tensor(spec: object) -> str:
    if not isinstance(spec, dict) or not isinstance(spec.get("shape"), list):
        raise _UnreadableError("a tensor has no shape")
    return f"tensor({spec.get('dtype')}, {spec['shape']})"


def _properties(properties: object, depth: int) -> str:
    if not isinstance(properties, dict):
        raise _UnreadableError("an object has no properties")
    parts = (
        f"{name}{'' if _is_required(entry) else '?'}: {_kind(entry, depth + 1)}"
        for name, entry in sorted(properties.items())
        if isinstance(entry, dict)
    )
    return ", ".join(parts)
