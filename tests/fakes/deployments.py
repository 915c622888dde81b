"""GitHub's deployments in memory, with the contract of `ports.Deployments`."""

from __future__ import annotations

from dataclasses import dataclass, field

from promoter.core.deployments import Deployment, Recorded
from promoter.errors import PromoterError


@dataclass
class InMemoryDeployments:
    """`made` in order; `asked` counts the calls. After `failing_after` new ones `error` is raised."""

    made: list[Deployment] = field(default_factory=list)
    asked: int = 0
    error: PromoterError | None = None
    failing_after: int = 0

    def record(self, wanted: Deployment) -> Recorded:
        """See `Deployments`."""
        self.asked += 1
        about = [one for one in self.made if one.holder == wanted.holder]
        if about and about[-1].identity == wanted.identity:
            return Recorded.KNOWN
        if self.error is not None and len(self.made) >= self.failing_after:
            raise self.error
        self.made.append(wanted)
        return Recorded.NEW
