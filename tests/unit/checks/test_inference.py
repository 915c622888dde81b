from __future__ import annotations

import math

import pytest

from promoter.checks import inference
from promoter.checks.catalog import run_checks
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.layers import Layer
from promoter.core.measurement import ModelRun, ReferenceMeasurement
from promoter.core.policy import InferenceRule
from promoter.text import quote, say
from tests.builders import (
    MIB,
    WHOLE_SANDBOX,
    a_champion,
    a_measured_evidence,
    a_measurement,
    a_model_rule,
    a_model_run,
    a_model_version,
    a_sandbox_without,
    an_evidence,
    an_inference_rule,
    by_inference,
    some_measured_checks,
)

NOTHING_ASKED = InferenceRule()
BROKEN = a_model_run(problem=say("it does not load: ", quote("ImportError: `x`")))
PASSED, FAILED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE


def measured(**fields: object) -> Evidence:
    return a_measured_evidence(measurement=a_measurement(**fields))


def told(results: tuple[CheckResult, ...]) -> dict[str, tuple[Outcome, str]]:
    assert {result.check for result in results} == {"inference"}
    return {result.subject: (result.outcome, str(result.message)) for result in results}


def test_a_sound_challenger_passes_every_limit() -> None:
    assert told(inference.run(an_inference_rule(), measured())) == {
        "runs": (PASSED, "the challenger loaded and answered every row"),
        "p95_latency_ms": (
            PASSED,
            "the slowest 5 % of rows take 0.8 ms per row (the champion: 0.5), "
            "and the policy allows at most 2",
        ),
        "load_seconds": (PASSED, "loading takes 1.2 s (the champion: 1), and the policy allows at most 10"),
        "memory_mb": (
            PASSED,
            "at its peak it needs 310 MiB of memory (the champion: 310), and the policy allows at most 512",
        ),
        "size_mb": (PASSED, "the model has 4 MiB (the champion: 2), and the policy allows at most 100"),
    }


def test_without_limits_it_only_has_to_run() -> None:
    assert told(inference.run(NOTHING_ASKED, measured())) == {
        "runs": (PASSED, "the challenger loaded and answered every row")
    }


def test_a_challenger_that_did_not_finish_fails_with_the_problem() -> None:
    assert told(inference.run(an_inference_rule(), measured(challenger=BROKEN))) == {
        "runs": (FAILED, "the challenger did not finish: it does not load: `ImportError: 'x'`")
    }


LIMITS = [
    ("p95_latency_ms", "max_p95_latency_ms", lambda value: {"p95_latency_ms": value}),
    ("load_seconds", "max_load_seconds", lambda value: {"load_seconds": value}),
    ("memory_mb", "max_memory_mb", lambda value: {"peak_memory": value * MIB}),
    ("size_mb", "max_size_mb", lambda value: {"size": value * MIB}),
]


@pytest.mark.parametrize(("subject", "key", "field"), LIMITS)
@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (8.0, PASSED),
        (7.9, PASSED),
        (8.001, FAILED),
        (math.inf, FAILED),
        (math.nan, FAILED),
        (0.0, INCONCLUSIVE),
        (-1.0, INCONCLUSIVE),
    ],
)
def test_a_limit_holds_for_finite_figures(
    subject: str, key: str, field: object, value: float, outcome: Outcome
) -> None:
    assert callable(field)
    results = told(
        inference.run(InferenceRule(**{key: 8.0}), measured(challenger=a_model_run(**field(value))))
    )
    assert list(results) == ["runs", subject]
    assert results[subject][0] is outcome


def test_a_figure_over_its_limit_is_told_beside_the_champions() -> None:
    slow = a_model_run(p95_latency_ms=2.0001)
    results = told(inference.run(InferenceRule(max_p95_latency_ms=2.0), measured(challenger=slow)))
    assert results["p95_latency_ms"][1] == (
        "the slowest 5 % of rows take 2.0001 ms per row (the champion: 0.5), but the policy allows at most 2"
    )


@pytest.mark.parametrize("champion", [None, BROKEN, a_model_run(p95_latency_ms=0.0)])
def test_a_champion_without_a_figure_is_not_shown(champion: ModelRun | None) -> None:
    results = told(inference.run(InferenceRule(max_p95_latency_ms=2.0), measured(champion=champion)))
    assert "the champion:" not in results["p95_latency_ms"][1]


SAME = say(quote("No"))


def test_a_challenger_that_tells_no_row_from_another_fails() -> None:
    results = told(inference.run(NOTHING_ASKED, measured(challenger=a_model_run(constant=SAME))))
    assert results["runs"][0] is PASSED
    assert results["varies"] == (
        FAILED,
        "the challenger predicts the same for all 1,600 rows: `No`; a model that tells no row from another "
        "is never promoted: see whether its features reach it (renamed, empty, of another scale?) and "
        "whether its training came to an end",
    )


def test_a_champion_that_tells_no_row_from_another_is_a_warning() -> None:
    results = told(inference.run(NOTHING_ASKED, measured(champion=a_model_run(constant=SAME))))
    assert set(results) == {"runs", "champion_varies"}
    assert results["champion_varies"] == (
        Outcome.WARNED,
        "the champion predicts the same for all 1,600 rows: `No`; to be better than that says little",
    )


def test_predictions_that_were_logged_are_not_said_to_have_run() -> None:
    logged = a_model_run(load_seconds=0.0, peak_memory=0, p95_latency_ms=0.0)
    assert told(inference.run(NOTHING_ASKED, measured(challenger=logged))) == {
        "runs": (PASSED, "the challenger logged a prediction for every row")
    }


def test_a_champion_that_did_not_run_leaves_it_open() -> None:
    results = told(inference.run(NOTHING_ASKED, measured(champion=BROKEN)))
    assert results["champion"] == (
        INCONCLUSIVE,
        "the champion, version `6`, did not finish, so nothing can be compared: "
        "it does not load: `ImportError: 'x'`",
    )
    assert told(inference.run(NOTHING_ASKED, measured(champion=None)))["champion"] == (
        INCONCLUSIVE,
        "the champion, version `6`, was not measured, so nothing can be compared",
    )


def test_no_champion_and_the_same_model_twice_are_no_questions() -> None:
    alone = a_measured_evidence(champion=None, measurement=a_measurement(champion=None))
    assert set(told(inference.run(NOTHING_ASKED, alone))) == {"runs"}
    copy = a_measured_evidence(champion=a_champion(source=a_model_version().source))
    assert set(told(inference.run(NOTHING_ASKED, copy))) == {"runs"}


def test_nothing_measured_decides_nothing() -> None:
    (result,) = inference.run(an_inference_rule(), an_evidence())
    assert (result.outcome, str(result.message)) == (
        INCONCLUSIVE,
        "nothing was measured, so there is nothing to judge",
    )


@pytest.mark.parametrize("whose", ["challenger", "champion"])
def test_a_sandbox_that_was_not_whole_is_warned_of(whose: str) -> None:
    run = a_model_run(sandbox=a_sandbox_without(Layer.SECCOMP, Layer.LANDLOCK))
    found = told(inference.run(NOTHING_ASKED, measured(**{whose: run})))
    assert found["sandbox"] == (
        Outcome.WARNED,
        "models ran without Landlock, seccomp: their code was not confined",
    )


def test_a_sandbox_that_held_is_not_spoken_of() -> None:
    run = a_model_run(sandbox=WHOLE_SANDBOX)
    assert "sandbox" not in told(inference.run(NOTHING_ASKED, measured(challenger=run, champion=run)))


def test_what_was_logged_and_cannot_be_used_is_not_said_to_have_run() -> None:
    broken = ModelRun(is_logged=True, problem=say("its table of predictions cannot be used: it has no rows"))
    nothing = "has no predictions to judge"
    (result,) = inference.run(
        NOTHING_ASKED, a_measured_evidence(measurement=a_measurement(challenger=broken))
    )
    assert str(result.message) == (
        f"the challenger {nothing}: its table of predictions cannot be used: it has no rows"
    )
    beside = ReferenceMeasurement(version="3", run=broken)
    measurement = a_measurement(champion=broken, reference=beside)
    results = inference.run(NOTHING_ASKED, a_measured_evidence(measurement=measurement))
    told_of_others = [str(one.message) for one in results if one.outcome is INCONCLUSIVE]
    assert len(told_of_others) == 2
    assert all(f", {nothing}, so nothing can be compared" in one for one in told_of_others)
    assert all("finish" not in str(one.message) for one in results)


def test_every_check_says_so_alike() -> None:
    broken = ModelRun(is_logged=True, problem=say("it has no rows"))
    found = a_measured_evidence(
        measurement=a_measurement(challenger=broken, estimates={}, slices=(), value=None)
    )
    results = run_checks(a_model_rule(checks=some_measured_checks(), evaluation=by_inference()), found)
    of_figures = [str(one.message) for one in results if one.check != "inference"]
    assert of_figures
    assert all("because the challenger has no predictions to judge" in one for one in of_figures)
