"""How far a step has come, in words: what is done, how fast, how long it will take."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.core.progress import Unit

_MINUTE, _HOUR = 60, 3600
_THOUSAND = 1000
_SIZES = ("bytes", "kB", "MB", "GB", "TB")
# Before this many seconds a rate says more about the start than about the work.
_SETTLED = 0.5
_SLOW = 10


@dataclass(frozen=True, kw_only=True)
class Pace:
    """A step after so many seconds. `total` None: nobody knows how much there is."""

    unit: Unit
    done: int
    seconds: float
    total: int | None = None

    @property
    def rate(self) -> float | None:
        """What is done in a second; None while that is not known, or nothing is counted."""
        return self.done / self.seconds if self.done and self.seconds >= _SETTLED else None

    @property
    def left(self) -> float | None:
        """Seconds that the rest takes at this rate, where both are known."""
        if self.total is None or self.rate is None:
            return None
        return max(self.total - self.done, 0) / self.rate

    def so_far(self) -> str:
        """`430,000 of 1,000,000 rows, 85,000 rows/s, 7 s left`; what is not known is left out."""
        return self._joined(self._counted())

    def in_short(self) -> str:
        """`43 %, 85,000 rows/s, 7 s left`: for one line beside a bar."""
        if self.total is None:
            return self._joined(self._amount(self.done))
        return self._joined(f"{100 * min(self.done / max(self.total, 1), 1):.0f} %")

    def at_the_end(self) -> str:
        """`1,000,000 rows in 12 s, 85,000 rows/s`."""
        if self.unit is Unit.TIME or not self.done:
            return f"done in {duration(self.seconds)}"
        return ", ".join(
            part for part in (f"{self._amount(self.done)} in {duration(self.seconds)}", self._speed()) if part
        )

    def _joined(self, done: str) -> str:
        if self.unit is Unit.TIME:
            return duration(self.seconds)
        left = "" if self.left is None else f"{duration(self.left)} left"
        return ", ".join(part for part in (done, self._speed(), left) if part)

    def _counted(self) -> str:
        if self.total is None:
            return self._amount(self.done)
        if self.unit is Unit.ROWS:
            return f"{self.done:,} of {self.total:,} rows"
        return f"{self._amount(self.done)} of {self._amount(self.total)}"

    def _amount(self, count: int) -> str:
        return f"{count:,} rows" if self.unit is Unit.ROWS else size(count)

    def _speed(self) -> str:
        if self.rate is None:
            return ""
        if self.unit is Unit.BYTES:
            return f"{size(self.rate)}/s"
        return f"{self.rate:,.0f} rows/s" if self.rate >= _SLOW else f"{self.rate:.1f} rows/s"


def duration(seconds: float) -> str:
    """`0.4 s`, `7 s`, `2 min 05 s`, `1 h 10 min`."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def size(count: float) -> str:
    """`512 bytes`, `4.2 kB`, `31.0 MB`: powers of a thousand, as shops and package indexes count."""
    step = 0
    while count >= _THOUSAND and step < len(_SIZES) - 1:
        count, step = count / _THOUSAND, step + 1
    return f"{count:,.0f} {_SIZES[step]}" if step == 0 else f"{count:,.1f} {_SIZES[step]}"
