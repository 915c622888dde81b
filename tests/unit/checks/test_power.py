from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.checks.comparing.power import Doubt, detectable, in_words, rows_needed

STEADY = "these 1,000 rows all say the same, and rows that say otherwise"


def doubt(**fields: float | None) -> Doubt:
    known = {"distance": 0.01, "limit": 0.0, "rows": 1_000, "width": 0.1, "confidence_level": 0.95}
    return Doubt(**{**known, **fields})  # type: ignore[arg-type]


def test_the_effect_is_two_and_a_half_standard_errors() -> None:
    assert detectable(doubt(standard_error=1.0)) == pytest.approx(1.6449 + 0.8416, abs=1e-3)
    assert detectable(doubt(standard_error=1.0, confidence_level=0.9)) == pytest.approx(2.1231, abs=1e-3)


@pytest.mark.parametrize("error", [None, math.nan, math.inf, 0.0, -1.0])
def test_a_standard_error_that_is_missing_is_read_from_the_interval(error: float | None) -> None:
    width = 2 * 1.6448536 * 0.02
    assert detectable(doubt(standard_error=error, width=width)) == pytest.approx(2.4865 * 0.02, abs=1e-4)


@pytest.mark.parametrize(("margin", "rows"), [(0.01, 6_200), (0.02, 1_600)])
def test_rows_agree_with_the_formula_for_equal_models(margin: float, rows: int) -> None:
    """n = 6.18 · disagreement / margin², here for 10 % disagreement, in two digits upwards."""
    error = math.sqrt(0.1 / 1_000)
    assert rows_needed(doubt(distance=margin, standard_error=error)) == rows


@pytest.mark.parametrize(
    "fields", [{"distance": 0.0}, {"distance": 1e-9}, {"width": 0.0}, {"distance": math.nan}]
)
def test_no_number_of_rows_is_invented(fields: dict[str, float]) -> None:
    assert rows_needed(doubt(**fields)) is None


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0, 2.0])
def test_any_level_has_an_effect(level: float) -> None:
    assert math.isfinite(detectable(doubt(confidence_level=level)))


@given(
    st.floats(min_value=1e-6, max_value=10),
    st.floats(min_value=1e-6, max_value=10),
    st.integers(min_value=1, max_value=10**9),
)
def test_undecided_rows_are_never_enough(distance: float, width: float, rows: int) -> None:
    needed = rows_needed(doubt(distance=distance, width=width, rows=rows))
    assert needed is None or needed > rows


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"standard_error": 0.01},
            "on 1,000 rows, a difference below about 0.025 is hard to tell from chance; "
            "if the difference is what it looks like, about 6,200 rows would decide",
        ),
        (
            {"standard_error": 0.01, "limit": -0.01, "distance": 0.0},
            "on 1,000 rows, a distance from that limit below about 0.025 is hard to tell from chance, "
            "and this one is too small for any sensible number of rows",
        ),
        ({"width": 0.0}, f"{STEADY} may have been missed"),
        (
            {"width": 0.06, "standard_error": 0.0},
            f"{STEADY} may have been missed; about 6,000 rows would decide",
        ),
        (
            {"width": 0.06, "standard_error": 0.0, "distance": 0.0},
            "both models come out the same on every one of these 1,000 rows",
        ),
        (
            {"width": 0.06, "standard_error": 0.0, "distance": 3e-17, "limit": 0.1},
            "the change is that limit itself on every one of these 1,000 rows",
        ),
    ],
)
def test_a_doubt_in_words(fields: dict[str, float], words: str) -> None:
    assert in_words(doubt(**fields)) == words
