"""Rows, bytes and time in words."""

from __future__ import annotations

import pytest

from promoter.adapters.progress_pace import Pace, duration, size
from promoter.core.progress import Unit


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (0.44, "0.4 s"),
        (1, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3600, "1 h 00 min"),
        (4200, "1 h 10 min"),
    ],
)
def test_a_duration(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 bytes"), (999, "999 bytes"), (4_200, "4.2 kB"), (31e6, "31.0 MB"), (2e15, "2,000.0 TB")],
)
def test_a_size(count: float, told: str) -> None:
    assert size(count) == told


@pytest.mark.parametrize(
    ("pace", "so_far", "in_short", "at_the_end"),
    [
        (
            Pace(unit=Unit.ROWS, done=430_000, total=1_000_000, seconds=5),
            "430,000 of 1,000,000 rows, 86,000 rows/s, 7 s left",
            "43 %, 86,000 rows/s, 7 s left",
            "430,000 rows in 5 s, 86,000 rows/s",
        ),
        (
            Pace(unit=Unit.ROWS, done=12, seconds=10),
            "12 rows, 1.2 rows/s",
            "12 rows, 1.2 rows/s",
            "12 rows in 10 s, 1.2 rows/s",
        ),
        (
            Pace(unit=Unit.BYTES, done=31_000_000, total=62_000_000, seconds=10),
            "31.0 MB of 62.0 MB, 3.1 MB/s, 10 s left",
            "50 %, 3.1 MB/s, 10 s left",
            "31.0 MB in 10 s, 3.1 MB/s",
        ),
        (Pace(unit=Unit.TIME, done=0, seconds=34), "34 s", "34 s", "done in 34 s"),
        (Pace(unit=Unit.ROWS, done=0, total=10, seconds=34), "0 of 10 rows", "0 %", "done in 34 s"),
        (Pace(unit=Unit.ROWS, done=10, total=10, seconds=0.1), "10 of 10 rows", "100 %", "10 rows in 0.1 s"),
        (
            # more than was announced, as where a listing is wrong
            Pace(unit=Unit.BYTES, done=20, total=10, seconds=2),
            "20 bytes of 10 bytes, 10 bytes/s, 0.0 s left",
            "100 %, 10 bytes/s, 0.0 s left",
            "20 bytes in 2 s, 10 bytes/s",
        ),
        (Pace(unit=Unit.BYTES, done=0, total=0, seconds=2), "0 bytes of 0 bytes", "0 %", "done in 2 s"),
    ],
)
def test_what_is_told_of_a_step(pace: Pace, so_far: str, in_short: str, at_the_end: str) -> None:
    assert (pace.so_far(), pace.in_short(), pace.at_the_end()) == (so_far, in_short, at_the_end)
