"""What a drift run leaves in the job's files; what cannot be written changes no outcome."""

from __future__ import annotations

import json

import pytest

from promoter.commands.drift_telling import tell_drift
from promoter.core.drift import DriftReport
from promoter.errors import ExitCode, ReasonCode
from promoter.text import say
from tests.fakes.runner import RecordingRunner

REPORT = DriftReport(reason=ReasonCode.DRIFT_FOUND, message=say("1 of 2 aliases differ from git"))


def test_everything_is_written() -> None:
    runner = RecordingRunner()
    assert tell_drift(REPORT, runner) is ExitCode.NO
    assert json.loads(runner.files["drift.json"])["reason_code"] == "drift_found"
    assert (runner.values["report"], runner.values["decision"]) == ("/reports/drift.json", "reject")
    assert runner.summaries[0].startswith("### ❌ Drift found")
    assert len(runner.annotated) == 1


@pytest.mark.parametrize("method", ["save", "outputs", "summary"])
def test_what_cannot_be_written_is_logged(method: str) -> None:
    runner = RecordingRunner(unwritable=frozenset({method}))
    assert tell_drift(REPORT, runner) is ExitCode.NO
    assert runner.logged == [f"{method} cannot be written"]
    assert bool(runner.values) == (method != "outputs")
    assert runner.values.get("report", "") == ("" if method in {"save", "outputs"} else "/reports/drift.json")
