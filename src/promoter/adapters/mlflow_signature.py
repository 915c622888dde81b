"""The signature in an `MLmodel` file, read without MLflow's loader and without building any object.

The file comes from whoever logged the model. Only YAML's events are looked at: nothing is constructed, no
tag, anchor or alias is followed, and nesting costs no stack.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import yaml

from promoter.core.model_version import Column, Signature
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

_KEY = "signature"
_INPUTS, _OUTPUTS = "inputs", "outputs"
_TOP, _INSIDE = 1, 2
_DEEPEST = 50
# libyaml's parser where PyYAML was built with it: ten times as fast, the same events.
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Unreadable(Exception):
    """The file says something that a signature cannot say."""


def read_signature(mlmodel: bytes) -> Signature | None:
    """The signature in the bytes of an `MLmodel`; None when it was logged without one.

    Raises DATA_UNAVAILABLE for what is not an `MLmodel`: that is not the same as no signature.
    """
    try:
        written = _signature_block(mlmodel)
        return None if written is None else _to_signature(written)
    except (_Unreadable, yaml.YAMLError, ValueError, RecursionError) as error:
        failure = _unreadable(error)
    raise failure


def _unreadable(error: Exception) -> PromoterError:
    what: Message = say(quote(error)) if isinstance(error, _Unreadable) else say("it is not valid YAML and JSON")
    return PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say("the signature in the file `MLmodel` cannot be read: ", *what.parts),
        hint=say("Log the model again; MLflow writes that file."),
    )


def _signature_block(mlmodel: bytes) -> dict[str, str] | None:
    """The scalar entries of the top-level `signature:` mapping; None when there is none, or it is null."""
    walk = _Walk()
    for event in _events(mlmodel):
        walk.see(event)
    if not walk.is_mapping:
        raise _Unreadable("the file is not a mapping")
    return walk.block


def _events(mlmodel: bytes) -> Iterator[yaml.Event]:
    loader = _Loader(mlmodel.decode("utf-8"))
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


class _Walk:
    """Follows YAML's events and keeps what stands in `signature:` at the top level."""

    def __init__(self) -> None:
        self.is_mapping = False
        self.block: dict[str, str] | None = None
        self._depth = 0
        self._key: dict[int, str | None] = {}

    def see(self, event: yaml.Event) -> None:
        """Take one event into account."""
        if isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
            return
        if not isinstance(event, yaml.NodeEvent):
            return
        self._see_node(event)
        if isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
            self._key[self._depth] = None
            if self._depth == _TOP:
                self.is_mapping = isinstance(event, yaml.MappingStartEvent)

    def _see_node(self, event: yaml.NodeEvent) -> None:
        if self._depth == _TOP:
            self._see_entry(event, inside=False)
        elif self._depth == _INSIDE and self.block is not None and self._key[_TOP] == _KEY:
            self._see_entry(event, inside=True)

    def _see_entry(self, event: yaml.NodeEvent, *, inside: bool) -> None:
        """A key or, after a key, its value."""
