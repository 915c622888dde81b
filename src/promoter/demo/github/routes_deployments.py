"""Routes about deployments."""

from promoter.demo.github.deployments import Deployment, DeploymentStatus
from promoter.demo.github.exchange import Answer, Call, Refusal, json_answer, listing, not_found
from promoter.demo.github.show_deployments import show_deployment, show_status
from promoter.demo.github.show_repository import Json

_STATES = frozenset({"error", "failure", "inactive", "in_progress", "queued", "pending", "success"})
_NAME_LIMIT = 255
_DESCRIPTION_LIMIT = 140
_FILTERS = ("sha", "ref", "task", "environment")


def deployments(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/deployments: newest first; environments have no case."""
    wanted = {name: call.request.query[name].lower() for name in _FILTERS if name in call.request.query}
    found = [
        one
        for one in reversed(call.world.deployments.values())
        if all(str(getattr(one, name)).lower() == value for name, value in wanted.items())
    ]
    return listing(call, found, show=lambda one: show_deployment(call.view, one))


def add_deployment(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/deployments, of a commit, without waiting for anything."""
    asked = call.body()
    ref, environment = str(asked.get("ref") or ""), str(asked.get("environment") or "production")
    sha = call.world.known_commit(ref)
    if sha is None:
        raise Refusal(422, f"No ref found for: {ref}")
    if len(environment) > _NAME_LIMIT:
        raise _invalid("Deployment", "environment")
    made = Deployment(
        id=call.world.new_id(),
        sha=sha,
        ref=ref,
        task=str(asked.get("task") or "deploy"),
        environment=environment,
        description=str(asked.get("description") or ""),
        payload=_payload(asked),
        creator=call.caller.login,
        created_at=call.world.now(),
        is_production=asked.get("production_environment", environment == "production") is True,
    )
    call.world.deployments[made.id] = made
    return json_answer(show_deployment(call.view, made), status=201)


def _payload(asked: Json) -> Json | str:
    found = asked.get("payload")
    return found if isinstance(found, dict) else str(found or "")


def statuses(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/deployments/{id}/statuses: newest first."""
    found = _statuses(call, _named(call))
    return listing(call, found[::-1], show=lambda one: show_status(call.view, one))


def add_status(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/deployments/{id}/statuses."""
    asked, deployment = call.body(), _named(call)
    state, description = asked.get("state"), str(asked.get("description") or "")
    if state not in _STATES:
        raise _invalid("DeploymentStatus", "state")
    if len(description) > _DESCRIPTION_LIMIT:
        raise _invalid("DeploymentStatus", "description")
    if state == "success" and asked.get("auto_inactive", True):
        _make_earlier_ones_inactive(call, deployment)
    made = _told(call, deployment, state=str(state), asked=asked)
    return json_answer(show_status(call.view, made), status=201)


def _make_earlier_ones_inactive(call: Call, deployment: Deployment) -> None:
    """As GitHub describes it: not those of environments it calls production, nor any without a success."""
    for one in list(call.world.deployments.values()):
        same = one.environment.lower() == deployment.environment.lower() and one.id < deployment.id
        told = _statuses(call, one)
        if same and not one.is_production and told and told[-1].state == "success":
            _told(call, one, state="inactive", asked={})


def _told(call: Call, deployment: Deployment, *, state: str, asked: Json) -> DeploymentStatus:
    made = DeploymentStatus(
        id=call.world.new_id(),
        deployment=deployment.id,
        state=state,
        description=str(asked.get("description") or ""),
        environment_url=str(asked.get("environment_url") or ""),
        log_url=str(asked.get("log_url") or asked.get("target_url") or ""),
        creator=call.caller.login,
        created_at=call.world.now(),
    )
    call.world.deployment_statuses.append(made)
    return made


def _statuses(call: Call, deployment: Deployment) -> list[DeploymentStatus]:
    return [one for one in call.world.deployment_statuses if one.deployment == deployment.id]


def _named(call: Call) -> Deployment:
    found = call.world.deployments.get(int(call.named["id"]))
    if found is None:
        raise not_found()
    return found


def _invalid(resource: str, field: str) -> Refusal:
    error: Json = {"resource": resource, "code": "invalid", "field": field}
    return Refusal(422, "Validation Failed", errors=[error])
