"""Frames with something done to them, through the real reader.

python -m tests.sandbox.answers_fuzzed NUMBER
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np

from promoter.evaluation.sandbox.answers import Kind, Predicted
from promoter.evaluation.sandbox.assurance import Confinement
from promoter.evaluation.sandbox.child_process import Started
from promoter.evaluation.sandbox.environments import IMAGE
from promoter.evaluation.sandbox.frames import Ends, Link
from promoter.evaluation.sandbox.launcher import Launch, Limits, Worker
from promoter.evaluation.sandbox.problems import ModelProblem
from tests.model_folders import Unlimited, batch
from tests.sandbox.run import contained

_ROWS = 4
_ASKED = batch(_ROWS)
_LONGEST_SECONDS = 2.0
_WORDS: tuple[object, ...] = (
    *("labels", "values", "probabilities", "pickle", "", "\ud800", "::error::", "##[error]", "x" * 2_000),
    *(
        0,
        1,
        4,
        5,
        -1,
        2**31,
        2**63,
        10**400,
        0.5,
        1e308,
        True,
        None,
        [],
        ["a"],
        ["a"] * 4,
        [1],
        {},
        {"a": []},
    ),
)
_KEYS = ("kind", "rows", "seconds", "labels", "columns", "width", "problem", "unusable", "loaded", "more")


def frame(header: object, body: bytes) -> bytes:
    """An answer as a worker writes it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(text)) + text + struct.pack(">Q", len(body)) + body


_LOADED = frame({"loaded": True}, b"")


def fuzzed(random: Random) -> bytes:
    """A right answer of one of the kinds, then changed: in its words, its lengths, its bytes."""
    body = struct.pack("<4d", 0.5, 1.5, -1.0, 0.0)
    header: dict[str, object] = {"kind": "values", "rows": _ROWS, "seconds": 0.1}
    kind = random.randrange(3)
    if kind == 0:
        header |= {"kind": "labels", "labels": ["No", "Yes"]}
        body = struct.pack("<4i", *(random.choice((0, 1, 0, 1, 2, -1, 2**31 - 1)) for _ in range(4)))
    if kind == 1:
        header |= {"kind": "probabilities", "width": 2, "columns": random.choice(([], ["a", "b"]))}
        body = body * 2
    for _ in range(random.choice((0, 1, 1, 2))):
        header[random.choice(_KEYS)] = random.choice(_WORDS)
    if random.random() < 0.2:
        body = random.choice((b"", body[:-1], body * 2, random.randbytes(len(body)), b"\x80\x04\x95."))
    content = frame(header if random.random() < 0.9 else random.randbytes(random.randrange(200)), body)
    if random.random() < 0.4:
        place = random.randrange(len(content))
        length = random.choice((0, 0, 1, 4))
        content = content[:place] + random.randbytes(random.choice((0, 1, 4))) + content[place + length :]
    return content[: random.randrange(len(content))] if random.random() < 0.1 else content


class Reader:
    """The real reader, at whose other end stands whoever calls."""

    def __init__(self, process: subprocess.Popen[bytes], model: Path) -> None:
        self._process = process
        self._asked = Launch(
            interpreter=IMAGE, model=model, wanted=Kind.LABELS, limits=Limits(batch_seconds=_LONGEST_SECONDS)
        )

    def read(self, content: bytes) -> Predicted | str:
        """What becomes of one answer: predictions, or the message of a problem."""
        asked, asking = os.pipe()
        answering, answers = os.pipe()
        printing, printed = os.pipe()
        ends = Ends(questions=asking, results=answering, printed=printing)
        started = Started(
            ends=ends,
            process=self._process,
            life_line=-1,
            model=self._asked.model,
            confinement=Confinement(),
        )
        link = Link(ends)
        worker = Worker(self._asked, link=link, started=started, deadline=Unlimited())
        try:
            worker.begin()
            os.write(answers, _LOADED)
            worker.send(_ASKED)
            os.write(answers, content)
            os.close(answers)
            return worker.receive()
        except ModelProblem as problem:
            return str(problem)
        finally:
            worker.stop()
            link.close()
            for descriptor in (asked, printed):
                os.close(descriptor)


def wrong(found: Predicted | str) -> str:
    """What is not as it must be, or nothing."""
    if isinstance(found, str):
        return (
            "" if found and len(found.splitlines()) == 1 and "##[" not in found else f"a message: {found!r}"
        )
    if found.kind is Kind.LABELS:
        right = found.codes.shape == (_ROWS,) and all(0 <= code < len(found.labels) for code in found.codes)
    else:
        right = len(found.values) == _ROWS and bool(np.isfinite(found.values).all())
    return "" if right else f"predictions that are none: {found!r}"


def main(arguments: Sequence[str]) -> int:
    """Read so many; print what was wrong. The exit status."""
    if arguments[0] != "--here":
        return contained("tests.sandbox.answers_fuzzed", arguments)
    number, random, begin = int(arguments[1]), Random(20), time.monotonic()
    problems, slow = [], 0.0
    with subprocess.Popen(["/bin/sleep", "3600"]) as process:
        reader = Reader(process, Path("/nothing"))
        accepted = 0
        for _ in range(number):
            content, start = fuzzed(random), time.monotonic()
            found = reader.read(content)
            slow = max(slow, time.monotonic() - start)
            accepted += not isinstance(found, str)
            problems += [f"{content!r}: {why}"] if (why := wrong(found)) else []
        process.kill()
    sys.stdout.write("\n".join(problems[:20]) + "\n" if problems else "")
    took = f"slowest {slow:.2f} s, {time.monotonic() - begin:.0f} s"
    sys.stdout.write(f"{number} frames, {accepted} accepted, {len(problems)} wrong, {took}\n")
    return 1 if problems or slow > _LONGEST_SECONDS + 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
