"""What GitHub's pages of deployments shall show of a run: one environment for each model and alias."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from promoter.core.plan import Step
from promoter.core.report import Phase, Report, RequestReport
from promoter.errors import ReasonCode

TASK = "promote"
# GitHub refuses longer ones.
MOST_NAME_CHARACTERS = 255
MOST_CHARACTERS = 140
_IN_PLACE = frozenset({ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED})
_UNUSUAL = re.compile(r"[^A-Za-z0-9_. -]")
_LONGEST_ALIAS = 63
_DIGITS_OF_DIGEST = 8


class Recorded(StrEnum):
    """Whether a deployment had to be made."""

    NEW = "new"
    KNOWN = "known"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One version that came to hold an alias. `commit` is the branch's tip then, `previous` None if unknown.

    `page` is the version's in the registry, `log` the run's; empty where there is none that may be shown.
    """

    environment: str
    commit: str
    description: str
    model: str
    alias: str
    version: str
    previous: str | None
    pull_request: int
    page: str = ""
    log: str = ""

    @property
    def identity(self) -> dict[str, str | int]:
        """What no second deployment of an environment has while it is the newest one."""
        return {**self.holder, "version": self.version, "pull_request": self.pull_request}

    @property
    def holder(self) -> dict[str, str | int]:
        """What it is about: GitHub takes two environments for one whose names differ in case alone."""
        return {"model": self.model, "alias": self.alias}


def wanted(report: Report) -> tuple[Deployment, ...]:
    """What an apply brought, or found brought by a run that died before it told.

    A move that failed, was put back or was refused deployed nothing. What is in place without a pull request
    that this run looked at was told by an earlier run, or never came through Promoter.
    """
    if report.phase is not Phase.APPLY:
        return ()
    return tuple(
        _deployment(one, one.pull_request, commit=report.head_commit)
        for one in report.requests
        if one.reason in _IN_PLACE and one.pull_request is not None
    )


def _deployment(report: RequestReport, pull_request: int, *, commit: str) -> Deployment:
    request = report.request
    # What was in place already is all that is known of it: who held the alias before went with another run.
    previous = report.now if report.now != request.version else None
    is_back = report.step is Step.ROLLBACK and previous
    rolled_back = f", rolled back from version {previous}" if is_back else ""
    return Deployment(
        environment=environment_of(request.model, request.alias),
        commit=commit,
        description=f"version {request.version}{rolled_back}"[:MOST_CHARACTERS],
        model=request.model,
        alias=request.alias,
        version=request.version,
        previous=previous,
        pull_request=pull_request,
    )


def environment_of(model: str, alias: str) -> str:
    """`model@alias`; a name that is too long or has unusual characters is shortened, and ends in a digest."""
    plain = f"{model}@{alias}"
    readable, end = _UNUSUAL.sub("-", model), f"@{_UNUSUAL.sub('-', alias)}"
    if readable + end == plain and len(plain) <= MOST_NAME_CHARACTERS:
        return plain
    digest = sha256(json.dumps([model, alias]).encode()).hexdigest()[:_DIGITS_OF_DIGEST]
    end = f"{end[: _LONGEST_ALIAS + 1]}-{digest}"
    return readable[: MOST_NAME_CHARACTERS - len(end)] + end
