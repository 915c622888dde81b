"""Plays one schedule: the Action itself between two servers that fail, then once more with both well."""

from __future__ import annotations

import io
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from promoter.action import main
from promoter.adapters.deadline import Pacing
from promoter.demo.job import SkippedTime, environment, read_outputs
from tests.e2e.house import TOKEN
from tests.faults.faulty_registry import Watched
from tests.faults.faulty_scenes import Scene, scenes
from tests.faults.faulty_server import Arrived, FaultyServer, asking, asking_standin
from tests.faults.model import Health, Seen, complaints
from tests.faults.schedule import SLOW, UNCLEAR, Kind, Place, Schedule, Service

# Whoever starts the process sets these: MLflow reads the process's own variables.
IMPATIENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "1",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# Of a run that nothing disturbs, in seconds.
_AMPLE = 600.0
_ALIAS = "registered-models/alias"
_WRITES = (_ALIAS, "model-versions/set-tag", "model-versions/delete-tag")


@dataclass(kw_only=True)
class Tally:
    """What was played so far. `logs` is None where nobody wants to read them."""

    schedules: int = 0
    good_ends: int = 0
    disturbed: int = 0
    slowest: float = 0.0
    cpu_seconds: float = 0.0
    faults: Counter[tuple[Service, Kind]] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    logs: list[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A registry and the scenes in it; `folder` for the files of jobs."""

    folder: Path
    registry: str
    watched: Watched
    scenes: Mapping[str, Scene]


@contextmanager
def staged(folder: Path, *, url: str, database: str) -> Iterator[Stage]:
    """All scenes in a running registry that nobody else uses meanwhile."""
    with scenes(folder, url) as made:
        watched = Watched(database)
        try:
            yield Stage(folder=folder, registry=url, watched=watched, scenes=made)
        finally:
            watched.close()


class _Script:
    """Decides about every call of one run, and notes what it did. Calls are counted over both servers."""

    def __init__(self, schedule: Schedule, *, run: int, health: Health) -> None:
        self._schedule = schedule
        self._run = run
        self.health = health
        self._lock = threading.Lock()
        self.calls = 0
        self.changes = 0
        self.faults: list[tuple[Service, Kind, str]] = []
        self.writes = 0
        self.unsettled = 0
        self.pretended = 0

    def decide(self, arrived: Arrived, service: Service) -> Kind | None:
        with self._lock:
            kind = self._drawn(arrived, service)
            self.calls += 1
            if service is not Service.REGISTRY:
                self._note(service, kind, arrived)
                return kind
            is_write = arrived.path.endswith(_WRITES) and arrived.method != "GET"
            if kind is Kind.OTHER_JSON and is_write:
                # A server that says it wrote a tag and did not is beyond us; an alias is read back.
                kind = kind if arrived.path.endswith(_ALIAS) else Kind.HTML
                self.pretended += kind is Kind.OTHER_JSON
            self.writes += is_write
            if kind and self.writes:
                self.unsettled += 2 if kind in SLOW | UNCLEAR | {Kind.GONE} else 1
            self._note(service, kind, arrived)
            return kind

    def _drawn(self, arrived: Arrived, service: Service) -> Kind | None:
        if self.health is Health.UNDISTURBED:
            return None
        write = None if arrived.method == "GET" or arrived.path.endswith("/graphql") else self.changes
        self.changes += write is not None
        place = Place(run=self._run, call=self.calls, write=write, service=service)
        return self._schedule.fault(place)

    def _note(self, service: Service, kind: Kind | None, arrived: Arrived) -> None:
        if kind:
            self.faults.append((service, kind, f"call {self.calls - 1}, {arrived}: {kind}"))


def play(schedule: Schedule, stage: Stage, tally: Tally) -> tuple[str, ...]:
    """What went wrong that must not, each with what led to it; empty when all is well."""
    scene = stage.scenes[schedule.scene]
    scene.reset(stage.watched, schedule.start)
    found: list[str] = []
    tally.schedules += 1
    for run in range(schedule.disturbed + 1):
        health = Health.DISTURBED if run < schedule.disturbed else Health.UNDISTURBED
        script = _Script(schedule, run=run, health=health)
        seen, log = _run(schedule, scene, stage=stage, script=script)
        tally.faults.update((service, kind) for service, kind, _ in script.faults)
        if health is Health.DISTURBED:
            tally.disturbed += 1
            tally.good_ends += seen.reason in scene.situation.reasons
        tally.slowest = max(tally.slowest, seen.took - seen.deadline)
        faults = "; ".join(what for _, _, what in script.faults) or "none"
        if tally.logs is not None:
            tally.logs.append(f"--- {schedule}, run {run}; faults: {faults}\n{log}")
        for complaint in complaints(scene.situation, seen):
            found.append(f"{schedule}\n  run {run}: {complaint}\n  faults: {faults}\n  log:\n{log}")
    tally.complaints += found
    return tuple(found)


def _run(schedule: Schedule, scene: Scene, *, stage: Stage, script: _Script) -> tuple[Seen, str]:
    github = FaultyServer(
        asking_standin(scene.house.standin), lambda arrived: script.decide(arrived, Service.GITHUB)
    )
    registry = FaultyServer(asking(stage.registry), lambda arrived: script.decide(arrived, Service.REGISTRY))
    deadline = schedule.deadline if script.health is Health.DISTURBED else _AMPLE
    clock = SkippedTime()
    log = io.StringIO()
    stage.watched.forget()
    before = stage.watched.live(scene.situation.aliases)
    began = clock.now()
    try:
        environ = _environment(
            scene, deadline=deadline, github=github.url, registry=registry.url, folder=stage.folder
        )
        exit_code = main(environ, log, pacing=Pacing(clock=clock.now, pause=clock.pause, patience=1))
        took = clock.now() - began
    finally:
        github.close()
        registry.close()
    outputs = read_outputs(Path(environ["GITHUB_OUTPUT"]).read_text(encoding="utf-8"))
    aliases = scene.situation.aliases
    seen = Seen(
        health=script.health,
        exit_code=exit_code,
        reason=outputs.get("reason-code", ""),
        took=took,
        deadline=deadline,
        values=stage.watched.values(),
        before=before,
        live=stage.watched.live(aliases),
        writes=script.writes,
        unsettled=script.unsettled,
        pretended=script.pretended,
        comments=scene.comments(),
        tags=stage.watched.tags(aliases),
    )
    return seen, log.getvalue()


def _environment(
    scene: Scene, *, deadline: float, github: str, registry: str, folder: Path
) -> dict[str, str]:
    job = folder / "job"
    shutil.rmtree(job, ignore_errors=True)
    job.mkdir()
    inputs = {
        "github-token": TOKEN,
        "tracking-uri": registry,
        "comment": "always",
        "deadline": str(deadline / 60),
    }
    variables = environment(scene.house.standin, scene.trigger, job=job, inputs=inputs)
    return {**variables, "GITHUB_API_URL": github}
