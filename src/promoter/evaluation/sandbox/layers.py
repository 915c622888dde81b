"""The layers around a model's process, by name: which hold, and what becomes of a run where one does not.

Standalone: the process around the model's writes what this process reads.

What each is against, and why a run as an ordinary user may count OWN_USER as covered: see `confinement.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Layer(Enum):
    """One means of confinement; alone, each can be got around."""

    LIMITS = "limits"
    OWN_USER = "own user"
    NO_NEW_PRIVILEGES = "no new privileges"
    LANDLOCK = "Landlock"
    SECCOMP = "seccomp"


class State(Enum):
    """Whether a layer does its work. COVERED: it is not there, and others do its work here."""

    HELD = "held"
    COVERED = "covered"
    MISSING = "missing"


class Strictness(Enum):
    """What happens when a layer is missing: nothing is started, or the model runs with what there is."""

    REQUIRED = "required"
    BEST_EFFORT = "best_effort"


def missing(found: Mapping[Layer, tuple[State, str]]) -> dict[Layer, str]:
    """The layers that do not hold, each with why; a layer nobody spoke of does not hold."""
    nobody = (State.MISSING, "nothing is known of it")
    states = {layer: found.get(layer, nobody) for layer in Layer}
    return {layer: why for layer, (state, why) in states.items() if state is State.MISSING}
