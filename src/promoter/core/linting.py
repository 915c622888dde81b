"""What can be said of a repository's files without asking anybody: values of `promoter lint`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from promoter.errors import Problem, ReasonCode
from promoter.text import Message


class Scope(StrEnum):
    """Which files are looked at."""

    ALL = "all"
    REQUESTS = "requests"
    POLICY = "policy"

    @property
    def has_requests(self) -> bool:
        """Whether promotion requests are among them."""
        return self is not Scope.POLICY

    @property
    def has_policy(self) -> bool:
        """Whether the policy is among them; requests are held against it all the same."""
        return self is not Scope.REQUESTS


@dataclass(frozen=True, kw_only=True)
class Objection:
    """A problem with the reason for which a pull request would be refused."""

    reason: ReasonCode
    problem: Problem


@dataclass(frozen=True, kw_only=True)
class LintReport:
    """What was found. `notes` are worth knowing and refuse nothing; `requests` and `policies` count the files
    that were read."""

    objections: tuple[Objection, ...]
    notes: tuple[Message, ...]
    requests: int
    policies: int
