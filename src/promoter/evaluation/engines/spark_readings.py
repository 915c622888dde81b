"""What a model's predictions in a cluster mean, from a few figures of them: read by the reader of batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from promoter.core.policy import Task
from promoter.evaluation.dataset_values import label_text
from promoter.evaluation.engines import spark_sql as sql
from promoter.evaluation.engines.spark_models import Predictor
from promoter.evaluation.engines.spark_process import Asks
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.readings import ROUNDED, Meaning, Reader, label_ranks
from promoter.evaluation.sandbox.answers import MOST_LABELS, Kind, Predicted
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.text import Message, say

SCORED = "promoter_scored"
_BOOLEANS = {"True": "true", "False": "false"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Form:
    """How one model's predictions are counted. `label`: SQL of what rows are grouped by, and `codes` what it
    means, as codes of labels; `scores`: SQL of the positive class's score, or of each label's probability in
    the order of their codes; `value`: SQL of a regression's. `least` and `greatest` (k,): of each column."""

    label: str = ""
    codes: Callable[[pa.Array], IntArray] | None = None
    scores: tuple[str, ...] = ()
    value: str = ""
    least: FloatArray
    greatest: FloatArray


@dataclass(frozen=True, kw_only=True)
class Looker:
    """Looks at the predictions of all rows, in the view SCORED, model by model."""

    cluster: Asks
    meaning: Meaning
    scored: bool

    def form(self, predictor: Predictor, *, column: str, rows: int) -> Form:
        """What they mean. Raises ModelProblem as `Reader` does, and for what is no prediction."""
        reader = Reader(self.meaning, scored=self.scored)
        if predictor.is_text:
            return self._of_texts(reader, column=column, rows=rows)
        seen = self._seen(predictor, column=column)
        _require_all(int(seen["wrong"] or 0), rows=rows)
        least = _row([seen[f"least{at}"] for at in range(predictor.width)])
        greatest = _row([seen[f"greatest{at}"] for at in range(predictor.width)])
        if predictor.width > 1:
            off = float(seen["off"] or 0.0)
            return self._of_probabilities(reader, predictor, column=column, extremes=(least, greatest, off))
        stranger = seen["stranger"]
        return self._of_values(reader, column=column, values=(stranger, least, greatest))

    def _seen(self, predictor: Predictor, *, column: str) -> dict[str, Any]:
        """Of all rows: how many are no prediction, the extremes of each column, how far sums are off 1, and a
        number that is no label."""
        numbers = [f"get({column}, {at})" for at in range(predictor.width)]
        wrong = " OR ".join([f"size({column}) <> {predictor.width}", *map(sql.has_no_number, numbers)])
        known = [float(one) for one in self.meaning.labels if _is_number(one)]
        stranger = f"NOT {numbers[0]} IN ({sql.columns(map(sql.number, known))})" if known else "true"
        query = (
            f"SELECT count_if({column} IS NULL OR {wrong}) AS wrong, "
            f"{sql.numbered([f'min({one})' for one in numbers], 'least')}, "
            f"{sql.numbered([f'max({one})' for one in numbers], 'greatest')}, "
            f"max(abs({' + '.join(numbers)} - 1D)) AS off, "
            f"max(CASE WHEN {stranger} THEN {numbers[0]} END) AS stranger FROM {SCORED}"
        )
        return dict(self.cluster.ask(query).to_pylist()[0])

    def _of_texts(self, reader: Reader, *, column: str, rows: int) -> Form:
        """Labels as text; MLflow writes true as `True`."""
        text = f"get({column}, 0)"
        query = f"SELECT {text} AS v, count(*) AS n FROM {SCORED} GROUP BY {text} LIMIT {MOST_LABELS + 1}"
        found = {one["v"]: int(one["n"]) for one in self.cluster.ask(query).to_pylist()}
        _require_all(found.pop(None, 0), rows=rows)
        if len(found) > MOST_LABELS:
            raise ModelProblem(say(f"it predicted more than {MOST_LABELS:,} different labels"))
        meant = {one: one if one in self.meaning.labels else _BOOLEANS.get(one, one) for one in found}
        labels = tuple(dict.fromkeys(meant.values()))
        places = np.arange(len(labels), dtype=np.int32)
        codes = reader.read(Predicted(kind=Kind.LABELS, labels=labels, codes=places)).codes
        assert codes is not None
        known = dict(zip(labels, codes.tolist(), strict=True))

        def read(texts: pa.Array) -> IntArray:
            return np.array([known[meant[one]] for one in texts.to_pylist()], dtype=np.int64)

        nothing = _row([])
        return Form(label=text, codes=read, least=nothing, greatest=nothing)

    def _of_probabilities(
        self,
        reader: Reader,
        predictor: Predictor,
        *,
        column: str,
        extremes: tuple[FloatArray, FloatArray, float],
    ) -> Form:
        """Several columns: what each one means is told by a row in which it alone is 1."""
        least, greatest, off = extremes
        sure = np.eye(predictor.width)
        read = reader.read(Predicted(kind=Kind.PROBABILITIES, labels=predictor.fields, values=sure))
        codes = read.codes
        assert codes is not None  # a regression was refused by the reader
        if self.scored:
            _require_shares(least, greatest, off=off)
        order = np.argsort(label_ranks(self.meaning.labels)[codes], kind="stable")
        numbers = [f"get({column}, {at})" for at in range(predictor.width)]
        if read.scores is not None:
            at = int(read.scores.argmax())
            scores: tuple[str, ...] = (numbers[at],)
            least, greatest = least[at : at + 1], greatest[at : at + 1]
        else:
            places = dict(zip(codes.tolist(), numbers, strict=True))
            scores = tuple(places.get(code, "0D") for code in range(len(self.meaning.labels)))
        ordered = codes[order]
        return Form(
            label=sql.likeliest([numbers[at] for at in order]),
            codes=lambda places: ordered[_integers(places)],
            scores=scores,
            least=least,
            greatest=greatest,
        )

    def _of_values(
        self, reader: Reader, *, column: str, values: tuple[object, FloatArray, FloatArray]
    ) -> Form:
        """One column of numbers: a regression's, labels, or probabilities of the positive one."""
        stranger, least, greatest = values
        number = f"get({column}, 0)"
        told = np.concatenate([_row([stranger] if stranger is not None else []), least, greatest])
        reader.read(Predicted(kind=Kind.VALUES, values=told))
        if self.meaning.task is Task.REGRESSION:
            return Form(value=number, least=least, greatest=greatest)
        reader.end()
        if not reader.gives_probabilities:
            labels = self.meaning.labels
            return Form(
                label=number, codes=lambda found: _labelled(found, labels), least=least, greatest=greatest
            )
        half = reader.read(Predicted(kind=Kind.VALUES, values=_row([0.5]))).codes
        assert half is not None
        positive = self.meaning.positive or 0
        above = ">=" if half[0] == positive else ">"
        label = f"CASE WHEN {number} {above} 0.5D THEN {positive} ELSE {1 - positive} END"
        return Form(label=label, codes=_integers, scores=(number,), least=least, greatest=greatest)


def _labelled(found: pa.Array, labels: Sequence[str]) -> IntArray:
    return np.array([labels.index(label_text(one)) for one in found.to_pylist()], dtype=np.int64)


def _integers(found: pa.Array) -> IntArray:
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _row(numbers: Sequence[object]) -> FloatArray:
    return np.array(numbers, dtype=np.float64)


def _is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text)) and label_text(float(text)) == text
    except ValueError:
        return False


def _require_all(wrong: int, *, rows: int) -> None:
    if wrong:
        raise ModelProblem(
            say(f"it predicted NaN, null or an infinite number for {wrong:,} of {rows:,} rows"),
            hint=say("Such a prediction is never counted as right or wrong. Find the rows, mend the model."),
        )


def _require_shares(least: FloatArray, greatest: FloatArray, *, off: float) -> None:
    """Raises ModelProblem for columns that are no probabilities, as `readings` does batch by batch."""
    why: Message | None = None
    if least.min() < -ROUNDED or greatest.max() > 1 + ROUNDED:
        why = say("its columns are no probabilities: some numbers are below 0 or above 1")
    elif off > ROUNDED:
        why = say("its columns are no probabilities: in some row they do not add up to 1")
    if why is not None:
        raise ModelProblem(why, hint=say("Have the model return a column of probabilities a label."))
