"""GitHub's own GraphQL schema, fetched by npm: it is not among the files kept for tests."""

import shutil
import subprocess
import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import graphql
import pytest

PACKAGE = "@octokit/graphql-schema@15.26.1"
_SECONDS = 60


@cache
def _schema() -> graphql.GraphQLSchema | None:
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
            return graphql.build_schema(member.read().decode(), assume_valid=True) if member else None


def load_schema() -> graphql.GraphQLSchema:
    """Return the schema; skip the test when npm is not there or cannot fetch it."""
    schema = _schema()
    if schema is None:
        pytest.skip(f"npm is not there, or cannot fetch {PACKAGE}")
    return schema
