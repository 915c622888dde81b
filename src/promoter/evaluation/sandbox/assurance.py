"""What is known of the sandbox around a process before its first line runs, and the refusal to go on."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from promoter.core.layers import Found, FoundLayer, Layer, State, Strictness, missing
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

_PATIENCE_SECONDS = 30.0
_LONGEST_REPORT = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """Which layers hold around a process, each with a note, and the number of the user it runs as.

    `user` None: our own. `notes` tell what is special: why a layer is missing, or what covers it.
    """

    states: Mapping[Layer, State] = field(default_factory=dict)
    notes: Mapping[Layer, str] = field(default_factory=dict)
    user: int | None = None

    @property
    def layers(self) -> frozenset[Layer]:
        """The layers whose work is done: they hold, or others cover them."""
        return frozenset(Layer) - self.missing.keys()

    @property
    def missing(self) -> Mapping[Layer, str]:
        """The layers that do not hold, each with why."""
        return missing({layer: (state, self.notes.get(layer, "")) for layer, state in self.states.items()})

    @property
    def found(self) -> Found:
        """The same as evidence."""
        gone = self.missing
        return tuple(
            FoundLayer(
                layer=layer,
                state=self.states.get(layer, State.MISSING),
                note=gone.get(layer, self.notes.get(layer, "")),
            )
            for layer in Layer
        )


def read_confinement(report: int, *, patience: float = _PATIENCE_SECONDS) -> Confinement:
    """What the process around the model's says, up to the end of its report; nothing holds of which it is
    silent."""
    end = time.monotonic() + patience
    watch = select.poll()
    watch.register(report, select.POLLIN)
    content = b""
    while len(content) < _LONGEST_REPORT and watch.poll(max(0.0, end - time.monotonic()) * 1000):
        chunk = os.read(report, _LONGEST_REPORT)
        if not chunk:
            return _parse(content)
        content += chunk
    return Confinement()


def _parse(content: bytes) -> Confinement:
    if not content:
        return Confinement()
    told = json.loads(content)
    layers = {Layer(name): (State(state), note) for name, (state, note) in told["layers"].items()}
    return Confinement(
        states={layer: state for layer, (state, _) in layers.items()},
        notes={layer: note for layer, (_, note) in layers.items() if note},
        user=told["user"],
    )


def require(confinement: Confinement, *, strictness: Strictness) -> None:
    """Raises PromoterError, CHECK_UNAVAILABLE, when a layer is missing and all are required: it is this
    machine that lacks something, which says nothing of the model."""
    gone = confinement.missing
    if gone and strictness is Strictness.REQUIRED:
        raise PromoterError(
            ReasonCode.CHECK_UNAVAILABLE,
            say("nothing was run: the sandbox is not whole on this machine. ", *_list(gone).parts),
            hint=say(
                "As a Docker action Promoter needs Linux 5.13 or newer and an engine that lets Landlock in; "
                "as an ordinary user Linux 6.12. Where every model and check that can be asked for is "
                "trusted, the model's entry in the policy may say `unsafe_sandbox: best_effort`; reports "
                "then tell what was missing."
            ),
        )


def _list(gone: Mapping[Layer, str]) -> Message:
    parts = [part for layer in gone for part in (f"{layer.value} is missing: ", quote(gone[layer]), "; ")]
    return say(*parts[:-1])
