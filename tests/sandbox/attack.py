"""What an attack is to the suite: what runs, how it must end, and whether it can be tried unconfined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from promoter.evaluation.sandbox.child_process import Sandbox

MIB = 1024**2
ROWS = 50
NOTHING = "nothing"


class Ends(Enum):
    """How it must end: the model predicts, and tells what it could do; or it is no model any more."""

    PREDICTING = auto()
    AS_A_PROBLEM = auto()


class Control(Enum):
    """As whom the same code runs without any sandbox, to prove that it can succeed; NONE: it would harm."""

    NONE = "none"
    ROOT = "root"
    ANYBODY = "anybody"


class When(Enum):
    """What runs the attack: a prediction, the code of a loader, or a pickle that is opened."""

    PREDICTING = auto()
    LOADING = auto()
    UNPICKLING = auto()
    UNPICKLING_SKLEARN = auto()


class Beside(Enum):
    """Whether another model runs at the same time, which must go on as if nothing were."""

    NOBODY = auto()
    ANOTHER_MODEL = auto()


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One hostile model. `said` must stand in the problem's message; `row` is of docs/security.md."""

    function: Callable[[Mapping[str, Any]], list[str]]
    row: str
    ends: Ends = Ends.PREDICTING
    said: str = ""
    predicts: str = NOTHING
    control: Control = Control.NONE
    when: When = When.PREDICTING
    beside: Beside = Beside.NOBODY
    seconds: float = 10.0
    batches: int = 1
    memory: int = 2048 * MIB
    sandbox: Sandbox = field(default_factory=lambda: Sandbox(disk=64 * MIB, files=5_000, processes=64))

    @property
    def name(self) -> str:
        """Words; no two attacks have the same."""
        how = {When.LOADING: " while loading", When.UNPICKLING: " in a pickle"}
        more = how.get(self.when, " in a scikit-learn pickle" if self.when is When.UNPICKLING_SKLEARN else "")
        return self.function.__name__.replace("_", " ") + more

    @property
    def module(self) -> str:
        """The name of the module in `attacks`."""
        return self.function.__module__.rpartition(".")[2]

    @property
    def tries(self) -> str:
        """What it is after, in a line."""
        return (self.function.__doc__ or "").splitlines()[0].rstrip(".")
