"""What other people's actions do in our examples: those that the examples pin, by their commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from promoter.demo.github.model import Token, TokenKind
from promoter.demo.github.world import World
from tests.workflow_file import WorkflowError

_UPLOAD = {"name", "path", "if-no-files-found", "retention-days"}
_PERMISSION = "permission-"


@dataclass(frozen=True, kw_only=True)
class App:
    """A GitHub App that is installed in the repository, with these permissions."""

    login: str
    client_id: str
    private_key: str
    grants: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What an action is run with; `artifacts` is what the run has kept so far, by name."""

    values: Mapping[str, str]
    workspace: Path
    world: World
    app: App | None
    artifacts: dict[str, Sequence[str]]


def _uploaded(given: Given, known: set[str]) -> Mapping[str, str]:
    """actions/upload-artifact: the files of a folder, under their paths in it."""
    _refuse_unknown(given, known)
    folder = given.workspace / given.values["path"]
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if not found and given.values.get("if-no-files-found", "warn") == "error":
        raise WorkflowError(f"no files were found in {folder.name}")
    name = given.values["name"]
    if name in given.artifacts and given.values.get("overwrite") != "true":
        raise WorkflowError(f"the run has an artifact {name} already")
    if found:
        given.artifacts[name] = found
    return {}


def _token_of_app(given: Given) -> Mapping[str, str]:
    """actions/create-github-app-token: a token of the App with a part of what the App may do."""
    asked = {name: level for name, level in given.values.items() if name.startswith(_PERMISSION)}
    _refuse_unknown(given, {"client-id", "private-key", *asked})
    app = given.app
    if app is None or (given.values["client-id"], given.values["private-key"]) != (
        app.client_id,
        app.private_key,
    ):
        raise WorkflowError("no App has this key")
    grants = {name.removeprefix(_PERMISSION).replace("-", "_"): level for name, level in asked.items()}
    for name, level in grants.items():
        if app.grants.get(name) not in {level, "write"}:
            raise WorkflowError(f"the App was not granted {name}: {level}")
    token = f"ghs_{uuid4().hex}"
    granted = {"metadata": "read", **grants}
    given.world.tokens[token] = Token(login=app.login, kind=TokenKind.INSTALLATION, grants=granted)
    return {"token": token}


def _refuse_unknown(given: Given, known: set[str]) -> None:
    unknown = given.values.keys() - known
    if unknown:
        raise WorkflowError(f"the action has no input {', '.join(sorted(unknown))}")


_UPLOAD_NOW = "actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4"  # v5.0.0
_UPLOAD_ON_ENTERPRISE = "actions/upload-artifact@c6a366c94c3e0affe28c06c8df20a878f24da3cf"  # v3.2.2
_TOKEN_OF_APP = "actions/create-github-app-token@bcd2ba49218906704ab6c1aa796996da409d3eb1"  # v3.2.0
OTHERS: Mapping[str, Callable[[Given], Mapping[str, str]]] = {
    _UPLOAD_NOW: lambda given: _uploaded(given, {*_UPLOAD, "overwrite"}),
    _UPLOAD_ON_ENTERPRISE: lambda given: _uploaded(given, _UPLOAD),
    _TOKEN_OF_APP: _token_of_app,
}
# Since its v4 the first asks a service that an Enterprise Server does not have.
NOT_ON_ENTERPRISE = frozenset({_UPLOAD_NOW})
