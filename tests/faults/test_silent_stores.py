"""An object store that falls silent while data or a model's files are read from it: the run ends in time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from promoter.adapters.deadline import Deadline
from promoter.demo.github.events import pull_request_event
from promoter.demo.job import Trigger, environment
from promoter.errors import ExitCode
from tests import s3
from tests.e2e.house import POLICY, POLICY_TEXT, TOKEN, House, housed
from tests.faults.forked import Ended, Forking, Running, forking
from tests.faults.stopping_late import GRACE
from tests.faults.stopping_range import LONGEST_RUN
from tests.mlflow_server import MlflowServer
from tests.model_folders import write_model
from tests.proxy import Drip, Fault, Hang, Stall, proxied
from tests.registry_worlds import HttpWorld
from tests.s3 import S3

pytestmark = pytest.mark.integration

# Enough to judge what needs no store, on a busy machine too, and to import what reads one.
SECONDS = 12.0
KEY = "data/holdout.csv"
FAULTS: Mapping[str, Fault] = {"never answers": Hang(), "stops": Stall(), "drips": Drip(pause=0.3)}
MEASURED = """\
  - match: "churn-*"
    aliases: [champion]
    on_missing_champion: bootstrap
    task: binary_classification
    evaluation:
      {{source: inference, data: "{data}", target: label, positive_label: "1", environment: image}}
    checks:
      metrics: [{{name: f1_score, greater_is_better: true, threshold: 0.1}}]
"""
ROWS = b"tenure,charges,label\n" + b"1,2,1\n3,4,0\n" * 500


@dataclass(kw_only=True)
class Scene:
    """A team whose store each job reaches through a proxy of its own; `environ` is that of its processes."""

    house: House
    store: S3
    server: Forking
    registry: HttpWorld
    stack: ExitStack

    def judged_by(self, data: str) -> None:
        """The policy: the models that the house makes are scored on the data, all others are not."""
        head, models, others = POLICY_TEXT.partition("models:\n")
        others = others.replace("    evaluation", "    on_missing_champion: bootstrap\n    evaluation")
        self.house.land({POLICY: (head + models + MEASURED.format(data=data) + others).encode()})

    def in_store(self, version: str) -> str:
        """The version, its files moved to the store."""
        folder = write_model(self.house.folder / "model", predict="return [1] * len(frame)")
        address = self.store.put(folder, f"{self.house.model}/{version}")
        self.registry.set_source(self.house.model, version, address)
        return version

    def start(self, number: int, fault: Fault, *, pattern: str) -> Running:
        """The job of a pull request, in whose way to the store the fault stands."""
        proxy = self.stack.enter_context(proxied(self.store.url))
        proxy.inject(pattern, fault)
        payload = pull_request_event(self.house.standin.view, number, action="opened")
        trigger = Trigger(
            name="pull_request", payload=payload, ref=f"refs/pull/{number}/merge", commit="f" * 40
        )
        job = Path(mkdtemp(prefix="job-", dir=self.house.folder))
        (job / "tmp").mkdir()
        given = {"github-token": TOKEN, "tracking-uri": self.house.registry, "deadline": str(SECONDS / 60)}
        environ = environment(self.house.standin, trigger, job=job, inputs=given) | self.store.variables
        environ |= {"MLFLOW_S3_ENDPOINT_URL": proxy.url, "AWS_ENDPOINT_URL": proxy.url}
        environ |= {"HOME": str(job), "TMPDIR": str(job / "tmp"), "PATH": "/usr/bin:/bin"}
        return self.server.start(environ, job)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3.serving(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture
def scene(tmp_path: Path, mlflow_server: MlflowServer, store: S3) -> Iterator[Scene]:
    with housed(tmp_path, mlflow_server.url) as house, forking() as server, ExitStack() as stack:
        registry = HttpWorld(mlflow_server, deadline=Deadline(60))
        yield Scene(house=house, store=store, server=server, registry=registry, stack=stack)


def no_process_is_left(group: int) -> bool:
    """Whether nobody is in a process group any more: the job's process leads one, with all that it starts."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def ended_in_time(running: Running) -> Ended:
    ended = running.wait(LONGEST_RUN)
    assert ended.seconds <= SECONDS + GRACE, ended.log
    assert no_process_is_left(running.pid), ended.log
    assert "Traceback" not in ended.log
    return ended


def two_requests(scene: Scene, asked: str) -> int:
    """A pull request of two: the first needs no store, the second does."""
    other = f"a-{scene.house.model}"
    if not scene.house.client.search_registered_models(f"name = '{other}'"):
        scene.house.client.create_registered_model(other)
    files: dict[str, bytes | None] = {
        f"promotions/{other}/champion.yaml": scene.house.request(
            scene.house.version(0.8, model=other), model=other
        ),
        scene.house.path: scene.house.request(asked),
    }
    return scene.house.propose(files)


def test_data_that_does_not_come(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "holdout.csv").write_bytes(ROWS)
    scene.judged_by(f"{scene.store.put(tmp_path / 'data', 'data')}/holdout.csv")
    version = scene.house.version(None)
    numbers = {name: two_requests(scene, version) for name in FAULTS}
    begun = {
        name: scene.start(numbers[name], fault, pattern="^(GET|HEAD)" if name == "never answers" else "^GET")
        for name, fault in FAULTS.items()
    }
    for name, running in begun.items():
        undecided(scene, ended_in_time(running), numbers[name], at="fetching s3://models/data/holdout.csv")


def test_model_files_that_do_not_come(scene: Scene) -> None:
    scene.judged_by(KEY)
    scene.house.land({KEY: ROWS})
    version = scene.in_store(scene.house.version(None))
    numbers = {name: two_requests(scene, version) for name in FAULTS}
    begun = {
        name: scene.start(numbers[name], fault, pattern="GET" if name == "never answers" else "GET .*MLmodel")
        for name, fault in FAULTS.items()
    }
    for name, running in begun.items():
        undecided(scene, ended_in_time(running), numbers[name], at=f"downloading version '{version}'")


def undecided(scene: Scene, ended: Ended, number: int, *, at: str) -> None:
    """It says so, where it waited, and what it knew of the first request."""
    assert (ended.code, ended.outputs["reason-code"]) == (ExitCode.UNDECIDED, "deadline_exceeded"), ended.log
    assert f"was reached before `{at}" in ended.log
    (comment,) = scene.house.comments(number)
    for told in (ended.log, comment.body):
        assert "f1_score" in told
        assert "The deadline was reached" in told
