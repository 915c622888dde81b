from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.render.figures import ABSENT, change, interval, is_better, pair, shares
from tests.builders import a_comparison


@pytest.mark.parametrize(
    ("champion", "challenger", "shown"),
    [
        (0.81, 0.8312, ("0.8100", "0.8312")),
        (0.81, 0.83125678, ("0.8100", "0.8313")),
        (12.3456, 9.1, ("12.35", "9.10")),
        (1234.5678, 999.0, ("1,235", "999")),
        (1234567.8, 2.0, ("1,234,568", "2")),
        (0.0, 0.0, ("0.000", "0.000")),
        (-0.0, 0.00001, ("0.000e+00", "1.000e\u221205")),
        (1.0, -0.00001, ("1.000", "0.000")),
        (-0.5, -0.25, ("\u22120.5000", "\u22120.2500")),
        (0.000012346, 0.00001, ("1.235e\u221205", "1.000e\u221205")),
        (0.00123456, 0.001, ("0.001235", "0.001000")),
        (2.5e13, 1.0, ("2.500e+13", "1.000e+00")),
        (None, 0.9, (ABSENT, "0.9000")),
        (None, None, (ABSENT, ABSENT)),
        (math.nan, 0.9, ("NaN", "0.9000")),
        (math.inf, -math.inf, ("∞", "\u2212∞")),
        (1, 2, ("1.000", "2.000")),
    ],
)
def test_pair_has_four_digits_and_equal_decimals(
    champion: float | None, challenger: float | None, shown: tuple[str, str]
) -> None:
    assert pair(a_comparison(champion=champion, challenger=challenger)) == shown


@pytest.mark.parametrize(
    ("champion", "challenger", "delta", "shown"),
    [
        (0.81, 0.8312, 0.0212, "+0.0212 better"),
        (0.81, 0.7421, -0.0679, "\u22120.0679 worse"),
        (0.81, 0.81002, 0.00002, "+0.000020 better"),
        (0.81, 0.81, 0.0, "unchanged"),
        (0.3, 0.30000000000000004, 5.5e-17, "unchanged"),
        (0.0, 1e-12, 1e-12, "+1.000e\u221212 better"),
        (None, 0.9, None, ABSENT),
        (math.nan, 0.9, math.nan, ABSENT),
        (1000.0, 2000.0, 1000.0, "+1,000 better"),
        (1e13, 1e13 + 5e7, 5e7, "+5.000e+07 better"),
    ],
)
def test_change_is_signed_and_says_which_way(
    champion: float | None, challenger: float, delta: float | None, shown: str
) -> None:
    assert change(a_comparison(champion=champion, challenger=challenger, change=delta)) == shown


def test_lower_can_be_better() -> None:
    lower = a_comparison(greater_is_better=False, champion=0.41, challenger=0.3987, change=-0.0113)
    assert change(lower) == "\u22120.0113 better"
    assert is_better(lower)
    assert not is_better(a_comparison(change=None))


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"change": 0.03, "lower": 0.0031, "upper": 0.0569}, "[0.0031, 0.0569]"),
        ({"change": 0.03, "lower": -0.01, "upper": 0.07}, "[\u22120.0100, 0.0700]"),
        ({"change": 0.0, "lower": -0.002, "upper": 0.002}, "[\u22120.0020, 0.0020]"),
        ({"change": 0.0, "lower": 0.0, "upper": 0.0}, "[0.0000, 0.0000]"),
        ({"change": 0.0, "lower": -0.00002, "upper": 0.00001}, "[\u22120.000020, 0.000010]"),
        (
            {"champion": 8120, "challenger": 9030, "change": 910, "lower": 210, "upper": 1610},
            "[210, 1,610]",
        ),
        ({"change": 0.03, "lower": None, "upper": 0.07}, ""),
        ({"change": 0.03, "lower": 0.01, "upper": math.nan}, ""),
        ({"change": None, "lower": 0.01, "upper": 0.07}, ""),
        ({}, ""),
    ],
)
def test_interval_has_the_decimals_of_the_change(fields: dict[str, float | None], shown: str) -> None:
    assert interval(a_comparison(**fields)) == shown


FIGURES = st.one_of(st.none(), st.floats())


@given(FIGURES, FIGURES, st.booleans(), st.tuples(FIGURES, FIGURES))
def test_any_figure_can_be_shown(
    champion: float | None, challenger: float | None, greater: bool, ends: tuple[float | None, float | None]
) -> None:
    both = champion is not None and challenger is not None
    delta = challenger - champion if both and champion is not None and challenger is not None else None
    comparison = a_comparison(
        champion=champion, challenger=challenger, change=delta, greater_is_better=greater
    )
    comparison = replace(comparison, lower=ends[0], upper=ends[1])
    assert interval(comparison).isprintable()
    for text in (*pair(comparison), change(comparison)):
        assert text.isprintable()
        assert len(text) <= 40
    for share in shares(comparison):
        assert share is None or 0 <= share <= 100


@pytest.mark.parametrize(
    ("champion", "challenger", "expected"),
    [
        (0.4, 0.8, (50.0, 100.0)),
        (None, 0.8, (None, 100.0)),
        (0.4, math.inf, (100.0, None)),
        (0.0, 0.0, (None, None)),
        (-0.4, 0.8, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_bars_share_a_scale(
    champion: float | None, challenger: float | None, expected: tuple[float | None, float | None]
) -> None:
    assert shares(a_comparison(champion=champion, challenger=challenger)) == expected
