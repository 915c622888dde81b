"""Pipes whose other side we are ourselves: late, silent, gone, talkative."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.evaluation.sandbox.frames import ChildGone, ChildSilent, Ends, Link


@dataclass
class OtherSide:
    """The child's ends, and our link to it."""

    link: Link
    ends: Ends

    def close(self) -> None:
        """End as a process does."""
        self.ends.close()


def connect() -> OtherSide:
    """Both sides of three pipes."""
    asked, asking = os.pipe()
    answering, answers = os.pipe()
    printing, printed = os.pipe()
    link = Link(Ends(questions=asking, results=answering, printed=printing))
    return OtherSide(link=link, ends=Ends(questions=asked, results=answers, printed=printed))


@pytest.fixture
def other() -> Iterator[OtherSide]:
    side = connect()
    yield side
    side.close()
    side.link.close()


def soon(seconds: float = 0.2) -> float:
    """A point in time."""
    return time.monotonic() + seconds


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_what_is_sent_arrives_and_so_does_the_answer(question: bytes, answer: bytes) -> None:
    side = connect()
    side.link.send(question, end=soon())
    assert os.read(side.ends.questions, 1_000) == question if question else True
    os.write(side.ends.results, answer)
    assert side.link.receive(len(answer), end=soon()) == answer
    assert not side.link.is_talking()
    side.close()
    side.link.close()


def test_more_than_a_pipe_holds_goes_both_ways(other: OtherSide) -> None:
    content = os.urandom(3_000_000)

    def echo() -> None:
        left = len(content)
        while left:
            chunk = os.read(other.ends.questions, 65_536)
            left -= len(chunk)
            received.append(chunk)
        for chunk in received:
            os.write(other.ends.results, chunk)

    received: list[bytes] = []
    thread = threading.Thread(target=echo, daemon=True)
    thread.start()
    other.link.send(content, end=soon(20))
    assert other.link.receive(len(content), end=soon(20)) == content
    thread.join()


def test_a_side_that_does_not_read_is_silent(other: OtherSide) -> None:
    with pytest.raises(ChildSilent):
        other.link.send(b"x" * 1_000_000, end=soon())


def test_a_side_that_does_not_write_is_silent(other: OtherSide) -> None:
    os.write(other.ends.results, b"abc")
    start = time.monotonic()
    with pytest.raises(ChildSilent):
        other.link.receive(4, end=soon())
    assert 0.15 < time.monotonic() - start < 2


def test_a_side_that_has_gone_is_told_apart(other: OtherSide) -> None:
    os.write(other.ends.results, b"abc")
    other.close()
    with pytest.raises(ChildGone):
        other.link.send(b"x", end=soon(20))
    assert other.link.receive(3, end=soon(20)) == b"abc"
    with pytest.raises(ChildGone):
        other.link.receive(1, end=soon(20))


def test_only_the_end_of_what_is_printed_is_kept(other: OtherSide) -> None:
    def talk() -> None:
        os.write(other.ends.printed, b"start " + b"x" * 500_000 + "ü end".encode())
        os.write(other.ends.results, b"!")

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    assert other.link.receive(1, end=soon(20)) == b"!"
    thread.join()
    printed = other.link.printed()
    assert len(printed) == 2_000
    assert printed.endswith("xü end")


def test_printing_without_end_does_not_stop_the_clock(other: OtherSide) -> None:
    stop = threading.Event()

    def talk() -> None:
        while not stop.is_set():
            os.write(other.ends.printed, b"::error::" * 1_000)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    with pytest.raises(ChildSilent):
        other.link.receive(1, end=soon(0.3))
    stop.set()
    while thread.is_alive():
        other.link.printed()
        thread.join(0.01)


def test_what_is_printed_may_be_no_text_and_may_end_early(other: OtherSide) -> None:
    os.write(other.ends.printed, b"\xff\xfe ok \n")
    assert other.link.printed() == "�� ok"
    other.close()
    assert other.link.printed() == "�� ok"


def test_an_answer_nobody_asked_for_is_seen(other: OtherSide) -> None:
    assert not other.link.is_talking()
    os.write(other.ends.results, b"x")
    assert other.link.is_talking()


def test_no_more_questions_is_told_once(other: OtherSide) -> None:
    other.link.stop_asking()
    other.link.stop_asking()
    assert os.read(other.ends.questions, 1) == b""


def test_the_rest_is_all_until_the_other_side_closes(other: OtherSide) -> None:
    os.write(other.ends.results, b"abc")
    os.close(other.ends.results)
    assert other.link.receive_rest(10, end=soon()) == b"abc"
    assert other.link.receive_rest(10, end=soon()) == b""


def test_the_rest_has_an_end_in_size_and_in_time(other: OtherSide) -> None:
    os.write(other.ends.results, b"abcdef")
    assert other.link.receive_rest(4, end=soon()) == b"abcd"
    with pytest.raises(ChildSilent):
        other.link.receive_rest(4, end=soon())
