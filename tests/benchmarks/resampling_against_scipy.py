"""10,000 paired resamples of F1 at a million rows: from joint counts, and by scipy.stats.bootstrap on rows.

    resampling_against_scipy.py [SCIPY_RESAMPLES]      (200 when not given)

scipy's time for 10,000 is extrapolated from fewer: its resamples are independent and take the same time
each. It is given what suits it best: truth and both labels of a row packed in one byte, counted by bincount.
Ours is the median of several runs, from joint counts to the estimate; the tally's own time is told apart.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from promoter.evaluation.figures import IntArray, label_figure
from promoter.evaluation.statistics import Rule, label_estimate
from promoter.evaluation.tally import LabelTally
from tests.benchmarks.coverage_simulation import world

ROWS = 1_000_000
RESAMPLES = 10_000
RUNS = 7
BATCH = 65_536
LEVEL = 0.975
F1 = label_figure("f1_score", positive=1)
Packed = NDArray[np.uint8]


def change_of(packed: Packed) -> float:
    joint = np.bincount(packed, minlength=8).reshape(2, 2, 2)
    return float(F1(joint.sum(axis=1)) - F1(joint.sum(axis=2)))


def report(count: int) -> Iterator[str]:
    """What was measured, a line at a time; scipy resamples `count` times."""
    generator = np.random.default_rng(0)
    packed = generator.choice(8, size=ROWS, p=world(0.005).ravel()).astype(np.uint8)

    start = time.perf_counter()
    joint = tallied(packed)
    counting = time.perf_counter() - start
    yield f"tally of {ROWS:,} rows: {counting * 1000:.0f} ms"

    rule = Rule(greater_is_better=True, confidence_level=LEVEL, resamples=RESAMPLES, seed=1)
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        ours = label_estimate(joint, name="f1_score", positive=1, rule=rule)
        times.append(time.perf_counter() - start)
    yield f"ours, {RESAMPLES:,} resamples: {median(times) * 1000:.1f} ms (median of {RUNS})"

    start = time.perf_counter()
    theirs = bootstrap(
        (packed,), change_of, n_resamples=count, batch=1, vectorized=False, method="percentile", rng=generator
    )
    each = (time.perf_counter() - start) / count
    whole = each * RESAMPLES
    yield f"scipy, {count} resamples: {each * 1000:.1f} ms each; {RESAMPLES:,} would take {whole:.0f} s"
    with_tally = whole / (median(times) + counting)
    yield f"scipy's time / ours: {whole / median(times):,.0f}; with the tally {with_tally:,.0f}"
    low, high = theirs.confidence_interval
    yield f"ours:  [{ours.lower:.6f}, {ours.upper:.6f}], standard error {ours.standard_error:.6f}"
    yield f"scipy: [{low:.6f}, {high:.6f}], standard error {theirs.standard_error:.6f}"


def tallied(packed: Packed) -> IntArray:
    """Joint counts, batch by batch."""
    truth, champion, challenger = ((packed >> shift & 1).astype(np.int64) for shift in (2, 1, 0))
    tally = LabelTally(classes=2)
    for first in range(0, ROWS, BATCH):
        part = slice(first, first + BATCH)
        tally.add(truth[part], champion=champion[part], challenger=challenger[part])
    return tally.joint()


if __name__ == "__main__":
    for line in report(int(sys.argv[1]) if sys.argv[1:] else 200):
        sys.stdout.write(line + "\n")
