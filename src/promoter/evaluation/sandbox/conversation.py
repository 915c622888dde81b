"""Questions to a model's process and its answers, each timed by our own clock.

A model's word on how long it took is not asked for: its code may change every clock of its process. What is
timed is what whoever uses the model waits for, too: from the first byte of a question to the last byte of
its answer. A thread reads, because the run counts one answer while the next is awaited: read only when the
run has time for it, an answer would take as long as our own work.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from promoter.evaluation.sandbox.answers import (
    LONGEST_HEADER,
    Header,
    Kind,
    garbled,
    read_header,
    read_loaded,
    read_object,
)
from promoter.evaluation.sandbox.frames import ChildGone, Link
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.text import say

_LARGEST_BODY = 128 * 1024**2


@dataclass(frozen=True, kw_only=True)
class Question:
    """A batch of features, which must be answered by predictions of the form `wanted`."""

    batch: pa.RecordBatch
    wanted: Kind


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. `seconds`: from the first byte of the question to the last byte of this."""

    header: Header
    body: bytearray
    seconds: float


class Conversation:
    """Asks, and reads beside; times are points on `clock`. One question at a time.

    Waiting raises ModelProblem for what is no answer, ChildGone, ChildSilent.
    """

    def __init__(self, link: Link, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._clock = clock
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answers")
        self._loading: Future[float] | None = None
        self._answering: Future[Answer] | None = None

    def have_loaded(self, settings: Mapping[str, str], *, end: float) -> None:
        """Have the model loaded, without waiting for it."""
        begin = self._clock()
        self._write(json.dumps(settings).encode() + b"\n", end=end)
        self._loading = self._reader.submit(self._read_loaded, begin=begin, end=end)

    def loaded(self) -> float:
        """Wait until it is; the seconds it took. Once."""
        loading, self._loading = self._loading, None
        if loading is None:
            raise ValueError("it was not told to load")
        return loading.result()

    def ask(self, question: Question, *, end: float) -> None:
        """Send a question, once the model is loaded. `answer` must come before the next."""
        content = memoryview(_stream(question.batch))
        begin = self._clock()
        self._write(len(content).to_bytes(8, "big"), end=end)
        self._write(content, end=end)
        self._answering = self._reader.submit(self._read_answer, question, begin=begin, end=end)

    def answer(self) -> Answer:
        """Wait for the answer."""
        answering, self._answering = self._answering, None
        if answering is None:
            raise ValueError("nothing was asked")
        return answering.result()

    @property
    def is_waiting(self) -> bool:
        """Whether something may yet be answered that nobody has asked for here: loading counts too."""
        return self._loading is not None or self._answering is not None

    def close(self) -> None:
        """Stop reading; the link stays open."""
        self._link.give_up()
        self._reader.shutdown()

    def _write(self, content: bytes | memoryview, *, end: float) -> None:
        # Whoever left may have said why before: that is read next.
        with contextlib.suppress(ChildGone):
            self._link.send(content, end=end)

    def _read_loaded(self, *, begin: float, end: float) -> float:
        answer = self._object(end)
        if any(self._link.receive(8, end=end)):
            raise garbled(say("something follows where nothing belongs"))
        seconds = self._clock() - begin
        read_loaded(answer)
        return seconds

    def _read_answer(self, question: Question, *, begin: float, end: float) -> Answer:
        header = read_header(self._object(end), rows=question.batch.num_rows, wanted=question.wanted)
        body = self._body(header, end)
        return Answer(header=header, body=body, seconds=self._clock() - begin)

    def _object(self, end: float) -> Mapping[str, object]:
        size = int.from_bytes(self._link.receive(4, end=end), "big")
        if size > LONGEST_HEADER:
            raise garbled(say(f"it announces a header of {size:,} bytes"))
        return read_object(self._link.receive(size, end=end))

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


def _stream(batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()
