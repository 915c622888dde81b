"""A custom check's command for tests of commands: it answers what it was made with."""

from __future__ import annotations

from dataclasses import dataclass, field

from promoter.core.evidence import CustomAnswer
from promoter.core.policy import ModelRule
from promoter.errors import PromoterError


@dataclass
class FakeCustomChecks:
    """`gives` answers or an error; none: to be asked at all is a failure.

    `then`, where there is one, is given from the second time on. `asked` keeps each commit with the evidence.
    """

    gives: tuple[CustomAnswer, ...] | PromoterError = ()
    then: PromoterError | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, rule: ModelRule, evidence: str, *, commit: str) -> tuple[CustomAnswer, ...]:
        """What was given; no command is run."""
        assert self.gives, f"{rule} {commit}"
        self.asked.append((commit, evidence))
        if self.then is not None and len(self.asked) > 1:
            raise self.then
        if isinstance(self.gives, PromoterError):
            raise self.gives
        return self.gives
