"""One deadline for everything: whoever hangs, the run ends in time and tells what it knows."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from promoter.adapters.deadline import Deadline
from promoter.core.policy import Environment
from promoter.demo.job import Finished
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.environments import IMAGE, EnvironmentBuilder, Installer, find_installer
from promoter.evaluation.sandbox.launcher import Launch, launch
from promoter.text import Message
from tests.e2e.house import POLICY, POLICY_TEXT, House, housed, result_of
from tests.faults.stopping_late import run
from tests.mlflow_server import MlflowServer
from tests.model_folders import batch, light_interpreter, write_model
from tests.proxy import Drip, Hang, Proxy, proxied

pytestmark = pytest.mark.integration

SHORT = 3.0
MINUTES = str(SHORT / 60)
OWN = "      custom: [{name: own, command: [python, checks/own.py], timeout_seconds: 60}]\n"


@pytest.fixture
def registry(mlflow_server: MlflowServer) -> Iterator[Proxy]:
    """A proxy before the registry."""
    with proxied(mlflow_server.url) as proxy:
        yield proxy


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer, registry: Proxy) -> Iterator[House]:
    """A team whose Action reaches the registry through the proxy."""
    with housed(tmp_path, mlflow_server.url) as made:
        made.registry = registry.url
        yield made


def in_time(job: Callable[[], Finished]) -> Finished:
    began = time.monotonic()
    finished = job()
    assert time.monotonic() - began < SHORT + 5, finished.log
    return finished


def test_a_seeded_sample_of_servers_that_fall_silent(tmp_path: Path, mlflow_server: MlflowServer) -> None:
    late = run(tmp_path, mlflow_server.url, seed=3, most=6)
    assert late.wrong == []
    assert late.runs == 6


def test_of_several_requests_those_judged_before_keep_their_results(house: House, registry: Proxy) -> None:
    other = f"other-{house.model}"
    house.client.create_registered_model(other)
    bootstrap = POLICY_TEXT.replace("    evaluation", "    on_missing_champion: bootstrap\n    evaluation")
    house.land({POLICY: bootstrap.encode()})
    files: dict[str, bytes | None] = {
        house.path: house.request(house.version(0.8)),
        f"promotions/{other}/champion.yaml": house.request(house.version(0.8, model=other), model=other),
    }
    number = house.propose(files)
    registry.inject(f"GET .*name={other}", Hang())
    finished = in_time(lambda: house.validate(number, deadline=MINUTES))
    assert (finished.exit_code, finished.outputs["reason-code"]) == (
        ExitCode.UNDECIDED,
        "deadline_exceeded",
    ), finished.log
    assert [one["reason_code"] for one in result_of(finished)] == ["validated", "deadline_exceeded"]
    (comment,) = house.comments(number)
    assert house.model in comment.body
    assert "f1_score" in comment.body
    assert "deadline" in comment.body
    assert "f1_score" in finished.summary


def test_a_body_that_drips_meets_the_deadline(house: House, registry: Proxy) -> None:
    house.adopt(house.version(0.8))
    number = house.ask_for(house.version(0.85))
    registry.inject("GET", Drip(pause=0.5))
    finished = in_time(lambda: house.validate(number, deadline=MINUTES))
    assert (finished.exit_code, finished.outputs["reason-code"]) == (
        ExitCode.UNDECIDED,
        "deadline_exceeded",
    )
    assert len(house.comments(number)) == 1


def test_a_custom_check_that_sleeps(house: House) -> None:
    house.land({POLICY: (POLICY_TEXT + OWN).encode(), "checks/own.py": b"import time\ntime.sleep(60)\n"})
    house.adopt(house.version(0.8))
    number = house.ask_for(house.version(0.85))
    finished = in_time(lambda: house.validate(number, deadline=MINUTES))
    assert (finished.exit_code, finished.outputs["reason-code"]) == (
        ExitCode.UNDECIDED,
        "deadline_exceeded",
    ), finished.log
    assert "at the custom check `own`" in finished.log


@pytest.mark.parametrize("where", ["load", "predict"])
def test_a_model_that_sleeps(tmp_path: Path, where: str) -> None:
    sleeping = {"load": "", "predict": "return [0.0] * len(frame)", where: "time.sleep(60)"}
    model = write_model(tmp_path / "model", **sleeping)
    deadline = Deadline(SHORT)
    asked = Launch(interpreter=light_interpreter(tmp_path / "light"), model=model, wanted=Kind.VALUES)
    began = time.monotonic()
    with pytest.raises(PromoterError) as caught, launch(asked, deadline=deadline) as worker:
        worker.predict(batch())
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < SHORT + 5


@contextmanager
def silent_server() -> Iterator[str]:
    """The address of a server that accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def needing(folder: Path, requirement: str) -> Path:
    folder.mkdir()
    (folder / "requirements.txt").write_text(f"{requirement}\n", encoding="utf-8")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "python_env.yaml").write_text(f"python: '{version}'\n", encoding="utf-8")
    (folder / "MLmodel").write_text("", encoding="utf-8")
    return folder


def builder(cache: Path, installer: Installer, *, log: list[Message]) -> EnvironmentBuilder:
    return EnvironmentBuilder(cache, installer=installer, log=log.append, deadline=Deadline(SHORT))


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_a_package_index_that_never_answers(tmp_path: Path, tool: str) -> None:
    with silent_server() as index:
        variables = {"UV_INDEX_URL": index, "PIP_INDEX_URL": index, "UV_CACHE_DIR": str(tmp_path / "uv")}
        found = find_installer(variables)
        installer = Installer(uv=found.uv if tool == "uv" else None, variables=found.variables)
        model = needing(tmp_path / "model", "nothing-anybody-has==1")
        began = time.monotonic()
        with pytest.raises(PromoterError) as caught:
            builder(tmp_path / "cache", installer, log=[]).build(model, Environment.MODEL)
    assert caught.value.exit_code is ExitCode.UNDECIDED
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < SHORT + 5


def test_an_installer_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    script = f"#!/bin/sh\nsleep 61 &\necho $$ $! >> {noted}\nwait\n"
    (tmp_path / "uv").write_text(script, encoding="utf-8")
    (tmp_path / "uv").chmod(0o700)
    model = needing(tmp_path / "model", "anything")
    with pytest.raises(PromoterError) as caught:
        builder(tmp_path / "cache", Installer(uv=tmp_path / "uv"), log=[]).build(model, Environment.MODEL)
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED
    started = noted.read_text(encoding="utf-8").split()
    assert len(started) == 2
    time.sleep(0.2)
    assert [pid for pid in started if _lives(pid)] == []


def _lives(pid: str) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def test_the_image_needs_no_building(tmp_path: Path) -> None:
    found = builder(tmp_path / "cache", Installer(uv=None), log=[]).build(tmp_path, Environment.IMAGE)
    assert found == IMAGE
