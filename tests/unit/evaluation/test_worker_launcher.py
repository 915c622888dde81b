"""Real processes with real models that MLflow loads: what they may get wrong, and what becomes of them."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from promoter.core.layers import Layer, State, Strictness
from promoter.core.measurement import ModelRun
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.evaluation.sandbox import confinement
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.child_process import Sandbox
from promoter.evaluation.sandbox.environments import IMAGE, Interpreter
from promoter.evaluation.sandbox.launcher import Launch, Limits, Worker, launch
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.sandbox.variables import child_environment
from tests.model_folders import Unlimited, batch, light_interpreter, write_model

GOOD = "return (frame['charges'] > 64).map({True: 'Yes', False: 'No'})"
QUICK = Limits(load_seconds=30, batch_seconds=2)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """Starts three times as fast as with MLflow itself, which one test below and others elsewhere run on."""
    return light_interpreter(tmp_path_factory.mktemp("environment"))


def processes() -> set[int]:
    """What runs below this test's process now."""
    return set(confinement.descendants(os.getpid()))


@contextmanager
def running(
    python: Interpreter,
    model: Path,
    *,
    wanted: Kind = Kind.LABELS,
    limits: Limits = QUICK,
    seconds: float = 600,
) -> Iterator[Worker]:
    """A model's process; fails when anything of it is left."""
    asked = Launch(interpreter=python, model=model, wanted=wanted, limits=limits)
    with launched(asked, seconds=seconds) as worker:
        yield worker


@contextmanager
def launched(asked: Launch, *, seconds: float = 600) -> Iterator[Worker]:
    """The same of what is asked for in every part."""
    before = processes()
    with launch(asked, deadline=Unlimited(seconds)) as worker:
        yield worker
    assert processes() <= before


def problem_of(
    python: Interpreter, model: Path, *, wanted: Kind = Kind.LABELS, limits: Limits = QUICK, batches: int = 1
) -> tuple[str, ModelRun]:
    """The message of what the model gets wrong, and what is known of it."""
    with running(python, model, wanted=wanted, limits=limits) as worker:
        for _ in range(batches - 1):
            worker.predict(batch())
        with pytest.raises(ModelProblem) as caught:
            worker.predict(batch())
        run = worker.finish()
    assert run.problem == caught.value.message
    assert not run.finished
    return str(caught.value), run


def test_a_model_predicts_in_its_own_process_and_tells_how_it_went(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", predict=GOOD)
    with running(IMAGE, model) as worker:
        rows = batch(1_000)
        predicted = worker.predict(rows)
        again = worker.predict(rows.slice(10, 50))
        run = worker.finish()
    expected = np.where(np.asarray(rows.column("charges")) > 64, "Yes", "No")
    assert list(np.array(predicted.labels)[predicted.codes]) == list(expected)
    assert list(np.array(again.labels)[again.codes]) == list(expected[10:60])
    assert run.finished
    assert run.load_seconds > 0
    assert 0 < run.p50_latency_ms <= run.p95_latency_ms
    assert 20e6 < run.peak_memory < 2e9
    assert run.size == sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    assert [one.layer for one in run.sandbox] == list(Layer)
    assert State.MISSING not in {one.state for one in run.sandbox}
    assert run.environment == f"image (Python {sys.version_info.major}.{sys.version_info.minor})"


def test_a_process_sees_the_features_and_an_environment_made_from_nothing(
    python: Interpreter, tmp_path: Path
) -> None:
    model = write_model(
        tmp_path / "model",
        top="""
        import json
        with open("/proc/self/environ") as file:
            variables = dict(line.split("=", 1) for line in file.read().split("\\0") if line)
        """,
        predict="""
        seen = [list(frame.columns), variables, os.getcwd(), sys.stdin.read(), os.umask(0o77),
                os.getsid(0), sorted(os.listdir("/proc/self/fd"), key=int)]
        return [f"{number}{json.dumps(part)}" for number, part in enumerate(seen)]
        """,
    )
    with running(python, model) as worker:
        seen = sorted(worker.predict(batch(7)).labels)
    columns, variables, folder, standard_input, mask, session, descriptors = (
        json.loads(part[1:]) for part in seen
    )
    assert columns == ["tenure", "charges"]
    scratch = Path(folder).parent
    assert variables == child_environment(scratch, interpreter=python.path, threads=QUICK.threads)
    assert not scratch.exists()
    assert standard_input == ""
    assert mask == 0o77
    assert session != os.getsid(0)
    assert len(descriptors) <= 8


def test_two_models_load_and_predict_side_by_side(python: Interpreter, tmp_path: Path) -> None:
    slow = write_model(
        tmp_path / "slow", load="time.sleep(1)", predict="time.sleep(1)\nreturn ['a'] * len(frame)"
    )
    start = time.monotonic()
    before = processes()
    asked = Launch(interpreter=python, model=slow, wanted=Kind.LABELS)
    with launch(asked, deadline=Unlimited()) as champion, launch(asked, deadline=Unlimited()) as challenger:
        for worker in (champion, challenger):
            worker.send(batch())
        assert champion.receive().labels == challenger.receive().labels == ("a",)
        loaded = champion.finish().load_seconds + challenger.finish().load_seconds
    assert time.monotonic() - start < loaded + 2
    assert processes() <= before


@pytest.mark.parametrize(
    ("predict", "wanted", "said"),
    [
        ("return None", Kind.LABELS, "predicted `an object of type NoneType`"),
        ("return ['a'] * 99", Kind.LABELS, "predicted 99 rows for 100"),
        ("return ['a', None] * 50", Kind.LABELS, "predicted nothing (null) for 50 of 100 rows"),
        ("return [1.0, float('nan')] * 50", Kind.VALUES, "NaN, null or an infinite number for 50 of 100"),
        ("return ['a'] * 100", Kind.VALUES, "it predicted labels where numbers are wanted"),
        ("return [b'\\x80\\x04.'] * 100", Kind.LABELS, "labels of type bytes"),
        ("raise ValueError('no\\n::error::such column')", Kind.LABELS, "`ValueError: no\\n:\\x3aerror"),
        ("os._exit(0)", Kind.LABELS, "predicting failed: its process ended without an answer"),
        ("time.sleep(60)", Kind.LABELS, "predicting failed: it did not answer within 2 s"),
        ("while True: print('no end' * 1000)", Kind.LABELS, "it did not answer within 2 s"),
    ],
)
def test_what_a_model_gets_wrong_is_said(
    python: Interpreter, tmp_path: Path, predict: str, wanted: Kind, said: str
) -> None:
    start = time.monotonic()
    message, _ = problem_of(python, write_model(tmp_path / "model", predict=predict), wanted=wanted)
    assert said in message
    assert len(message.splitlines()) == 1
    assert time.monotonic() - start < 30


def test_a_model_that_does_not_load_says_why(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model", load="print('##[error]reading')\nimport absent_package", predict=GOOD
    )
    message, run = problem_of(python, model)
    assert message.startswith(
        "loading failed: it raised `ModuleNotFoundError: No module named 'absent_package' "
        "(the_model.py, line 10)`; it printed `"
    )
    assert "##[" not in message
    assert r"#\x23[error]reading" in message
    assert run.load_seconds == 0


def test_a_folder_that_is_no_model_says_so(python: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    message, _ = problem_of(python, tmp_path / "model")
    assert message.startswith("loading failed: it raised ")
    assert "MLmodel" in message


def test_a_model_that_hangs_while_it_loads_is_ended(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", load="time.sleep(60)", predict=GOOD)
    start = time.monotonic()
    message, _ = problem_of(python, model, limits=Limits(load_seconds=3, batch_seconds=1))
    assert "loading failed: it did not answer within 3 s" in message
    assert time.monotonic() - start < 3 + 5


def test_what_went_well_before_a_problem_is_kept(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model", predict="if self.calls == 3: raise RuntimeError('third')\nreturn [1] * len(frame)"
    )
    message, run = problem_of(python, model, batches=3)
    assert "predicting failed: it raised `RuntimeError: third (the_model.py, line 7)`" in message
    assert run.load_seconds > 0
    assert run.p95_latency_ms > 0
    assert run.peak_memory > 20e6


def test_a_model_must_keep_to_one_form(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model", predict="return ['a'] * len(frame) if self.calls == 1 else numpy.ones(len(frame))"
    )
    message, _ = problem_of(python, model, batches=2)
    assert "it predicted another form than for the rows before: values" in message


def test_a_constant_is_a_valid_prediction(python: Interpreter, tmp_path: Path) -> None:
    with running(python, write_model(tmp_path / "model", predict="return [True] * len(frame)")) as worker:
        predicted = worker.predict(batch())
    assert predicted.labels == ("true",)
    assert set(predicted.codes) == {0}


def test_a_hundred_megabytes_of_workflow_commands_are_read_and_forgotten(
    python: Interpreter, tmp_path: Path
) -> None:
    model = write_model(
        tmp_path / "model",
        predict="""
        for _ in range(100):
            print('::set-output name=decision::promote\\n' * 26_000)
        return ['promote'] * len(frame)
        """,
    )
    with running(python, model, limits=Limits(batch_seconds=20)) as worker:
        assert worker.predict(batch()).labels == ("promote",)
        assert worker.finish().finished


@pytest.mark.parametrize(
    ("write", "said"),
    [
        ("b'PASS'", "announces a header of"),
        ("b'\\0\\0\\0\\2{}'", "something of the kind `None`"),
    ],
)
def test_what_is_written_into_the_results_is_no_answer(
    python: Interpreter, tmp_path: Path, write: str, said: str
) -> None:
    model = write_model(tmp_path / "model", predict=f"os.write(int(sys.argv[1]), {write})\ntime.sleep(60)")
    message, _ = problem_of(python, model)
    assert "predicting failed: what came back is no answer" in message
    assert said in message


def test_an_answer_before_the_question_is_none(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model",
        top="""
        import threading
        def forge():
            time.sleep(0.5)
            os.write(int(sys.argv[1]), b'forged')
        """,
        predict="threading.Thread(target=forge, daemon=True).start()\nreturn [1] * len(frame)",
    )
    with running(python, model) as worker:
        worker.predict(batch())
        time.sleep(1)
        with pytest.raises(ModelProblem, match="answered what nobody asked"):
            worker.predict(batch())


@pytest.mark.parametrize("batches", [0, 1])
def test_an_answer_that_nobody_waited_for_is_none_that_nobody_asked(
    batches: int, python: Interpreter, tmp_path: Path
) -> None:
    with running(python, write_model(tmp_path / "model", predict=GOOD)) as worker:
        if batches:
            worker.send(batch())
        time.sleep(1.5)
        assert worker.finish().finished


def test_rows_that_are_predicted_again_count_in_no_latency(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", predict=f"if self.calls > 1: time.sleep(1)\n{GOOD}")
    with running(python, model) as worker:
        first = worker.predict(batch())
        worker.send(batch())
        again = worker.receive_again()
        run = worker.finish()
    assert (again.codes.tolist(), again.labels) == (first.codes.tolist(), first.labels)
    assert again.seconds > 1
    assert 0 < run.p95_latency_ms * 100 < 900


LYING = """
for name in ("time", "perf_counter", "monotonic", "process_time"):
    setattr(time, name, lambda: 0.0)
    setattr(time, name + "_ns", lambda: 0)
"""


def test_a_model_that_lies_about_time_is_timed_by_our_clock(python: Interpreter, tmp_path: Path) -> None:
    """Every clock of its process stands still, and it takes a second to load and half a second for rows."""
    model = write_model(
        tmp_path / "model", top=LYING, load="time.sleep(1)", predict=f"time.sleep(0.5)\n{GOOD}"
    )
    with running(python, model) as worker:
        predicted = worker.predict(batch(100))
        run = worker.finish()
    assert predicted.seconds >= 0.5
    assert run.load_seconds >= 1
    assert 5 <= run.p50_latency_ms == run.p95_latency_ms < 50


@pytest.mark.parametrize("said", ["0.0", "-1", "1e-9", "'soon'"])
def test_what_a_model_says_of_its_time_is_not_read(said: str, python: Interpreter, tmp_path: Path) -> None:
    """It writes its own answer: the header at once, the numbers half a second later."""
    model = write_model(
        tmp_path / "model",
        top="import json, struct",
        predict=f"""
        results = int(sys.argv[1])
        text = json.dumps(dict(kind="values", rows=len(frame), seconds={said})).encode()
        os.write(results, struct.pack(">I", len(text)) + text + struct.pack(">Q", 8 * len(frame)))
        time.sleep(0.5)
        os.write(results, bytes(8 * len(frame)))
        time.sleep(60)
        """,
    )
    with running(python, model) as worker:
        worker.predict(batch(100))
        run = worker.finish()
    assert 5 <= run.p95_latency_ms < 50


def test_our_own_work_is_none_of_the_models_time(python: Interpreter, tmp_path: Path) -> None:
    """Both load and predict while we do something else, and each answer waits for us to look at it."""
    model = write_model(tmp_path / "model", predict=GOOD)
    with running(python, model) as worker:
        time.sleep(6)
        worker.load()
        worker.send(batch(100))
        time.sleep(1.5)
        predicted = worker.receive()
        run = worker.finish()
    assert predicted.seconds < 1
    assert 0 < run.load_seconds < 5


def test_daemons_end_with_the_model(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model",
        top="""
        def daemon():
            read, write = os.pipe()
            if os.fork() == 0:
                os.setsid()
                if os.fork():
                    os._exit(0)
                os.write(write, str(os.getpid()).encode())
                time.sleep(600)
            return int(os.read(read, 20))
        """,
        predict="return numpy.array([daemon(), daemon()])",
    )
    with running(python, model) as worker:
        alive = [int(label) for label in worker.predict(batch(2)).labels]
        assert len(alive) == 2
        assert all(Path(f"/proc/{pid}").exists() for pid in alive)
    assert not any(is_running(pid) for pid in alive)


def test_a_daemon_does_not_outlive_a_model_that_ends_itself(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model",
        predict="""
        read, write = os.pipe()
        if os.fork() == 0:
            os.setsid()
            os.write(write, str(os.getpid()).encode())
            time.sleep(600)
        print("daemon", os.read(read, 20).decode(), flush=True)
        os._exit(0)
        """,
    )
    start = time.monotonic()
    message, _ = problem_of(python, model, limits=Limits(batch_seconds=30))
    assert "its process ended without an answer" in message
    assert time.monotonic() - start < 20
    assert not is_running(int(message.partition("daemon ")[2].partition("`")[0]))


def test_a_model_that_kills_the_process_around_it_ends_with_it(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model",
        predict="""
        if os.fork():
            os.kill(os.getppid(), 9)
        time.sleep(600)
        """,
    )
    message, _ = problem_of(python, model, limits=Limits(batch_seconds=1))
    assert "predicting failed" in message
    needle = str(python.path).encode()
    time.sleep(0.1)
    assert not [pid for pid in everybody() if needle in command_of(pid)]


def test_a_model_that_takes_too_much_memory_is_told_so(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", predict="return numpy.ones((1 << 30,))")
    message, _ = problem_of(python, model, limits=Limits(batch_seconds=20, memory=2 * 1024**3))
    assert "MemoryError" in message


def test_a_model_that_fills_the_disk_is_ended_and_told_so(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model",
        predict="""
        for number in range(1000):
            with open(f"file{number}", "wb") as file:
                file.write(b"x" * 1_000_000)
        time.sleep(60)
        """,
    )
    asked = Launch(interpreter=python, model=model, wanted=Kind.LABELS, sandbox=Sandbox(disk=20_000_000))
    with launch(asked, deadline=Unlimited()) as worker:
        with pytest.raises(ModelProblem, match="ended by Promoter: it wrote more than 20,000,000 bytes"):
            worker.predict(batch())
        assert worker.confinement.layers == set(Layer)


def test_best_effort_runs_a_model_with_what_there_is_and_tells_what_was_missing(
    python: Interpreter, tmp_path: Path
) -> None:
    """A limit that nobody may set stands for a layer that the machine lacks."""
    model = write_model(tmp_path / "model", predict=GOOD)
    for strictness in Strictness:
        sandbox = Sandbox(strictness=strictness, open_files=-5)
        asked = Launch(interpreter=python, model=model, wanted=Kind.LABELS, limits=QUICK, sandbox=sandbox)
        if strictness is Strictness.REQUIRED:
            with pytest.raises(PromoterError, match="limits is missing") as caught, launched(asked):
                pytest.fail("it was started")
            assert caught.value.exit_code is ExitCode.UNDECIDED, "the machine's lack is no verdict"
            continue
        with launched(asked) as worker:
            worker.predict(batch())
            found = {one.layer: one for one in worker.finish().sandbox}
        assert found[Layer.LIMITS].state is State.MISSING
        assert found[Layer.LIMITS].note
        assert [one for one in found if found[one].state is State.MISSING] == [Layer.LIMITS]


def test_an_interpreter_that_is_not_there_is_said(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", predict=GOOD)
    nowhere = Interpreter(path=tmp_path / "python", name="none")
    with (
        launch(Launch(interpreter=nowhere, model=model, wanted=Kind.LABELS), deadline=Unlimited()) as worker,
        pytest.raises(ModelProblem, match=r"was not started: .*No such file"),
    ):
        worker.load()


def test_the_runs_deadline_is_not_the_models_fault(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", load="time.sleep(60)", predict=GOOD)
    with running(python, model, seconds=0) as worker, pytest.raises(PromoterError) as caught:
        worker.load()
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED


def test_an_empty_batch_is_answered(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", predict="return numpy.zeros(len(frame))")
    with running(python, model) as worker:
        assert len(worker.predict(batch(0)).values) == 0


def test_a_large_batch_comes_whole(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", predict="return frame.to_numpy()")
    rows = batch(65_536)
    with running(python, model) as worker:
        predicted = worker.predict(rows)
    assert predicted.kind is Kind.PROBABILITIES
    assert predicted.labels == ()
    expected = np.column_stack([rows.column(0).to_numpy(), rows.column(1).to_numpy()])
    assert np.array_equal(predicted.values, expected)


def test_text_and_nothing_arrive_as_they_are(python: Interpreter, tmp_path: Path) -> None:
    model = write_model(
        tmp_path / "model", predict="return [str(v) for v in frame['plan'].where(frame['plan'].notna(), '-')]"
    )
    rows = pa.record_batch({"plan": pa.array(["a\nb", None, "ü", ""])})
    with running(python, model) as worker:
        predicted = worker.predict(rows)
    assert [predicted.labels[code] for code in predicted.codes] == ["a\nb", "-", "ü", ""]


def everybody() -> list[int]:
    """Every process there is."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def command_of(pid: int) -> bytes:
    """How a process was started; a zombie does not know."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
