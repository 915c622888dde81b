"""What editors offer: every key has something, every example is read, every word has a meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from promoter.core.nodes import MapNode
from promoter.core.policy_shape import POLICY
from promoter.core.problems import Problems
from promoter.core.request_file import REQUEST
from promoter.core.scalars import Choice, Flag
from promoter.core.schema import FileKind, schema
from promoter.core.schema_hints import EXAMPLES, MEANINGS, OF_A_POLICY
from promoter.core.shape import Field, ListOf, Map, Need, Shape
from promoter.core.strict_yaml import read_tree

ROOTS: dict[FileKind, Map[Any]] = {FileKind.REQUEST: REQUEST, FileKind.POLICY: POLICY}


def fields_of(shape: Shape[Any], above: str = "") -> Iterator[tuple[str, Field[Any]]]:
    """Every key with the one above it, however deep."""
    inner = shape.item if isinstance(shape, ListOf) else shape
    if isinstance(inner, Map):
        for field in inner.fields:
            if field.need is not Need.LATER:
                yield (f"{above}.{field.name}" if above else field.name), field
                yield from fields_of(field.shape, field.name)


def keys_of(kind: FileKind) -> dict[str, Field[Any]]:
    return dict(fields_of(ROOTS[kind]))


def offers_of(part: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The same of a JSON Schema."""
    whole = part.get("items") if isinstance(part.get("items"), dict) else part
    assert whole is not None
    for key, value in whole.get("properties", {}).items():
        yield (f"{above}.{key}" if above else key), value
        yield from offers_of(value, key)


def offers(kind: FileKind) -> list[tuple[str, dict[str, Any]]]:
    return list(offers_of(schema(kind)))


@pytest.mark.parametrize("kind", FileKind)
def test_the_schema_has_every_key_that_the_reader_knows(kind: FileKind) -> None:
    assert {path for path, _ in offers(kind)} == keys_of(kind).keys()


@pytest.mark.parametrize("kind", FileKind)
def test_every_key_offers_a_value(kind: FileKind) -> None:
    assert [
        path
        for path, value in offers(kind)
        if not ({"default", "examples", "enum"} & value.keys()) and value.get("type") != "boolean"
    ] == []


@pytest.mark.parametrize("kind", FileKind)
def test_every_example_and_default_is_one_that_the_reader_takes(kind: FileKind) -> None:
    fields = keys_of(kind)
    for path, value in offers(kind):
        offered = [*value.get("examples", []), *([value["default"]] if "default" in value else [])]
        for one in offered:
            Draft7Validator(value).validate(one)
            problems = Problems(path)
            tree = read_tree(json.dumps({"key": one}).encode(), problems)
            assert isinstance(tree, MapNode), path
            entry = tree.get("key")
            assert entry is not None
            fields[path].shape.read(entry.value, name=fields[path].name, problems=problems)
            assert [str(problem) for problem in problems.all()] == []


@pytest.mark.parametrize("kind", FileKind)
def test_every_word_of_a_closed_list_has_a_meaning(kind: FileKind) -> None:
    for path, value in offers(kind):
        if "enum" in value:
            assert len(value["enumDescriptions"]) == len(value["enum"]), path
            assert all(text.endswith(".") for text in value["enumDescriptions"]), path


def test_nothing_is_said_of_keys_that_are_not_there() -> None:
    request, policy = keys_of(FileKind.REQUEST), keys_of(FileKind.POLICY)
    assert EXAMPLES.keys() <= request.keys() | policy.keys()
    assert OF_A_POLICY.keys() <= request.keys() & policy.keys() | {"models"}
    for path, meanings in MEANINGS.items():
        shape = (request | policy)[path].shape
        assert isinstance(shape, Choice), path
        assert set(meanings) == {str(option) for option in shape.options}, path


def test_flags_need_no_example() -> None:
    flags = [path for path, field in keys_of(FileKind.POLICY).items() if isinstance(field.shape, Flag)]
    assert flags
    assert not set(flags) & EXAMPLES.keys()


def test_a_number_s_default_is_told() -> None:
    found = dict(offers(FileKind.POLICY))
    assert found["statistics.confidence_level"]["default"] == 0.95
    assert found["custom.timeout_seconds"]["default"] == 60.0


def test_hints_change_nothing_that_counts() -> None:
    bare = {FileKind.REQUEST: REQUEST.schema(), FileKind.POLICY: POLICY.schema()}
    for kind, whole in bare.items():
        hinted = {key: value for key, value in schema(kind).items() if key not in {"$schema", "title"}}
        assert _without_hints(hinted) == _without_hints(whole)


def _without_hints(part: object) -> object:
    if isinstance(part, dict):
        return {
            key: _without_hints(value)
            for key, value in part.items()
            if key not in {"examples", "enumDescriptions"}
        }
    return [_without_hints(one) for one in part] if isinstance(part, list) else part
