"""GitHub's own GraphQL schema, fetched by npm: it is not among the files kept for tests.

What was fetched is kept in pytest's folder: `make clean` removes it, another version is another file.
"""

import os
import shutil
import subprocess
import tarfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import graphql
import pytest

VERSION = "15.26.1"
PACKAGE = f"@octokit/graphql-schema@{VERSION}"
_KEPT = Path(__file__).parents[2] / ".pytest_cache" / f"github-{VERSION}.graphql"
_SECONDS = 60


@cache
def find_schema() -> graphql.GraphQLSchema | None:
    """Return the schema; None when npm is not there or cannot fetch it."""
    text = _KEPT.read_text(encoding="utf-8") if _KEPT.is_file() else _fetched()
    if text is None:
        return None
    if not _KEPT.is_file():
        _keep(text)
    return graphql.build_schema(text, assume_valid=True)


def _fetched() -> str | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    with TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", PACKAGE]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_SECONDS)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile("package/schema.graphql")
            return member.read().decode() if member else None


def _keep(text: str) -> None:
    """For the next run, and for other processes of this one, which never see half of it."""
    with suppress(OSError):
        _KEPT.parent.mkdir(exist_ok=True)
        part = _KEPT.with_suffix(f".{os.getpid()}")
        part.write_text(text, encoding="utf-8")
        part.replace(_KEPT)


def load_schema() -> graphql.GraphQLSchema:
    """Return the schema; skip the test when npm is not there or cannot fetch it."""
    schema = find_schema()
    if schema is None:
        pytest.skip(f"npm is not there, or cannot fetch {PACKAGE}")
    return schema
