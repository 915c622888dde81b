"""Models' processes that are started before there is anything to ask them.

Two seconds of a model's start are its imports. Meanwhile the data is opened and looked through, and what
computes figures is imported here.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from promoter.core.policy import ModelRule, Task
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.child_process import Sandbox, processor_seconds
from promoter.evaluation.sandbox.environments import Interpreter
from promoter.evaluation.sandbox.launcher import Launch, Worker, launch
from promoter.ports import TimeLeft
from promoter.text import NOTHING, Message


@dataclass(frozen=True, kw_only=True)
class Runnable:
    """A model's files, what runs them, and their sha256; `problem` where nothing could be made to."""

    files: Path
    interpreter: Interpreter | None
    problem: Message = NOTHING
    digest: str = ""


def wanted_by(task: Task) -> Kind:
    """Which form of prediction a task wants of a model."""
    return Kind.VALUES if task is Task.REGRESSION else Kind.LABELS


class Ahead:
    """Processes by the folder of their model. Whoever takes one ends it; those that nobody took end with the
    context."""

    def __init__(self, *, deadline: TimeLeft) -> None:
        self._deadline = deadline
        self._waiting: dict[Path, tuple[ExitStack, Worker]] = {}

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as all_of_them:
            for own, _ in self._waiting.values():
                all_of_them.push(own)

    def start(self, model: Runnable, rule: ModelRule) -> None:
        """Have it load. Raises what `launch` raises; nothing happens for one that cannot run."""
        if model.interpreter is not None and rule.task is not None:
            own = ExitStack()
            asked = self._asked(model, model.interpreter, rule=rule, wanted=wanted_by(rule.task))
            self._waiting[model.files] = (own, own.enter_context(launch(asked, deadline=self._deadline)))

    def taken(self, model: Runnable, rule: ModelRule, *, wanted: Kind, stack: ExitStack) -> Worker:
        """Its process, started now if none was started ahead or that was taken before; `stack` ends it."""
        own, worker = self._waiting.pop(model.files, (None, None))
        if own is not None and worker is not None:
            stack.push(own)
            return worker
        assert model.interpreter is not None
        asked = self._asked(model, model.interpreter, rule=rule, wanted=wanted)
        return stack.enter_context(launch(asked, deadline=self._deadline))

    def _asked(self, model: Runnable, interpreter: Interpreter, *, rule: ModelRule, wanted: Kind) -> Launch:
        seconds = processor_seconds(self._deadline.remaining())
        return Launch(
            interpreter=interpreter,
            model=model.files,
            wanted=wanted,
            sandbox=Sandbox(strictness=rule.unsafe_sandbox, processor_seconds=seconds),
        )
