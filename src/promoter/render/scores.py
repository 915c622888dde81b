"""What was measured, in words and rows: the same for every channel."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promoter.core.evidence import CheckResult, MetricComparison, Outcome
from promoter.core.measurement import Measurement, ModelRun, ValueEstimate
from promoter.core.report import RequestReport
from promoter.render.words import MEASURED, OUTCOME_COUNTS, OUTCOME_ORDER, SLICES, SOURCE_NOTES, worst_first
from promoter.text import Message, Part, quote, say

_SHORT_DIGEST = 12
_MIB = 1024 * 1024
_MOST_DRAWN = 1e12
# Amounts from here on are shown without their fraction, and durations and sizes from there on.
_LARGE, _MANY = 1_000, 100
_BETWEEN = " · "


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison and how it came out."""

    outcome: Outcome
    comparison: MetricComparison

    @property
    def parts(self) -> tuple[str, str]:
        """A slice and its metric."""
        part, _, metric = self.comparison.name.rpartition(_BETWEEN)
        return part, metric


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of one kind of figures, and what has to be said of them."""

    rows: tuple[Row, ...]
    notes: tuple[Message, ...]


def tables(request: RequestReport) -> tuple[Table, ...]:
    """Measured figures, then claimed ones: never in one table."""
    rows = [row for result in worst_first(request.results) if result.check != SLICES for row in _row(result)]
    kinds = (
        [row for row in rows if row.comparison.source == MEASURED],
        [row for row in rows if row.comparison.source != MEASURED],
    )
    return tuple(Table(rows=tuple(kind), notes=tuple(_notes(kind, request))) for kind in kinds if kind)


def slices(request: RequestReport) -> Table | None:
    """Figures of parts of the rows, and the rules they were held against."""
    rows = [row for result in worst_first(request.results) if in_slices(result) for row in _row(result)]
    rules = dict.fromkeys((row.parts[1], row.comparison.rule) for row in rows)
    notes = tuple(say(quote(metric), f": {rule}.") for metric, rule in rules if rule)
    return Table(rows=tuple(rows), notes=notes) if rows else None


def in_slices(result: CheckResult) -> bool:
    """Whether a result has a row in the table of slices."""
    return result.check == SLICES and result.comparison is not None


def tally_of_slices(table: Table) -> str:
    """How the slices came out: "Slices: 1 failed, 3 passed, 1 not judged (too few rows)"."""
    counts = Counter(row.outcome for row in table.rows)
    words = OUTCOME_COUNTS | {Outcome.SKIPPED: "not judged"}
    return "Slices: " + ", ".join(f"{counts[one]} {words[one]}" for one in OUTCOME_ORDER if counts[one])


def _row(result: CheckResult) -> Iterator[Row]:
    if result.comparison is not None:
        yield Row(outcome=result.outcome, comparison=result.comparison)


def _notes(rows: Sequence[Row], request: RequestReport) -> Iterator[Message]:
    """Where figures come from, each source once."""
    named = dict.fromkeys(row.comparison.source for row in rows if row.comparison.source)
    told = dict.fromkeys(SOURCE_NOTES[name] for name in named if name in SOURCE_NOTES)
    yield from (say(note) for note in told)
    found = measurement_of(request)
    for name in named:
        if name == MEASURED and found is not None and found.challenger.finished:
            yield _data(found)
            yield from _confidence(rows, found)
        elif name not in (MEASURED, *SOURCE_NOTES):
            yield say("Figures from ", quote(name), ".")


def measurement_of(request: RequestReport) -> Measurement | None:
    """What was measured for a request, if anything was."""
    return request.evidence.measurement if request.evidence is not None else None


def _data(found: Measurement) -> Message:
    both = found.champion is not None and found.champion.finished
    models = "Both models scored on the same" if both else "The challenger scored on"
    digest = quote(found.data.digest[:_SHORT_DIGEST])
    return say(f"{models} {found.data.rows:,} rows of ", quote(found.data.name), " (sha256 ", digest, ").")


def _confidence(rows: Sequence[Row], found: Measurement) -> Iterator[Message]:
    if any(row.comparison.lower is not None for row in rows):
        level = f"{(2 * found.confidence_level - 1) * 100:.4g} %"
        yield say(f"In brackets: where the true change lies, with {level} confidence.")


# --- money -----------------------------------------------------------------------------------------


def values(value: ValueEstimate) -> tuple[tuple[str, float], ...]:
    """Who earns how much on 1,000 rows; who has no figure is left out."""
    named = (
        ("champion", value.champion),
        ("challenger", value.challenger),
        ("predict all", value.predict_all),
        ("predict none", value.predict_none),
        ("perfect", value.perfect),
    )
    return tuple((name, one) for name, one in named if one is not None and math.isfinite(one))


_LONG = 10_000


def money(number: float) -> str:
    """An amount, in whole units where it is large."""
    text = f"{number:,.0f}" if number == 0 or abs(number) >= _LARGE else f"{number:,.2f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text.replace(",", "")) else text.removeprefix("-")


def value_in_words(value: ValueEstimate) -> Message:
    """All amounts in one sentence."""
    amounts = ", ".join(f"{name} {money(one)}" for name, one in values(value)) or "unknown"
    return say("Value of 1,000 rows in ", quote(value.unit), f": {amounts}.")


def chart(value: ValueEstimate) -> str:
    """A Mermaid chart of the amounts, of our own words and numbers only; empty where it shows nothing."""
    named = values(value)
    amounts = [one for _, one in named]
    lowest, highest = min([0.0, *amounts]), max([0.0, *amounts])
    if lowest == highest or max(-lowest, highest) > _MOST_DRAWN:
        return ""
    # The axis has no room for long numbers: its labels would lie upon each other.
    unit, scale = (" in thousands", 1000.0) if max(-lowest, highest) >= _LONG else ("", 1.0)
    lowest, highest, amounts = lowest / scale, highest / scale, [one / scale for one in amounts]
    # Bars begin at the axis' lower end, so the smallest would have no length.
    below = lowest - (highest - lowest) / 20 if lowest < 0 else 0.0
    begin = " (bars begin below 0)" if below < 0 else ""
    names = ", ".join(f'"{name}"' for name, _ in named)
    return "\n".join(
        (
            "```mermaid",
            "---",
            "config:",
            "  xyChart: {width: 520, height: 240, xAxis: {labelPadding: 22}}",
            '  themeVariables: {xyChart: {plotColorPalette: "#0969da", backgroundColor: "transparent"}}',
            "---",
            "xychart-beta horizontal",
            f'  title "Value of 1,000 rows{unit}{begin}"',
            f"  x-axis [{names}]",
            f"  y-axis {below:.2f} --> {highest:.2f}",
            f"  bar [{', '.join(f'{one:.2f}' for one in amounts)}]",
            "```",
        )
    )


# --- how the models ran ------------------------------------------------------------------------------


def runs(found: Measurement) -> tuple[tuple[str, ModelRun], ...]:
    """Both models' runs, by role."""
    roles = (("Champion", found.champion), ("Challenger", found.challenger))
    return tuple((role, one) for role, one in roles if one is not None)


def run_facts(run: ModelRun) -> tuple[str, str, str, str]:
    """Loading, the slowest rows, memory, size; a dash for what is unknown."""
    return (
        _known(run.load_seconds, "s"),
        _known(run.p95_latency_ms, "ms"),
        _known(run.peak_memory / _MIB, "MiB"),
        _known(run.size / _MIB, "MiB"),
    )


def run_in_words(role: str, run: ModelRun) -> Message:
    """One model's run in one sentence."""
    if not run.finished:
        return say(f"{role} did not finish: ", *run.problem.parts)
    load, latency, memory, size = run_facts(run)
    parts: list[Part] = [
        f"{role}: loads in {load}, {latency} per row (p95), {memory} of memory, {size} large."
    ]
    return say(*parts)


def _known(number: float, unit: str) -> str:
    if not (math.isfinite(number) and number > 0):
        return "\N{EN DASH}"
    text = f"{number:.2g}" if number < _MANY else f"{number:,.0f}"
    return f"{text}\N{NO-BREAK SPACE}{unit}"
