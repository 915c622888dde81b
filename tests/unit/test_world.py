"""What a door builds: addresses that may be shown, and adapters from inputs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_registry import MlflowReader, MlflowRegistry
from promoter.commands.trees import Places
from promoter.core.report import Links, Phase
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.event import Event, EventKind
from promoter.inputs import Inputs, RunnerFiles, Secret
from promoter.text import say
from promoter.world import Registries, World, links, places, public_address, report_of
from tests.builders import a_problem, a_report


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://mlflow.example", "https://mlflow.example"),
        ("https://mlflow.example:8443/path/", "https://mlflow.example:8443/path"),
        ("https://user:canary@mlflow.example/", "https://mlflow.example"),
        ("https://canary@mlflow.example:80", "https://mlflow.example:80"),
        ("https://mlflow.example/?token=canary#canary", "https://mlflow.example"),
        ("http://[::1]:5000/x", "http://[::1]:5000/x"),
        ("http://user:canary@[2001:db8::1]", "http://[2001:db8::1]"),
        ("databricks-uc", ""),
        ("sqlite:////canary/mlflow.db", ""),
        ("postgresql://user:canary@host/db", ""),
        ("file:///tmp", ""),
        ("http://[broken", ""),
        ("http://host:99999", ""),
        ("https://", ""),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_anything_secret(uri: str, shown: str) -> None:
    assert public_address(uri) == shown


def test_links_are_of_the_registry_the_repository_and_the_run() -> None:
    inputs = Inputs(
        tracking_uri=Secret("https://user:canary@tracking.example"),
        repository="acme/models",
        server_url="https://ghe.example",
        run_url="https://ghe.example/acme/models/actions/runs/1",
    )
    assert links(inputs) == Links(
        registry="https://tracking.example",
        repository="https://ghe.example/acme/models",
        run="https://ghe.example/acme/models/actions/runs/1",
    )


def test_the_registrys_own_address_outranks_the_tracking_servers() -> None:
    inputs = Inputs(tracking_uri=Secret("http://a.example"), registry_uri=Secret("http://b.example"))
    assert links(inputs) == Links(registry="http://b.example")
    databricks = Inputs(tracking_uri=Secret("http://a.example"), registry_uri=Secret("databricks-uc"))
    assert links(databricks).registry == ""


def test_places_come_from_the_inputs() -> None:
    assert places(Inputs(requests="a/*.yaml", policy="b.yaml")) == Places(
        requests="a/*.yaml", policy="b.yaml"
    )


def test_an_error_of_the_whole_run_is_a_report() -> None:
    error = PromoterError(ReasonCode.REQUEST_INVALID, say("one"), hint=say("two"), problems=(a_problem(),))
    report = report_of(error, Phase.APPLY)
    assert (report.phase, report.reason, report.problems) == (Phase.APPLY, error.reason, error.problems)
    assert (str(report.message), str(report.hint), report.requests) == ("one", "two", ())


def test_validate_is_given_a_reader_and_apply_a_registry(a_minute: Deadline) -> None:
    registries = Registries(inputs=Inputs(tracking_uri=Secret("http://127.0.0.1:9")), deadline=a_minute)
    reader, writer = registries.reader(), registries.writer()
    assert type(reader) is MlflowReader
    assert not hasattr(reader, "set_alias")
    assert not hasattr(reader, "set_tags")
    assert isinstance(writer, MlflowRegistry)


def test_without_an_address_no_registry_is_opened(a_minute: Deadline) -> None:
    for opened in (Registries(inputs=Inputs(), deadline=a_minute),):
        for open_it in (opened.reader, opened.writer):
            with pytest.raises(PromoterError) as refused:
                open_it()
            assert refused.value.reason is ReasonCode.USAGE_INVALID


def test_a_report_is_told_in_the_log_and_in_the_jobs_files(tmp_path: Path) -> None:
    stream = io.StringIO()
    output = tmp_path / "output"
    runner = ActionsRunner(
        stream=stream, output=str(output), summary="", report_directory=str(tmp_path / "report")
    )
    inputs = Inputs(
        token=Secret("canary-token"),
        repository="acme/models",
        deadline=5,
        files=RunnerFiles(output=str(output)),
    )
    event = Event(kind=EventKind.MERGE_GROUP, name="merge_group", default_branch="main")
    world = World(inputs=inputs, runner=runner, event=event)
    exit_code = world.tell(a_report(reason=ReasonCode.CHECKS_FAILED, links=Links()))
    assert exit_code is ExitCode.NO
    assert "churn" in stream.getvalue()
    assert "checks_failed" in output.read_text()
    assert (tmp_path / "report" / "report.html").is_file()
    assert "canary" not in stream.getvalue() + output.read_text()
