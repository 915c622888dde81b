from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.checks.comparing.holm import rejected

P_VALUES = st.lists(st.floats(min_value=0, max_value=1), max_size=12)


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([], ()),
        ([0.05], (True,)),
        ([0.0501], (False,)),
        # Holm's own example: 0.01, 0.02, 0.022, 0.09 at 0.05
        ([0.022, 0.01, 0.09, 0.02], (False, True, False, False)),
        ([0.01, 0.015, 0.02, 0.04], (True, True, True, True)),
        ([0.03, 0.03], (False, False)),
        ([0.0] * 3, (True,) * 3),
    ],
)
def test_known_cases(p_values: list[float], expected: tuple[bool, ...]) -> None:
    assert rejected(p_values, 0.05) == expected


@given(P_VALUES)
def test_it_lies_between_bonferroni_and_no_correction(p_values: list[float]) -> None:
    for p_value, is_rejected in zip(p_values, rejected(p_values, 0.05), strict=True):
        if p_value <= 0.05 / len(p_values):
            assert is_rejected
        if is_rejected:
            assert p_value <= 0.05


@given(P_VALUES, st.randoms(use_true_random=False))
def test_order_does_not_matter(p_values: list[float], dice: random.Random) -> None:
    by_value = dict(zip(p_values, rejected(p_values, 0.05), strict=True))
    shuffled = dice.sample(p_values, len(p_values))
    if len(set(p_values)) == len(p_values):
        assert rejected(shuffled, 0.05) == tuple(by_value[p_value] for p_value in shuffled)


def test_ten_slices_of_equal_models_rarely_fail() -> None:
    dice = random.Random(7)
    rounds = 4_000
    any_rejected = sum(any(rejected([dice.random() for _ in range(10)], 0.05)) for _ in range(rounds))
    assert 0.035 < any_rejected / rounds < 0.06
