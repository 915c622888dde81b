"""Run the Action the way GitHub's runner does: an event file, INPUT_* variables, files for what comes out."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from promoter.action import main
from promoter.adapters.deadline import Pacing
from promoter.demo.github.server import Standin
from promoter.demo.github.show_repository import Json
from promoter.errors import ExitCode


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What starts a job: the event's name and payload, and the ref and commit the runner would name."""

    name: str
    payload: Json
    ref: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a job leaves behind."""

    exit_code: ExitCode
    log: str
    outputs: Mapping[str, str]
    summary: str
    folder: Path


class SkippedTime:
    """A clock on which pauses pass at once, and count: no GitHub is near that would ask for them."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        """Seconds, pauses included."""
        return time.monotonic() + self._skipped

    def pause(self, seconds: float) -> None:
        """Be so much later."""
        self._skipped += seconds


def run_job(standin: Standin, trigger: Trigger, *, folder: Path, inputs: Mapping[str, str]) -> Finished:
    """One job of the Action in this process; `inputs` by the names of `action.yml`."""
    job = Path(mkdtemp(prefix=f"{trigger.name}-", dir=folder))
    environ = environment(standin, trigger, job=job, inputs=inputs)
    log = io.StringIO()
    clock = SkippedTime()
    exit_code = main(environ, log, pacing=Pacing(clock=clock.now, pause=clock.pause))
    return Finished(
        exit_code=exit_code,
        log=log.getvalue(),
        outputs=read_outputs((job / "output").read_text(encoding="utf-8")),
        summary=(job / "summary.md").read_text(encoding="utf-8"),
        folder=job / "report",
    )


def environment(
    standin: Standin, trigger: Trigger, *, job: Path, inputs: Mapping[str, str]
) -> dict[str, str]:
    """The variables of a job, its files made."""
    (job / "event.json").write_text(json.dumps(trigger.payload), encoding="utf-8")
    for name in ("output", "summary.md"):
        (job / name).touch()
    given = {"report-directory": str(job / "report"), **inputs}
    return {
        **{f"INPUT_{name.upper()}": value for name, value in given.items()},
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": standin.api_url,
        "GITHUB_SERVER_URL": standin.web_url,
        "GITHUB_REPOSITORY": standin.world.repository.full_name,
        "GITHUB_EVENT_NAME": trigger.name,
        "GITHUB_EVENT_PATH": str(job / "event.json"),
        "GITHUB_OUTPUT": str(job / "output"),
        "GITHUB_STEP_SUMMARY": str(job / "summary.md"),
        "GITHUB_REF": trigger.ref,
        "GITHUB_SHA": trigger.commit,
        "GITHUB_RUN_ID": "1",
        "RUNNER_TEMP": str(job),
    }


def read_outputs(text: str) -> dict[str, str]:
    """GITHUB_OUTPUT as the runner reads it: `name<<DELIMITER`, lines, `DELIMITER`."""
    outputs: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        name, _, delimiter = line.partition("<<")
        if not delimiter:
            continue
        value: list[str] = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        outputs[name] = "\n".join(value)
    return outputs
