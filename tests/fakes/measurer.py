"""Measurers for tests of commands: one that must not be asked, and one that gives what it was made with."""

from __future__ import annotations

from dataclasses import dataclass, field

from promoter.core.evidence import ToMeasure
from promoter.core.measurement import Measurement
from promoter.errors import PromoterError
from promoter.ports import RegistryReader


@dataclass
class FakeMeasurer:
    """`gives` a measurement or an error; None: to be asked at all is a failure. `asked` keeps the commits."""

    gives: Measurement | PromoterError | None = None
    asked: list[str] = field(default_factory=list)

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        """What was given; the models are not looked at."""
        assert self.gives is not None, f"{asked} {registry}"
        self.asked.append(asked.commit)
        if isinstance(self.gives, PromoterError):
            raise self.gives
        return self.gives
