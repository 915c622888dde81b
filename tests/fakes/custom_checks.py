"""A custom check's command for tests of commands: it answers what it was made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from promoter.core.evidence import CustomAnswer
from promoter.core.policy import CustomRule
from promoter.errors import PromoterError


@dataclass
class FakeCustomChecks:
    """`gives` answers or an error; none: to be asked at all is a failure.

    `asked` keeps each commit with the evidence.
    """

    gives: tuple[CustomAnswer, ...] | PromoterError = ()
    asked: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, rules: Sequence[CustomRule], evidence: str, *, commit: str) -> tuple[CustomAnswer, ...]:
        """What was given; no command is run."""
        assert self.gives, f"{rules} {commit}"
        self.asked.append((commit, evidence))
        if isinstance(self.gives, PromoterError):
            raise self.gives
        return self.gives
