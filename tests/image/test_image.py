"""The image, built and run as GitHub's runner does, beside a real MLflow server and the GitHub stand-in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promoter.core.model_version import Column, Signature
from promoter.demo.github.events import pull_request_event, push_event
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, TOKEN, House, housed
from tests.image.models import HOLDOUT, holdout, log_fitted
from tests.image.models import POLICY_TEXT as INFERENCE_TEXT
from tests.image.runner import Docker, Engine, Job, Ran, find_engine
from tests.mlflow_server import MlflowServer
from tests.registry_worlds import write_mlmodel

pytestmark = [pytest.mark.image, pytest.mark.integration, pytest.mark.slow]

_TAG = "promoter:test"
_SIGNED = f"{POLICY_TEXT}      signature: {{compatible_with_champion: true}}\n"
_SIGNATURE = Signature(
    inputs=(Column(name="tenure", kind="long", required=True),),
    outputs=(Column(name="churn", kind="long", required=True),),
)
# Each is something that Promoter, Python or pip would read from the working directory if they looked there.
_HOSTILE = (
    "yaml.py",
    "json.py",
    "requests.py",
    "mlflow/__init__.py",
    "github/__init__.py",
    "promoter/__init__.py",
    "promoter/cli.py",
    "sitecustomize.py",
    "usercustomize.py",
)
_MARK = "imported-from-the-workspace"


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The image, built. Skips where no container engine can be had, unless one is required."""
    found = find_engine(os.environ, tag=_TAG)
    if found is None:
        why = "no container engine: start Docker, or name a tool that brings one in PROMOTER_IMAGE_TOOL"
        if os.environ.get("PROMOTER_REQUIRE_IMAGE"):
            pytest.fail(why)
        pytest.skip(why)
    found.build()
    return found


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer) -> Iterator[House]:
    """A team whose policy needs a model's files too: a signature is downloaded from the server."""
    with housed(tmp_path, mlflow_server.url) as made:
        made.land({POLICY: _SIGNED.encode()})
        yield made


def signed(house: House, server: MlflowServer, *, f1_score: float) -> str:
    """A version with its `MLmodel` where the server serves it from."""
    version = house.version(f1_score)
    source = house.client.get_model_version(house.model, version).source or ""
    write_mlmodel(server.artifacts / source.removeprefix("mlflow-artifacts:/"), _SIGNATURE)
    return version


def pull_request_job(house: House, number: int, *, workspace: Path) -> Job:
    """What the runner is handed when a pull request was opened."""
    return Job(
        event="pull_request",
        payload=pull_request_event(house.standin.view, number, action="opened"),
        api_url=house.standin.api_url,
        token=TOKEN,
        inputs={"tracking-uri": house.registry},
        environ={"GITHUB_SERVER_URL": house.standin.web_url},
        workspace=workspace,
    )


def empty(tmp_path: Path) -> Path:
    """A workspace nothing was checked out to, as in the example workflows."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def hostile(tmp_path: Path) -> Path:
    """A workspace as a hostile pull request leaves it when it was checked out."""
    folder = empty(tmp_path)
    for name in _HOSTILE:
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"open('/github/workspace/{_MARK}', 'a').write({name!r})\nraise SystemExit(99)\n")
    (folder / "evil.pth").write_text(f"import os; os.mknod('/github/workspace/{_MARK}')\n")
    (folder / "pip.conf").write_text("[global]\nindex-url = http://localhost:9/\n")
    (folder / ".netrc").write_text("machine localhost login mallory password mallory\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "promoter"\nversion = "99"\n')
    (folder / "promoter.egg-info").write_text("Metadata-Version: 2.1\nName: promoter\nVersion: 99\n")
    (folder / "MLproject").write_text("name: churn\n")
    return folder


def show(ran: Ran) -> str:
    """For a failed assertion: all there is to see."""
    return f"exit {ran.exit_code}\n{ran.log}\n{ran.files}"


def test_a_pull_request_is_judged_and_its_merge_moves_the_alias(
    engine: Engine, house: House, mlflow_server: MlflowServer, tmp_path: Path
) -> None:
    old, new = (signed(house, mlflow_server, f1_score=f1_score) for f1_score in (0.80, 0.85))
    house.adopt(old)
    number = house.ask_for(new)
    job = pull_request_job(house, number, workspace=empty(tmp_path))

    validated = engine.run(job)
    assert validated.exit_code == ExitCode.DONE, show(validated)
    assert validated.outputs["decision"] == "promote"
    assert validated.outputs["reason-code"] == "validated"
    assert validated.files["GITHUB_STEP_SUMMARY"].strip()
    (comment,) = house.comments(number)
    assert validated.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")
    for figure in ("0.8000", "0.8500", "signature"):
        assert figure in comment.body
    assert house.champion() == old
    assert house.tags(new) == {}

    house.approve(number)
    push = house.merge(number)
    applied = engine.run(replace(job, event="push", payload=push_event(house.standin.view, push)))
    assert applied.exit_code == ExitCode.DONE, show(applied)
    assert applied.outputs["reason-code"] == "applied"
    assert house.champion() == new
    tags = house.tags(new)
    assert tags["promoter_verdict"] == "promote"
    assert tags["promoter_check_signature"] == "passed"
    assert tags["promoter_pull_request"] == str(number)
    assert tags["promoter_previous_version"] == old
    assert tags["promoter_commit"] == push.after
    assert "Promoted" in house.comments(number)[0].body


# What MLflow says of its own code while it writes a model.
@pytest.mark.filterwarnings("ignore")
def test_models_are_scored_in_the_image(engine: Engine, house: House, tmp_path: Path) -> None:
    house.land({POLICY: INFERENCE_TEXT.encode(), HOLDOUT: holdout()})
    old, new = (log_fitted(house, rows=rows, folder=tmp_path / f"fitted-to-{rows}") for rows in (12, 2000))
    house.adopt(old)
    number = house.ask_for(new)
    ran = engine.run(pull_request_job(house, number, workspace=empty(tmp_path)))
    assert ran.exit_code == ExitCode.DONE, show(ran)
    assert ran.outputs["reason-code"] == "validated"
    assert ran.outputs["decision"] == "promote"
    (comment,) = house.comments(number)
    interval = re.search(r"`accuracy_score` .*\\\[(\S+),\s(\S+)\\\]", comment.body)
    assert interval, comment.body
    assert -0.01 <= float(interval[1]) < float(interval[2]) < 1
    assert "on the same 1,000 rows of" in comment.body
    assert "Model code ran confined: own user, no new privileges, Landlock, seccomp, limits" in comment.body
    for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"):
        assert ran.files.get(name, "").strip() == ""


@pytest.mark.filterwarnings("ignore")
def test_models_are_scored_in_environments_of_their_own_in_the_image(
    engine: Engine, house: House, tmp_path: Path
) -> None:
    """Wheels are installed there as a step of its own, with network; the model then runs without."""
    policy = INFERENCE_TEXT.replace("environment: image", "environment: model")
    house.land({POLICY: policy.encode(), HOLDOUT: holdout()})
    old, new = (log_fitted(house, rows=rows, folder=tmp_path / f"fitted-to-{rows}") for rows in (12, 2000))
    house.adopt(old)
    number = house.ask_for(new)
    ran = engine.run(pull_request_job(house, number, workspace=empty(tmp_path)))
    assert ran.exit_code == ExitCode.DONE, show(ran)
    assert "building the model's environment" in ran.log
    assert ran.outputs["decision"] == "promote"
    assert "Model code ran confined" in house.comments(number)[0].body


def test_what_lies_in_the_workspace_changes_nothing(
    engine: Engine, house: House, mlflow_server: MlflowServer, tmp_path: Path
) -> None:
    old, new = (signed(house, mlflow_server, f1_score=f1_score) for f1_score in (0.80, 0.85))
    house.adopt(old)
    number = house.ask_for(new)
    expected = house.validate(number)
    workspace = hostile(tmp_path)
    before = sorted(workspace.rglob("*"))

    job = pull_request_job(house, number, workspace=workspace)
    # Workflows do set it, for tests of their own; the runner hands it to every container.
    ran = engine.run(replace(job, environ={**job.environ, "PYTHONPATH": "."}))
    assert ran.exit_code == ExitCode.DONE, show(ran)
    assert ran.outputs["result"] == expected.outputs["result"]
    assert ran.outputs["comment-url"] == expected.outputs["comment-url"]
    assert len(house.comments(number)) == 1
    assert sorted(workspace.rglob("*")) == before


def test_a_wrong_request_ends_with_2_and_an_annotation(engine: Engine, house: House, tmp_path: Path) -> None:
    house.adopt(house.version(0.80))
    number = house.propose({house.path: house.request("seven")})
    ran = engine.run(pull_request_job(house, number, workspace=empty(tmp_path)))
    assert ran.exit_code == ExitCode.WRONG_INPUT, show(ran)
    assert ran.outputs["reason-code"] == "request_invalid"
    assert f"::error file={house.path},line=3," in ran.log


def test_a_hardened_container_can_still_judge(
    engine: Engine, house: House, mlflow_server: MlflowServer, tmp_path: Path
) -> None:
    if not isinstance(engine, Docker):
        pytest.skip("the tool has no option for arguments of `docker run`")
    old, new = (signed(house, mlflow_server, f1_score=f1_score) for f1_score in (0.80, 0.85))
    house.adopt(old)
    job = pull_request_job(house, house.ask_for(new), workspace=empty(tmp_path))
    ran = engine.hardened().run(job)
    assert ran.exit_code == ExitCode.DONE, show(ran)
    assert ran.outputs["decision"] == "promote"


def test_the_demo_says_what_the_image_lacks(engine: Engine) -> None:
    ran = engine.shell("/opt/promoter/bin/promoter demo --output /tmp/demo")
    assert ran.exit_code == ExitCode.WRONG_INPUT, show(ran)
    assert "promoter[demo]" in ran.log
    assert "Traceback" not in ran.log
