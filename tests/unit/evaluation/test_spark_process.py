"""The process that talks to Spark: what it sees, how it is asked, and that nothing of it is left."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from pathlib import Path

import pytest

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.engines.spark_errors import Refused
from promoter.evaluation.engines.spark_process import Place, cluster
from promoter.evaluation.engines.spark_variables import driver_environment, is_elsewhere, java
from tests.model_folders import Unlimited

# Answers as the real one does; what it is told to do is Python here.
DRIVER = """
import json, os, struct, subprocess, sys, time
answers = os.fdopen(int(sys.argv[1]), "wb")

def answer(header, body=b""):
    text = json.dumps(header).encode()
    answers.write(struct.pack(">I", len(text)) + text + struct.pack(">Q", len(body)) + body)
    answers.flush()

for line in sys.stdin:
    question = json.loads(line)
    exec(question["sql"] if question["do"] == "ask" else question["do"])
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    program = tmp_path / "driver.py"
    program.write_text(DRIVER, encoding="utf-8")
    return Place(variables={"GITHUB_TOKEN": "secret", "PATH": os.environ["PATH"]}, program=program)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_it_answers_and_sees_no_variable_of_the_job(place: Place) -> None:
    with cluster(place, deadline=Unlimited()) as asked:
        told = asked.do("answer({'variables': dict(os.environ), 'here': os.getcwd()})")
        assert Path(str(told["here"])) == asked.folder.resolve()
    assert "GITHUB_TOKEN" not in told["variables"]
    assert "secret" not in str(told["variables"])
    assert told["variables"]["PYSPARK_PYTHON"] == sys.executable
    assert not asked.folder.exists()


def test_rows_come_back_as_a_table(place: Place) -> None:
    rows = """
    import pyarrow as pa
    found = pa.table({"a": [1, 2]})
    sink = pa.BufferOutputStream()
    stream = pa.ipc.new_stream(sink, found.schema)
    stream.write_table(found)
    stream.close()
    answer({"rows": 2}, sink.getvalue().to_pybytes())
    """
    with cluster(place, deadline=Unlimited()) as asked:
        assert asked.ask(textwrap.dedent(rows)).to_pylist() == [{"a": 1}, {"a": 2}]


def test_what_spark_refuses_is_told_with_its_condition(place: Place) -> None:
    refusal = "answer({'error': 'AnalysisException', 'condition': 'PATH_NOT_FOUND', 'text': 'no such path'})"
    with cluster(place, deadline=Unlimited()) as asked:
        with pytest.raises(Refused) as refused:
            asked.do(refusal)
        assert asked.do("answer({'still': 'here'})") == {"still": "here"}
    assert refused.value.is_missing
    assert not refused.value.is_of_model


@pytest.mark.parametrize(
    "end", ["os._exit(3)", "sys.stderr.write('out of memory\\n'); os._exit(3)", "os.kill(os.getpid(), 9)"]
)
def test_a_process_that_ends_is_no_verdict(place: Place, end: str) -> None:
    with cluster(place, deadline=Unlimited()) as asked, pytest.raises(PromoterError) as lost:
        asked.do(end)
    assert lost.value.reason is ReasonCode.CHECK_UNAVAILABLE
    assert "the process that talks to Spark ended" in str(lost.value.message)
    if "memory" in end:
        assert "`out of memory`" in str(lost.value.message)


def test_an_answer_that_is_too_large_is_not_taken_in(place: Place) -> None:
    too_large = "answers.write(struct.pack('>I', 1 << 21)); answers.flush()"
    with cluster(place, deadline=Unlimited()) as asked, pytest.raises(PromoterError) as refused:
        asked.do(too_large)
    assert "it announces 2,097,152 bytes" in str(refused.value.message)


def test_the_deadline_ends_a_query_and_all_that_it_started(place: Place) -> None:
    class Soon:
        end = time.monotonic() + 2

        def remaining(self) -> float:
            return max(0.0, self.end - time.monotonic())

    started = (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], process_group=0)\n"
        "open('children', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "time.sleep(60)"
    )
    ticks: list[int] = []
    begin = time.monotonic()
    with cluster(place, deadline=Soon(), tick=lambda: ticks.append(1)) as asked:
        with pytest.raises(PromoterError) as late:
            asked.do(started)
        processes = [int(one) for one in (asked.folder / "children").read_text().split()]
    assert late.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert "interrupted" in str(late.value.message)
    assert time.monotonic() - begin < 30
    assert ticks
    assert len(processes) == 2
    assert not any(alive(process) for process in processes)


def test_a_session_that_does_not_open_is_given_up_before_the_deadline(place: Place) -> None:
    starting = place.program.read_text(encoding="utf-8").replace(
        "exec(question", "time.sleep(30) if question['do'] == 'start' else exec(question"
    )
    place.program.write_text(starting, encoding="utf-8")
    with cluster(place, deadline=Unlimited()) as asked, pytest.raises(Refused) as refused:
        asked.start(None, settings={}, patience=1)
    assert refused.value.text == "no answer in 1 s"


def test_an_interpreter_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    nowhere = Place(variables={}, interpreter=tmp_path / "python")
    with pytest.raises(PromoterError) as lost, cluster(nowhere, deadline=Unlimited()):
        pass
    assert lost.value.reason is ReasonCode.CHECK_UNAVAILABLE


# --- variables --------------------------------------------------------------------------------------------

JOB = {
    "MLFLOW_TRACKING_TOKEN": "t1",
    "AWS_SECRET_ACCESS_KEY": "t2",
    "GITHUB_TOKEN": "t3",
    "ACTIONS_RUNTIME_TOKEN": "t4",
    "SPARK_CONF_DIR": "/etc/spark",
    "HTTPS_PROXY": "http://proxy.example",
}


def test_models_on_this_machine_see_no_secret_and_no_way_out(tmp_path: Path) -> None:
    found = driver_environment(JOB, scratch=tmp_path, interpreter=Path("/opt/python/bin/python"))
    assert not {"t1", "t2", "t3", "t4"} & set(found.values())
    assert found["SPARK_CONF_DIR"] == "/etc/spark"
    assert "HTTPS_PROXY" not in found
    assert found["PATH"].startswith("/opt/python/bin:")
    assert found["HOME"].startswith(str(tmp_path))


def test_a_cluster_elsewhere_is_reached_by_its_address(tmp_path: Path) -> None:
    remote = {**JOB, "SPARK_REMOTE": "sc://spark.example:443/;token=t5"}
    found = driver_environment(remote, scratch=tmp_path, interpreter=Path("/usr/bin/python3"))
    assert (found["SPARK_REMOTE"], found["HTTPS_PROXY"]) == (remote["SPARK_REMOTE"], "http://proxy.example")
    assert not {"t1", "t2", "t3", "t4"} & set(found.values())
    assert is_elsewhere(remote)


@pytest.mark.parametrize("remote", ["", "local[2]", "local"])
def test_a_session_of_this_machine_is_not_elsewhere(tmp_path: Path, remote: str) -> None:
    variables = {"SPARK_REMOTE": remote}
    assert not is_elsewhere(variables)
    found = driver_environment(variables, scratch=tmp_path, interpreter=Path("/usr/bin/python3"))
    assert "SPARK_REMOTE" not in found


def test_java_is_where_the_variables_say(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    assert java({"JAVA_HOME": str(tmp_path)}) is None
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    assert java({"JAVA_HOME": str(tmp_path)}) == program
    assert java({"PATH": str(program.parent)}) == program
    assert java({"PATH": str(tmp_path)}) is None
    found = driver_environment({"PATH": str(program.parent)}, scratch=tmp_path, interpreter=Path("/x/python"))
    assert str(program.parent) in found["PATH"].split(":")
