"""A private PostgreSQL for tests: in a temporary folder, on a Unix socket, gone when the block ends.

    with running() as database:
        serving(folder, database=database)      # tests/mlflow_server.py

PostgreSQL refuses to run as root; for root it runs as the first of `postgres`, `nobody` that the machine has.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

REQUIRED = "PROMOTER_REQUIRE_POSTGRES"
_USER = "promoter"
_INSTALLED = Path("/usr/lib/postgresql")
_LONGEST_START = 30.0
_LONGEST_STOP = 10.0
# What is here is thrown away: it need not survive a power cut.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """The two programs that are needed."""

    initdb: str
    postgres: str


def installed() -> Binaries | None:
    """The newest PostgreSQL of this machine; None where there is none."""
    folders = sorted(_INSTALLED.glob("*/bin"), key=_release, reverse=True)
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    initdb, postgres = shutil.which("initdb", path=path), shutil.which("postgres", path=path)
    return Binaries(initdb=initdb, postgres=postgres) if initdb and postgres else None


def require_postgres(environ: Mapping[str, str]) -> Binaries:
    """The programs, or a skipped test; a failed one where the machine was said to have them."""
    found = installed()
    if found is None:
        reason = "there is no PostgreSQL on this machine (initdb and postgres)"
        if environ.get(REQUIRED) == "1":
            pytest.fail(f"{reason}, and {REQUIRED}=1 says that there is")
        pytest.skip(reason)
    return found


@contextmanager
def running(binaries: Binaries) -> Iterator[str]:
    """Start a server with one empty database, about 2 s; SQLAlchemy's address of it."""
    folder = Path(tempfile.mkdtemp(prefix="promoter-postgres-"))
    try:
        owner = _owner()
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        _run(binaries, folder, owner=owner)
        with _served(binaries, folder, owner=owner):
            yield f"postgresql+psycopg2://{_USER}@/postgres?host={quote(str(folder), safe='')}"
    finally:
        shutil.rmtree(folder)


def _release(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _owner() -> pwd.struct_passwd:
    """Who the server runs as: us, or somebody without rights where we are root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return next(accounts[name] for name in ("postgres", "nobody") if name in accounts)


def _run(binaries: Binaries, folder: Path, *, owner: pwd.struct_passwd) -> None:
    """Lay out the data. Whoever reaches the socket in our folder is let in, and only we do."""
    command = [binaries.initdb, "-D", str(folder / "data"), "-U", _USER, "--auth=trust", "--no-sync"]
    made = subprocess.run(
        [*command, "--encoding=UTF8", "--locale=C"],
        capture_output=True,
        text=True,
        timeout=_LONGEST_START,
        check=False,
        cwd=folder,
        **_as(owner),
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}\n{made.stderr}")


@contextmanager
def _served(binaries: Binaries, folder: Path, *, owner: pwd.struct_passwd) -> Iterator[None]:
    settings = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binaries.postgres, "-D", str(folder / "data"), "-k", str(folder), *settings],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            **_as(owner),
        )
        try:
            _wait(process, folder)
            yield
        finally:
            _stop(process)


def _as(owner: pwd.struct_passwd) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {"env": {"PATH": os.defpath}}
    return {
        "env": {"PATH": os.defpath},
        "user": owner.pw_uid,
        "group": owner.pw_gid,
        "extra_groups": [],
    }


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    # Only who has a server needs its client, which comes without types.
    import psycopg2  # type: ignore[import-untyped]  # noqa: PLC0415

    end = time.monotonic() + _LONGEST_START
    while time.monotonic() < end and process.poll() is None:
        try:
            psycopg2.connect(host=str(folder), user=_USER, dbname="postgres").close()
        except psycopg2.OperationalError:
            time.sleep(0.05)
        else:
            return
    text = (folder / "server.log").read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"PostgreSQL did not start; its log ends with:\n{text[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast, else at once, else by force: each ends its children."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        try:
            process.wait(timeout=_LONGEST_STOP)
        except subprocess.TimeoutExpired:
            continue
        return
