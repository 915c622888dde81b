"""Questions and answers on time: the other side of the pipes is a thread of ours that follows a script."""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

import pytest

from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.conversation import Conversation, Question
from promoter.evaluation.sandbox.frames import ChildGone, ChildSilent, Ends, Link
from promoter.evaluation.sandbox.problems import ModelProblem
from tests.model_folders import batch

ROWS = 4
SETTINGS = {"model": "/nothing", "wanted": "values"}
Step = float | bytes


def framed(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack(">I", len(text)) + text + struct.pack(">Q", len(body)) + body


LOADED = framed({"loaded": True})
ANSWER = framed({"kind": "values", "rows": ROWS}, bytes(8 * ROWS))


@contextmanager
def conversation(script: Sequence[Step]) -> Iterator[Conversation]:
    """With somebody who writes bytes and waits for seconds, whatever is said."""
    asked, asking = os.pipe()
    answering, answers = os.pipe()
    printing, printed = os.pipe()

    def follow() -> None:
        for step in script:
            if isinstance(step, bytes):
                os.write(answers, step)
            else:
                time.sleep(step)

    link = Link(Ends(questions=asking, results=answering, printed=printing))
    talk = Conversation(link)
    other = Thread(target=follow)
    other.start()
    try:
        yield talk
    finally:
        talk.close()
        other.join()
        link.close()
        for descriptor in (asked, answers, printed):
            os.close(descriptor)


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def ask(talk: Conversation, *, end: float | None = None) -> None:
    talk.ask(Question(batch=batch(ROWS), wanted=Kind.VALUES), end=end or soon())


def test_loading_takes_from_the_order_to_the_word() -> None:
    with conversation([0.3, LOADED]) as talk:
        talk.have_loaded(SETTINGS, end=soon())
        assert talk.is_waiting
        time.sleep(1)
        assert 0.25 < talk.loaded() < 0.8
        assert not talk.is_waiting


@pytest.mark.parametrize(
    ("script", "least"),
    [
        ([0.3, ANSWER], 0.25),
        ([ANSWER[:4], 0.3, ANSWER[4:]], 0.25),
        ([ANSWER[:-1], 0.5, ANSWER[-1:]], 0.45),
        ([step for byte in ANSWER[:10] for step in (bytes([byte]), 0.05)] + [ANSWER[10:]], 0.45),
    ],
)
def test_an_answer_takes_until_its_last_byte_and_no_longer(script: list[Step], least: float) -> None:
    with conversation(script) as talk:
        ask(talk)
        time.sleep(1.5)
        answer = talk.answer()
    assert least < answer.seconds < 1.2
    assert (answer.header.kind, answer.header.rows, len(answer.body)) == (Kind.VALUES, ROWS, 8 * ROWS)


def test_what_is_wrong_with_an_answer_is_raised_when_it_is_asked_for() -> None:
    with conversation([framed({"kind": "values", "rows": ROWS + 1})]) as talk:
        ask(talk)
        time.sleep(0.2)
        with pytest.raises(ModelProblem, match="5 rows for 4"):
            talk.answer()


def test_silence_ends_at_its_time_even_while_nobody_waits() -> None:
    with conversation([]) as talk:
        ask(talk, end=soon(0.3))
        time.sleep(1)
        begin = time.monotonic()
        with pytest.raises(ChildSilent):
            talk.answer()
        assert time.monotonic() - begin < 0.2


def test_whoever_stops_listening_waits_for_no_answer() -> None:
    begin = time.monotonic()
    with conversation([]) as talk:
        ask(talk, end=soon(60))
    assert time.monotonic() - begin < 2


@pytest.mark.parametrize("call", [Conversation.loaded, Conversation.answer])
def test_what_was_not_asked_is_not_awaited(call: Callable[[Conversation], object]) -> None:
    with conversation([]) as talk, pytest.raises(ValueError, match=r"not told|nothing was asked"):
        call(talk)


def test_one_that_is_gone_is_no_error_until_its_answer_is_awaited() -> None:
    asked, asking = os.pipe()
    answering, answers = os.pipe()
    printing, printed = os.pipe()
    link = Link(Ends(questions=asking, results=answering, printed=printing))
    talk = Conversation(link)
    for descriptor in (asked, answers, printed):
        os.close(descriptor)
    talk.have_loaded(SETTINGS, end=soon())
    with pytest.raises(ChildGone):
        talk.loaded()
    talk.close()
    link.close()
