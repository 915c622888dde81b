"""Starts a model's process, talks to it, and leaves nothing of it behind.

The process gets features and a folder to work in; it has no variable, descriptor or file of ours beside that.
Its exit code means nothing, its answers are checked, its words are quoted, and every wait has an end.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from promoter.core.measurement import ModelRun
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox import confinement
from promoter.evaluation.sandbox.answers import Header, Kind, Predicted, garbled, read_body
from promoter.evaluation.sandbox.child_process import (
    Sandbox,
    Started,
    cores,
    end_all,
    model_command,
    start,
)
from promoter.evaluation.sandbox.conversation import Conversation, Question
from promoter.evaluation.sandbox.environments import Interpreter
from promoter.evaluation.sandbox.frames import ChildGone, ChildSilent, Link
from promoter.evaluation.sandbox.problems import ModelProblem, printed_lines
from promoter.evaluation.sandbox.scratch import scratch_folder
from promoter.ports import TimeLeft
from promoter.text import Message, say

_GIB = 1024**3
_LOOK_EVERY_SECONDS = 0.5
# More gain nothing on a batch, and take memory.
_MOST_THREADS = 16


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one model may take: wall-clock seconds to load and for a batch, bytes of memory, threads.

    Seconds count from what it was told or sent, by our clock.
    """

    load_seconds: float = 180.0
    batch_seconds: float = 120.0
    memory: int = 8 * _GIB
    threads: int = field(default_factory=lambda: min(cores(), _MOST_THREADS))


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A model to start: its files in `model`, and which form of prediction is wanted of it.

    `wanted` LABELS: whole numbers are labels too. VALUES: they are values. Floats are always values.
    """

    interpreter: Interpreter
    model: Path
    wanted: Kind
    limits: Limits = field(default_factory=Limits)
    sandbox: Sandbox = field(default_factory=Sandbox)


@contextlib.contextmanager
def launch(asked: Launch, *, deadline: TimeLeft) -> Iterator[Worker]:
    """A process that loads the model at once; `Worker.load` waits for it, so two can load side by side.

    When the context ends, so has everything the process started, and its files are gone. Raises
    PromoterError, CHECK_UNAVAILABLE, where the sandbox is not whole and has to be, where nothing can be
    started, and where something of it is left.
    """
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder("promoter-model-"))
        limits = asked.limits
        command = model_command(
            asked.interpreter.path,
            memory=limits.memory,
            threads=limits.threads,
            model=asked.model,
            sandbox=asked.sandbox,
        )
        started = start(command, scratch=scratch)
        link = Link(started.ends)
        stack.callback(link.close)
        worker = Worker(asked, link=link, started=started, deadline=deadline)
        stack.callback(worker.stop)
        stack.callback(end_all, started)
        worker.begin()
        yield worker


class Worker:
    """One model's process. Ask it batch by batch: `predict`, or `send` and later `receive`.

    Everything raises ModelProblem when the model is at fault, DEADLINE_EXCEEDED when the run's time is up.
    After either, only `finish` makes sense. `confinement` tells what stands around the process.
    """

    def __init__(self, asked: Launch, *, link: Link, started: Started, deadline: TimeLeft) -> None:
        self._asked = asked
        self._link = link
        self._talk = Conversation(link)
        self._model = started.model
        self._process = started.process.pid
        self.confinement = started.confinement
        self._deadline = deadline
        self._run = ModelRun(
            size=size_of(asked.model),
            environment=asked.interpreter.name,
            sandbox=started.confinement.found,
        )
        self._loaded = False
        self._shape: tuple[Kind, int] | None = None
        self._latencies: list[float] = []
        self._looked_at = 0.0

    def begin(self) -> None:
        """Tell it to load the model; the time it takes counts from here."""
        settings = {"model": str(self._model), "wanted": self._asked.wanted.value}
        with self._judging(say("reading its settings"), seconds=self._asked.limits.load_seconds) as end:
            self._talk.have_loaded(settings, end=end)

    def load(self) -> None:
        """Wait until the model is loaded; once."""
        if self._loaded:
            return
        with self._judging(say("loading"), seconds=self._asked.limits.load_seconds):
            self._run = replace(self._run, load_seconds=self._talk.loaded())
        self._loaded = True

    def predict(self, batch: pa.RecordBatch) -> Predicted:
        """The predictions of a batch of features, in its order."""
        self.send(batch)
        return self.receive()

    def send(self, batch: pa.RecordBatch) -> None:
        """Hand over a batch of features, never the target. `receive` must come before the next."""
        self.load()
        with self._judging(say("predicting"), seconds=self._asked.limits.batch_seconds) as end:
            if self._link.is_talking():
                raise garbled(say("it answered what nobody asked"))
            self._talk.ask(Question(batch=batch, wanted=self._asked.wanted), end=end)

    def receive(self) -> Predicted:
        """The predictions of the batch that was sent.

        A batch's latency is the time from its first byte sent to the last byte of its answer, by our clock,
        divided by its rows: writing it, both pipes and reading the answer are in it.
        """
        with self._judging(say("predicting"), seconds=self._asked.limits.batch_seconds):
            answer = self._talk.answer()
            self._require_same_form(answer.header)
            predicted = read_body(answer.header, answer.body, seconds=answer.seconds)
        if answer.header.rows:
            self._latencies.append(answer.seconds * 1000 / answer.header.rows)
        # The kernel keeps each process's peak, so that looking now and then is enough.
        if time.monotonic() >= self._looked_at + _LOOK_EVERY_SECONDS:
            self._look_at_memory()
        return predicted

    def receive_again(self) -> Predicted:
        """The same for rows that were predicted before. They count in no latency: they may be answered from
        memory."""
        predicted = self.receive()
        del self._latencies[-1:]
        return predicted

    def finish(self) -> ModelRun:
        """How the model behaved, up to here and to the problem it had; nothing can be asked afterwards."""
        with contextlib.suppress(ModelProblem), self._judging(say("ending"), seconds=0):
            # Stopped because of another model, it may yet answer what it was asked.
            if self._run.finished and not self._talk.is_waiting and self._link.is_talking():
                raise garbled(say("it answered what nobody asked"))
        self._look_at_memory()
        self._link.stop_asking()
        if self._latencies:
            p50, p95 = (float(value) for value in np.percentile(self._latencies, [50, 95]))
            self._run = replace(self._run, p50_latency_ms=p50, p95_latency_ms=p95)
        return self._run

    def stop(self) -> None:
        """Read nothing more; once all of the process is ended."""
        self._talk.close()

    @contextlib.contextmanager
    def _judging(self, doing: Message, *, seconds: float) -> Iterator[float]:
        """The end of the time for one step; what goes wrong in it, told as the model's problem."""
        end = time.monotonic() + min(seconds, self._deadline.remaining())
        try:
            yield end
        except ChildGone:
            problem = ModelProblem(
                say("its process ended without an answer"),
                hint=say("It crashed, ended itself or needed more memory than the limit."),
            )
        except ChildSilent:
            self._require_time(doing)
            problem = ModelProblem(
                say(f"it did not answer within {seconds:g} s"),
                hint=say("It hangs or is too slow for a batch; try it on the same data by hand."),
            )
        except ModelProblem as error:
            problem = error
        else:
            return
        raise self._failed(doing, problem)

    def _failed(self, doing: Message, problem: ModelProblem) -> ModelProblem:
        printed = printed_lines(self._link.printed())
        message = say(*doing.parts, " failed: ", *problem.what.parts)
        if printed:
            message = say(*message.parts, "; it printed ", *printed)
        self._look_at_memory()
        failed = ModelProblem(message, reason=problem.reason, hint=problem.hint)
        self._run = replace(self._run, problem=failed.message)
        return failed

    def _require_time(self, doing: Message) -> None:
        if self._deadline.remaining() <= 0:
            raise PromoterError(
                ReasonCode.DEADLINE_EXCEEDED,
                say("the run's deadline was reached while a model was ", *doing.parts),
                hint=say("Raise the `deadline` input, or judge on fewer rows. Nothing was decided."),
            )

    def _require_same_form(self, header: Header) -> None:
        form = (header.kind, header.width)
        if self._shape not in {None, form}:
            raise ModelProblem(
                say("it predicted another form than for the rows before: ", f"{header.kind.value}"),
                hint=say("The model must return the same type and the same columns for every batch."),
            )
        self._shape = form

    def _look_at_memory(self) -> None:
        self._looked_at = time.monotonic()
        peak = sum(_peak_memory(process) for process in confinement.descendants(self._process))
        self._run = replace(self._run, peak_memory=max(self._run.peak_memory, peak))


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder; links are not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _peak_memory(process: int) -> int:
    """The most memory a process has had, in bytes, by the kernel; 0 when it is gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{process}/status").read_text(errors="replace")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return 0
