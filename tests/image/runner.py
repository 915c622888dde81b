"""Run the action's image as GitHub's runner runs a container action, with whichever engine there is.

Either the tool that PROMOTER_IMAGE_TOOL names, which brings an engine of its own, or Docker.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from promoter.demo.job import read_outputs
from tests.image.environment import ROOT, lay_out, variables

_LONGEST_BUILD = 900
_LONGEST_RUN = 300
_DEFAULT_TOOL = "../shared/tools/build_image.sh"
_FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
_SECTION = re.compile(rf"^---- ({'|'.join(_FILES)}|exit status \d+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a workflow's step hands to the runner; `workspace` is what the container may write to."""

    event: str
    payload: Mapping[str, Any]
    api_url: str
    token: str
    workspace: Path
    inputs: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a container leaves: its exit status, what it printed, and the runner's files by variable."""

    exit_code: int
    log: str
    files: Mapping[str, str]

    @property
    def outputs(self) -> Mapping[str, str]:
        """The step's outputs."""
        return read_outputs(self.files.get("GITHUB_OUTPUT", ""))


class Engine(Protocol):
    """Builds the image once, and runs it."""

    def build(self) -> None:
        """Build the image from the action's folder. Raises RuntimeError with the end of what was printed."""

    def run(self, job: Job) -> Ran:
        """Run the action for one job."""

    def shell(self, command: str) -> Ran:
        """Run a command in the image, without network, instead of the action."""


def find_engine(environ: Mapping[str, str], *, tag: str) -> Engine | None:
    """The tool, else Docker; None where there is neither."""
    tool = (ROOT / (environ.get("PROMOTER_IMAGE_TOOL") or _DEFAULT_TOOL)).resolve()
    if os.access(tool, os.X_OK):
        return Tool(tool, tag=tag)
    try:
        answers = _call(["docker", "info"], timeout=_LONGEST_RUN).returncode == 0
    except OSError:
        return None
    return Docker(tag=tag) if answers else None


class Tool:
    """A program with the options of `build_image.sh`: it starts an engine, builds, runs, and stops it."""

    def __init__(self, program: Path, *, tag: str) -> None:
        self._start = [str(program), "--tag", tag]

    def build(self) -> None:
        """See `Engine`."""
        _must([*self._start, "--build-only", str(ROOT)])

    def run(self, job: Job) -> Ran:
        """See `Engine`."""
        with TemporaryDirectory(prefix="promoter-image-") as folder:
            payload = Path(folder, "event.json")
            lay_out(payload, job.payload)
            options = ["--event", job.event, "--payload", str(payload), "--workspace", str(job.workspace)]
            options += ["--api-url", job.api_url, "--token", job.token]
            for name, value in job.inputs.items():
                options += ["--input", f"{name}={value}"]
            for name, value in job.environ.items():
                options += ["--env", f"{name}={value}"]
            done = _call([*self._start, *options, str(ROOT)], timeout=_LONGEST_BUILD)
        log, *parts = _SECTION.split(done.stdout)
        files = {name: text.removeprefix("\n") for name, text in zip(parts[::2], parts[1::2], strict=True)}
        if f"exit status {done.returncode}" not in files:
            raise RuntimeError(f"the image was not run:\n{done.stderr[-3000:]}")
        return Ran(exit_code=done.returncode, log=log, files=files)

    def shell(self, command: str) -> Ran:
        """See `Engine`."""
        done = _call([*self._start, "--smoke", command, str(ROOT)], timeout=_LONGEST_BUILD)
        return Ran(exit_code=done.returncode, log=done.stdout + done.stderr, files={})


class Docker:
    """Docker itself, with the runner's arguments, and the host's network: the servers listen on loopback.

    `options` are more arguments of `docker run`, as `jobs.<id>.container.options` would be.
    """

    def __init__(self, *, tag: str, options: tuple[str, ...] = ()) -> None:
        self._tag = tag
        self._options = options

    def hardened(self) -> Docker:
        """The same image with no right that a container can do without."""
        options = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
        return Docker(tag=self._tag, options=options)

    def build(self) -> None:
        """See `Engine`."""
        _must(["docker", "build", "-t", self._tag, "-f", str(ROOT / "Dockerfile"), str(ROOT)])

    def run(self, job: Job) -> Ran:
        """See `Engine`."""
        # What the container writes belongs to root, and may not be ours to delete.
        with TemporaryDirectory(prefix="promoter-image-", ignore_cleanup_errors=True) as folder:
            return self._run_in(Path(folder), job)

    def shell(self, command: str) -> Ran:
        """See `Engine`."""
        start = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "sh", *self._options]
        done = _call([*start, self._tag, "-c", command], timeout=_LONGEST_RUN)
        return Ran(exit_code=done.returncode, log=done.stdout + done.stderr, files={})

    def _run_in(self, temporary: Path, job: Job) -> Ran:
        mounts = {
            "runner_temp": temporary,
            "home": temporary / "_github_home",
            "workflow": temporary / "_github_workflow",
            "file_commands": temporary / "_runner_file_commands",
            "workspace": job.workspace,
        }
        for folder in mounts.values():
            folder.mkdir(exist_ok=True)
        lay_out(mounts["workflow"] / "event.json", job.payload)
        for name in _FILES:
            (mounts["file_commands"] / name).touch()
        given = variables(job.event, job.payload, api_url=job.api_url, token=job.token, inputs=job.inputs)
        given |= {name: f"/github/file_commands/{name}" for name in _FILES} | dict(job.environ)
        arguments = ["--rm", "--workdir", "/github/workspace", "--network", "host", *self._options]
        for name, folder in mounts.items():
            arguments += ["-v", f"{folder}:/github/{name}"]
        for name, value in given.items():
            arguments += ["-e", f"{name}={value}"]
        done = _call(["docker", "run", *arguments, self._tag], timeout=_LONGEST_RUN)
        files = {name: (mounts["file_commands"] / name).read_text(encoding="utf-8") for name in _FILES}
        return Ran(exit_code=done.returncode, log=done.stdout, files=files)


def _must(command: list[str]) -> None:
    done = _call(command, timeout=_LONGEST_BUILD)
    if done.returncode != 0:
        raise RuntimeError(f"the image was not built:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")


def _call(command: list[str], *, timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, errors="replace", timeout=timeout
    )
