from __future__ import annotations

import math

import pytest

from promoter.core.measurement import ModelRun, ReferenceMeasurement
from promoter.render import runs
from promoter.text import quote, say
from tests.builders import a_measurement, a_model_run

BROKEN = a_model_run(problem=say("it does not load: ", quote("ImportError")))
LOGGED = ModelRun(environment="predictions `logged`\n::x")


def test_runs_in_words() -> None:
    told = [str(runs.run_in_words(role, run)) for role, run in runs.runs(a_measurement(champion=BROKEN))]
    assert [text.replace("\xa0", " ") for text in told] == [
        "Champion did not finish: it does not load: `ImportError`",
        "Challenger: loads in 1.2 s with its libraries, 0.8 ms per row (p95), 310 MiB of memory, "
        "4 MiB large.",
    ]
    assert [role for role, _ in runs.runs(a_measurement(champion=None))] == ["Challenger"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "\u2013"),
        (math.nan, "\u2013"),
        (math.inf, "\u2013"),
        (0.0123, "0.012\xa0s"),
        (1_234, "1,234\xa0s"),
    ],
)
def test_durations_that_are_unknown_are_dashes(seconds: float, text: str) -> None:
    assert runs.run_facts(a_model_run(load_seconds=seconds))[0] == text


def test_a_reference_is_told_like_the_others() -> None:
    reference = ReferenceMeasurement(version="3", run=a_model_run())
    assert [role for role, _ in runs.runs(a_measurement(reference=reference))] == [
        "Champion",
        "Challenger",
        "Reference",
    ]


@pytest.mark.parametrize(
    ("asked", "differing", "sentence", "figure"),
    [
        (0, 0, "", "\u2013"),
        (1_600, 0, " Asked twice for 1,600 rows, it answered alike.", "0 of 1,600 differ"),
        (1_600, 3, " Asked twice for 1,600 rows, it answered 3 of them otherwise.", "3 of 1,600 differ"),
    ],
)
def test_rows_that_came_out_otherwise_are_told(
    asked: int, differing: int, sentence: str, figure: str
) -> None:
    run = a_model_run(asked_twice=asked, differing=differing)
    assert str(runs.run_in_words("Champion", run)).endswith(f"large.{sentence}")
    assert runs.asked_twice(run) == figure


def test_where_predictions_were_logged_nothing_ran() -> None:
    message = runs.run_in_words("Champion", LOGGED)
    assert quote(LOGGED.environment) in message.parts
    assert str(message).startswith("Champion: nothing ran (")
    assert str(runs.run_in_words("Champion", ModelRun())) == "Champion: nothing ran."
