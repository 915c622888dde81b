"""The environment, read once into a frozen value. The only module that knows variable names."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from promoter.core.report import CommentMode
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say


class Command(StrEnum):
    """What the `command` input may ask for."""

    AUTO = "auto"
    VALIDATE = "validate"
    APPLY = "apply"
    DRIFT = "drift"
    PROPOSE = "propose"
    DOCTOR = "doctor"


@dataclass(frozen=True)
class Secret:
    """A value that no log line, error or `repr` may show."""

    value: str

    def __repr__(self) -> str:
        return "Secret(***)" if self.value else "Secret()"

    def __bool__(self) -> bool:
        return bool(self.value)


@dataclass(frozen=True, kw_only=True)
class RunnerFiles:
    """The runner's files and folders; empty where we do not run on a runner."""

    event: str = ""
    output: str = ""
    summary: str = ""
    report_directory: str = ""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything the environment says. `deadline` is in seconds. Safe to log: secrets do not print."""

    command: Command = Command.AUTO
    token: Secret = Secret("")
    requests: str = "promotions/**/*.yaml"
    policy: str = ".github/promotion-policy.yaml"
    tracking_uri: Secret = Secret("")
    registry_uri: Secret = Secret("")
    comment: CommentMode = CommentMode.ALWAYS
    deadline: float = 30 * 60.0
    event_name: str = ""
    ref: str = ""
    commit: str = ""
    repository: str = ""
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    run_url: str = ""
    files: RunnerFiles = RunnerFiles()
    secrets: tuple[Secret, ...] = ()


# Names whose values a log must never show, whoever prints them.
_SECRET_NAMES = (
    "INPUT_GITHUB-TOKEN",
    "GITHUB_TOKEN",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "DATABRICKS_TOKEN",
    "DATABRICKS_PASSWORD",
    "AZURE_CLIENT_SECRET",
    "ARM_CLIENT_SECRET",
    "DATABRICKS_CLIENT_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)


def process_environment() -> MutableMapping[str, str]:
    """The process's own environment; doors pass it down."""
    return os.environ


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Inputs from `INPUT_*`, `GITHUB_*` and MLflow's own variables.

    Raises USAGE_INVALID with the input's name, what was found and what to write.
    """
    given = _Given(environ)
    defaults = Inputs()
    repository = environ.get("GITHUB_REPOSITORY", "")
    server = environ.get("GITHUB_SERVER_URL", "") or defaults.server_url
    run_id = environ.get("GITHUB_RUN_ID", "")
    return Inputs(
        command=given.choice("command", Command, default=Command.AUTO),
        token=Secret(given.text("github-token", environ.get("GITHUB_TOKEN", ""))),
        requests=given.path("requests", defaults.requests),
        policy=given.path("policy", defaults.policy),
        tracking_uri=Secret(given.text("tracking-uri", environ.get("MLFLOW_TRACKING_URI", ""))),
        registry_uri=Secret(given.text("registry-uri", environ.get("MLFLOW_REGISTRY_URI", ""))),
        comment=given.choice("comment", CommentMode, default=CommentMode.ALWAYS),
        deadline=given.minutes("deadline", defaults.deadline),
        event_name=environ.get("GITHUB_EVENT_NAME", ""),
        ref=environ.get("GITHUB_REF", ""),
        commit=environ.get("GITHUB_SHA", ""),
        repository=repository,
        api_url=environ.get("GITHUB_API_URL", "") or defaults.api_url,
        server_url=server,
        run_url=f"{server}/{repository}/actions/runs/{run_id}" if repository and run_id else "",
        files=runner_files(environ),
        secrets=known_secrets(environ),
    )


def runner_files(environ: Mapping[str, str]) -> RunnerFiles:
    """Where the job's files are. Never raises: a wrong input must be told in them too."""
    return RunnerFiles(
        event=environ.get("GITHUB_EVENT_PATH", ""),
        output=environ.get("GITHUB_OUTPUT", ""),
        summary=environ.get("GITHUB_STEP_SUMMARY", ""),
        report_directory=_Given(environ).text("report-directory", _report_directory(environ)),
    )


def known_secrets(environ: Mapping[str, str]) -> tuple[Secret, ...]:
    """What the log must hide, before anything is written to it. Never raises."""
    return tuple(Secret(environ[name]) for name in _SECRET_NAMES if environ.get(name))


def _report_directory(environ: Mapping[str, str]) -> str:
    temp = environ.get("RUNNER_TEMP")
    return str(Path(temp) / "promoter-report") if temp else ""


_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True)
class _Given:
    environ: Mapping[str, str]

    def text(self, name: str, default: str) -> str:
        return self.environ.get(f"INPUT_{name.upper()}", "").strip() or default

    def choice(self, name: str, kind: type[_Choice], *, default: _Choice) -> _Choice:
        value = self.text(name, default.value)
        try:
            return kind(value)
        except ValueError:
            allowed = ", ".join(member.value for member in kind)
            raise _wrong(name, value, write=say(f"Write one of: {allowed}.")) from None

    def path(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value.startswith("/") or ".." in value.split("/") or "\\" in value:
            raise _wrong(name, value, write=say("Write a path relative to the repository's root, with `/`."))
        if set(value) & set("{}[]"):
            raise _wrong(name, value, write=say("Of wildcards only `*`, `**` and `?` are known."))
        return value.removeprefix("./")

    def minutes(self, name: str, default: float) -> float:
        value = self.text(name, "")
        if not value:
            return default
        try:
            minutes = float(value)
        except ValueError:
            minutes = math.nan
        if not 0 < minutes <= 24 * 60:
            raise _wrong(name, value, write=say("Write minutes as a number above 0 and up to 1440."))
        return minutes * 60


def _wrong(name: str, value: str, *, write: Message) -> PromoterError:
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("the input ", quote(name), " is ", quote(value), ", which it cannot be"),
        hint=write,
    )
