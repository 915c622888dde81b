"""What the table of `make test-compat` is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compat.environments import CannotMakeError, server
from tests.compat.plan import ABSENCES, LEFT_OUT, PATHS, Suite, Trial, absent, trials
from tests.compat.run import Result, read_report, table

TRIAL = Trial(server="3.3.0", client="3.17.2", python="3.11", suite=Suite.STORY)
REPORT = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_good"/>
<testcase classname="tests.a" name="test_bad"><failure message="no">trace</failure></testcase>
<testcase classname="tests.a" name="test_broken"><error message="no">trace</error></testcase>
<testcase classname="tests.a" name="test_gone"><skipped message="needs the full MLflow"/></testcase>
</testsuite></testsuites>"""


def pairs(found: list[Trial]) -> list[tuple[str, str, str]]:
    return [(one.server, one.client, one.python) for one in found]


def test_each_with_itself_and_the_ends_with_each_other() -> None:
    found = trials(["3.17.2", "3.3.0", "3.10.0"], pythons=["3.11", "3.13"], suite=Suite.STORY)
    assert pairs(found) == [
        ("3.3.0", "3.3.0", "3.11"),
        ("3.10.0", "3.10.0", "3.11"),
        ("3.17.2", "3.17.2", "3.11"),
        ("3.3.0", "3.17.2", "3.11"),
        ("3.17.2", "3.3.0", "3.11"),
        ("3.17.2", "3.17.2", "3.13"),
    ]


def test_one_version_is_tried_once() -> None:
    assert pairs(trials(["3.3.0"], pythons=["3.11"], suite=Suite.CONTRACT)) == [("3.3.0", "3.3.0", "3.11")]


def test_the_unit_tests_are_tried_on_each_python_with_the_newest() -> None:
    found = trials(["3.3.0", "3.17.2"], pythons=["3.12", "3.13"], suite=Suite.UNIT)
    assert pairs(found) == [("3.17.2", "3.17.2", "3.12"), ("3.17.2", "3.17.2", "3.13")]


@pytest.mark.parametrize("suite", Suite)
def test_what_is_named_is_there(suite: Suite) -> None:
    assert LEFT_OUT[suite] is not None
    for path in PATHS[suite]:
        file, _, name = path.partition("::")
        found = Path(__file__).parents[2] / file
        assert found.exists()
        assert not name or f"\ndef {name}(" in found.read_text(encoding="utf-8")


def test_what_an_old_server_does_not_do_is_left_out_of_its_trials_alone() -> None:
    new = Trial(server="3.17.2", client="3.3.0", python="3.11", suite=Suite.STORY)
    assert [one.test.rpartition("::")[2] for one in absent(TRIAL)] == ["test_a_version_that_was_deleted"]
    assert absent(new) == []
    assert all(one.test in PATHS[Suite.STORY] for one in ABSENCES)


def test_a_report_is_read_and_told_with_what_failed_and_what_was_not_there() -> None:
    result = read_report(TRIAL, REPORT, seconds=1.0)
    assert (result.passed, result.failed) == (1, ("tests.a::test_bad", "tests.a::test_broken"))
    assert not result.is_good
    assert table([result]) == (
        "| MLflow server | client | Python | tests | passed | failed | not there |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| 3.3.0 | 3.17.2 | 3.11 | story | 1 | 2 | 1 |\n"
        "FAILED (server 3.3.0, client 3.17.2, Python 3.11) tests.a::test_bad\n"
        "FAILED (server 3.3.0, client 3.17.2, Python 3.11) tests.a::test_broken\n"
        "not there, 1 in all: needs the full MLflow\n"
    )


def test_nothing_that_passed_is_not_good() -> None:
    assert not Result(trial=TRIAL).is_good
    assert not Result(trial=TRIAL, passed=3, broken="no such version").is_good
    assert Result(trial=TRIAL, passed=3).is_good


def test_an_interpreter_that_is_not_there_is_told_and_leaves_no_environment(tmp_path: Path) -> None:
    with pytest.raises(CannotMakeError, match=r"3\.99"):
        server(tmp_path / "cache", version="3.3.0", python="3.99")
    assert not list(tmp_path.rglob(".ready"))
