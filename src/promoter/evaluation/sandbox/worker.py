"""The model's process: loads one model, predicts batch by batch, answers in one fixed form.

Standalone: it runs on the interpreter of the model's own environment (Python 3.8 or newer), so it imports
nothing of Promoter, and nothing but the standard library before its settings have come. It never sees the
target. Whoever reads its answers trusts none of them: `answers.py`.

    worker.py DESCRIPTOR

Standard input: one line of JSON (`model`: a folder, `wanted`: "labels" or "values"), then frames: eight bytes
of length, an Arrow IPC stream. Every answer to DESCRIPTOR is four bytes of length, a JSON object, eight bytes
of length, raw little-endian numbers: int32 codes of labels, or float64. Nothing here takes the time: a model
may change every clock of its process, so whoever asked measures.
"""

from __future__ import annotations

import gc
import json
import os
import struct
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from types import TracebackType

    import numpy
    import pandas

_LONGEST_TEXT = 1_000
_MATRIX = 2


class UnusableOutput(Exception):
    """The model predicted something that is neither labels, values nor probabilities."""


def main(arguments: list[str]) -> None:
    """Answer until the questions end."""
    results = os.fdopen(int(arguments[0]), "wb")
    questions = _take_standard_input()
    sys.excepthook = TellErrors(results)
    settings = json.loads(questions.readline())
    # A fifth of loading is looking for garbage among what was just imported.
    gc.disable()
    model = Model(settings["model"], wanted=settings["wanted"])
    gc.freeze()
    gc.enable()
    _answer(results, {"loaded": True})
    while True:
        frame = _read_frame(questions)
        if frame is None:
            return
        header, body = model.predict(frame)
        _answer(results, header, body=body)


class Model:
    """A model loaded from a folder."""

    def __init__(self, folder: str, *, wanted: str) -> None:
        # Whatever reading a question imports is none of the first one's time.
        import pyarrow  # noqa: PLC0415
        from mlflow import pyfunc

        pyarrow.table({"nothing": [0]}).to_pandas()
        self._wanted = wanted
        self._model = pyfunc.load_model(folder)

    def predict(self, frame: bytes) -> tuple[dict[str, Any], bytes]:
        """The answer to one batch, which is an Arrow IPC stream."""
        import pyarrow  # noqa: PLC0415

        features = self._fit(pyarrow.ipc.open_stream(frame).read_all().to_pandas())
        return normalise(self._model.predict(features), wanted=self._wanted)

    def _fit(self, frame: pandas.DataFrame) -> object:
        """Arrays for a model that asks for tensors; MLflow converts no type there."""
        schema = self._model.metadata.get_input_schema()
        if schema is None or not schema.is_tensor_spec():
            return frame
        if schema.has_input_names():
            return {
                spec.name: frame[spec.name].to_numpy(dtype=spec.type) if spec.name in frame else None
                for spec in schema.inputs
            }
        return frame.to_numpy(dtype=schema.inputs[0].type)


def normalise(output: object, *, wanted: str) -> tuple[dict[str, Any], bytes]:
    """A header and a body for whatever a model predicted.

    One column: labels, or values when they are floats or when values are wanted. Several columns of numbers:
    probabilities. A mapping of one output, as of tensors, is that output. Raises UnusableOutput for
    everything else.
    """
    import numpy  # noqa: PLC0415
    import pandas

    columns: list[str] = []
    output = _only_output(output)
    if isinstance(output, pandas.DataFrame):
        columns = [str(column) for column in output.columns]
        output = output.iloc[:, 0] if len(columns) == 1 else output.to_numpy()
    if not isinstance(output, pandas.Series):
        output = _array(output)
        if output.ndim == _MATRIX and output.shape[1] == 1:
            output = output[:, 0]
        if output.ndim == _MATRIX and output.dtype.kind in "fiu":
            body = numpy.ascontiguousarray(output, dtype="<f8").tobytes()
            return _header("probabilities", len(output), width=output.shape[1], columns=columns), body
        if output.ndim != 1:
            raise UnusableOutput(f"an array of type {output.dtype} and shape {output.shape}")
        output = pandas.Series(output)
    return _one_column(output, wanted)


def _only_output(output: object) -> object:
    """What a mapping of one output holds; anything but a mapping as it is."""
    if not isinstance(output, dict):
        return output
    if len(output) != 1:
        names = ", ".join(sorted(str(name) for name in output))
        raise UnusableOutput(f"{len(output)} outputs instead of one: {names}")
    return next(iter(output.values()))


def _array(output: object) -> numpy.ndarray[Any, Any]:
    import numpy  # noqa: PLC0415

    if not isinstance(output, (numpy.ndarray, list, tuple)):
        raise UnusableOutput("an object of type " + type(output).__name__)
    try:
        return numpy.asarray(output)
    except ValueError as error:
        raise UnusableOutput("rows of different lengths") from error


def _one_column(series: pandas.Series, wanted: str) -> tuple[dict[str, Any], bytes]:
    import pandas

    types = pandas.api.types
    numbers = types.is_numeric_dtype(series.dtype) and not types.is_complex_dtype(series.dtype)
    if types.is_float_dtype(series.dtype) or (numbers and wanted == "values"):
        return _values(series)
    try:
        codes, distinct = pandas.factorize(series)
    except TypeError as error:
        raise UnusableOutput("labels that are lists or mappings") from error
    if wanted == "values" and all(isinstance(value, (int, float)) for value in distinct):
        return _values(pandas.to_numeric(series, errors="coerce"))
    labels = [_text(value) for value in distinct]
    return _header("labels", len(series), labels=labels), codes.astype("<i4").tobytes()


def _values(series: pandas.Series) -> tuple[dict[str, Any], bytes]:
    values = series.to_numpy(dtype="float64", na_value=float("nan"))
    return _header("values", len(series)), values.astype("<f8").tobytes()


def _text(label: object) -> str:
    """A label as text: whole numbers without a point, so that 1, 1.0 and "1" are one label."""
    import numpy  # noqa: PLC0415

    if isinstance(label, str):
        return str(label)
    if isinstance(label, (bool, numpy.bool_)):
        return "true" if label else "false"
    if isinstance(label, (int, numpy.integer)):
        return str(int(label))
    if isinstance(label, (float, numpy.floating)):
        return str(int(label)) if float(label).is_integer() else repr(float(label))
    raise UnusableOutput("labels of type " + type(label).__name__)


def _header(kind: str, rows: int, **more: object) -> dict[str, Any]:
    return dict(more, kind=kind, rows=rows)


def _take_standard_input() -> BinaryIO:
    """The questions, out of reach of a model that reads its standard input."""
    questions = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return questions


def _read_frame(questions: BinaryIO) -> bytes | None:
    head = questions.read(8)
    if len(head) < 8:  # noqa: PLR2004
        return None
    return questions.read(struct.unpack(">Q", head)[0])


def _answer(results: BinaryIO, header: dict[str, Any], *, body: bytes = b"") -> None:
    text = json.dumps(header).encode("ascii")
    results.write(struct.pack(">I", len(text)) + text + struct.pack(">Q", len(body)))
    results.write(body)
    results.flush()


class TellErrors:
    """Has whatever ends the process be told to whoever waits, as text; a `sys.excepthook`."""

    def __init__(self, results: BinaryIO) -> None:
        self._results = results

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Tell the kind and the text of an error, and where it was raised."""
        if isinstance(error, UnusableOutput):
            header = {"unusable": str(error)[:_LONGEST_TEXT]}
        else:
            text = f"{kind.__name__}: {_without_rows(str(error))}"
            header = {"problem": text[:_LONGEST_TEXT] + _place(trace)}
        _answer(self._results, header)


def _without_rows(text: str) -> str:
    """MLflow's error about a schema quotes the data before it says what is wrong with it."""
    return text.rpartition("Error: ")[2] if text.startswith("Failed to enforce schema of data") else text


def _place(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


if __name__ == "__main__":
    main(sys.argv[1:])
