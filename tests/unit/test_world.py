"""What a door builds: addresses that may be shown, and adapters from inputs."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_registry import MlflowReader, MlflowRegistry
from promoter.addresses import links, public_address
from promoter.commands.trees import Places
from promoter.core.evidence import ToMeasure
from promoter.core.layers import Found
from promoter.core.policy import Checks, Evaluation, Source
from promoter.core.report import Links, Phase
from promoter.ending import Stop
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.evaluation.guards import GuardedCustomChecks, GuardedMeasurer
from promoter.event import Event, EventKind
from promoter.inputs import Inputs, RunnerFiles, Secret, runner_files
from promoter.text import say
from promoter.world import (
    Registries,
    World,
    places,
    report_of,
)
from promoter.world_judging import Judges, judges
from tests.builders import (
    WHOLE_SANDBOX,
    a_custom_answer,
    a_custom_rule,
    a_model_rule,
    a_model_version,
    a_problem,
    a_report,
    a_request_report,
    an_evidence,
)
from tests.fakes.github import InMemoryRepository
from tests.fakes.registry import InMemoryRegistry
from tests.unit.render import pictures


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


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, ""),
        ({"RUNNER_TEMP": "/tmp/runner"}, ""),
        ({"RUNNER_TEMP": "/tmp/runner", "INPUT_REPORT-DIRECTORY": "promoter-report"}, "the run"),
        ({"INPUT_REPORT-DIRECTORY": "promoter-report"}, "the run"),
    ],
)
def test_the_report_is_among_what_the_run_keeps_where_the_workflow_names_its_folder(
    given: dict[str, str], shown: str
) -> None:
    inputs = Inputs(run_url="https://ghe.example/acme/models/actions/runs/1", files=runner_files(given))
    assert links(inputs).report == (inputs.run_url if shown else "")


def test_the_registrys_own_address_outranks_the_tracking_servers() -> None:
    inputs = Inputs(tracking_uri=Secret("http://a.example"), registry_uri=Secret("http://b.example"))
    assert links(inputs) == Links(registry="http://b.example", tracking="http://a.example")
    databricks = Inputs(tracking_uri=Secret("http://a.example"), registry_uri=Secret("databricks-uc"))
    assert (links(databricks).registry, links(databricks).tracking) == ("", "http://a.example")
    hidden = Inputs(tracking_uri=Secret("databricks"), registry_uri=Secret("http://b.example"))
    assert links(hidden) == Links(registry="http://b.example", tracking="")
    same = Inputs(tracking_uri=Secret("http://b.example"), registry_uri=Secret("http://b.example"))
    assert links(same) == Links(registry="http://b.example")


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


@pytest.mark.parametrize(("seconds", "is_drawn"), [(60, True), (1, False)])
def test_a_report_is_drawn_where_there_is_time_left(seconds: float, is_drawn: bool, tmp_path: Path) -> None:
    runner = ActionsRunner(stream=io.StringIO(), output="", summary="", report_directory=str(tmp_path))
    event = Event(kind=EventKind.MERGE_GROUP, name="merge_group", default_branch="main")
    inputs = Inputs(token=Secret("t"), repository="acme/models", deadline=seconds)
    World(inputs=inputs, runner=runner, event=event).tell(pictures.binary())
    assert ('<svg class="drawn"' in (tmp_path / "report.html").read_text(encoding="utf-8")) is is_drawn


def test_a_report_is_not_drawn_once_the_job_is_stopped(tmp_path: Path) -> None:
    runner = ActionsRunner(stream=io.StringIO(), output="", summary="", report_directory=str(tmp_path))
    event = Event(kind=EventKind.MERGE_GROUP, name="merge_group", default_branch="main")
    inputs = Inputs(token=Secret("t"), repository="acme/models", deadline=60)
    stop = Stop()
    stop.tells()
    stop.ask()
    exit_code = World(inputs=inputs, runner=runner, event=event, stop=stop).tell(pictures.binary())
    assert exit_code is ExitCode.INTERRUPTED
    assert '<svg class="drawn"' not in (tmp_path / "report.html").read_text(encoding="utf-8")


# --- whoever runs code that is not ours -----------------------------------------------------------


def judging_on(event: str, a_minute: Deadline, *commands: str) -> Judges:
    """What would run models and custom checks in a job of that event."""
    inputs = Inputs(event_name=event, files=RunnerFiles(commands=commands))
    return judges(InMemoryRepository({}), inputs=inputs, deadline=a_minute)


def test_t13_on_pull_request_target_nothing_is_run(a_minute: Deadline) -> None:
    found = judging_on("pull_request_target", a_minute)
    rule = a_model_rule(
        evaluation=Evaluation(source=Source.INFERENCE), checks=Checks(custom=(a_custom_rule(),))
    )
    asked = ToMeasure(rule=rule, challenger=a_model_version(), champion=None, commit="c")
    with pytest.raises(PromoterError, match="`pull_request_target`") as measuring:
        found.measurer.measure(asked, InMemoryRegistry())
    with pytest.raises(PromoterError, match="`pull_request_target`") as asking:
        found.custom_checks.ask(rule, "{}", commit="c")
    assert measuring.value.reason is asking.value.reason is ReasonCode.MODEL_UNSAFE


@pytest.mark.parametrize("event", ["pull_request", "merge_group", "push", "workflow_dispatch", ""])
def test_t45_elsewhere_the_runners_files_are_watched(event: str, a_minute: Deadline, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.touch()
    found = judging_on(event, a_minute, str(file))
    assert isinstance(found.custom_checks, GuardedCustomChecks)
    assert isinstance(found.measurer, GuardedMeasurer)
    before = found.custom_checks.traces()
    file.write_text("LD_PRELOAD=/tmp/evil.so", encoding="utf-8")
    assert list(before) == list(found.measurer.traces()) == [str(file)]
    assert before != found.measurer.traces()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's alone")
def test_t43_whoever_runs_code_hides_its_own_memory() -> None:
    """A process of its own: what is hidden stays so."""
    code = """
import ctypes
from promoter.adapters.deadline import Deadline
from promoter.inputs import Inputs
from promoter.world_judging import judges
control = ctypes.CDLL(None).prctl
before = control(3, 0, 0, 0, 0)
judges(None, inputs=Inputs(), deadline=Deadline(1))
print(before, control(3, 0, 0, 0, 0))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 0\n"


def told_with(sandbox: Found, folder: Path) -> str:
    """The summary of a job in which a custom check ran, where a checkout left its token."""
    (folder / "git-credentials-1.config").touch()
    files = RunnerFiles(summary=str(folder / "summary"), temp=str(folder))
    runner = ActionsRunner(stream=io.StringIO(), output="", summary=files.summary, report_directory="")
    inputs = Inputs(repository="acme/models", token=Secret("canary-token"), files=files, deadline=5)
    event = Event(kind=EventKind.MERGE_GROUP, name="merge_group", default_branch="main")
    found = an_evidence(answers=(a_custom_answer(sandbox=sandbox),))
    report = a_report(requests=(a_request_report(evidence=found),), links=Links())
    World(inputs=inputs, runner=runner, event=event).tell(report)
    return (folder / "summary").read_text(encoding="utf-8")


def test_t46_a_token_that_lies_in_the_job_is_warned_of_where_code_ran(tmp_path: Path) -> None:
    told = told_with(WHOLE_SANDBOX, tmp_path)
    assert "The checkout left its token in" in told
    assert "git-credentials-1.config" in told
    assert "persist-credentials: false" in told


def test_t46_where_nothing_ran_it_is_nobodys_business(tmp_path: Path) -> None:
    assert "left its token" not in told_with((), tmp_path)
