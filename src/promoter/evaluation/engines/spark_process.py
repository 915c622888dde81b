"""The process that holds a Spark session, as we talk to it: every wait ends with the run's deadline."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.engines.spark_errors import Refused, lost
from promoter.evaluation.engines.spark_variables import driver_environment
from promoter.evaluation.sandbox.frames import ChildGone, Ends, Link
from promoter.evaluation.sandbox.scratch import scratch_folder
from promoter.ports import TimeLeft
from promoter.text import Message, say

_DRIVER = Path(__file__).parent / "spark_driver.py"
_LOOK_EVERY = 0.1
_ENDING_SECONDS = 5.0
_LONGEST_HEADER = 1 << 20
_LONGEST_BODY = 1 << 30


def _do_nothing() -> None:
    """The tick of whoever has nothing to tell."""


class Asks(Protocol):
    """Whom questions are put to; what they raise is said of `Cluster`."""

    @property
    def folder(self) -> Path:
        """Where the process works that talks to Spark."""

    def do(self, what: str, **words: object) -> Mapping[str, Any]:
        """Have something done that has no rows."""

    def ask(self, sql: str) -> pa.Table:
        """The rows of a query."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the process runs: `variables` is the job's environment, of which little is passed on."""

    variables: Mapping[str, str]
    interpreter: Path = Path(sys.executable)
    program: Path = _DRIVER


@dataclass(frozen=True, kw_only=True)
class _Talk:
    """A process, and our ends of its pipes."""

    link: Link
    process: subprocess.Popen[bytes]


class Cluster:
    """Asks the process; one question at a time. Every question raises Refused for what Spark or MLflow
    refused, CHECK_UNAVAILABLE when the process is gone, DEADLINE_EXCEEDED. `folder` is what the process works
    in, `tick` is called while we wait.
    """

    def __init__(
        self,
        talk: _Talk,
        *,
        folder: Path,
        deadline: TimeLeft,
        tick: Callable[[], None] = _do_nothing,
    ) -> None:
        self.folder = folder
        self._link = talk.link
        self._process = talk.process
        self._deadline = deadline
        self._tick = tick

    def do(self, what: str, **words: object) -> Mapping[str, Any]:
        """Have something done that has no rows."""
        return self._answer({"do": what, **words})[0]

    def start(self, master: str | None, *, settings: Mapping[str, str], patience: float) -> Mapping[str, Any]:
        """Open the session, within so many seconds: Spark itself tries an address that does not answer for
        much longer. Raises Refused when there is none by then."""
        whole = self._deadline
        self._deadline = _Within(whole, end=time.monotonic() + patience)
        try:
            return self.do("start", master=master, settings=settings)
        except PromoterError as error:
            if error.reason is not ReasonCode.DEADLINE_EXCEEDED or whole.remaining() <= 0:
                raise
            text = f"no answer in {patience:g} s"
            raise Refused(kind="TimeoutError", condition="", text=text) from error
        finally:
            self._deadline = whole

    def ask(self, sql: str) -> pa.Table:
        """The rows of a query."""
        _, body = self._answer({"do": "ask", "sql": sql})
        return pa.ipc.open_stream(body).read_all()

    def _answer(self, question: Mapping[str, object]) -> tuple[Mapping[str, Any], bytearray]:
        try:
            self._link.send(json.dumps(question).encode() + b"\n", end=self._end())
            self._wait()
            header = json.loads(bytes(self._receive(4, most=_LONGEST_HEADER)))
            body = self._receive(8, most=_LONGEST_BODY)
        except ChildGone as error:
            raise lost(self._link.printed()) from error
        if "error" in header:
            raise Refused(
                kind=str(header["error"]), condition=str(header["condition"]), text=str(header["text"])
            )
        return header, body

    def _wait(self) -> None:
        """Until something comes, or nothing can any more; the deadline may come nearer meanwhile."""
        while not self._link.is_talking() and self._process.poll() is None:
            if self._deadline.remaining() <= 0:
                raise _out_of_time()
            self._link.printed()
            self._tick()
            time.sleep(_LOOK_EVERY)

    def _receive(self, width: int, *, most: int) -> bytearray:
        """What follows the number of its bytes."""
        size = int.from_bytes(self._link.receive(width, end=self._end()), "big")
        if size > most:
            raise lost(f"it announces {size:,} bytes")
        return self._link.receive(size, end=self._end())

    def _end(self) -> float:
        return time.monotonic() + self._deadline.remaining()


class _Within:
    """A deadline, or an earlier end on the clock."""

    def __init__(self, whole: TimeLeft, *, end: float) -> None:
        self._whole = whole
        self._end = end

    def remaining(self) -> float:
        """Seconds left."""
        return max(0.0, min(self._whole.remaining(), self._end - time.monotonic()))


@contextmanager
def cluster(place: Place, *, deadline: TimeLeft, tick: Callable[[], None] = _do_nothing) -> Iterator[Cluster]:
    """The process without a session yet. At the end whatever it still does is interrupted, and it is ended
    with all that it started on this machine.

    Raises CHECK_UNAVAILABLE when it cannot be started, and what its folder's cleaning raises.
    """
    with scratch_folder("promoter-spark-") as scratch:
        for name in ("home", "tmp", "work"):
            Path(scratch, name).mkdir(mode=0o700)
        talk = _started(place, scratch=scratch)
        try:
            yield Cluster(talk, folder=scratch / "work", deadline=deadline, tick=tick)
        finally:
            _end(talk.link, talk.process)


def _started(place: Place, *, scratch: Path) -> _Talk:
    asked, asking = os.pipe()
    answering, answers = os.pipe()
    printing, printed = os.pipe()
    theirs = (asked, answers, printed)
    try:
        # -I keeps the working directory and PYTHON* variables out, -B bytecode out of ours.
        process = subprocess.Popen(
            [str(place.interpreter), "-I", "-B", str(place.program), str(answers)],
            stdin=asked,
            stdout=printed,
            stderr=printed,
            pass_fds=[answers],
            env=driver_environment(place.variables, scratch=scratch, interpreter=place.interpreter),
            cwd=scratch / "work",
            umask=0o077,
            start_new_session=True,
        )
    except OSError as error:
        Ends(questions=asking, results=answering, printed=printing).close()
        raise lost(str(error)) from error
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    return _Talk(link=Link(Ends(questions=asking, results=answering, printed=printing)), process=process)


def _end(link: Link, process: subprocess.Popen[bytes]) -> None:
    """Closing its input has the process interrupt its queries and end; what is left of its session then is
    killed: Java, and the processes of Python below it, which have groups of their own."""
    link.stop_asking()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_ENDING_SECONDS)
    while left := _of_session(process.pid):
        for one in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        process.poll()
        time.sleep(_LOOK_EVERY)
    process.wait()
    link.close()


def _of_session(leader: int) -> list[int]:
    """The living processes of a session, by Linux's list; elsewhere the leader alone."""
    processes = Path("/proc")
    found = (
        [int(one.name) for one in processes.iterdir() if one.name.isdigit()]
        if processes.is_dir()
        else [leader]
    )
    return [one for one in found if _session(one) == leader and not _is_dead(one)]


def _session(process: int) -> int:
    try:
        return os.getsid(process)
    except OSError:
        return -1


def _is_dead(process: int) -> bool:
    """Whether it only waits to be taken note of."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _out_of_time() -> PromoterError:
    message: Message = say("the deadline was reached while Spark worked; what it did for us was interrupted")
    return PromoterError(
        ReasonCode.DEADLINE_EXCEEDED,
        message,
        hint=say(
            "Nothing was decided. Raise the `deadline` input, give the cluster more workers, or judge by "
            "fewer rows."
        ),
    )
