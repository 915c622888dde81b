"""What docs/from-stages.md has readers do, done: aliases from stages, and then under git."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import mlflow
import pytest
from mlflow import MlflowClient

from promoter.cli import Terminal, run
from promoter.core.policy_file import parse_policy
from promoter.core.request_file import parse_request
from promoter.errors import ExitCode
from tests.git_clone import GitClone
from tests.markdown_blocks import blocks
from tests.mlflow_server import MlflowServer

# Stages are deprecated, and say so.
pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:.*[Ss]tages?:FutureWarning")]

DOCUMENT = Path(__file__).parents[2] / "docs" / "from-stages.md"


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """MLflow's own client set to the server, as a reader's is."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])


def staged(client: MlflowClient, *stages: str) -> str:
    """A registered model with a version in each of the stages; its name."""
    name = f"staged-{uuid4().hex[:8]}"
    client.create_registered_model(name)
    for stage in stages:
        logged = client.create_run("0").info
        client.log_metric(logged.run_id, "accuracy", 0.9)
        client.set_terminated(logged.run_id)
        made = client.create_model_version(name, f"{logged.artifact_uri}/model", logged.run_id)
        client.transition_model_version_stage(name, made.version, stage)
    return name


def give_aliases(url: str) -> None:
    """The lines of step 1."""
    (lines,) = [block.text for block in blocks(DOCUMENT) if block.info == "python"]
    with connected_to(url):
        exec(compile(lines, str(DOCUMENT), "exec"), {})


def test_aliases_come_from_stages_and_go_under_git(mlflow_server: MlflowServer, tmp_path: Path) -> None:
    client = MlflowClient(tracking_uri=mlflow_server.url, registry_uri=mlflow_server.url)
    both = staged(client, "Archived", "Production", "Production", "Staging")
    none = staged(client, "None")
    taken = staged(client, "Production", "Production")
    client.set_registered_model_alias(taken, "champion", "1")

    for _ in range(2):  # again changes nothing
        give_aliases(mlflow_server.url)
        aliases = {name: client.get_registered_model(name).aliases for name in (both, none, taken)}
        assert aliases == {
            both: {"champion": "3", "challenger": "4"},
            none: {},
            taken: {"champion": "1"},
        }

    clone = GitClone(tmp_path / "clone")
    out = io.StringIO()
    environ = {"PATH": os.environ["PATH"], "MLFLOW_TRACKING_URI": mlflow_server.url}
    terminal = Terminal(environ=environ, out=out, err=out)
    asked = ["init", "--aliases", "champion", "--models", f"{both},{none}", "--yes"]
    assert run([*asked, "--directory", str(clone.folder)], terminal) is ExitCode.DONE, out.getvalue()
    (path,) = (clone.folder / "promotions").rglob("*.yaml")
    request = parse_request(path.read_bytes(), path="request.yaml")
    assert (request.model, request.alias, request.version) == (both, "champion", "3")
    policy = (clone.folder / ".github" / "promotion-policy.yaml").read_bytes()
    assert parse_policy(policy, path="policy.yaml").rule_for(both) is not None
