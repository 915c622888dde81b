"""A request's figures in the HTML report: tables with bars, money, slices, how the models ran."""

from __future__ import annotations

from promoter.core.evidence import MetricComparison, Outcome
from promoter.core.measurement import ModelRun, ValueEstimate
from promoter.core.report import RequestReport
from promoter.render import opinions, runs, scores
from promoter.render.figures import ABSENT, change, interval, is_better, pair, shares
from promoter.render.html_charts import is_drawn, tables
from promoter.render.html_intervals import intervals
from promoter.render.html_text import code, items, sentence, table, tag, text
from promoter.render.sentences import full
from promoter.render.words import OUTCOME_ICONS

_SLICES = ("Outcome", "Slice", "Metric", "Rows", "Champion", "Challenger", "Side by side", "Change")
_RUNS = ("Model", "Loads in", "Row (p95)", "Memory", "Size", "Asked twice", "Environment")
_LOADING = "Loading a model includes importing its libraries. p95: 95 of 100 rows took no longer than this."
_AS_TABLE = "Value of 1,000 rows as a table"
_OUTCOME_CLASSES: dict[Outcome, str] = {
    Outcome.FAILED: "bad",
    Outcome.ERROR: "bad",
    Outcome.INCONCLUSIVE: "unsure",
    Outcome.WARNED: "unsure",
    Outcome.PASSED: "good",
    Outcome.SKIPPED: "quiet",
}


def figures(request: RequestReport, charts: str) -> str:
    """All tables of figures that there are, around the request's rendered charts."""
    found = scores.measurement_of(request)
    value = _value(found.value) if found is not None and found.value is not None else ""
    if is_drawn(charts):
        # The chart says the same.
        value = tag("details", f"<summary>{_AS_TABLE}</summary>{value}") if value else ""
    parts = (
        *map(_table, scores.tables(request)),
        intervals(request),
        charts,
        value,
        _slices(request),
        tables(request),
        _runs(request),
        _opinions(request),
    )
    return "".join(parts)


def chip(outcome: Outcome) -> str:
    """An outcome's sign and word."""
    kind = f"chip {_OUTCOME_CLASSES[outcome]}"
    return tag("span", f"{OUTCOME_ICONS[outcome]} {text(outcome.value)}", kind=kind)


def _table(found: scores.Table) -> str:
    head = ("Outcome", "Metric", found.other, "Challenger", "Side by side", "Change", "Rule")
    rows = [
        (
            chip(row.outcome),
            tag("span", code(row.comparison.name)),
            *_compared(row.comparison),
            text(row.comparison.rule),
        )
        for row in found.rows
    ]
    drawn = table(head, rows, caption=sentence(found.title)) + _small(found)
    # What nobody checked looks otherwise than what was measured.
    return tag("div", drawn, kind="claimed") if found.kind is scores.Kind.CLAIMED else drawn


def _slices(request: RequestReport) -> str:
    found = scores.slices(request)
    if found is None:
        return ""
    rows = [
        (
            chip(row.outcome),
            *(tag("span", code(part)) for part in row.parts),
            tag("span", ABSENT if row.comparison.rows is None else f"{row.comparison.rows:,}", kind="figure"),
            *_compared(row.comparison),
        )
        for row in found.rows
    ]
    return table(_SLICES, rows, caption=text(scores.tally_of_slices(found))) + _small(found)


def _small(found: scores.Table) -> str:
    return tag("p", " ".join(sentence(note) for note in found.notes), kind="soft")


def _compared(comparison: MetricComparison) -> tuple[str, str, str, str]:
    """Both figures, side by side, and the change."""
    champion, challenger = pair(comparison)
    direction = "better" if is_better(comparison) else "worse"
    kind = f"figure {direction}" if comparison.change else "figure"
    return (
        tag("span", text(champion), kind="figure"),
        tag("span", text(challenger), kind="figure"),
        _bars(comparison),
        _beside(tag("span", text(change(comparison)), kind=kind), interval(comparison)),
    )


def _beside(moved: str, between: str) -> str:
    """One element: on a phone a cell is a grid."""
    if not between:
        return moved
    return tag("span", f"{moved}<br>{tag('span', text(between), kind='figure soft')}")


def _bars(comparison: MetricComparison) -> str:
    """Both figures as bars of a common scale; nothing where they have none."""
    bars = [
        _bar(share, kind=role)
        for role, share in zip(("champion", "challenger"), shares(comparison), strict=True)
        if share is not None
    ]
    return tag("span", "".join(bars), kind="bars")


def _bar(share: float, *, kind: str, start: float = 0.0) -> str:
    """A bar of a share of the whole, in percent; `start` is where it begins."""
    begin = f"margin-left:{start:.1f}%;" if start else ""
    return f'<span class="bar {kind}"><i style="{begin}width:{share:.1f}%"></i></span>'


def _value(value: ValueEstimate) -> str:
    named = scores.values(value)
    amounts = [0.0, *(one for _, one in named)]
    lowest, whole = min(amounts), max(amounts) - min(amounts) or 1.0
    rows = [
        (
            text(name),
            tag("span", text(scores.money(one)), kind="figure"),
            tag("span", _amount(name, one / whole * 100, zero=-lowest / whole * 100), kind="bars"),
        )
        for name, one in named
    ]
    head = ("Who", "Amount", "Side by side")
    unit = tag("p", f"Amounts in {code(value.unit)}.", kind="soft")
    return table(head, rows, caption="Value of 1,000 rows") + unit


def _amount(name: str, share: float, *, zero: float) -> str:
    """An amount from zero on, to the left where it is negative."""
    kind = "challenger" if name == "challenger" else "champion"
    return _bar(abs(share), kind=kind, start=zero + min(0.0, share))


def _runs(request: RequestReport) -> str:
    found = scores.measurement_of(request)
    if found is None:
        return ""
    rows = [_run(role, run) for role, run in runs.runs(found)]
    stopped = (runs.run_in_words(role, run) for role, run in runs.runs(found) if not run.finished)
    includes = text(_LOADING) if any(run.ran for _, run in runs.runs(found)) else ""
    return (
        table(_RUNS, rows, caption="How the models ran")
        + tag("p", includes, kind="soft")
        + tag("p", " ".join(sentence(full(message)) for message in stopped))
    )


def _run(role: str, run: ModelRun) -> tuple[str, ...]:
    facts = (tag("span", text(fact), kind="figure") for fact in (*runs.run_facts(run), runs.asked_twice(run)))
    return (text(role), *facts, tag("span", code(run.environment)) if run.environment else ABSENT)


def _opinions(request: RequestReport) -> str:
    told = items(map(sentence, opinions.opinions(request)))
    return tag("details", f"<summary>{opinions.TITLE}</summary>{told}") if told else ""
