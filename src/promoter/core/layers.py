"""The layers around a model's process, by name: which hold, and what becomes of a run where one does not.

The standard library alone: the process around the model's reads this too. What each layer is against, and why
a run as an ordinary user may count OWN_USER as covered: see `evaluation/sandbox/confinement.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """One means of confinement; alone, each can be got around."""

    OWN_USER = "own user"
    NO_NEW_PRIVILEGES = "no new privileges"
    LANDLOCK = "Landlock"
    SECCOMP = "seccomp"
    LIMITS = "limits"


class State(StrEnum):
    """Whether a layer does its work. COVERED: it is not there, and others do its work here."""

    HELD = "held"
    COVERED = "covered"
    MISSING = "missing"


class Strictness(StrEnum):
    """What happens when a layer is missing: nothing is started, or the model runs with what there is."""

    REQUIRED = "required"
    BEST_EFFORT = "best_effort"


@dataclass(frozen=True, kw_only=True)
class FoundLayer:
    """One layer as it was around a process; `note` tells why it is missing, or what is special."""

    layer: Layer
    state: State
    note: str = ""


Found = tuple[FoundLayer, ...]
"""Every layer around a process that ran, in the order of `Layer`; empty where nothing ran."""


def missing(found: Mapping[Layer, tuple[State, str]]) -> dict[Layer, str]:
    """The layers that do not hold, each with why; a layer nobody spoke of does not hold."""
    nobody = (State.MISSING, "nothing is known of it")
    states = {layer: found.get(layer, nobody) for layer in Layer}
    return {layer: why for layer, (state, why) in states.items() if state is State.MISSING}


def missing_in(processes: Iterable[Found]) -> dict[Layer, str]:
    """The layers that did not hold around at least one of several processes, each with why."""
    gone = {one.layer: one.note for found in processes for one in found if one.state is State.MISSING}
    return {layer: gone[layer] for layer in Layer if layer in gone}
