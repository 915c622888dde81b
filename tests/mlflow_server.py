"""A real MLflow server for tests: its Flask app in one process, on a free port, with SQLite.

Run as a program it is the server itself; imported, it offers `serving()`. The variable PROMOTER_TEST_MLFLOW
names the interpreter whose MLflow serves, another version's for instance (tests/compat); the tests' own
unless set.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from sqlite3 import Connection

INTERPRETER = "PROMOTER_TEST_MLFLOW"
_READY = "ready on port "
_LONGEST_START = 120.0


class Access(StrEnum):
    """Who may ask the server."""

    OPEN = "open"
    BASIC_AUTH = "basic-auth"


ADMIN = "admin"
ADMIN_PASSWORD = "Adm1n-canary-Passw0rd"


@dataclass(frozen=True, kw_only=True)
class MlflowServer:
    """A running server: `url` over HTTP, `database` for SQLite directly, `artifacts` what it serves."""

    url: str
    database: str
    artifacts: Path
    log: Path


@contextmanager
def serving(folder: Path, *, access: Access = Access.OPEN, database: str = "") -> Iterator[MlflowServer]:
    """Start a server that keeps everything in `folder`; about 5 s. It ends with the context.

    `database` is SQLAlchemy's address of another store than SQLite in the folder.
    """
    log = folder / "server.log"
    database = database or f"sqlite:///{folder / 'mlflow.db'}"
    # Fewer rights than MLflow's default: what nobody granted, nobody may even see.
    (folder / "auth.ini").write_text(
        "[mlflow]\n"
        "default_permission = NO_PERMISSIONS\n"
        f"database_uri = sqlite:///{folder / 'auth.db'}\n"
        "auth_cache_ttl_seconds = 60\n"
        # Old servers read these from nowhere else.
        f"admin_username = {ADMIN}\n"
        f"admin_password = {ADMIN_PASSWORD}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
        encoding="utf-8",
    )
    interpreter = os.environ.get(INTERPRETER) or sys.executable
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                interpreter,
                "-P",
                str(Path(__file__).resolve()),
                str(folder),
                "--access",
                access,
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(folder, database=database),
            cwd=folder,
        )
        try:
            port = _wait_for_port(process, log)
            yield MlflowServer(
                url=f"http://127.0.0.1:{port}",
                database=database,
                artifacts=folder / "artifacts",
                log=log,
            )
        finally:
            process.kill()
            process.wait(timeout=10)


@contextmanager
def tracked(server: MlflowServer) -> Iterator[None]:
    """The server as this process's own: old clients upload files to no other, whatever they are told."""
    import mlflow  # noqa: PLC0415 - two seconds, only where it is needed

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.url)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def _environment(folder: Path, *, database: str) -> dict[str, str]:
    """All the server sees: nothing of the environment the tests run in reaches it."""
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        # basic auth only
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN,
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "only-for-tests",
    }


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> int:
    end = time.monotonic() + _LONGEST_START
    while time.monotonic() < end and process.poll() is None:
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(_READY):
                return int(line.removeprefix(_READY))
        time.sleep(0.05)
    text = log.read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"the MLflow server did not start; its log ends with:\n{text[-3000:]}")


def _serve(*, access: Access) -> None:
    from mlflow.server import app  # noqa: PLC0415 - only the program pays for it
    from mlflow.server.handlers import initialize_backend_stores  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415

    database = os.environ["_MLFLOW_SERVER_REGISTRY_STORE"]
    if database.startswith("sqlite:"):
        _write_quickly()
    initialize_backend_stores(database, database, "mlflow-artifacts:/")
    if access is Access.BASIC_AUTH:
        from mlflow.server import auth  # noqa: PLC0415

        app = auth.create_app(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    sys.stdout.write(f"{_READY}{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def _write_quickly() -> None:
    """Have SQLite leave writing to the disk to the system: no test pulls the plug."""
    from sqlalchemy import Engine, event  # noqa: PLC0415

    @event.listens_for(Engine, "connect")
    def _leave_it_to_the_system(connection: Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--access", type=Access, default=Access.OPEN)
    arguments = parser.parse_args()
    _serve(access=arguments.access)
