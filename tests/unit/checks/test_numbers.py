from __future__ import annotations

import pytest

from promoter.checks.comparing.numbers import number, percent


@pytest.mark.parametrize(
    ("value", "beside", "text"),
    [
        (0.83125678, [], "0.8313"),
        (0.83125678, [0.83127], "0.831257"),
        (0.6 - 1e-13, [0.6], "0.6"),
        (9_030.0, [], "9,030"),
        (12_345.678, [], "12,346"),
        (9_999.96, [], "10,000"),
        (-1_234_567.0, [], "-1,234,567"),
        (1e16, [], "1e+16"),
        (1e-5, [], "1e-05"),
        (12_345.6, [12_345.7], "12,345.6"),
    ],
)
def test_a_number_has_as_few_digits_as_tell_it_apart(value: float, beside: list[float], text: str) -> None:
    assert number(value, beside=beside) == text


def test_percent() -> None:
    assert (percent(0.0075), percent(0.9), percent(1.0)) == ("0.75 %", "90 %", "100 %")
