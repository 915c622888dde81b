"""Starts a model's process, talks to it, and leaves nothing of it behind.

The process gets features and a folder to work in; it has no variable, descriptor or file of ours beside that.
Its exit code means nothing, its answers are checked, its words are quoted, and every wait has an end.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from promoter.core.measurement import ModelRun
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox import confinement
from promoter.evaluation.sandbox.answers import (
    LONGEST_HEADER,
    Header,
    Kind,
    Predicted,
    garbled,
    read_body,
    read_header,
    read_load_seconds,
    read_object,
)
from promoter.evaluation.sandbox.child_process import (
    Sandbox,
    Started,
    cores,
    end_all,
    model_command,
    start,
)
from promoter.evaluation.sandbox.environments import Interpreter
from promoter.evaluation.sandbox.frames import ChildGone, ChildSilent, Link
from promoter.evaluation.sandbox.problems import ModelProblem, printed_lines
from promoter.ports import TimeLeft
from promoter.text import Message, say

_GIB = 1024**3
_LARGEST_BODY = 128 * 1024**2
_LOOK_EVERY_SECONDS = 0.5
# More gain nothing on a batch, and take memory.
_MOST_THREADS = 16


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one model may take: wall-clock seconds to load and for a batch, bytes of memory, threads."""

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

    When the context ends, so has everything the process started. Raises PromoterError, CHECK_UNAVAILABLE,
    where the sandbox is not whole and has to be.
    """
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="promoter-model-")))
        limits = asked.limits
        command = model_command(
            asked.interpreter.path,
            memory=limits.memory,
            threads=limits.threads,
            model=asked.model,
            sandbox=asked.sandbox,
        )
        started = start(command, scratch=scratch)
        stack.callback(end_all, started)
        link = Link(started.ends)
        stack.callback(link.close)
        worker = Worker(asked, link=link, started=started, deadline=deadline)
        settings = {"model": str(started.model), "wanted": asked.wanted.value}
        worker.tell(json.dumps(settings).encode() + b"\n")
        yield worker


class Worker:
    """One model's process. Ask it batch by batch: `predict`, or `send` and later `receive`.

    Everything raises ModelProblem when the model is at fault, DEADLINE_EXCEEDED when the run's time is up.
    After either, only `finish` makes sense. `confinement` tells what stands around the process.
    """

    def __init__(self, asked: Launch, *, link: Link, started: Started, deadline: TimeLeft) -> None:
        self._asked = asked
        self._link = link
        self._process = started.process.pid
        self.confinement = started.confinement
        self._deadline = deadline
        self._run = ModelRun(
            size=size_of(asked.model),
            environment=asked.interpreter.name,
            sandbox=started.confinement.found,
        )
        self._loaded = False
        self._asked_rows: int | None = None
        self._shape: tuple[Kind, int] | None = None
        self._latencies: list[float] = []
        self._looked_at = 0.0

    def tell(self, content: bytes) -> None:
        """Write without waiting for an answer; that the process is gone shows when one is read."""
        with self._judging(say("reading its settings"), seconds=self._asked.limits.load_seconds) as end:
            self._write(content, end=end)

    def load(self) -> None:
        """Wait until the model is loaded; once."""
        if self._loaded:
            return
        with self._judging(say("loading"), seconds=self._asked.limits.load_seconds) as end:
            seconds = read_load_seconds(self._header(end))
            self._read_nothing(end)
        self._run = replace(self._run, load_seconds=seconds)
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
            content = _stream(batch)
            self._write(len(content).to_bytes(8, "big"), end=end)
            self._write(memoryview(content), end=end)
        self._asked_rows = batch.num_rows

    def receive(self) -> Predicted:
        """The predictions of the batch that was sent."""
        if self._asked_rows is None:
            raise ValueError("nothing was asked")
        rows, self._asked_rows = self._asked_rows, None
        with self._judging(say("predicting"), seconds=self._asked.limits.batch_seconds) as end:
            header = read_header(self._header(end), rows=rows, wanted=self._asked.wanted)
            self._require_same_form(header)
            predicted = read_body(header, self._body(header, end))
        if rows:
            self._latencies.append(predicted.seconds * 1000 / rows)
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
            asked = not self._loaded or self._asked_rows is not None
            if self._run.finished and not asked and self._link.is_talking():
                raise garbled(say("it answered what nobody asked"))
        self._look_at_memory()
        self._link.stop_asking()
        if self._latencies:
            p50, p95 = (float(value) for value in np.percentile(self._latencies, [50, 95]))
            self._run = replace(self._run, p50_latency_ms=p50, p95_latency_ms=p95)
        return self._run

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

    def _write(self, content: bytes | memoryview, *, end: float) -> None:
        # Whoever left may have said why before: that is read next.
        with contextlib.suppress(ChildGone):
            self._link.send(content, end=end)

    def _header(self, end: float) -> Mapping[str, object]:
        size = int.from_bytes(self._link.receive(4, end=end), "big")
        if size > LONGEST_HEADER:
            raise garbled(say(f"it announces a header of {size:,} bytes"))
        return read_object(self._link.receive(size, end=end))

    def _read_nothing(self, end: float) -> None:
        if any(self._link.receive(8, end=end)):
            raise garbled(say("something follows where nothing belongs"))

    def _body(self, header: Header, end: float) -> bytearray:
        if header.size > _LARGEST_BODY:
            raise ModelProblem(
                say(f"its predictions for {header.rows:,} rows take {header.size:,} bytes"),
                hint=say(f"Promoter takes {_LARGEST_BODY:,} bytes a batch. Return fewer columns."),
            )
        size = int.from_bytes(self._link.receive(8, end=end), "big")
        if size != header.size:
            raise garbled(say(f"it announces {size:,} bytes where {header.size:,} belong"))
        return self._link.receive(size, end=end)

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


def _stream(batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _peak_memory(process: int) -> int:
    """The most memory a process has had, in bytes, by the kernel; 0 when it is gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{process}/status").read_text(errors="replace")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return 0
