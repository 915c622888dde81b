"""What is made of the sandbox's report, above all of one that lacks something."""

from __future__ import annotations

import json
import os

import pytest

from promoter.core.layers import Layer, State, Strictness
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox.assurance import Confinement, read_confinement, require

WHOLE = dict.fromkeys(Layer, State.HELD)


def reported(content: bytes, *, patience: float = 5) -> Confinement:
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    found = read_confinement(reading, patience=patience)
    os.close(reading)
    return found


def test_a_report_is_read_whole() -> None:
    layers = {layer.value: ["held", ""] for layer in Layer} | {"own user": ["covered", "an ordinary user"]}
    found = reported(json.dumps({"user": None, "layers": layers}).encode())
    assert found == Confinement(
        states=WHOLE | {Layer.OWN_USER: State.COVERED}, notes={Layer.OWN_USER: "an ordinary user"}
    )
    assert found.layers == set(Layer)
    require(found, strictness=Strictness.REQUIRED)


@pytest.mark.parametrize("silent", [b"", b"not yet"])
def test_silence_means_that_nothing_holds(silent: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, silent)
    found = reported(b"") if not silent else read_confinement(reading, patience=0.05)
    os.close(reading)
    os.close(writing)
    assert found.layers == frozenset()
    assert set(found.missing) == set(Layer)
    with pytest.raises(PromoterError, match="seccomp is missing: `nothing is known of it`"):
        require(found, strictness=Strictness.REQUIRED)


@pytest.mark.parametrize("layer", Layer)
def test_one_missing_layer_is_enough_to_refuse_and_is_named_with_its_reason(layer: Layer) -> None:
    found = Confinement(states=WHOLE | {layer: State.MISSING}, notes={layer: "an old\nkernel"})
    assert found.layers == set(Layer) - {layer}
    with pytest.raises(PromoterError) as caught:
        require(found, strictness=Strictness.REQUIRED)
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE, "the machine's lack is not the model's"
    assert str(caught.value.message).endswith(f"{layer.value} is missing: `an old\\nkernel`")
    assert "unsafe_sandbox: best_effort" in str(caught.value.hint)
    require(found, strictness=Strictness.BEST_EFFORT)


def test_a_layer_nobody_spoke_of_is_missing() -> None:
    states = dict.fromkeys(set(Layer) - {Layer.SECCOMP}, State.HELD)
    assert Confinement(states=states).missing == {Layer.SECCOMP: "nothing is known of it"}
