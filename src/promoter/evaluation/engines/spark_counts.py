"""Counting in the cluster: distinct rows with how often they came, sums, bins; only these leave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import numpy as np
import pyarrow as pa

from promoter.core.policy import Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset_values import coded, recoded
from promoter.evaluation.engines import spark_sql as sql
from promoter.evaluation.engines.binned_scores import Binned, BinnedScores, BinnedScoreTally
from promoter.evaluation.engines.counted import Counted, LabelRows, MeanSums
from promoter.evaluation.engines.spark_process import Asks
from promoter.evaluation.engines.spark_readings import SCORED, Form
from promoter.evaluation.engines.spark_table import Table
from promoter.evaluation.figures import PROBABILITY_NAMES, RANK_NAMES, FloatArray, IntArray
from promoter.evaluation.tallied import Marks
from promoter.evaluation.tallies import Asked
from promoter.text import say

MOST_ENTRIES = 5_000_000
"""Distinct rows of a count that are taken in: each needs about 100 bytes here."""
PARTS = (4096, 512, 64)
"""Into how many parts each halving of the distance from 0 or 1 is cut, the finest first."""
MOST_BINNED = 1_000_000
"""Distinct pairs of bins, above which bins are coarser."""
TARGET, GROUP = "t", "g"


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Counts the rows of the view SCORED for the figures that are asked for. `groups` gives each group its
    code, the same in every count."""

    cluster: Asks
    table: Table
    asked: Asked
    groups: dict[str, int] = field(default_factory=dict)

    def counted(self, challenger: Form, champion: Form | None) -> Counted:
        """Of one model, or of two on the same rows."""
        names, task = self.asked.names(), self.asked.meaning.task
        if task is Task.REGRESSION:
            return Counted(means=self._means(challenger, champion))
        return Counted(
            labels=self._labels(challenger, champion),
            means=self._means(challenger, champion) if names & PROBABILITY_NAMES else None,
            scores=self._scores(challenger, champion) if names & RANK_NAMES else None,
        )

    def _labels(self, challenger: Form, champion: Form | None) -> LabelRows:
        forms = [challenger, *([champion] if champion else [])]
        labels = [f"l{at}" for at in range(len(forms))]
        named = sql.numbered([form.label for form in forms], "l")
        by = sql.columns([*self._marked, TARGET, *labels])
        found = self._ask(f"SELECT {by}, count(*) AS n FROM (SELECT *, {named} FROM {SCORED}) GROUP BY {by}")
        codes = [_meant(form, found[label]) for form, label in zip(forms, labels, strict=True)]
        truth = recoded(coded(_column(found, TARGET)), _places(self.table.labels))
        return LabelRows(
            truth=truth,
            challenger=codes[0],
            champion=codes[1] if champion else None,
            marks=self._marks(found),
            times=_whole(found["n"]),
        )

    def _means(self, challenger: Form, champion: Form | None) -> MeanSums:
        of_new = self._rows_of(challenger)
        of_old = self._rows_of(champion) if champion else of_new
        width = len(of_new)
        rows = sql.columns([sql.numbered(of_new, "a"), sql.numbered(of_old, "b")])
        new, old = ([f"{side}{at}" for at in range(width)] for side in "ab")
        change = [f"({one} - {other})" for one, other in zip(new, old, strict=True)]
        asked = ["count(*) AS n", sql.sums([*new, *old, *change], "s")]
        if self.table.columns.group is None:
            asked.append(sql.products([*old, *change], "p"))
        found = self._ask(
            f"SELECT {sql.columns([*self._marked, *asked])} FROM (SELECT *, {rows} FROM {SCORED})"
            + (f" GROUP BY {sql.columns(self._marked)}" if self._marked else "")
        )
        sums = np.column_stack([_whole(found["n"]), *(_floats(found[f"s{at}"]) for at in range(3 * width))])
        return MeanSums(
            sums=sums.astype(np.float64),
            products=_products(found, 2 * width) if self.table.columns.group is None else None,
            marks=self._marks(found),
            is_paired=champion is not None,
        )

    def _rows_of(self, form: Form) -> tuple[str, ...]:
        if form.value:
            truth = f"CAST({TARGET} AS DOUBLE)"
            return sql.regression_rows(truth, form.value, pivot=self.table.middle)
        return sql.probability_rows(self._truth, form.scores)

    @property
    def _truth(self) -> str:
        """1 for rows of the positive class, 0 for others; without one the code of the label."""
        positive = self.asked.meaning.positive
        if self.asked.meaning.task is not Task.BINARY or positive is None:
            return sql.code_of(TARGET, self.table.truths)
        return sql.code_of(TARGET, [(text, int(code == positive)) for text, code in self.table.truths])

    def _scores(self, challenger: Form, champion: Form | None) -> BinnedScoreTally:
        scores = [challenger.scores[0], *([champion.scores[0]] if champion else [])]
        found = self._ask(self._binned(scores))
        models = [_model(found, at) for at in range(len(scores))]
        marks = self._marks(found)
        entries = BinnedScores(
            truth=_whole(found["y"]),
            times=_whole(found["n"]),
            challenger=models[0],
            champion=models[1] if champion else None,
            groups=marks.groups,
        )
        return BinnedScoreTally(entries, marks=marks, sizes=self._sizes)

    def _binned(self, scores: Sequence[str]) -> str:
        """The query, with the finest bins that are not too many."""
        extremes = [f"{of}(c{at}) AS {of}{at}" for at in range(len(scores)) for of in ("min", "max")]
        for parts in PARTS:
            bins = [sql.score_bin(score, parts=parts) for score in scores]
            rows = sql.columns([f"{self._truth} AS y", sql.numbered(bins, "b"), sql.numbered(scores, "c")])
            by = sql.columns([*self._marked, "y", *(f"b{at}" for at in range(len(scores)))])
            inner = f"(SELECT *, {rows} FROM {SCORED})"
            if self.table.data.rows <= MOST_BINNED or self._entries(by, inner) <= MOST_BINNED:
                break
        return f"SELECT {by}, count(*) AS n, {sql.columns(extremes)} FROM {inner} GROUP BY {by}"

    def _entries(self, by: str, inner: str) -> int:
        """About how many entries a count has."""
        (seen,) = self.cluster.ask(
            f"SELECT approx_count_distinct(struct({by})) AS n FROM {inner}"
        ).to_pylist()
        return int(seen["n"])

    @property
    def _marked(self) -> list[str]:
        """The slice columns that are asked for, and the group."""
        slices = [f"k{at}" for at in range(len(self._sizes))]
        return [*slices, *([GROUP] if self.table.columns.group is not None else [])]

    @property
    def _sizes(self) -> tuple[int, ...]:
        return tuple(len(values) for values in self.table.slice_values[: len(self.asked.columns)])

    def _marks(self, found: pa.Table) -> Marks:
        values = self.table.slice_values[: len(self.asked.columns)]
        slices = tuple(
            recoded(coded(_column(found, f"k{at}")), _places(one)) for at, one in enumerate(values)
        )
        return Marks(slices=slices, groups=self._grouped(found))

    def _grouped(self, found: pa.Table) -> IntArray | None:
        if self.table.columns.group is None:
            return None
        names = coded(_column(found, GROUP))
        for text in names.texts:
            self.groups.setdefault(text, len(self.groups))
        return recoded(names, self.groups)

    def _ask(self, query: str) -> pa.Table:
        found = self.cluster.ask(f"{query} LIMIT {MOST_ENTRIES + 1}")
        if found.num_rows > MOST_ENTRIES:
            raise PromoterError(
                ReasonCode.CHECK_UNAVAILABLE,
                say(f"what Spark counted has more than {MOST_ENTRIES:,} different rows"),
                hint=say(
                    "Nothing was decided. Leave `group` out, take a coarser one, or slice by fewer columns: "
                    "what is counted of each group and slice is taken in here."
                ),
            )
        return found


def scored_view(table: Table, asked: Asked, *, called: Mapping[str, str]) -> str:
    """The columns of SCORED: what figures need of the data, and what models answer, as `called` names it."""
    names = table.columns
    slices = [f"{sql.name(one)} AS k{at}" for at, one in enumerate(names.slices[: len(asked.columns)])]
    group = [] if names.group is None else [f"{sql.name(names.group)} AS {GROUP}"]
    return sql.columns(
        [
            f"{sql.name(names.target)} AS {TARGET}",
            *group,
            *slices,
            *(f"{call} AS {one}" for one, call in called.items()),
        ]
    )


def _meant(form: Form, found: pa.ChunkedArray) -> IntArray:
    assert form.codes is not None
    return form.codes(found.combine_chunks())


def _model(found: pa.Table, at: int) -> Binned:
    """A bin holds several scores where those of its entries are not all the same."""
    bins = _whole(found[f"b{at}"])
    least, greatest = _floats(found[f"min{at}"]), _floats(found[f"max{at}"])
    _, place = np.unique(bins, return_inverse=True)
    low, high = np.full(len(bins), np.inf), np.full(len(bins), -np.inf)
    np.minimum.at(low, place, least)
    np.maximum.at(high, place, greatest)
    return Binned(bins=bins, mixed=(low < high)[place])


def _products(found: pa.Table, width: int) -> FloatArray:
    """(m, width, width), both halves."""
    products = np.empty((found.num_rows, width, width))
    for at, (one, other) in enumerate(combinations_with_replacement(range(width), 2)):
        products[:, one, other] = products[:, other, one] = _floats(found[f"p{at}"])
    return products


def _places(texts: Sequence[str]) -> dict[str, int]:
    return {text: code for code, text in enumerate(texts)}


def _column(found: pa.Table, name: str) -> pa.Array:
    return found[name].combine_chunks()


def _whole(column: pa.ChunkedArray) -> IntArray:
    return np.asarray(column.to_numpy(), dtype=np.int64)


def _floats(column: pa.ChunkedArray) -> FloatArray:
    return np.asarray(column.to_numpy(), dtype=np.float64)
