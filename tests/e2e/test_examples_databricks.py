"""The examples for Databricks, run against a fake of its signing in and of Unity Catalog's addresses.

The files are as they are but for the repository's name and, where a test says so, `mode: enforce`. What a
real workspace would answer is not known: see docs/databricks.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promoter.adapters.deadline import Deadline
from promoter.demo.github.server import Standin
from tests.e2e.house import POLICY
from tests.mlflow_server import MlflowServer
from tests.registry_worlds import HttpWorld
from tests.workflow_databricks import Principal, Workspace, working_in
from tests.workflow_house import Registry, Team, example, only, teamed
from tests.workflow_process import Launcher
from tests.workflow_runner import Environment, Kept, Passport, Runner

pytestmark = pytest.mark.integration

MODEL = "prod.ml.churn"
REQUEST = "promotions/prod.ml.churn/champion.yaml"
DAILY = "17 5 * * *"
READER, WRITER = "11111111-reader", "22222222-writer"
# How GitHub begins a subject: in repositories from July 2026 on with ids, in older ones without.
WITH_IDS, BY_NAME = "repo:acme@7/models@8", "repo:acme/models"


def principal(name: str, client_id: str, prefix: str) -> Principal:
    """The service principal of one of the example's federation policies, for the tests' repository."""
    policy = example(f"databricks/federation/{name}.json")
    asked = b"repo:your-org@123456/models@456789"
    assert asked in policy
    text = policy.replace(asked, prefix.encode())
    return Principal(client_id=client_id, policy=json.loads(text), is_owner=name == "writer")


def kept(workspace: Workspace) -> Kept:
    """What the example's README has somebody set up; no secret is among it."""
    return Kept(
        variables={
            "DATABRICKS_HOST": workspace.url,
            "DATABRICKS_READER_CLIENT_ID": READER,
            "DATABRICKS_WRITER_CLIENT_ID": WRITER,
        },
        environments={
            "model-registry-read": Environment(),
            "model-registry-write": Environment(branches=("main",)),
        },
    )


def workflow(name: str) -> bytes:
    return example(f"databricks/{name}.yml")


def files(mode: str) -> dict[str, bytes]:
    """The example's files, with the policy's mode."""
    policy = example("databricks/promotion-policy.yaml").replace(b"mode: dry_run", f"mode: {mode}".encode())
    names = ("validate", "apply", "drift")
    paths = {f".github/workflows/promoter-{name}.yml": workflow(name) for name in names}
    return {**paths, POLICY: policy, REQUEST: asks("1")}


def asks(version: str) -> bytes:
    """The example's request, for another version."""
    return example(f"databricks/{REQUEST}").replace(b"version: 7", f"version: {version}".encode())


@pytest.fixture(params=[WITH_IDS])
def prefix(request: pytest.FixtureRequest) -> str:
    """What the repository's subjects begin with, and what its federation policies were given."""
    return str(request.param)


@pytest.fixture
def workspace(mlflow_server: MlflowServer, prefix: str) -> Iterator[Workspace]:
    principals = (principal("reader", READER, prefix), principal("writer", WRITER, prefix))
    with working_in(Workspace(server=mlflow_server.url, principals=principals)) as made:
        yield made


@pytest.fixture
def team(
    tmp_path: Path, mlflow_server: MlflowServer, workspace: Workspace, prefix: str, launcher: Launcher
) -> Iterator[Team]:
    """Version 1 is the champion of prod.ml.churn, and 2 is better."""
    registry = Registry(server=mlflow_server, world=HttpWorld(mlflow_server, deadline=Deadline(600)))

    def equip(standin: Standin) -> Runner:
        passport = Passport(url=workspace.passport_url, prefix=prefix, issue=workspace.issue)
        runner = Runner(standin=standin, kept=kept(workspace), folder=tmp_path, launch=launcher.run)
        return replace(runner, passport=passport)

    with teamed(tmp_path, registry, equip) as made:
        made.register(MODEL, 0.80, 0.85)
        yield made


def who_wrote(workspace: Workspace) -> set[str]:
    """Whoever asked the catalog for a change; a pass to a version's files is none."""
    asked = [one for one in workspace.asked if not one[2].endswith("/generate-temporary-credentials")]
    return {who for who, method, path in asked if method != "GET" and "/unity-catalog/" in path}


@pytest.mark.parametrize("prefix", [WITH_IDS, BY_NAME], indirect=True)
def test_reader_and_writer_each_sign_in_and_do_their_part(team: Team, workspace: Workspace) -> None:
    team.adopt(files("enforce"))
    number = team.house.propose({REQUEST: asks("2")})
    validated = only(team.opened(number))
    assert (validated.job.name, validated.reason) == ("Validate promotion", "validated"), validated.log
    assert ({who for who, _, _ in workspace.asked}, who_wrote(workspace)) == ({READER}, set())
    # Databricks' SDK signs in anew for each request, as docs/databricks.md tells.
    assert len(workspace.sessions) == len(workspace.asked) == 7
    applied = only(team.pushed(team.reviewed(number)))
    assert (applied.job.name, applied.reason) == ("Apply promotion", "applied"), applied.log
    assert (team.champion(MODEL), who_wrote(workspace)) == ("2", {WRITER})
    assert team.tags(MODEL, "2")["promoter_approved_by"] == "alice"
    assert only(team.scheduled(DAILY)).reason == "in_sync"
    team.set_alias(MODEL, "1")
    found = only(team.scheduled(DAILY))
    assert (found.reason, workspace.refused) == ("drift_found", []), found.log


def test_as_it_is_copied_it_shows_and_moves_nothing(team: Team, workspace: Workspace) -> None:
    team.adopt(files("dry_run"))
    number = team.house.propose({REQUEST: asks("2")})
    assert only(team.opened(number)).exit_code == 0
    (comment,) = team.house.comments(number)
    assert MODEL in comment.body
    assert only(team.pushed(team.reviewed(number))).exit_code == 0
    assert (team.champion(MODEL), who_wrote(workspace)) == ("1", set())


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        (
            b"READER_CLIENT_ID",
            b"WRITER_CLIENT_ID",
            f"{WRITER} as {WITH_IDS}:environment:model-registry-read",
        ),
        (b"    environment: model-registry-read", b"    #", f"{READER} as {WITH_IDS}:pull_request"),
        (b"https://github.com/your-org #", b"https://github.com/others #", f"{READER} as"),
    ],
    ids=["the writer's id", "no environment", "another audience"],
)
def test_a_job_that_no_federation_policy_names_gets_no_token(
    team: Team, workspace: Workspace, old: bytes, new: bytes, refused: str
) -> None:
    assert old in workflow("validate")
    text = workflow("validate").replace(old, new)
    team.adopt({**files("enforce"), ".github/workflows/promoter-validate.yml": text})
    ran = only(team.opened(team.house.propose({REQUEST: asks("2")})))
    assert (ran.exit_code, ran.outputs["decision"]) == (4, "error"), ran.log
    assert workspace.refused[0].startswith(refused)
    assert workspace.asked == []
    # Whatever was said while signing in failed, the token that vouches for the job is not in it.
    assert not any(token in ran.log.replace(f"::add-mask::{token}", "") for token in workspace.jobs)


@pytest.mark.parametrize(("prefix", "other"), [(WITH_IDS, BY_NAME), (BY_NAME, WITH_IDS)], indirect=["prefix"])
def test_a_subject_of_the_other_form_gets_no_token(team: Team, workspace: Workspace, other: str) -> None:
    """A policy written from the repository's name, where GitHub says its ids; and the other way round."""
    assert team.runner.passport is not None
    team.runner = replace(team.runner, passport=replace(team.runner.passport, prefix=other))
    team.adopt(files("enforce"))
    ran = only(team.opened(team.house.propose({REQUEST: asks("2")})))
    assert (ran.exit_code, ran.outputs["decision"]) == (4, "error"), ran.log
    assert workspace.refused[0] == f"{READER} as {other}:environment:model-registry-read"
    assert workspace.asked == []


def test_the_reader_cannot_move_an_alias(team: Team, workspace: Workspace) -> None:
    text = workflow("apply").replace(b"WRITER", b"READER").replace(b"registry-write", b"registry-read")
    team.adopt({**files("enforce"), ".github/workflows/promoter-apply.yml": text})
    ran = only(team.pushed(team.reviewed(team.house.propose({REQUEST: asks("2")}))))
    assert (ran.exit_code, ran.reason, team.champion(MODEL)) == (4, "apply_failed", "1"), ran.log
    assert who_wrote(workspace) == {READER}


def test_without_the_permission_there_is_nobody_to_vouch(team: Team, workspace: Workspace) -> None:
    text = workflow("validate").replace(b"      id-token: write", b"      #")
    team.adopt({**files("enforce"), ".github/workflows/promoter-validate.yml": text})
    ran = only(team.opened(team.house.propose({REQUEST: asks("2")})))
    assert (ran.exit_code, workspace.jobs, workspace.asked) == (4, {}, []), ran.log
