"""Deployments: found again by what they are about, never doubled, each told as a success once."""

from __future__ import annotations

import json
from collections.abc import Mapping

from promoter.adapters.github_access import PER_PAGE
from promoter.adapters.github_answers import Record, number, records, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_own import create_once
from promoter.adapters.github_retry import Call, Effect
from promoter.core.deployments import TASK, Deployment, Recorded

# What GitHub says of one that was told; the second once a newer one came.
_TOLD = frozenset({"success", "inactive"})


class GitHubDeployments:
    """Implements `ports.Deployments`. What it reads decides nothing but whether to write it again."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection

    def record(self, wanted: Deployment) -> Recorded:
        """Have it as its environment's newest, with a success; earlier ones become inactive by that."""
        found = self._newest(wanted)
        if found is not None and _is(wanted.identity, found):
            if self._success(found) is None:
                self._tell(wanted, found)
            return Recorded.KNOWN
        self._tell(wanted, self._create(wanted))
        return Recorded.NEW

    def _newest(self, wanted: Deployment) -> Record | None:
        """Of one model and alias; GitHub lists the newest first."""
        answer = self._connection.get(
            self._connection.in_repository("deployments"),
            what=f"listing the deployments of {wanted.environment}",
            parameters={"environment": wanted.environment, "task": TASK, "per_page": str(PER_PAGE)},
        )
        ours = [one for one in records(answer.data) if _is(wanted.holder, one)]
        return max(ours, key=lambda one: number(one, "id"), default=None)

    def _create(self, wanted: Deployment) -> Record:
        body = {
            "ref": wanted.commit,
            "task": TASK,
            "environment": wanted.environment,
            "description": wanted.description,
            "payload": {**wanted.identity, "previous_version": wanted.previous},
            # The registry has it already: nothing is left to be merged or waited for.
            "auto_merge": False,
            "required_contexts": [],
            # Of those that GitHub calls production it makes no earlier one inactive.
            "production_environment": False,
        }
        call = Call(
            verb="POST",
            address=self._connection.in_repository("deployments"),
            what=f"recording a deployment to {wanted.environment}",
            body=body,
            effect=Effect.ANOTHER,
        )

        def look() -> Record | None:
            found = self._newest(wanted)
            return found if found is not None and _is(wanted.identity, found) else None

        return create_once(self._connection, call, look=look)

    def _tell(self, wanted: Deployment, deployment: Record) -> None:
        addresses = {"environment_url": wanted.page, "log_url": wanted.log}
        call = Call(
            verb="POST",
            address=self._statuses(deployment),
            what=f"telling the deployment to {wanted.environment}",
            body={
                "state": "success",
                "description": wanted.description,
                "auto_inactive": True,
                **{name: address for name, address in addresses.items() if address},
            },
            effect=Effect.ANOTHER,
        )
        create_once(self._connection, call, look=lambda: self._success(deployment))

    def _success(self, deployment: Record) -> Record | None:
        what = "reading what was told of a deployment"
        parameters = {"per_page": str(PER_PAGE)}
        answer = self._connection.get(self._statuses(deployment), what=what, parameters=parameters)
        return next((one for one in records(answer.data) if text(one, "state") in _TOLD), None)

    def _statuses(self, deployment: Record) -> str:
        which = str(number(deployment, "id"))
        return self._connection.in_repository("deployments", which, "statuses")


def _is(wanted: Mapping[str, str | int], found: Record) -> bool:
    """Whether the payload says so. GitHub gives it back as JSON, or as text that holds JSON."""
    payload = found.get("payload")
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except (ValueError, RecursionError):
            return False
    return isinstance(payload, Mapping) and all(payload.get(name) == value for name, value in wanted.items())
