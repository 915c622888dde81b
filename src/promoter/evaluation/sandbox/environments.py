"""The Python that a model runs on: its own requirements, installed once for each distinct list; or ours.

Only wheels are installed, and nothing of what was installed is run here: a wheel's `.pth` file is code too.
That is also why nothing is compiled to bytecode after installing.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from promoter.core.policy import Environment
from promoter.core.progress import UNTOLD, Progress, Step, Unit
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox.index_secrets import without_secrets
from promoter.evaluation.sandbox.locking import fetch_over, localised
from promoter.evaluation.sandbox.problems import ModelProblem, printed_lines
from promoter.evaluation.sandbox.requirements import Needs, read_needs
from promoter.evaluation.sandbox.wheels import Kept
from promoter.ports import TimeLeft
from promoter.text import NOTHING, Message, quote, say

_FORM = 1
_COMPLETE = "promoter-complete"
_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
_OURS = f"{sys.version_info.major}.{sys.version_info.minor}"
_LONGEST_BUILD = 900.0
_LONGEST_OUTPUT = 2_000
_LOOK_EVERY = 1.0
# How uv and pip tell that an index did not answer, rather than that it lacks a package.
_OUTAGE = re.compile(
    r"error sending request|client error|dns error|failed to lookup|timed out|connection|certificate|"
    r"HTTP status server error|50[0234] |No space left|temporary failure",
    re.IGNORECASE,
)
# What uv says in any case: a folder of ours, and that we gave it a file without a line.
_NO_NEWS = re.compile(r"^(?:Using Python \S+ environment at: |warning: Requirements file ).*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python to run a model on. `name` is for reports; `note` tells what differs from what was asked."""

    path: Path
    name: str
    note: Message = NOTHING


IMAGE = Interpreter(path=Path(sys.executable), name=f"image (Python {_OURS})")


@dataclass(frozen=True, kw_only=True)
class Installer:
    """What installs, and how it finds packages: variables such as UV_INDEX_URL, PIP_INDEX_URL,
    SSL_CERT_FILE and UV_CACHE_DIR. Nothing else reaches it. `uv` None: `python -m venv` and pip. `kept` are
    the wheels of earlier runs, which uv alone uses."""

    uv: Path | None
    variables: Mapping[str, str] = field(default_factory=dict)
    kept: Kept | None = None


def find_installer(
    variables: Mapping[str, str], *, beside: Path = Path(sys.executable), kept: Kept | None = None
) -> Installer:
    """uv beside our interpreter or on the search path; pip when there is none.

    `variables` is the process's environment: of it only what configures an index is kept. With `kept` wheels
    uv gets no cache of its own: it believes what lies there.
    """
    found_variables = {name: value for name, value in variables.items() if _configures_an_index(name)}
    found = shutil.which("uv", path=f"{beside.parent}:{variables.get('PATH', _SEARCH_PATH)}")
    if kept is not None:
        found_variables.pop("UV_CACHE_DIR", None)
    return Installer(uv=Path(found) if found else None, variables=found_variables, kept=kept)


class EnvironmentBuilder:
    """Builds environments into `cache`, each under the digest of what it holds, and never twice."""

    def __init__(
        self,
        cache: Path,
        *,
        installer: Installer,
        log: Callable[[Message], None],
        deadline: TimeLeft,
        progress: Progress = UNTOLD,
    ) -> None:
        self._cache = cache
        self._progress = progress
        self._installer = installer
        self._log = log
        self._deadline = deadline

    def build(self, model: Path, kind: Environment) -> Interpreter:
        """The interpreter for a model's folder.

        Raises ModelProblem when its requirements cannot be installed, with MODEL_UNSAFE when they are not
        tried; DATA_UNAVAILABLE when the index does not answer; DEADLINE_EXCEEDED.
        """
        if kind is Environment.IMAGE:
            return IMAGE
        needs = read_needs(model)
        key = _key(needs, self._installer)
        folder = self._cache / key
        if not (folder / _COMPLETE).is_file():
            self._log(say(f"building the model's environment: {len(needs.requirements)} requirements"))
            with self._progress.step(say("building the model's environment"), unit=Unit.TIME) as step:
                self._build_into(folder, needs, step=step)
        python = (folder / _COMPLETE).read_text(encoding="ascii")
        return Interpreter(
            path=folder / "bin" / "python",
            name=f"own requirements {key[:12]} (Python {python})",
            note=_note(asked=needs.python, got=python),
        )

    def _build_into(self, folder: Path, needs: Needs, *, step: Step) -> None:
        """Build aside and rename: what has its final name is whole."""
        # Open to pass: a model runs as a user of its own.
        self._cache.mkdir(mode=0o711, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="building-", dir=self._cache) as name:
            made = Path(name) / "environment"
            with _home(Path(name)) as home:
                run = _Commands(self._installer, home=home, deadline=self._deadline, step=step)
                python = run.make(made, needs)
            (made / _COMPLETE).write_text(python, encoding="ascii")
            # Another run that was faster left the same there.
            with suppress(OSError):
                made.rename(folder)


class _Commands:
    """uv or pip, with a home of their own and no variable but those for finding packages."""

    def __init__(self, installer: Installer, *, home: Path, deadline: TimeLeft, step: Step) -> None:
        self._installer = installer
        self._step = step
        self._home = home
        self._deadline = deadline

    def make(self, folder: Path, needs: Needs) -> str:
        """A virtual environment with everything in it; its version of Python."""
        (self._home / "requirements.txt").write_text("\n".join(needs.requirements) + "\n", encoding="utf-8")
        (self._home / "constraints.txt").write_text("\n".join(needs.constraints) + "\n", encoding="utf-8")
        files = ["-r", "requirements.txt", "-c", "constraints.txt", "--only-binary", ":all:"]
        uv = self._installer.uv
        if uv is None:
            self._require([sys.executable, "-I", "-m", "venv", str(folder)])
            # Our own pip: the environment's is among what a wheel may overwrite while it is installed.
            there = ["--python", str(folder / "bin" / "python")]
            self._require([sys.executable, "-I", "-m", "pip", *there, "install", "--no-compile", *files])
            return _OURS
        python = self._make_with_uv(uv, folder, asked=needs.python or _OURS)
        if self._installer.kept is not None and python == _OURS:
            files = self._locked(uv, folder, files=files, kept=self._installer.kept)
        # To compile is to start the environment's interpreter, which runs what its wheels say.
        install = [str(uv), "pip", "install", "--no-compile-bytecode", "--python"]
        self._require([*install, str(folder / "bin" / "python"), *files])
        return python

    def _locked(self, uv: Path, folder: Path, *, files: list[str], kept: Kept) -> list[str]:
        """What to install instead of the files: what the index has for them now, with the wheels we hold."""
        lock = self._home / "pylock.toml"
        resolve = [str(uv), "pip", "compile", "--quiet", "--no-header", "--format", "pylock.toml"]
        self._require([*resolve, "-o", lock.name, "--python", str(folder / "bin" / "python"), *files[1:]])
        fetch = fetch_over(self._installer.variables, self._deadline)
        text = localised(lock.read_text(encoding="utf-8"), self._home / "wheels", kept=kept, fetch=fetch)
        lock.write_text(text, encoding="utf-8")
        return ["-r", lock.name, "--only-binary", ":all:"]

    def _make_with_uv(self, uv: Path, folder: Path, *, asked: str) -> str:
        make = [str(uv), "venv", "--no-python-downloads", "--python"]
        if asked != _OURS and self._run([*make, asked, str(folder)]).returncode == 0:
            return asked
        self._require([*make, sys.executable, str(folder)])
        return _OURS

    def _require(self, command: list[str]) -> None:
        done = self._run(command)
        if done.returncode != 0:
            output = done.stdout.decode("utf-8", errors="replace")[-_LONGEST_OUTPUT:]
            raise _failed(output, self._installer.variables)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        left = min(self._deadline.remaining(), _LONGEST_BUILD)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self._installer.variables, "PATH": _SEARCH_PATH, "HOME": str(self._home)},
            cwd=self._home,
            process_group=0,
        )
        try:
            output = self._output_of(process, seconds=left)
            return subprocess.CompletedProcess(command, process.returncode, output)
        except subprocess.TimeoutExpired as error:
            raise PromoterError(
                ReasonCode.DEADLINE_EXCEEDED,
                say(f"the model's environment was not built within {left:.0f} s"),
                hint=say("Keep the cache of environments between runs, or raise the `deadline` input."),
            ) from error
        finally:
            # Late, or because we were asked to stop: what it started goes with it.
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def _output_of(self, process: subprocess.Popen[bytes], *, seconds: float) -> bytes:
        """What it prints until it ends; meanwhile whoever looks on is told that it works."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > _LOOK_EVERY:
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=_LOOK_EVERY)[0]
            self._step.advance(0)
        return process.communicate(timeout=max(left, 0))[0]


@contextmanager
def _home(folder: Path) -> Iterator[Path]:
    home = folder / "home"
    home.mkdir(mode=0o700)
    yield home
    shutil.rmtree(home, ignore_errors=True)


_OF_UV = r"UV_(?:(?:DEFAULT_|EXTRA_)?INDEX(?:_URL)?|INDEX_\w+_(?:USERNAME|PASSWORD)|INDEX_STRATEGY)"
_OF_UV_TOO = r"UV_(?:FIND_LINKS|NO_INDEX|OFFLINE|INSECURE_HOST|NATIVE_TLS|HTTP_TIMEOUT|CACHE_DIR)"
_OF_PIP = r"PIP_(?:(?:EXTRA_)?INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|TIMEOUT)"
_OF_BOTH = r"SSL_CERT_(?:FILE|DIR)|(?:HTTPS?|NO)_PROXY|(?:https?|no)_proxy"
_KEPT = re.compile("|".join((_OF_UV, _OF_UV_TOO, _OF_PIP, _OF_BOTH)))


def _configures_an_index(name: str) -> bool:
    """Named one by one: others have what is installed run, or are secrets of no index."""
    return _KEPT.fullmatch(name) is not None


# Which packages are offered, without who asks.
_OFFERS = re.compile(r"(?:UV|PIP)_.*(?:INDEX|INDEX_URL|INDEX_STRATEGY|FIND_LINKS|NO_INDEX)")
_WHO = re.compile(r"(?<=//)[^/@\s]*@")


def _key(needs: Needs, installer: Installer) -> str:
    """A name for everything that the result depends on."""
    program = installer.uv.stat() if installer.uv else None
    parts = [
        _FORM,
        needs.requirements,
        needs.constraints,
        needs.python,
        platform.python_version(),
        platform.platform(),
        (program.st_size, program.st_mtime_ns) if program else None,
        sorted(
            (name, _WHO.sub("", to)) for name, to in installer.variables.items() if _OFFERS.fullmatch(name)
        ),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _note(*, asked: str, got: str) -> Message:
    if asked in {"", got}:
        return NOTHING
    return say(
        "the model was logged with Python ", quote(asked), f", which is not installed here; {got} ran it"
    )


def _failed(output: str, variables: Mapping[str, str]) -> PromoterError:
    printed = printed_lines(without_secrets(_NO_NEWS.sub("", output), variables))
    if _OUTAGE.search(output):
        return PromoterError(
            ReasonCode.DATA_UNAVAILABLE,
            say("the package index could not be used to build a model's environment: ", *printed),
            hint=say("Nothing was decided; check UV_INDEX_URL, UV_FIND_LINKS and SSL_CERT_FILE, run again."),
        )
    return ModelProblem(
        say("its environment cannot be built from its requirements: ", *printed),
        hint=say("Each must be a wheel on the configured index for this Python, and all must fit together."),
    )
