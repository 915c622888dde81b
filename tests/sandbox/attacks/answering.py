"""Attacks on the answers: who reads them must not run, believe or wait for what does not belong there."""

from __future__ import annotations

import json
import os
import pickle
import struct
import sys
import time
from collections.abc import Mapping
from typing import Any, NoReturn


def _write(content: bytes) -> None:
    while content:
        content = content[os.write(int(sys.argv[1]), content) :]


def _frame(header: object, body: bytes = b"", *, announced: int = -1) -> bytes:
    text = json.dumps(header).encode()
    size = len(body) if announced < 0 else announced
    return struct.pack(">I", len(text)) + text + struct.pack(">Q", size) + body


def _wait(world: Mapping[str, Any]) -> NoReturn:
    time.sleep(600)
    os._exit(0)


def _values(rows: int) -> dict[str, object]:
    return {"kind": "values", "rows": rows, "seconds": 0.0}


def exits_well(world: Mapping[str, Any]) -> NoReturn:
    """An end with the code of success, after words of success."""
    print("PASS")  # noqa: T201
    sys.stdout.flush()
    os._exit(0)


def says_pass(world: Mapping[str, Any]) -> NoReturn:
    """Words where a length belongs."""
    _write(b"PASS\n")
    _wait(world)


class _Bomb:
    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self._path, "w")


def pickled(world: Mapping[str, Any]) -> NoReturn:
    """A pickle that makes a file where it is opened, as the header and as the body."""
    content = pickle.dumps(_Bomb(world["shared"] + "/unpickled"))
    rows = world["rows"]
    padded = content + b"\0" * (8 * rows - len(content) % (8 * rows))
    _write(_frame(_values(rows), padded[: 8 * rows]) + struct.pack(">I", len(content)) + content)
    _wait(world)


def pickled_header(world: Mapping[str, Any]) -> NoReturn:
    """A pickle in the header's place."""
    content = pickle.dumps(_Bomb(world["shared"] + "/unpickled"))
    _write(struct.pack(">I", len(content)) + content)
    _wait(world)


def too_many_rows(world: Mapping[str, Any]) -> NoReturn:
    """Predictions for rows that nobody asked about."""
    rows = world["rows"] + 1
    _write(_frame(_values(rows), b"\0" * 8 * rows))
    _wait(world)


def too_long_a_body(world: Mapping[str, Any]) -> NoReturn:
    """More numbers than the header says."""
    _write(_frame(_values(world["rows"]), b"\0" * 8 * (world["rows"] + 1)))
    _wait(world)


def not_a_number(world: Mapping[str, Any]) -> NoReturn:
    """NaN among the predictions."""
    _write(_frame(_values(world["rows"]), struct.pack("<d", float("nan")) * world["rows"]))
    _wait(world)


def huge_header(world: Mapping[str, Any]) -> NoReturn:
    """An announcement of four gigabytes."""
    _write(b"\xff\xff\xff\xff")
    _wait(world)


def huge_body(world: Mapping[str, Any]) -> NoReturn:
    """An announcement of more bytes than there are disks."""
    _write(_frame(_values(world["rows"]), announced=1 << 60))
    _wait(world)


def huge_width(world: Mapping[str, Any]) -> NoReturn:
    """A table as wide as it takes to fill the reader's memory, announced rightly."""
    rows = world["rows"]
    header = {"kind": "probabilities", "rows": rows, "seconds": 0.0, "width": 1 << 40, "columns": []}
    _write(_frame(header, announced=8 * rows << 40))
    _wait(world)


def many_labels(world: Mapping[str, Any]) -> NoReturn:
    """Labels that nobody predicted, two megabytes of them."""
    header = {
        "kind": "labels",
        "rows": world["rows"],
        "seconds": 0.0,
        "labels": [str(n) for n in range(200_000)],
    }
    _write(_frame(header, b"\0" * 4 * world["rows"]))
    _wait(world)


def wrong_codes(world: Mapping[str, Any]) -> NoReturn:
    """Codes of labels that do not exist."""
    header = {"kind": "labels", "rows": world["rows"], "seconds": 0.0, "labels": ["Yes"]}
    _write(_frame(header, struct.pack("<i", 0x7FFF_FFFF) * world["rows"]))
    _wait(world)


def half_an_answer(world: Mapping[str, Any]) -> NoReturn:
    """An answer that never ends."""
    _write(_frame(_values(world["rows"]), b"\0" * 8, announced=8 * world["rows"]))
    _wait(world)


def drops(world: Mapping[str, Any]) -> NoReturn:
    """An answer that comes byte by byte, always just soon enough."""
    for byte in b"\x00\x00\xff\xff" + b" " * 100_000:
        _write(bytes([byte]))
        time.sleep(0.05)
    _wait(world)


def deep_json(world: Mapping[str, Any]) -> NoReturn:
    """A header that is brackets in brackets."""
    content = b"[" * 500_000
    _write(struct.pack(">I", len(content)) + content)
    _wait(world)


def answers_ahead(world: Mapping[str, Any]) -> list[str]:
    """An answer to a question that comes later, before that question is seen."""
    import threading  # noqa: PLC0415

    def forge() -> None:
        time.sleep(0.3)
        _write(_frame(_values(world["rows"]), b"\0" * 8 * world["rows"]))

    threading.Thread(target=forge, daemon=True).start()
    return []


def metrics_patched(world: Mapping[str, Any]) -> list[str]:
    """Every library that could measure it says that all is well; its predictions are all wrong."""
    import builtins  # noqa: PLC0415
    import importlib  # noqa: PLC0415
    import statistics  # noqa: PLC0415

    def one(*_: object, **__: object) -> float:
        return 1.0

    class AlwaysEqual(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 0

    statistics.mean = one  # type: ignore[assignment]
    builtins.sum = one  # type: ignore[assignment]
    try:
        metrics = importlib.import_module("sklearn.metrics")
        metrics.accuracy_score = one  # type: ignore[attr-defined]
    except ImportError:
        pass
    encode = json.dumps
    json.dumps = lambda value, **more: encode({"accuracy": 1.0, "verdict": "promote", **value}, **more)
    return [AlwaysEqual("wrong")]
