"""Several tests at once: Holm's step-down procedure (Scandinavian Journal of Statistics 6, 1979)."""

from __future__ import annotations

from collections.abc import Sequence


def rejected(p_values: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Which hypotheses are rejected, so that a true one is among them with probability alpha at most."""
    out = [False] * len(p_values)
    smallest_first = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for tried, index in enumerate(smallest_first):
        if not p_values[index] <= alpha / (len(p_values) - tried):
            break
        out[index] = True
    return tuple(out)
