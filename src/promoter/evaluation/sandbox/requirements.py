"""A model's own list of packages: read as names and versions, never as options of an installer.

`requirements.txt` is written by whoever logged the model. A line of it can name another index, a folder or an
archive to build, and building runs its code; such lines are refused, the others written anew from what was
understood of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from promoter.errors import ReasonCode
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.text import Message, quote, say

REQUIREMENTS = "requirements.txt"
_CONSTRAINTS = "constraints.txt"
_CONSTRAINTS_LINE = f"-c {_CONSTRAINTS}"
_PYTHON = "python_env.yaml"
_MLMODEL = "MLmodel"
_LARGEST_FILE = 1024 * 1024
_MOST_LINES = 1_000
_LONGEST_LINE = 1_000
_COMMENT = re.compile(r"(^|\s)#.*")
# Installers take such a name for a file beside them.
_ARCHIVES = (".whl", ".zip", ".tar", ".gz", ".bz2", ".xz", ".tgz", ".egg")
_PYTHON_LINE = re.compile(r"^python:\s*['\"]?([0-9]{1,2}\.[0-9]{1,3})(?:\.[0-9.]+)?['\"]?\s*$", re.MULTILINE)
_MLFLOW_LINE = re.compile(r"^mlflow_version:\s*['\"]?([0-9]+(?:\.[0-9]+){1,3})['\"]?\s*$", re.MULTILINE)
# The worker's: to load a pyfunc, to read what comes, to hand it on.
_NEEDED = ("pandas", "pyarrow")
_FULL, _SLIM = "mlflow", "mlflow-skinny"


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a model's environment holds: sorted requirements, constraints, and a minor version of Python
    ("3.11"), empty where the model does not say."""

    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    python: str = ""


def read_needs(model: Path) -> Needs:
    """What the files of a model ask for, and what a worker needs beside it.

    The slim MLflow takes the place of the full one, at the same version: it loads every flavour, and its
    server is not wanted here. Raises ModelProblem, MODEL_UNSAFE for a line that is more than a name and
    versions.
    """
    lines = tuple(_lines(model / REQUIREMENTS))
    if not lines:
        raise ModelProblem(
            say("the model has no ", quote(REQUIREMENTS), " to build an environment from"),
            hint=say("Log it with MLflow 2 or newer, or set `environment: image` in the policy."),
        )
    constraints = tuple(_lines(model / _CONSTRAINTS)) if _CONSTRAINTS_LINE in lines else ()
    packages = [_slim(_parse(line, REQUIREMENTS)) for line in lines if line != _CONSTRAINTS_LINE]
    named = {canonicalize_name(package.name) for package in packages}
    added = [Requirement(name) for name in _NEEDED if name not in named]
    if _SLIM not in named:
        version = _first(_MLFLOW_LINE, model / _MLMODEL)
        added.append(Requirement(f"{_SLIM}=={version}" if version else _SLIM))
    return Needs(
        requirements=tuple(sorted({str(package) for package in [*packages, *added]})),
        constraints=tuple(sorted({str(_slim(_parse(line, _CONSTRAINTS))) for line in constraints})),
        python=_first(_PYTHON_LINE, model / _PYTHON),
    )


def _slim(package: Requirement) -> Requirement:
    if canonicalize_name(package.name) == _FULL:
        package.name = _SLIM
        package.extras = set()
    return package


def _parse(line: str, name: str) -> Requirement:
    try:
        package = Requirement(line)
    except InvalidRequirement as error:
        raise _unsafe(line, name, why=say("it is not the name of a package and its versions")) from error
    if package.name.lower().endswith(_ARCHIVES):
        raise _unsafe(line, name, why=say("it names a file"))
    if package.url is not None:
        raise _unsafe(line, name, why=say("it names an address"))
    return package


def _lines(path: Path) -> Iterator[str]:
    """The lines that say something, without comments; none when there is no such file."""
    lines = _read(path).splitlines()
    if len(lines) > _MOST_LINES:
        raise _unsafe(f"line {_MOST_LINES + 1}", path.name, why=say(f"the file has {len(lines):,} lines"))
    for line in lines:
        text = _COMMENT.sub("", line).strip()
        if len(text) > _LONGEST_LINE or not text.isprintable():
            raise _unsafe(text, path.name, why=say("it is not the name of a package and its versions"))
        if text:
            yield " ".join(text.split())


def _first(pattern: re.Pattern[str], path: Path) -> str:
    """What a file says in the first line of a form; empty when it does not. No YAML is read: it can be a
    bomb."""
    match = pattern.search(_read(path))
    return match.group(1) if match else ""


def _read(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        content = file.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise _unsafe("", path.name, why=say("the file is larger than 1 MiB"))
    return content.decode("utf-8", errors="replace")


def _unsafe(line: str, name: str, *, why: Message) -> ModelProblem:
    return ModelProblem(
        say("the line ", quote(line), " of ", quote(name), " is not installed: ", *why.parts),
        reason=ReasonCode.MODEL_UNSAFE,
        hint=say(
            "Only packages of the configured index are installed, as wheels. ",
            "Log the model with such requirements, or set `environment: image` in the policy.",
        ),
    )
