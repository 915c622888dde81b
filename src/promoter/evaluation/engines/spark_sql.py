"""Queries as text. Names and labels come from policies and data: they are quoted here, and nowhere pasted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement

import numpy as np

EPS = repr(float(np.finfo(np.float64).eps))
"""As scikit-learn: how far probabilities are kept from 0 and 1."""


def name(column: str) -> str:
    """A column's name."""
    return "`" + column.replace("`", "``") + "`"


def text(value: str) -> str:
    """A text as a literal that no character can end."""
    return f"CAST(X'{value.encode().hex()}' AS STRING)"


def number(value: float) -> str:
    """A number as a literal of double precision, to the last bit."""
    return f"{value!r}D"


def columns(expressions: Iterable[str]) -> str:
    """Expressions side by side."""
    return ", ".join(expressions)


def numbered(expressions: Sequence[str], prefix: str) -> str:
    """Expressions side by side, named by their place."""
    return columns(f"{expression} AS {prefix}{at}" for at, expression in enumerate(expressions))


def has_no_number(expression: str) -> str:
    """Whether a number is missing, NaN or infinite."""
    value = f"CAST({expression} AS DOUBLE)"
    return f"({expression} IS NULL OR isnan({value}) OR abs({value}) = double('Infinity'))"


def content(names: Sequence[str]) -> str:
    """A hash of a row, which tells a missing value from every other."""
    missing = columns(f"CAST({name(one)} IS NULL AS STRING)" for one in names)
    return f"xxhash64({columns(name(one) for one in names)}, concat({missing}))"


def code_of(expression: str, texts: Sequence[tuple[str, int]]) -> str:
    """The code of what an expression is, cast to text; null for any other."""
    cases = " ".join(f"WHEN {text(one)} THEN {code}" for one, code in texts)
    return f"CASE CAST({expression} AS STRING) {cases} END"


def likeliest(probabilities: Sequence[str]) -> str:
    """The place of the largest, of equal ones the first, from 0."""
    row = f"array({columns(probabilities)})"
    return f"CAST(array_position({row}, array_max({row})) - 1 AS INT)"


def probability_rows(truth: str, scores: Sequence[str]) -> tuple[str, str]:
    """As `figures.probability_rows`: log loss and Brier score of a row. One score is that of the positive
    class, and truth 1 or 0; several are of each class, and truth its code."""
    if len(scores) == 1:
        (score,) = scores
        chosen = f"CASE WHEN {truth} = 1 THEN {score} ELSE 1 - {score} END"
        brier = f"power({truth} - {score}, 2)"
    else:
        chosen = f"get(array({columns(scores)}), {truth})"
        squares = " + ".join(
            f"power(CASE WHEN {truth} = {code} THEN 1D ELSE 0D END - {score}, 2)"
            for code, score in enumerate(scores)
        )
        brier = f"({squares}) * {0.5 if len(scores) == 2 else 1.0}D"  # noqa: PLR2004
    return f"-ln(least(greatest({chosen}, {EPS}D), 1D - {EPS}D))", brier


def regression_rows(truth: str, predicted: str, *, pivot: float) -> tuple[str, ...]:
    """As `figures.regression_rows`, in its order."""
    shifted, lacking = f"({truth} - {number(pivot)})", f"({truth} - {predicted})"
    error = f"abs({lacking})"
    return (
        shifted,
        f"{shifted} * {shifted}",
        error,
        f"{error} * {error}",
        f"{error} / greatest(abs({truth}), {EPS}D)",
        f"greatest({lacking}, 0D)",
    )


def sums(expressions: Sequence[str], prefix: str) -> str:
    """The sum of each, named by its place."""
    return numbered([f"sum({one})" for one in expressions], prefix)


def products(expressions: Sequence[str], prefix: str) -> str:
    """The sums of the products of each with each and itself: one of the two halves, row by row."""
    return sums([f"{one} * {other}" for one, other in combinations_with_replacement(expressions, 2)], prefix)


def score_bin(score: str, *, parts: int) -> str:
    """The bin of a score: bins are a fraction 1 / `parts` of their distance from 0 or 1 wide, at least 2⁻⁶⁴,
    and ascend with the score."""
    within = f"least(greatest({score}, 0D), 1D)"
    distance = f"greatest(least({within}, 1D - {within}), {number(2.0**-64)})"
    octave = f"floor(log2({distance}))"
    place = f"(({octave} + 64) * {parts} + floor(({distance} / power(2D, {octave}) - 1) * {parts}))"
    top = 64 * parts
    return f"CAST(CASE WHEN {within} < 0.5D THEN {place} ELSE {2 * top} - {place} END AS BIGINT)"
