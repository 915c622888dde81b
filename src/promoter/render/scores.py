"""Figures in rows and words, and where they come from: the same for every channel."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from promoter.core.evidence import CheckResult, MetricComparison, Outcome
from promoter.core.measurement import Measurement, ValueEstimate
from promoter.core.report import RequestReport
from promoter.render.sentences import version
from promoter.render.words import MEASURED, OUTCOME_COUNTS, OUTCOME_ORDER, SLICES, SOURCE_NOTES, worst_first
from promoter.text import Message, quote, say

_SHORT_DIGEST = 12
# Amounts from here on are shown without their fraction.
_LARGE = 1_000
_BETWEEN = " · "


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison and how it came out."""

    outcome: Outcome
    comparison: MetricComparison
    subject: str = ""

    @property
    def parts(self) -> tuple[str, str]:
        """A slice and its metric."""
        part, _, metric = self.comparison.name.rpartition(_BETWEEN)
        return part, metric


class Kind(Enum):
    """Who says that figures are so, and whose they are compared with. Never two of them in one table."""

    MEASURED = "measured"
    REFERENCE = "reference"
    CLAIMED = "claimed"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of one kind of figures, and what has to be said above and below them."""

    kind: Kind
    title: Message
    rows: tuple[Row, ...]
    notes: tuple[Message, ...]

    @property
    def other(self) -> str:
        """What the challenger is compared with."""
        return "Reference" if self.kind is Kind.REFERENCE else "Champion"


def tables(request: RequestReport) -> tuple[Table, ...]:
    """Measured figures, those beside a reference version, then claimed ones."""
    against = _against_reference(request)
    rows = [row for result in worst_first(request.results) if result.check != SLICES for row in _row(result)]
    kinds = {kind: [row for row in rows if _kind(row, against) is kind] for kind in Kind}
    return tuple(_table(kind, rows, request=request) for kind, rows in kinds.items() if rows)


def _table(kind: Kind, rows: Sequence[Row], *, request: RequestReport) -> Table:
    against = _against_reference(request)
    return Table(
        kind=kind,
        title=_title(rows, kind, request=request),
        rows=tuple(_without(row, against) for row in rows),
        notes=tuple(_notes(rows, request)) if kind is not Kind.REFERENCE else (),
    )


def _kind(row: Row, against: str) -> Kind:
    if row.comparison.source != MEASURED:
        return Kind.CLAIMED
    return Kind.REFERENCE if against and row.subject.endswith(against) else Kind.MEASURED


def _against_reference(request: RequestReport) -> str:
    """How the names of comparisons with the reference end."""
    found = measurement_of(request)
    return f" against version {found.reference.version}" if found and found.reference else ""


def _without(row: Row, against: str) -> Row:
    """The title of its table says what it is compared with."""
    name = row.comparison.name.removesuffix(against)
    return replace(row, comparison=replace(row.comparison, name=name))


def _title(rows: Sequence[Row], kind: Kind, *, request: RequestReport) -> Message:
    found = measurement_of(request)
    if kind is Kind.REFERENCE and found is not None and found.reference is not None:
        return say("Measured against version ", version(found.reference.version), " (reference)")
    if kind is Kind.MEASURED:
        return say("Measured by Promoter")
    is_claimed = any(row.comparison.source in SOURCE_NOTES for row in rows)
    return say("Claimed at training, not measured" if is_claimed else "Figures that Promoter did not measure")


def slices(request: RequestReport) -> Table | None:
    """Figures of parts of the rows, and the rules they were held against."""
    rows = [row for result in worst_first(request.results) if in_slices(result) for row in _row(result)]
    rules = dict.fromkeys((row.parts[1], row.comparison.rule) for row in rows)
    notes = tuple(say(quote(metric), f": {rule}.") for metric, rule in rules if rule)
    return Table(kind=Kind.MEASURED, title=say("Slices"), rows=tuple(rows), notes=notes) if rows else None


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
        yield Row(outcome=result.outcome, comparison=result.comparison, subject=result.subject)


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
    if found.challenger.ran:
        models = "Both models scored on the same" if both else "The challenger scored on"
    else:
        whose = "both runs logged, of the same" if both else "its run logged, of"
        models = f"Predictions that {whose}"
    digest = quote(found.data.digest[:_SHORT_DIGEST])
    return say(f"{models} {found.data.rows:,} rows of ", quote(found.data.name), " (sha256 ", digest, ").")


def _confidence(rows: Sequence[Row], found: Measurement) -> Iterator[Message]:
    if any(row.comparison.lower is not None for row in rows):
        yield say(f"In brackets: where the true change lies, with {level_of(found)} confidence.")


def level_of(found: Measurement) -> str:
    """How sure the two-sided intervals are: "90 %"."""
    return f"{(2 * found.confidence_level - 1) * 100:.4g} %"


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


def money(number: float) -> str:
    """An amount, in whole units where it is large."""
    text = f"{number:,.0f}" if number == 0 or abs(number) >= _LARGE else f"{number:,.2f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text.replace(",", "")) else text.removeprefix("-")


def value_in_words(value: ValueEstimate) -> Message:
    """All amounts in one sentence."""
    amounts = ", ".join(f"{name} {money(one)}" for name, one in values(value)) or "unknown"
    return say("Value of 1,000 rows in ", quote(value.unit), f": {amounts}.")
