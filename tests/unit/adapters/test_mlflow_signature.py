from __future__ import annotations

import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.mlflow_signature import read_signature
from promoter.core.model_version import Column, Signature
from promoter.errors import PromoterError, ReasonCode
from tests.registry_worlds import mlmodel_text

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
COLUMNS = st.lists(
    st.builds(
        Column,
        name=NAMES,
        kind=st.sampled_from(["double", "long", "string", "boolean", "datetime"]),
        required=st.booleans(),
    ),
    max_size=5,
).map(tuple)


def signature_of(inputs: object, outputs: object = None) -> Signature | None:
    """What is read from an `MLmodel` with these columns, written as MLflow writes it."""
    block = {
        "inputs": None if inputs is None else json.dumps(inputs),
        "outputs": None if outputs is None else json.dumps(outputs),
        "params": None,
    }
    return read_signature(yaml.safe_dump({"flavors": {}, "signature": block}).encode())


def kinds(*types: object) -> list[str]:
    found = signature_of(list(types))
    assert found is not None
    return [column.kind for column in found.inputs]


def failure_of(mlmodel: bytes) -> PromoterError:
    with pytest.raises(PromoterError) as caught:
        read_signature(mlmodel)
    return caught.value


@given(COLUMNS, COLUMNS)
def test_what_was_written_is_read(inputs: tuple[Column, ...], outputs: tuple[Column, ...]) -> None:
    written = Signature(inputs=inputs, outputs=outputs)
    assert read_signature(mlmodel_text(written).encode()) == written


@pytest.mark.parametrize(
    "text", ["flavors: {}", "signature: null", "signature: ~", "signature:", "a: {signature: 1}"]
)
def test_a_model_logged_without_a_signature_has_none(text: str) -> None:
    assert read_signature(text.encode()) is None


def test_mlflow_writes_what_is_read() -> None:
    """Against MLflow's own classes: the file they write, and what they say is in it."""
    import numpy as np  # noqa: PLC0415
    from mlflow.models import Model, ModelSignature  # noqa: PLC0415
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec  # noqa: PLC0415
    from mlflow.types.schema import AnyType, Array, Map, Object, Property  # noqa: PLC0415

    person = Object(
        [Property("age", DataType.long), Property("names", Array(DataType.string), required=False)]
    )
    inputs = Schema(
        [
            ColSpec("double", "a"),
            ColSpec("long", "b", required=False),
            ColSpec(Array(DataType.string), "c"),
            ColSpec(person, "d"),
            ColSpec(Map(DataType.double), "e"),
            ColSpec(AnyType(), "f"),
        ]
    )
    outputs = Schema([TensorSpec(np.dtype("float64"), (-1, 4))])
    written = Model(signature=ModelSignature(inputs, outputs)).to_yaml()
    assert read_signature(written.encode()) == Signature(
        inputs=(
            Column(name="a", kind="double"),
            Column(name="b", kind="long", required=False),
            Column(name="c", kind="array(string)"),
            Column(name="d", kind="object(age: long, names?: array(string))"),
            Column(name="e", kind="map(double)"),
            Column(name="f", kind="any"),
        ),
        outputs=(Column(name="0", kind="tensor(float64, [-1, 4])"),),
    )


def test_columns_without_a_name_are_known_by_their_position() -> None:
    found = signature_of([{"type": "double"}, {"type": "long", "name": "b"}, {"type": "long"}])
    assert found is not None
    assert [column.name for column in found.inputs] == ["0", "b", "2"]


def test_older_files_say_optional_instead_of_required() -> None:
    found = signature_of([{"type": "long", "name": "a", "optional": True}, {"type": "long", "name": "b"}])
    assert found is not None
    assert [column.required for column in found.inputs] == [False, True]


def test_a_signature_may_have_inputs_or_outputs_only() -> None:
    assert signature_of(None, [{"type": "long", "name": "a"}]) == Signature(
        inputs=(), outputs=(Column(name="a", kind="long"),)
    )
    assert signature_of(None) == Signature(inputs=(), outputs=())


def test_nested_kinds_are_one_line() -> None:
    pair = {"type": "object", "properties": {"b": {"type": "long"}, "a": {"type": "long", "required": False}}}
    assert kinds({"type": "array", "items": pair}) == ["array(object(a?: long, b: long))"]
    assert kinds({"type": "sparkml_vector"}) == ["sparkml_vector"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "just text",
        "- signature: {}",
        "signature: text",
        "signature: [1]",
        "signature: *anchor",
        "signature: &a {inputs: *a}",
        "signature: {inputs: [1, 2]}",
        "signature: {inputs: 'not json'}",
        "signature: {inputs: '{}'}",
        "signature: {inputs: '[1]'}",
        'signature: {inputs: \'[{"type": "tensor"}]\'}',
        'signature: {inputs: \'[{"type": "array"}]\'}',
        'signature: {inputs: \'[{"type": "object", "properties": 3}]\'}',
        "signature: {inputs: '[]'}\nsignature: {inputs: '[]'}",
        "signature: {inputs: '[]'",
        "signature: !!python/object/apply:os.system ['true']",
        "a: b: c",
        "\tsignature: null",
    ],
)
def test_a_file_that_is_no_mlmodel_is_an_error_and_not_no_signature(text: str) -> None:
    error = failure_of(text.encode())
    assert error.reason is ReasonCode.DATA_UNAVAILABLE
    assert "MLmodel" in str(error)
    assert error.__context__ is None


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"signature: \x00", b"a: \x07"])
def test_bytes_that_are_no_text_are_an_error(content: bytes) -> None:
    assert failure_of(content).reason is ReasonCode.DATA_UNAVAILABLE


def test_tags_anchors_and_aliases_elsewhere_are_looked_over() -> None:
    text = (
        "flavors: &f {python_function: !!python/name:os.system '', again: [&x 1, *x]}\n"
        "? [a, complex, key]\n: *f\n"
        'signature: {? [x] : y, inputs: \'[{"type": "long", "name": "a"}]\', params: {deep: [1]}}\n'
        "metadata: *f\n"
    )
    assert read_signature(text.encode()) == Signature(inputs=(Column(name="a", kind="long"),), outputs=())


def reason_of(mlmodel: bytes) -> ReasonCode | None:
    """Why it was refused; None when it was read."""
    try:
        read_signature(mlmodel)
    except PromoterError as error:
        return error.reason
    return None


HOSTILE = {
    "open lists": b"a: " + b"[" * 1_000_000,
    "closed lists": b"a: " + b"[" * 500_000 + b"]" * 500_000,
    "open items": b"a:\n" + b"- " * 500_000,
    "open keys": b"? " * 500_000,
    "open mappings": b"a: " + b"{a: " * 250_000,
    "tags": b"a: " + b"!" * 1_000_000,
    "empty lines": b"a: '" + b"\n" * 1_000_000,
    "a long anchor": b"a: &" + b"x" * 1_000_000,
    "aliases": b"a: &a [x]\n" + b"".join(b"b%d: [*a, *a, *a]\n" % index for index in range(20_000)),
    "long text": b"x: |\n" + b"  text\n" * 100_000,
    "deep JSON": b"signature: {inputs: '" + b"[" * 1_000_000 + b"'}",
    "deep types": b"signature: {inputs: '["
    + b'{"type": "array", "items": ' * 5_000
    + b"1"
    + b"}" * 5_000
    + b"]'}",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_cost_little(content: bytes) -> None:
    started = time.monotonic()
    reason = reason_of(content)
    assert reason in {None, ReasonCode.DATA_UNAVAILABLE}
    assert time.monotonic() - started < 5


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_content_raises_anything_else(content: bytes) -> None:
    for file in (content, b"signature:\n  inputs: '[]'\n" + content):
        assert reason_of(file) in {None, ReasonCode.DATA_UNAVAILABLE}


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | NAMES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                NAMES | st.sampled_from(["type", "items", "properties", "name", "tensor-spec"]),
                inner,
                max_size=3,
            )
        ),
    )
)
def test_no_json_raises_anything_else(written: object) -> None:
    file = yaml.safe_dump({"signature": {"inputs": json.dumps(written)}}).encode()
    assert reason_of(file) in {None, ReasonCode.DATA_UNAVAILABLE}
