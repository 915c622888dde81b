from __future__ import annotations

from dataclasses import replace

import pytest

from promoter.core.report import Report
from promoter.render.annotations import annotations as commands
from promoter.text import quote, say
from tests.builders import a_problem, a_report, a_request
from tests.oracles import RunnerCommand, runner_command
from tests.unit.render import reports


def _commands(report: Report) -> list[RunnerCommand]:
    found = [runner_command(line) for line in commands(report)]
    assert None not in found
    return [command for command in found if command is not None]


def test_problem_stands_on_its_line() -> None:
    first = _commands(reports.invalid())[0]
    assert first == RunnerCommand(
        "error",
        "`version` is not a number. Write the digits of the version, for example `version: 7`.",
        {
            "file": "promotions/churn/champion.yaml",
            "line": "3",
            "col": "10",
            "title": "Promoter: The promotion request is not valid",
        },
    )


def test_refused_request_stands_on_its_version_line() -> None:
    (command,) = _commands(reports.rejected())
    assert command.name == "error"
    assert command.properties["file"] == "promotions/churn/champion.yaml"
    assert command.properties["line"] == "3"
    assert command.data == (
        "At least one check says no. "
        "`description` failed: the description has 12 characters, the policy asks for at least 40. "
        "`metrics` failed: `f1_score` is 0.7421 as claimed by the run, "
        "0.0679 worse than the champion's 0.81, but the rule asks for at most 0.01 worse."
    )


def test_hint_is_part_of_the_message() -> None:
    (command,) = _commands(reports.version_missing())
    assert command.data.endswith("Check the number, or register the version first; then run the job again.")


@pytest.mark.parametrize("report", [reports.warned(), reports.dry_run()])
def test_what_does_not_block_is_a_warning(report: Report) -> None:
    assert [command.name for command in _commands(report)] == ["warning"]


@pytest.mark.parametrize(
    "report",
    [reports.promotable(), reports.applied(), reports.already_applied(), reports.nothing_to_promote()],
)
def test_nothing_to_say_is_not_said(report: Report) -> None:
    assert commands(report) == ()


def test_run_that_ended_early_has_no_line() -> None:
    report = replace(reports.registry_down(), requests=())
    (command,) = _commands(report)
    assert set(command.properties) == {"title"}
    assert "Connection refused" in command.data


@pytest.mark.parametrize("number", [9, 10, 500])
def test_never_more_than_ten_of_a_type(number: int) -> None:
    problems = tuple(a_problem(line=line) for line in range(1, number + 1))
    warned = reports.warned().requests[0]
    report = a_report(reason=reports.invalid().reason, problems=problems, requests=(warned,) * number)
    commands = _commands(report)
    for name in ("error", "warning"):
        own = [command for command in commands if command.name == name]
        assert len(own) == min(number, 10)
        if number > 9:
            assert own[-1].data == f"And {number - 9} more: see the job summary."


def test_many_checks_are_counted() -> None:
    request = reports.rejected_request(results=(reports.WORSE_F1,) * 8)
    (command,) = _commands(a_report(reason=request.reason, requests=(request,)))
    assert command.data.count("worse than the champion") == 5
    assert command.data.endswith("And 3 more.")


def test_message_is_cut_below_the_runner_s_limit() -> None:
    results = (replace(reports.WORSE_F1, message=say(*[quote("x" * 300)] * 20)),) * 5
    request = reports.rejected_request(results=results)
    (command,) = _commands(a_report(reason=request.reason, requests=(request,)))
    assert len(command.data) == 4_000
    assert command.data.endswith("…")


@pytest.mark.parametrize("path", ["a,b/50%: x;y].yaml", "a%3Ab%2Cc%0Ad%25.yaml", "漢字/é.yaml"])
def test_properties_survive_their_escapes(path: str) -> None:
    request = reports.refused_request(request=a_request(path=path))
    (command,) = _commands(a_report(reason=request.reason, requests=(request,)))
    assert command.properties["file"] == path


def test_data_survives_its_escapes() -> None:
    request = reports.refused_request(message=say("it has ", quote("50% %0A %25, a:b")))
    (command,) = _commands(a_report(reason=request.reason, requests=(request,)))
    assert "it has `50% %0A %25, a:b`." in command.data


def test_colons_of_properties_are_escaped_as_the_toolkit_does() -> None:
    (line,) = commands(reports.rejected())
    assert ",title=Promoter%3A Checks failed::" in line
