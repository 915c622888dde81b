"""How the models ran, in words and figures: the same for every channel."""

from __future__ import annotations

import math

from promoter.core.measurement import Measurement, ModelRun
from promoter.text import Message, Part, quote, say

_MIB = 1024 * 1024
# Durations and sizes from here on are shown without their fraction.
_MANY = 100
_ABSENT = "\N{EN DASH}"


def runs(found: Measurement) -> tuple[tuple[str, ModelRun], ...]:
    """Every model's run, by role."""
    reference = found.reference.run if found.reference is not None else None
    roles = (("Champion", found.champion), ("Challenger", found.challenger), ("Reference", reference))
    return tuple((role, one) for role, one in roles if one is not None)


def run_facts(run: ModelRun) -> tuple[str, str, str, str]:
    """Loading, the slowest rows, memory, size; a dash for what is unknown."""
    return (
        _known(run.load_seconds, "s"),
        _known(run.p95_latency_ms, "ms"),
        _known(run.peak_memory / _MIB, "MiB"),
        _known(run.size / _MIB, "MiB"),
    )


def asked_twice(run: ModelRun) -> str:
    """How many of the rows that were asked twice came out otherwise: "3 of 1,600 differ"; a dash for none."""
    return f"{run.differing:,} of {run.asked_twice:,} differ" if run.asked_twice > 0 else _ABSENT


def run_in_words(role: str, run: ModelRun) -> Message:
    """One model's run in one or two sentences."""
    if not run.finished:
        return say(f"{role} {run.failure}: ", *run.problem.parts)
    load, latency, memory, size = run_facts(run)
    if not _has_run(run):
        environment: tuple[Part, ...] = (" (", quote(run.environment), ")") if run.environment else ()
        return say(f"{role}: nothing ran", *environment, ".")
    takes = f"loads in {load} with its libraries, {latency} per row (p95), {memory} of memory, {size} large"
    return say(f"{role}: {takes}.{_repeated(run)}")


def _has_run(run: ModelRun) -> bool:
    """Where predictions were logged, nothing took time or memory."""
    return any(one != 0 for one in (run.load_seconds, run.p95_latency_ms, run.peak_memory))


def _repeated(run: ModelRun) -> str:
    if run.asked_twice <= 0:
        return ""
    if run.differing <= 0:
        return f" Asked twice for {run.asked_twice:,} rows, it answered alike."
    return f" Asked twice for {run.asked_twice:,} rows, it answered {run.differing:,} of them otherwise."


def _known(number: float, unit: str) -> str:
    if not (math.isfinite(number) and number > 0):
        return _ABSENT
    text = f"{number:.2g}" if number < _MANY else f"{number:,.0f}"
    return f"{text}\N{NO-BREAK SPACE}{unit}"
