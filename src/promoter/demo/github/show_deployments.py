"""Deployments as GitHub's JSON."""

from promoter.demo.github.deployments import Deployment, DeploymentStatus
from promoter.demo.github.show_repository import Json, node_id, show_user, timestamp
from promoter.demo.github.view import View


def show_deployment(view: View, one: Deployment) -> Json:
    """A deployment, alone or in a list."""
    address = f"{view.repository}/deployments/{one.id}"
    return {
        "url": address,
        "id": one.id,
        "node_id": node_id("Deployment", one.id),
        "sha": one.sha,
        "ref": one.ref,
        "task": one.task,
        "payload": dict(one.payload) if not isinstance(one.payload, str) else one.payload,
        "original_environment": one.environment,
        "environment": one.environment,
        "description": one.description or None,
        "creator": show_user(view, view.state.users[one.creator]),
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.created_at),
        "statuses_url": f"{address}/statuses",
        "repository_url": view.repository,
        "transient_environment": False,
        "production_environment": one.is_production,
        "performed_via_github_app": None,
    }


def show_status(view: View, one: DeploymentStatus) -> Json:
    """What was told of a deployment."""
    deployment = view.state.deployments[one.deployment]
    address = f"{view.repository}/deployments/{one.deployment}"
    return {
        "url": f"{address}/statuses/{one.id}",
        "id": one.id,
        "node_id": node_id("DeploymentStatus", one.id),
        "state": one.state,
        "creator": show_user(view, view.state.users[one.creator]),
        "description": one.description,
        "environment": deployment.environment,
        "target_url": one.log_url,
        "log_url": one.log_url,
        "environment_url": one.environment_url,
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.created_at),
        "deployment_url": address,
        "repository_url": view.repository,
        "performed_via_github_app": None,
    }
