"""Versions whose files lie in S3 itself: read with the job's own credentials, judged as all others are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from promoter.adapters.deadline import Deadline
from promoter.core.model_version import Column, Signature
from tests import s3
from tests.git_clone import GitClone
from tests.mlflow_server import MlflowServer
from tests.registry_worlds import HttpWorld, VersionAsked, write_mlmodel
from tests.s3 import S3

pytestmark = pytest.mark.integration

POLICY = """\
version: 1
approvals: {minimum: 1}
models:
  - match: "*"
    aliases: [champion]
    checks:
      signature: {compatible_with_champion: true}
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[S3]:
    (tmp_path / "s3").mkdir()
    with s3.serving(tmp_path / "s3") as found:
        yield found


def signature(*names: str) -> Signature:
    return Signature(
        inputs=tuple(Column(name=name, kind="double", required=True) for name in names),
        outputs=(Column(name="churn", kind="long", required=True),),
    )


@dataclass
class Scene:
    """A clone whose HEAD asks for a version, and a registry whose versions lie in S3."""

    folder: Path
    store: S3
    world: HttpWorld

    def validate(self, champion: Signature, challenger: Signature, **changed: str) -> dict[str, Any]:
        """The result of `promoter validate` in a process of its own: MLflow and boto3 read the process's
        environment."""
        model = self.world.new_model("churn").replace(" ", "-")
        self.world.client.create_registered_model(model)
        versions = [self._version(model, found) for found in (champion, challenger)]
        self.world.client.set_registered_model_alias(model, "champion", versions[0])
        clone = GitClone(self.folder / "clone")
        path = f"promotions/{model}/champion.yaml"
        old, new = (f"model: {model}\nalias: champion\nversion: {one}\n" for one in versions)
        clone.commit({".github/promotion-policy.yaml": POLICY, path: old}, "Adopt")
        clone.git("switch", "-q", "-c", "promote")
        clone.commit({path: new}, "Promote")
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "MLFLOW_TRACKING_URI": self.world.server.url,
            **self.store.variables,
            **changed,
        }
        command = [str(Path(sys.executable).parent / "promoter"), "validate", "--json", "--base", "main"]
        done = subprocess.run(
            [*command, "--directory", str(clone.folder)],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        assert "s3-canary-secret" not in done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return {**found, "exit_code": done.returncode}

    def _version(self, model: str, found: Signature) -> str:
        version = self.world.new_version(model, VersionAsked(signature=found))
        files = self.folder / f"files-{version}"
        files.mkdir()
        write_mlmodel(files, found)
        self.world.set_source(model, version, self.store.put(files, f"{model}/{version}"))
        return version


@pytest.fixture
def scene(tmp_path: Path, store: S3, mlflow_server: MlflowServer) -> Scene:
    return Scene(tmp_path, store, HttpWorld(mlflow_server, deadline=Deadline(60)))


def test_a_version_in_s3_is_judged_by_its_signature(scene: Scene) -> None:
    found = scene.validate(signature("tenure"), signature("tenure"))
    assert (found["exit_code"], found["reason_code"]) == (0, "validated"), found
    assert any(line.startswith("GET /models/") and "/MLmodel" in line for line in scene.store.asked())


def test_a_version_in_s3_that_asks_for_more_is_refused(scene: Scene) -> None:
    found = scene.validate(signature("tenure"), signature("tenure", "charges"))
    assert (found["exit_code"], found["reason_code"]) == (1, "checks_failed"), found


def test_a_store_that_nobody_reaches_is_no_verdict(scene: Scene) -> None:
    found = scene.validate(
        signature("tenure"),
        signature("tenure"),
        MLFLOW_S3_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_MAX_ATTEMPTS="1",
    )
    assert found["exit_code"] == 4, found
