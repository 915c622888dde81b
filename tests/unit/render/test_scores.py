from __future__ import annotations

import math
from dataclasses import replace

import pytest

from promoter.checks import slices
from promoter.checks.comparing import measured
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.measurement import Measurement
from promoter.core.report import RequestReport
from promoter.render import scores, words
from promoter.text import quote, say
from tests.builders import (
    a_comparison,
    a_measured_evidence,
    a_measurement,
    a_metric_result,
    a_model_run,
    a_value,
    some_data,
)
from tests.unit.render import reports

BROKEN = a_model_run(problem=say("it does not load: ", quote("ImportError")))


def result(name: str, **fields: object) -> CheckResult:
    comparison = a_comparison(name=name, **{"source": "measured", **fields})
    return a_metric_result(subject=name, comparison=comparison)


def request(*results: CheckResult, measurement: Measurement | None = None) -> RequestReport:
    return reports.good_request(results=results, evidence=a_measured_evidence(measurement=measurement))


def sliced(name: str, outcome: Outcome = Outcome.PASSED) -> CheckResult:
    return replace(result(name), check="slices", outcome=outcome)


def test_both_rooms_call_the_same_things_alike() -> None:
    assert words.MEASURED == measured.SOURCE
    assert words.SLICES == slices.ID


# --- tables ------------------------------------------------------------------------------------------


def test_measured_and_claimed_figures_never_share_a_table() -> None:
    found = scores.tables(
        request(reports.BETTER_F1, result("recall"), sliced("a=b · recall"), measurement=a_measurement())
    )
    assert [[row.comparison.name for row in table.rows] for table in found] == [["recall"], ["f1_score"]]
    measured_notes, claimed_notes = (" ".join(map(str, table.notes)) for table in found)
    assert measured_notes == (
        "Both models scored on the same 1,600 rows of `churn.parquet` (sha256 `5f1d2c3b5f1d`)."
    )
    assert claimed_notes == "Figures as claimed by the training runs; Promoter did not measure them."


@pytest.mark.parametrize(
    ("measurement", "note"),
    [
        (a_measurement(), "Both models scored on the same 1,600 rows of"),
        (a_measurement(champion=None), "The challenger scored on 1,600 rows of"),
        (a_measurement(champion=BROKEN), "The challenger scored on 1,600 rows of"),
        (a_measurement(challenger=BROKEN), ""),
        (None, ""),
    ],
)
def test_who_scored_is_told_as_it_is(measurement: Measurement | None, note: str) -> None:
    (table,) = scores.tables(request(result("recall"), measurement=measurement))
    assert " ".join(map(str, table.notes)).startswith(note)
    assert bool(table.notes) == bool(note)


def test_brackets_are_explained_where_there_are_any() -> None:
    one = result("recall", lower=-0.1, upper=0.1)
    (table,) = scores.tables(request(one, measurement=a_measurement(confidence_level=0.9)))
    assert str(table.notes[-1]) == "In brackets: where the true change lies, with 80 % confidence."


def test_unknown_sources_are_named_and_none_is_not() -> None:
    for source, notes in (("", []), ("*holdout*", ["Figures from `*holdout*`."])):
        (table,) = scores.tables(request(result("recall", source=source)))
        assert list(map(str, table.notes)) == notes


def test_no_figures_no_tables() -> None:
    nothing = request(*reports.PASSED_CHECKS)
    assert scores.tables(nothing) == ()
    assert scores.slices(nothing) is None


def test_slices_are_counted_and_told_apart_from_their_metric() -> None:
    found = scores.slices(
        request(
            sliced("a=x · y · f1"),
            sliced("a=z · f1", Outcome.FAILED),
            sliced("a=w · f1", Outcome.SKIPPED),
            replace(sliced("a"), comparison=None),
        )
    )
    assert found is not None
    assert [row.parts for row in found.rows] == [("a=z", "f1"), ("a=x · y", "f1"), ("a=w", "f1")]
    assert scores.tally_of_slices(found) == "Slices: 1 failed, 1 passed, 1 not judged"
    assert list(map(str, found.notes)) == ["`f1`: ≥ 0.6; at most 0.01 worse."]


# --- money -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.001, "0.00"),
        (-0.001, "0.00"),
        (-120.5, "\u2212120.50"),
        (999.99, "999.99"),
        (1_000.4, "1,000"),
        (-1_234_567.8, "\u22121,234,568"),
    ],
)
def test_amounts(amount: float, text: str) -> None:
    assert scores.money(amount) == text


def test_value_in_words_keeps_the_unit_apart() -> None:
    message = scores.value_in_words(a_value(unit="`x`\n", predict_all=None, predict_none=math.nan))
    assert quote("`x`\n") in message.parts
    assert str(message).endswith("champion 8,120, challenger 9,030, perfect 16,000.")


def test_digest_is_short_and_text_from_outside() -> None:
    data = some_data(name="`a`\n::x", digest="`" * 64)
    (table,) = scores.tables(request(result("recall"), measurement=a_measurement(data=data)))
    assert quote("`" * 12) in table.notes[0].parts
    assert quote("`a`\n::x") in table.notes[0].parts
