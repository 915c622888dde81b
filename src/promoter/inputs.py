"""The environment, read once into a frozen value. The only module that knows variable names."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

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


class Colour(StrEnum):
    """What `--color` may ask for."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What the environment says of a screen. `columns` None: it does not say. `moves`: whether a terminal can
    move its cursor. `folds`: whether GitHub's runner reads what is printed."""

    colour: Colour = Colour.AUTO
    columns: int | None = None
    moves: bool = True
    folds: bool = False


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
    """The runner's files and folders; empty where we do not run on a runner.

    `commands` are all files by which a step tells the runner what later steps see, `output` and `summary`
    among them. `workspace` is where a checkout lies.
    """

    event: str = ""
    output: str = ""
    summary: str = ""
    report_directory: str = ""
    commands: tuple[str, ...] = ()
    workspace: str = ""
    temp: str = ""

    @property
    def keeps_report(self) -> bool:
        """Whether the workflow named the report folder, as one does whose next step keeps it."""
        return self.report_directory != _report_directory({"RUNNER_TEMP": self.temp})


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
    deployments: bool = False
    wheel_cache: str = ""
    event_name: str = ""
    ref: str = ""
    commit: str = ""
    repository: str = ""
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    run_url: str = ""
    run_attempt: str = ""
    files: RunnerFiles = RunnerFiles()
    secrets: tuple[Secret, ...] = ()


_OWN_MACHINE = frozenset({"localhost", "127.0.0.1"})
# How names end whose values a log must never show, whoever prints them: tokens of GitHub, of the registry, of
# stores and of package indexes, and whatever else a workflow gives to the job.
_SECRET_NAMES = re.compile(
    r".*[_-](TOKEN|PASSWORD|PASSPHRASE|SECRET|SECRET_KEY|ACCESS_KEY|API_KEY|ACCOUNT_KEY|CONNECTION_STRING)",
    re.IGNORECASE,
)
# Addresses may hold a user and a password.
_ADDRESS_NAMES = re.compile(r".*[_-](URI|URL|PROXY|INDEX)", re.IGNORECASE)


_COMMAND_FILES = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")


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
        deployments=given.switch("deployments"),
        wheel_cache=given.folder("wheel-cache"),
        event_name=environ.get("GITHUB_EVENT_NAME", ""),
        ref=environ.get("GITHUB_REF", ""),
        commit=environ.get("GITHUB_SHA", ""),
        repository=repository,
        api_url=_api_of(server, given=environ.get("GITHUB_API_URL", "") or defaults.api_url),
        server_url=server,
        run_url=f"{server}/{repository}/actions/runs/{run_id}" if repository and run_id else "",
        run_attempt=environ.get("GITHUB_RUN_ATTEMPT", ""),
        files=runner_files(environ),
        secrets=known_secrets(environ),
    )


def looks(environ: Mapping[str, str], asked: Colour = Colour.AUTO) -> Looks:
    """What was asked for outranks `NO_COLOR`, that `FORCE_COLOR`, and that `TERM=dumb`. Never raises."""
    columns = environ.get("COLUMNS", "")
    is_dumb = environ.get("TERM", "") in {"dumb", "unknown"}
    found = Colour.NEVER if is_dumb else Colour.AUTO
    if force := environ.get("FORCE_COLOR"):
        found = Colour.NEVER if force == "0" else Colour.ALWAYS
    if environ.get("NO_COLOR"):
        found = Colour.NEVER
    return Looks(
        colour=found if asked is Colour.AUTO else asked,
        columns=int(columns) if re.fullmatch(r"[1-9][0-9]{0,3}", columns) else None,
        moves=not is_dumb,
        folds=environ.get("GITHUB_ACTIONS") == "true",
    )


def runner_files(environ: Mapping[str, str]) -> RunnerFiles:
    """Where the job's files are. Never raises: a wrong input must be told in them too."""
    return RunnerFiles(
        event=environ.get("GITHUB_EVENT_PATH", ""),
        output=environ.get("GITHUB_OUTPUT", ""),
        summary=environ.get("GITHUB_STEP_SUMMARY", ""),
        report_directory=_Given(environ).text("report-directory", _report_directory(environ)),
        commands=tuple(environ[name] for name in _COMMAND_FILES if environ.get(name)),
        workspace=environ.get("GITHUB_WORKSPACE", ""),
        temp=environ.get("RUNNER_TEMP", ""),
    )


def known_secrets(environ: Mapping[str, str]) -> tuple[Secret, ...]:
    """What the log must hide, before anything is written to it. Never raises."""
    found = [environ[name] for name in environ if _SECRET_NAMES.fullmatch(name)]
    for name in environ:
        if _ADDRESS_NAMES.fullmatch(name):
            found += _in_addresses(environ[name])
    found += re.findall(r";token=([^;]+)", environ.get("SPARK_REMOTE", ""))
    user, password = (environ.get(f"MLFLOW_TRACKING_{what}", "") for what in ("USERNAME", "PASSWORD"))
    if user and password:
        found.append(f"{user}:{password}")  # as basic authentication sends it
    return tuple(Secret(value) for value in dict.fromkeys(found) if value)


def _in_addresses(text: str) -> Iterator[str]:
    """Of each address user and password, and the password alone, as they are written and as they are sent."""
    for userinfo in re.findall(r"://([^\s/?#]+)@", text):
        password = userinfo.partition(":")[2]
        if password:
            yield from (password, unquote(password), userinfo, unquote(userinfo))


def _report_directory(environ: Mapping[str, str]) -> str:
    temp = environ.get("RUNNER_TEMP")
    return str(Path(temp) / "promoter-report") if temp else ""


def _api_of(server_url: str, *, given: str) -> str:
    """The API's address, where it is one of the server's own: the token is sent there.

    Raises USAGE_INVALID for another host. What is no address at all is refused by whoever opens it.
    """
    try:
        api, server = urlsplit(given).hostname, urlsplit(server_url).hostname
    except ValueError:
        return given
    if api and server and api not in {server, f"api.{server}", *_OWN_MACHINE}:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("GITHUB_API_URL leads to ", quote(api), ", and GITHUB_SERVER_URL to ", quote(server)),
            hint=say("The token is sent to the API: name both, of one GitHub. On its runner they are set."),
        )
    return given


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

    def switch(self, name: str) -> bool:
        """Off unless it is switched on, in the words that YAML has for it."""
        value = self.text(name, "false")
        if value not in {"true", "True", "TRUE", "false", "False", "FALSE"}:
            raise _wrong(name, value, write=say("Write true or false."))
        return value.lower() == "true"

    def path(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value.startswith("/") or ".." in value.split("/") or "\\" in value:
            raise _wrong(name, value, write=say("Write a path relative to the repository's root, with `/`."))
        if set(value) & set("{}[]"):
            raise _wrong(name, value, write=say("Of wildcards only `*`, `**` and `?` are known."))
        return value.removeprefix("./")

    def folder(self, name: str) -> str:
        value = self.text(name, "")
        if value and not re.fullmatch(r"[\w.-]*\w[\w.-]*", value, re.ASCII):
            raise _wrong(
                name, value, write=say("Write the name of one folder in the workspace, without `/`.")
            )
        return value

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
