"""How often the interval holds the true change, and how often an equal or a worse model gets through.

    coverage_simulation.py [SIMULATIONS]      (2000 when not given; a few minutes)

Worlds are made up, so the truth is known: 25 % positives, two models that are right on 74 % of either class
and disagree on 12 % of rows, or a challenger whose true F1 is some points lower.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from promoter.evaluation.delong import contribution_error, delong_error, precision_contributions
from promoter.evaluation.figures import FloatArray, IntArray, average_precision, label_figure, roc_auc
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.statistics import ROW_DRAWS, Rule, holm, label_estimate, score_estimate
from promoter.evaluation.tallied import PairedScores
from promoter.evaluation.value import error_value_estimate

POSITIVES = 0.25
ONE_WAY = 0.06
BOTH_WRONG = 0.20
F1 = label_figure("f1_score", positive=1)
TWO_SIDED_95 = 0.975
"""The one-sided level whose interval is two-sided at 95 %."""
ERRORS = 1.959964
COSTS = {"under_prediction": -2.0, "over_prediction": -0.5}


def world(loss: float = 0.0) -> FloatArray:
    """Chances (2, 2, 2) of truth, champion and challenger label, with the challenger's F1 lower by `loss`."""
    if loss == 0:
        return _cells(0.0)
    moved = brentq(lambda shift: true_change(_cells(shift)) + loss, -ONE_WAY, ONE_WAY)
    return _cells(float(moved))


def _cells(shift: float) -> FloatArray:
    lost, won = ONE_WAY + shift, ONE_WAY - shift
    chances = np.empty((2, 2, 2))
    for truth, share in ((0, 1 - POSITIVES), (1, POSITIVES)):
        wrong = 1 - truth
        chances[truth, truth, truth] = share * (1 - lost - won - BOTH_WRONG)
        chances[truth, truth, wrong] = share * lost
        chances[truth, wrong, truth] = share * won
        chances[truth, wrong, wrong] = share * BOTH_WRONG
    return chances


def true_change(chances: FloatArray) -> float:
    """F1 of the challenger less that of the champion, over the whole world."""
    return float(F1(chances.sum(axis=1)) - F1(chances.sum(axis=2)))


def samples(chances: FloatArray, rows: int, *, count: int, seed: int) -> Iterator[IntArray]:
    """Joint counts of so many holdouts."""
    generator = np.random.default_rng(seed)
    for counts in generator.multinomial(rows, chances.ravel(), size=count):
        yield counts.reshape(2, 2, 2)


def coverage(rows: int, *, simulations: int, resamples: int = 2000, loss: float = 0.02) -> float:
    """Share of 95 % intervals of the change of F1 that hold the true one."""
    chances = world(loss)
    truth, held = true_change(chances), 0
    for seed, joint in enumerate(samples(chances, rows, count=simulations, seed=rows)):
        rule = Rule(greater_is_better=True, confidence_level=TWO_SIDED_95, resamples=resamples, seed=seed)
        found = label_estimate(joint, name="f1_score", positive=1, rule=rule)
        held += found.lower is not None and found.upper is not None and found.lower <= truth <= found.upper
    return held / simulations


def half_width(rows: int, *, simulations: int) -> float:
    """Mean half width of the 95 % interval of the change of F1 of equal models, in points."""
    rule = Rule(greater_is_better=True, confidence_level=TWO_SIDED_95, resamples=1000)
    draws = samples(world(), rows, count=simulations, seed=rows + 2)
    found = [label_estimate(joint, name="f1_score", positive=1, rule=rule) for joint in draws]
    widths = [one.upper - one.lower for one in found if one.upper is not None and one.lower is not None]
    return float(100 * np.mean(widths) / 2)


def accepted(rows: int, *, loss: float, simulations: int, margin: float = 0.01) -> dict[str, float]:
    """Share of challengers let through: by the seeds' `>=`, when shown better, when shown not worse than the
    margin, and when also not lower in the holdout."""
    passed = dict.fromkeys((">=", "superiority", "within the margin", "non-inferiority"), 0)
    for seed, joint in enumerate(samples(world(loss), rows, count=simulations, seed=rows + 1)):
        rule = Rule(greater_is_better=True, margin=margin, resamples=2000, seed=seed)
        found = label_estimate(joint, name="f1_score", positive=1, rule=rule)
        if found.change is None or found.lower is None:
            raise RuntimeError("undefined at so many rows")
        passed[">="] += found.change >= 0
        passed["superiority"] += found.lower > 0
        passed["within the margin"] += found.lower > -margin
        passed["non-inferiority"] += found.lower > -margin and found.change >= 0
    return {rule: count / simulations for rule, count in passed.items()}


def slices_blocked(*, simulations: int, slices: int = 10, rows: int = 200) -> dict[str, float]:
    """Share of equal challengers blocked by their slices: one lower anywhere, one shown worse, Holm."""
    rule = Rule(greater_is_better=True, resamples=1000)
    blocked = dict.fromkeys(("lower on a slice", "worse on a slice", "worse by Holm"), 0)
    draws = samples(world(), rows, count=simulations * slices, seed=3)
    found = [label_estimate(joint, name="f1_score", positive=1, rule=rule) for joint in draws]
    for start in range(0, len(found), slices):
        part = found[start : start + slices]
        p_values = [estimate.p_worse for estimate in part if estimate.p_worse is not None]
        blocked["lower on a slice"] += any((estimate.change or 0) < 0 for estimate in part)
        blocked["worse on a slice"] += min(p_values) < rule.alpha
        blocked["worse by Holm"] += min(holm(p_values)) < rule.alpha
    return {name: count / simulations for name, count in blocked.items()}


def accuracy_counts(loss: float, generator: np.random.Generator, *, rows: int) -> IntArray:
    """Joint counts of models that disagree on 10 % of rows, the challenger truly worse by `loss`."""
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    apart = max(0.1, loss)
    chances = [(apart + loss) / 2, (apart - loss) / 2, 1 - apart]
    joint[1, 1, 0], joint[1, 0, 1], joint[1, 1, 1] = generator.multinomial(rows, chances)
    return joint


def lost(rule: str, *, simulations: int, rounds: int = 24, step: float = 0.005) -> float:
    """Points of accuracy lost when every retrain is truly worse than the champion by `step`, on 20,000 rows
    with a margin of 1 point. `rule`: "alone" is non-inferiority alone, "reference" asks for it beside the
    first champion too, "not lower" asks that the figure itself is not lower."""
    how = Rule(greater_is_better=True, margin=0.01, resamples=1000)
    generator, total = np.random.default_rng(7), 0.0
    for _ in range(simulations):
        below = 0.0
        for _ in range(rounds):
            losses = [step, below + step] if rule == "reference" else [step]
            counted = [accuracy_counts(loss, generator, rows=20_000) for loss in losses]
            found = [label_estimate(joint, name="accuracy", positive=1, rule=how) for joint in counted]
            within = all(one.lower is not None and one.lower > -how.margin for one in found)
            if within and (rule != "not lower" or (found[0].change or 0) >= 0):
                below += step
        total += below
    return 100 * total / simulations


def value_coverage(rows: int, *, simulations: int) -> float:
    """Share of 95 % intervals of the change of a regression's value that hold the true one, 0: both models
    err by skewed errors of one distribution."""
    rule = Rule(greater_is_better=True, confidence_level=TWO_SIDED_95, resamples=1000)
    generator, held = np.random.default_rng(rows), 0
    for _ in range(simulations):
        truth, shared, *own = generator.gamma(2.0, size=(4, rows))
        tally = MeanTally(MeanKind.REGRESSION)
        champion, challenger = (truth + shared + one - 4 for one in own)
        tally.add(truth, champion=champion, challenger=challenger)
        found = error_value_estimate(tally.select(), COSTS, unit="EUR", rule=rule)
        held += found.lower is not None and found.upper is not None and found.lower <= 0 <= found.upper
    return held / simulations


def auc_widths(rows: int, *, simulations: int) -> tuple[float, float]:
    """Mean widths of the 95 % intervals of the change of ROC AUC, by DeLong and by the bootstrap."""
    rule = Rule(greater_is_better=True, confidence_level=TWO_SIDED_95)
    generator, widths = np.random.default_rng(rows), []
    for seed in range(simulations):
        truth, old, new = scores(rows, generator)
        pair = PairedScores(truth=truth, champion=old, challenger=new, groups=None)
        found = score_estimate(pair, name="roc_auc", rule=replace(rule, seed=seed), row_draws=ROW_DRAWS)
        ends = [(found.lower, found.upper), *((one.lower, one.upper) for one in found.opinions)]
        widths.append([upper - lower for lower, upper in ends if lower is not None and upper is not None])
    delong, resampled = np.mean(widths, axis=0)
    return float(delong), float(resampled)


def scores(rows: int, generator: np.random.Generator) -> tuple[IntArray, FloatArray, FloatArray]:
    """Truth and the scores of champion and challenger, who share most of their noise."""
    truth = (generator.random(rows) < POSITIVES).astype(np.int64)
    shared, *own = generator.standard_normal((3, rows))
    champion, challenger = (
        strength * truth + 0.9**0.5 * shared + 0.1**0.5 * noise
        for strength, noise in zip((1.2, 1.1), own, strict=True)
    )
    return truth, champion, challenger


def score_coverage(rows: int, *, simulations: int, truth: tuple[float, float]) -> dict[str, float]:
    """Share of 95 % intervals of the changes of ROC AUC and average precision that hold `truth`."""
    generator, held = np.random.default_rng(rows), {"roc_auc": 0, "average_precision": 0}
    for _ in range(simulations):
        labels, old, new = scores(rows, generator)
        error = delong_error(labels, champion=old, challenger=new)
        held["roc_auc"] += abs(roc_auc(labels, new) - roc_auc(labels, old) - truth[0]) <= ERRORS * error
        moved = precision_contributions(labels, new) - precision_contributions(labels, old)
        change = average_precision(labels, new) - average_precision(labels, old)
        error = contribution_error(moved, None)
        held["average_precision"] += abs(change - truth[1]) <= ERRORS * error
    return {name: count / simulations for name, count in held.items()}


def true_score_changes(rows: int = 2_000_000) -> tuple[float, float]:
    """The changes of ROC AUC and average precision in a world of so many rows."""
    labels, old, new = scores(rows, np.random.default_rng(0))
    return (
        roc_auc(labels, new) - roc_auc(labels, old),
        average_precision(labels, new) - average_precision(labels, old),
    )


def report(simulations: int) -> Iterator[str]:
    """What was found, a line at a time."""
    for rows in (200, 500, 1000, 5000, 20_000):
        held = coverage(rows, simulations=simulations)
        width = half_width(rows, simulations=max(1, simulations // 4))
        shown = f"±{width:.2f} points, holds the true one: {held:.1%}"
        yield f"95 % interval of the change of F1, {rows} rows: {shown}"
    truth = true_score_changes()
    for rows in (200, 500, 2000):
        found = score_coverage(rows, simulations=simulations, truth=truth)
        yield f"95 % intervals of changes of scores, {rows} rows: {_shares(found)}"
    delong, resampled = auc_widths(500, simulations=_part(simulations))
    yield f"width of the 95 % interval of ROC AUC, 500 rows: DeLong {delong:.4f}, bootstrap {resampled:.4f}"
    for rows in (200, 2000):
        held = value_coverage(rows, simulations=simulations)
        yield f"95 % interval of the change of a regression's value, {rows} rows, holds the true: {held:.1%}"
    for loss in (0.0, 0.01, 0.02):
        found = accepted(1000, loss=loss, simulations=simulations)
        yield f"accepted at 1000 rows, true F1 lower by {loss:.2f}: {_shares(found)}"
    found = slices_blocked(simulations=max(1, simulations // 4))
    yield f"equal models blocked by ten slices of 200 rows: {_shares(found)}"
    told = [
        (rule, lost(rule, simulations=_part(simulations))) for rule in ("alone", "reference", "not lower")
    ]
    yield "points of accuracy lost in 24 retrains, each 0.5 worse, by non-inferiority: " + ", ".join(
        f"{rule} {points:.1f}" for rule, points in told
    )


def _part(simulations: int) -> int:
    return max(1, simulations // 20)


def _shares(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in found.items())


if __name__ == "__main__":
    for line in report(int(sys.argv[1]) if sys.argv[1:] else 2000):
        sys.stdout.write(line + "\n")
