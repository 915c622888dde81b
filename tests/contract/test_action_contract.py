"""`action.yml` and the example workflows are an API: what they promise is written out here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from promoter.event import PROPOSE_EVENT
from promoter.inputs import read_inputs

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / "examples" / "workflows"

INPUTS = {
    "command": "auto",
    "github-token": "${{ github.token }}",
    "requests": "promotions/**/*.yaml",
    "policy": ".github/promotion-policy.yaml",
    "tracking-uri": "",
    "registry-uri": "",
    "comment": "always",
    "report-directory": "",
    "deadline": "30",
    "deployments": "false",
    "wheel-cache": "",
}
OUTPUTS = ["decision", "reason-code", "result", "report", "comment-url"]


def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return loaded


def workflow(name: str) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text())
    return loaded


def events(name: str) -> dict[str, Any]:
    found: dict[str, Any] = workflow(name)[True]  # YAML 1.1 reads the key `on` as true
    return found


def only_job(name: str) -> dict[str, Any]:
    (job,) = workflow(name)["jobs"].values()
    found: dict[str, Any] = job
    return found


def step_of(name: str) -> dict[str, Any]:
    (step,) = only_job(name)["steps"]
    found: dict[str, Any] = step
    return found


def secrets(name: str) -> set[str]:
    return set(re.findall(r"secrets\.(\w+)", (WORKFLOWS / name).read_text()))


def test_inputs_and_their_defaults() -> None:
    assert {name: entry["default"] for name, entry in action()["inputs"].items()} == INPUTS
    assert not any(entry.get("required") for entry in action()["inputs"].values())


def test_outputs() -> None:
    assert list(action()["outputs"]) == OUTPUTS


def test_runs_as_a_container_built_from_the_dockerfile() -> None:
    assert action()["runs"] == {"using": "docker", "image": "Dockerfile"}


def test_defaults_are_those_of_the_code() -> None:
    given = {f"INPUT_{name.upper()}": value for name, value in INPUTS.items() if name != "github-token"}
    assert read_inputs(given) == read_inputs({})


def test_readme_names_every_input_and_output() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in [*INPUTS, *OUTPUTS] if f"`{name}`" not in readme] == []


GRANTED = {
    "validate.yml": {"contents": "read", "pull-requests": "write"},
    "apply.yml": {"contents": "read", "pull-requests": "write"},
    "drift.yml": {"contents": "read", "issues": "write", "pull-requests": "read"},
    "doctor.yml": {"contents": "read", "actions": "read"},
}


@pytest.mark.parametrize("name", GRANTED)
def test_example_grants_the_least_and_says_why(name: str) -> None:
    assert workflow(name)["permissions"] == {}
    assert only_job(name)["permissions"] == GRANTED[name]
    granted = re.findall(r"^ +[a-z-]+: (?:read|write)\b(.*)$", (WORKFLOWS / name).read_text(), re.MULTILINE)
    assert len(granted) == len(GRANTED[name])
    assert all(re.match(r" # \S.{20,}", reason) for reason in granted)


KEEPS_ITS_REPORT = ("validate.yml", "apply.yml")


@pytest.mark.parametrize("name", GRANTED)
def test_examples_first_step_is_ours_pinned_by_commit(name: str) -> None:
    first, *others = only_job(name)["steps"]
    assert re.fullmatch(r"your-org/promoter@[0-9a-f]{40}", first["uses"])
    assert set(first) <= {"name", "uses", "with", "env"}
    assert len(others) == (1 if name in KEEPS_ITS_REPORT else 0)


@pytest.mark.parametrize("name", KEEPS_ITS_REPORT)
def test_examples_second_step_keeps_the_report_whatever_was_decided_and_is_given_no_secret(name: str) -> None:
    ours, keeping = only_job(name)["steps"]
    assert re.fullmatch(r"actions/upload-artifact@[0-9a-f]{40}", keeping["uses"])
    assert keeping["if"] == "always()"
    assert keeping["with"]["path"] == ours["with"]["report-directory"]
    assert set(keeping) == {"name", "if", "uses", "with"}
    assert "${{" not in str(keeping)


@pytest.mark.parametrize("name", GRANTED)
def test_example_passes_only_inputs_that_exist(name: str) -> None:
    first, *_ = only_job(name)["steps"]
    assert set(first.get("with", {})) <= set(INPUTS)


@pytest.mark.parametrize("name", GRANTED)
def test_example_never_skips(name: str) -> None:
    filters = {"paths", "paths-ignore", "branches-ignore"}
    filtered = [event for event, how in events(name).items() if isinstance(how, dict) and filters & set(how)]
    assert filtered == []
    assert "if" not in only_job(name)


@pytest.mark.parametrize("name", GRANTED)
def test_example_stops_after_the_actions_own_deadline(name: str) -> None:
    assert only_job(name)["timeout-minutes"] > int(INPUTS["deadline"])


def test_validate_runs_on_pull_requests_and_in_the_merge_queue() -> None:
    assert events("validate.yml") == {
        "pull_request": {"types": ["opened", "synchronize", "reopened", "ready_for_review", "edited"]},
        "merge_group": None,
    }


def test_a_newer_push_replaces_the_validation_of_an_older_one() -> None:
    assert workflow("validate.yml")["concurrency"] == {
        "group": "promoter-validate-${{ github.event.pull_request.number || github.ref }}",
        "cancel-in-progress": True,
    }


def test_apply_runs_on_the_default_branch_and_by_hand() -> None:
    assert events("apply.yml") == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    first, *_ = only_job("apply.yml")["steps"]
    assert first["with"]["command"] == "apply"  # a run by hand would validate


def test_applies_queue_up_and_none_is_stopped_half_way() -> None:
    assert workflow("apply.yml")["concurrency"] == {
        "group": "promoter-apply",
        "cancel-in-progress": False,
        "queue": "max",
    }


def test_drift_is_looked_for_by_the_clock_and_by_hand() -> None:
    assert set(events("drift.yml")) == {"schedule", "workflow_dispatch"}
    (step,) = only_job("drift.yml")["steps"]
    assert step["with"] == {"command": "drift"}  # a run by hand would validate


def test_the_set_up_is_looked_at_by_the_clock_and_by_hand_with_what_validate_has() -> None:
    assert set(events("doctor.yml")) == {"schedule", "workflow_dispatch"}
    (step,) = only_job("doctor.yml")["steps"]
    assert step["with"] == {"command": "doctor"}  # a run by the clock would look for drift
    assert secrets("doctor.yml") == secrets("validate.yml")
    assert "environment" not in only_job("doctor.yml")


def test_propose_runs_by_the_clock_by_the_relay_and_by_hand_with_an_apps_token() -> None:
    found = events("propose.yml")
    assert set(found) == {"schedule", "repository_dispatch", "workflow_dispatch"}
    assert found["repository_dispatch"] == {"types": [PROPOSE_EVENT]}
    job = only_job("propose.yml")
    assert (workflow("propose.yml")["permissions"], job["permissions"]) == ({}, {})
    app, promoter = job["steps"]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]) for step in (app, promoter))
    granted = {name: level for name, level in app["with"].items() if name.startswith("permission-")}
    assert granted == {"permission-contents": "write", "permission-pull-requests": "write"}
    given = {"command": "propose", "github-token": "${{ steps.app.outputs.token }}"}
    assert promoter["with"] == given
    assert set(given) <= set(INPUTS)
    assert "if" not in job
    assert job["environment"] == "model-proposals"
    assert job["timeout-minutes"] > int(INPUTS["deadline"])
    group = {"group": "promoter-propose", "cancel-in-progress": False}
    assert workflow("propose.yml")["concurrency"] == group
    readers = {"MLFLOW_READER_USERNAME", "MLFLOW_READER_PASSWORD"}
    assert secrets("propose.yml") == readers | {"PROMOTER_APP_PRIVATE_KEY"}


def test_two_drift_runs_never_meet() -> None:
    assert workflow("drift.yml")["concurrency"] == {"group": "promoter-drift", "cancel-in-progress": False}


def test_only_apply_holds_the_writing_credential() -> None:
    assert secrets("validate.yml") == {"MLFLOW_READER_USERNAME", "MLFLOW_READER_PASSWORD"}
    assert set(step_of("drift.yml")["env"].values()) == {
        "${{ vars.MLFLOW_TRACKING_URI }}",
        "${{ secrets.MLFLOW_READER_USERNAME }}",
        "${{ secrets.MLFLOW_READER_PASSWORD }}",
    }
    assert secrets("apply.yml") == {"MLFLOW_WRITER_USERNAME", "MLFLOW_WRITER_PASSWORD"}
    assert only_job("apply.yml")["environment"] == "model-registry-write"
    assert "environment" not in only_job("validate.yml")
    assert only_job("drift.yml").get("environment") is None
