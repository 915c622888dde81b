"""The process that holds a Spark session: it does what it is told, question by question, and decides nothing.

Standalone, as the model's worker is: it imports nothing of Promoter, so that it runs with an environment that
was made for it, in which there is no secret of the job. Where Spark is local, all models run below this
process. It sees the target, as the cluster does.

    spark_driver.py DESCRIPTOR

Standard input: one JSON object a line; when it ends, whatever the cluster still does for us is interrupted.
Every answer to DESCRIPTOR is four bytes of length, a JSON object, eight bytes of length, an Arrow IPC stream.
"""

from __future__ import annotations

import json
import os
import queue
import struct
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from types import TracebackType

_LONGEST_TEXT = 20_000
_NO_ROWS = b""
Answer = tuple[dict[str, Any], bytes]


def main(arguments: list[str]) -> None:
    """Answer until the questions end."""
    answers = os.fdopen(int(arguments[0]), "wb")
    sys.excepthook = TellErrors(answers)
    questions: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    desk = Desk()
    reading = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    threading.Thread(
        target=read_questions, args=(reading, questions), kwargs={"desk": desk}, daemon=True
    ).start()
    while True:
        header, body = answered(desk, questions.get())
        write_answer(answers, header, body=body)


def read_questions(reading: BinaryIO, questions: queue.SimpleQueue[dict[str, Any]], *, desk: Desk) -> None:
    """Hand on each line; at the end of them nothing is waited for any more."""
    for line in reading:
        questions.put(json.loads(line))
    try:
        desk.interrupt()
    finally:
        os._exit(0)


def answered(desk: Desk, question: dict[str, Any]) -> Answer:
    """The answer; an error that is told is one."""
    from mlflow.exceptions import MlflowException
    from pyspark.errors import PySparkException

    try:
        answer: Answer = getattr(desk, "do_" + question.pop("do"))(**question)
    except (PySparkException, MlflowException, RuntimeError, ValueError, OSError) as error:
        return described(error), _NO_ROWS
    return answer


def described(error: BaseException) -> dict[str, Any]:
    """An error as an answer: its kind, Spark's name for it, and its text."""
    condition = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)
    named = condition() if condition is not None else None
    return {"error": type(error).__name__, "condition": named or "", "text": str(error)[-_LONGEST_TEXT:]}


class Desk:
    """One session. Every `do_` is what a question may ask for."""

    def __init__(self) -> None:
        self._spark: Any = None

    def do_start(self, master: str | None, settings: dict[str, str]) -> Answer:
        """Open the session: that of SPARK_REMOTE where `master` is null, or one of this machine."""
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.appName("promoter")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self._spark = (builder.master(master) if master else builder).getOrCreate()
        reuses = self._spark.conf.get("spark.python.worker.reuse", "true")
        return {"version": self._spark.version, "reuses": str(reuses).lower() != "false"}, _NO_ROWS

    def do_read(self, *, view: str, table: str, path: str, format: str) -> Answer:
        """Name a table, or a path of files, as a view."""
        found = self._spark.table(table) if table else self._spark.read.format(format).load(path)
        columns = [[field.name, field.dataType.simpleString()] for field in found.schema.fields]
        found.createOrReplaceTempView(view)
        return {"columns": columns}, _NO_ROWS

    def do_signature(self, path: str) -> Answer:
        """What a model's own description says of its input and output. Its code does not run."""
        from mlflow.models import Model

        model = Model.load(path)
        given, returned = model.get_input_schema(), model.get_output_schema()
        return {
            "inputs": _names(given),
            "tensor": _tensor(given),
            "has_outputs": returned is not None,
            "outputs": _names(returned),
            "code": model.flavors.get("python_function", {}).get("code") or "",
            "is_numeric": returned is not None and all(_is_number(one) for one in returned.inputs),
        }, _NO_ROWS

    def do_send(self, archive: str) -> Answer:
        """Have the cluster unpack an archive where the Python of its executors runs."""
        self._spark.addArtifacts(archive, archive=True)
        return {}, _NO_ROWS

    def do_model(self, *, name: str, uri: str, result: str) -> Answer:
        """Have a model be a function of SQL."""
        from mlflow import pyfunc

        function = pyfunc.spark_udf(self._spark, uri, result_type=result, env_manager="local")
        self._spark.udf.register(name, function)
        return {}, _NO_ROWS

    def do_view(self, *, name: str, sql: str, is_kept: bool) -> Answer:
        """Name what a query gives; kept, so that models predict once, where the cluster keeps anything."""
        from pyspark.errors import PySparkException

        found = self._spark.sql(sql)
        try:
            found = found.persist() if is_kept else found
            kept = is_kept
        except PySparkException:  # a serverless cluster keeps nothing
            kept = False
        found.createOrReplaceTempView(name)
        return {"kept": kept}, _NO_ROWS

    def do_ask(self, sql: str) -> Answer:
        """What a query gives."""
        import pyarrow  # noqa: PLC0415

        found = self._spark.sql(sql).toArrow()
        sink = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, found.schema) as stream:
            stream.write_table(found)
        return {"rows": found.num_rows}, sink.getvalue().to_pybytes()

    def interrupt(self) -> None:
        """Have the cluster stop what it does for us."""
        if self._spark is None:
            return
        if hasattr(self._spark, "interruptAll"):
            self._spark.interruptAll()
        self._spark.stop()


def _names(schema: Any) -> list[str] | None:  # noqa: ANN401  # a schema of MLflow's
    return list(schema.input_names()) if schema is not None and schema.has_input_names() else None


def _tensor(schema: Any) -> str | None:  # noqa: ANN401
    """The type of the numbers of a model that takes tensors; empty where there are several."""
    if schema is None or not schema.is_tensor_spec():
        return None
    return str(schema.inputs[0].type) if len(schema.inputs) == 1 and not schema.has_input_names() else ""


def _is_number(column: Any) -> bool:  # noqa: ANN401
    """Whether a column of the output holds numbers."""
    kind = getattr(column.type, "to_numpy", lambda: column.type)()
    return getattr(kind, "kind", "O") in "fiu"


def write_answer(answers: BinaryIO, header: dict[str, Any], *, body: bytes = _NO_ROWS) -> None:
    """One answer."""
    text = json.dumps(header).encode("ascii")
    answers.write(struct.pack(">I", len(text)) + text + struct.pack(">Q", len(body)) + body)
    answers.flush()


class TellErrors:
    """Has whatever ends this process be told to whoever waits; a `sys.excepthook`."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Tell the kind and the text."""
        write_answer(self._answers, described(error))


if __name__ == "__main__":
    main(sys.argv[1:])
