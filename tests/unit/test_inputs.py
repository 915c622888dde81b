"""Environment → Inputs."""

from __future__ import annotations

import pytest

from promoter.core.report import CommentMode
from promoter.errors import PromoterError, ReasonCode
from promoter.inputs import Command, Secret, read_inputs


def test_an_empty_environment_gives_the_contracts_defaults() -> None:
    inputs = read_inputs({})
    assert inputs.command is Command.AUTO
    assert inputs.requests == "promotions/**/*.yaml"
    assert inputs.policy == ".github/promotion-policy.yaml"
    assert inputs.comment is CommentMode.ALWAYS
    assert inputs.deadline == 1800
    assert inputs.api_url == "https://api.github.com"
    assert inputs.run_url == ""


def test_inputs_keep_their_dashes_as_the_runner_writes_them() -> None:
    inputs = read_inputs(
        {
            "INPUT_GITHUB-TOKEN": "ghs_secret",
            "INPUT_TRACKING-URI": "https://mlflow.example",
            "INPUT_REPORT-DIRECTORY": "out",
            "INPUT_COMMENT": "on-change",
            "INPUT_DEADLINE": "0.5",
            "INPUT_REQUESTS": "./aliases/*.yaml",
        }
    )
    assert inputs.token.value == "ghs_secret"
    assert inputs.tracking_uri.value == "https://mlflow.example"
    assert inputs.files.report_directory == "out"
    assert inputs.comment is CommentMode.ON_CHANGE
    assert inputs.deadline == 30
    assert inputs.requests == "aliases/*.yaml"


def test_mlflows_own_variables_are_the_defaults_of_the_uris() -> None:
    inputs = read_inputs({"MLFLOW_TRACKING_URI": "http://a", "MLFLOW_REGISTRY_URI": "http://b"})
    assert (inputs.tracking_uri.value, inputs.registry_uri.value) == ("http://a", "http://b")


def test_an_input_outranks_mlflows_variable() -> None:
    assert read_inputs({"MLFLOW_TRACKING_URI": "a", "INPUT_TRACKING-URI": "b"}).tracking_uri.value == "b"


def test_github_enterprise_addresses_come_from_the_environment() -> None:
    inputs = read_inputs(
        {
            "GITHUB_API_URL": "https://ghe.example/api/v3",
            "GITHUB_SERVER_URL": "https://ghe.example",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_RUN_ID": "42",
        }
    )
    assert inputs.api_url == "https://ghe.example/api/v3"
    assert inputs.run_url == "https://ghe.example/o/r/actions/runs/42"


def test_nothing_secret_is_printed() -> None:
    environ = {
        "INPUT_GITHUB-TOKEN": "canary-1",
        "MLFLOW_TRACKING_PASSWORD": "canary-2",
        "INPUT_TRACKING-URI": "https://user:canary-3@mlflow.example",
    }
    assert "canary" not in repr(read_inputs(environ))
    secrets = [secret.value for secret in read_inputs(environ).secrets]
    assert secrets == ["canary-1", "canary-2", "canary-3", "user:canary-3"]


def test_the_token_of_a_spark_cluster_is_a_secret() -> None:
    remote = {"SPARK_REMOTE": "sc://spark.example:443/;user_id=ann;token=canary-4;use_ssl=true"}
    assert [secret.value for secret in read_inputs(remote).secrets] == ["canary-4"]


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("COMMAND", "promote", "Write one of: auto, validate, apply, drift, propose, doctor."),
        ("COMMENT", "sometimes", "Write one of: always, on-change, never."),
        ("DEPLOYMENTS", "yes", "Write true or false."),
        ("DEADLINE", "soon", "Write minutes as a number above 0 and up to 1440."),
        ("DEADLINE", "0", "Write minutes as a number above 0 and up to 1440."),
        ("DEADLINE", "-1", "Write minutes as a number above 0 and up to 1440."),
        ("DEADLINE", "nan", "Write minutes as a number above 0 and up to 1440."),
        ("DEADLINE", "inf", "Write minutes as a number above 0 and up to 1440."),
        ("POLICY", "/etc/passwd", "Write a path relative to the repository's root, with `/`."),
        ("POLICY", "../policy.yaml", "Write a path relative to the repository's root, with `/`."),
        ("REQUESTS", "a\\b.yaml", "Write a path relative to the repository's root, with `/`."),
    ],
)
def test_a_wrong_input_is_refused_by_name(name: str, value: str, hint: str) -> None:
    with pytest.raises(PromoterError) as refused:
        read_inputs({f"INPUT_{name}": value})
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert f"`{name.lower()}`" in str(refused.value.message)
    assert str(refused.value.hint) == hint


@pytest.mark.parametrize(
    ("value", "expected"), [("", False), ("false", False), ("False", False), ("true", True), ("TRUE", True)]
)
def test_deployments_are_recorded_only_where_asked_for(value: str, expected: bool) -> None:
    assert read_inputs({"INPUT_DEPLOYMENTS": value}).deployments is expected


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert repr(Secret("")) == "Secret()"


def test_every_file_by_which_a_step_commands_the_runner_is_known() -> None:
    names = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
    files = read_inputs({name: f"/f/{name}" for name in names} | {"GITHUB_WORKSPACE": "/w"}).files
    assert files.commands == tuple(f"/f/{name}" for name in names)
    assert (files.output, files.summary, files.workspace, files.temp) == (
        "/f/GITHUB_OUTPUT",
        "/f/GITHUB_STEP_SUMMARY",
        "/w",
        "",
    )
    assert read_inputs({"GITHUB_ENV": ""}).files.commands == ()
