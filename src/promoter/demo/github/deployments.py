"""Deployments and what was told of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A commit that was deployed to an environment."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    description: str
    payload: Mapping[str, object] | str
    creator: str
    created_at: datetime
    is_production: bool


@dataclass(frozen=True, kw_only=True)
class DeploymentStatus:
    """One thing that was told of a deployment; the newest is how it stands."""

    id: int
    deployment: int
    state: str
    description: str
    environment_url: str
    log_url: str
    creator: str
    created_at: datetime
