"""`--json`, over every verb: one document on standard output and nothing else, also when it went wrong."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from promoter.cli import Terminal, run
from promoter.cli_help import VERBS
from promoter.errors import ExitCode
from tests.fakes.team import POLICY, POLICY_TEXT, REQUEST, request
from tests.git_clone import GitClone
from tests.mlflow_server import MlflowServer

WITH_JSON = sorted(VERBS.keys() - {"action"})
HERE = "--directory={folder}"
UNREACHED = {"GITHUB_TOKEN": "canary-token", "GITHUB_API_URL": "http://127.0.0.1:9"}

# Verb → what is typed besides, in a clone whose main asked for version 6, then for 7.
GOOD = {
    "validate": [HERE],
    "lint": [HERE],
    "history": ["churn", "champion", HERE],
    "doctor": [HERE],
    "request": ["churn", "8", "--alias", "champion", "--no-validate", HERE],
    "rollback": ["churn", "champion", "--dry-run", HERE],
    "schema": ["request"],
    "completion": ["bash"],
}
WITH_REGISTRY = {
    "drift": [HERE],
    "status": [HERE],
    "init": ["--yes", "--dry-run", "--models", "of-json", HERE],
}
# These need a GitHub, or train models: propose goes well in tests/e2e/test_propose.py; of apply and demo only
# what goes wrong is tried as JSON.
ELSEWHERE = {"apply", "propose", "demo"}
BAD: list[tuple[str, list[str], ExitCode, str]] = [
    ("validate", [HERE, "--base", "no-such"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("validate", [HERE, "--deadline", "soon"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("validate", [HERE, "--loud"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("lint", [HERE, "../elsewhere.yaml"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("apply", [], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("apply", ["--repository", "o/r", "--deadline", "0.01"], ExitCode.UNDECIDED, "deadline_exceeded"),
    ("drift", [HERE, "--rev", "no-such"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("drift", [HERE], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("history", ["churn", "champion", HERE, "--rev", "no-such"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("history", ["churn", "champion", HERE, "--limit", "0"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("history", ["churn", "champion", HERE, "--repository", "acme"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("status", [HERE, "--rev", "no-such"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("status", [HERE, "--repository", "acme/models/"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("doctor", ["--directory", "/no/such"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("doctor", [HERE, "--repository", "../.."], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("init", ["--directory", "/no/such"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("init", [HERE, "--step", "some"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("request", ["churn", "--alias", "champion", HERE], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("request", ["churn", "8", "--alias", "champion", HERE], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("propose", [], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("propose", ["--repository", "o/r", "--deadline", "0.01"], ExitCode.UNDECIDED, "deadline_exceeded"),
    ("rollback", ["churn", "champion", "--to", "99", HERE], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("schema", ["model"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("schema", [], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("completion", ["tcsh"], ExitCode.WRONG_INPUT, "usage_invalid"),
    ("demo", ["--speed", "high"], ExitCode.WRONG_INPUT, "usage_invalid"),
]


@dataclass
class Answered:
    """What one command left."""

    exit_code: ExitCode
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - an object, or a list
        """The one document; `json` refuses whatever comes after it."""
        return json.loads(self.out)


@pytest.fixture
def clone(tmp_path: Path) -> GitClone:
    clone = GitClone(tmp_path / "clone")
    clone.commit({POLICY: POLICY_TEXT, REQUEST: request("6").decode()}, "Begin")
    clone.commit({REQUEST: request("7").decode()}, "Promote 7")
    return clone


def typed(
    clone: GitClone, verb: str, arguments: list[str], environ: dict[str, str] | None = None
) -> Answered:
    given = [argument.format(folder=clone.folder) for argument in arguments]
    terminal = Terminal(
        environ={"PATH": os.environ["PATH"], **(environ or {})}, out=io.StringIO(), err=io.StringIO()
    )
    exit_code = run([verb, "--json", *given], terminal)
    assert isinstance(terminal.out, io.StringIO)
    assert isinstance(terminal.err, io.StringIO)
    return Answered(exit_code, terminal.out.getvalue(), terminal.err.getvalue())


def test_every_verb_is_tried() -> None:
    assert sorted(GOOD.keys() | WITH_REGISTRY.keys() | ELSEWHERE) == WITH_JSON
    assert sorted({verb for verb, *_ in BAD}) == WITH_JSON


@pytest.mark.parametrize("verb", sorted(GOOD))
def test_a_result_is_one_document(clone: GitClone, verb: str) -> None:
    answered = typed(clone, verb, GOOD[verb])
    assert answered.document
    assert (answered.exit_code, answered.err) == (
        ExitCode.NO if verb == "doctor" else ExitCode.DONE,
        "",
    ), answered


@pytest.mark.integration
@pytest.mark.parametrize("verb", sorted(WITH_REGISTRY))
def test_a_result_from_a_registry_is_one_document(
    clone: GitClone, mlflow_server: MlflowServer, verb: str
) -> None:
    client = MlflowClient(mlflow_server.url, mlflow_server.url)
    if not client.search_registered_models("name = 'of-json'"):
        client.create_registered_model("of-json")
        client.create_model_version("of-json", "s3://nowhere/model")
        client.set_registered_model_alias("of-json", "champion", "1")
    answered = typed(clone, verb, WITH_REGISTRY[verb], {"MLFLOW_TRACKING_URI": mlflow_server.url})
    assert answered.document["schema_version"] == 1
    assert answered.exit_code in {ExitCode.DONE, ExitCode.NO}, answered


@pytest.mark.parametrize(("verb", "arguments", "exit_code", "reason"), BAD)
def test_an_error_is_one_document_too(
    clone: GitClone, verb: str, arguments: list[str], exit_code: ExitCode, reason: str
) -> None:
    environ = UNREACHED if "o/r" in arguments else {}
    answered = typed(clone, verb, arguments, environ)
    document = answered.document
    assert (answered.exit_code, document["reason_code"]) == (exit_code, reason), answered
    assert document["message"]
    assert document["hint"]
    assert "canary" not in answered.out + answered.err


def test_an_error_is_told_to_people_as_well(clone: GitClone) -> None:
    answered = typed(clone, "history", ["churn", "champion", HERE, "--rev", "no-such"])
    assert answered.err.startswith(f"promoter: {answered.document['message']} [usage_invalid]\n")


def test_a_report_that_cannot_be_saved_does_not_make_a_second_document(clone: GitClone) -> None:
    (clone.folder / "file").write_text("x")
    answered = typed(clone, "validate", [HERE, "--report-directory", str(clone.folder / "file")])
    assert (answered.exit_code, answered.document["reason_code"]) == (ExitCode.DONE, "nothing_to_promote")
    assert "cannot be written" in answered.document["hint"]
    assert "cannot be written" in answered.err


def test_findings_that_cannot_be_saved_stay_what_they_are(clone: GitClone) -> None:
    (clone.folder / "file").write_text("x")
    answered = typed(clone, "doctor", [HERE, "--report-directory", str(clone.folder / "file")])
    assert (answered.exit_code, answered.document["reason_code"]) == (ExitCode.NO, "setup_unsafe")
    assert "cannot be written" in answered.err


def test_history_says_what_it_could_not_ask(clone: GitClone) -> None:
    where = ["churn", "champion", HERE, "--deadline", "0.01", "--tracking-uri", "http://127.0.0.1:9"]
    answered = typed(clone, "history", where)
    assert answered.exit_code is ExitCode.UNDECIDED
    assert [entry["version"] for entry in answered.document] == ["7", "6"]
    assert answered.err


PROGRAM = "import sys; from promoter.cli import main; sys.exit(main(sys.argv[1:]))"


@contextmanager
def closed_pipe() -> Iterator[Any]:
    """Something to write to whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        yield closed


def test_nobody_hears_what_is_said_besides_and_the_result_is_there(clone: GitClone) -> None:
    arguments = ["history", "churn", "champion", "--rev", "no-such", "--json", f"--directory={clone.folder}"]
    with closed_pipe() as closed:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=closed, check=False
        )
    assert done.returncode == ExitCode.WRONG_INPUT
    assert json.loads(done.stdout)["reason_code"] == "usage_invalid"


@pytest.mark.parametrize("redirection", ["2>&-", "<&-", "2>&- <&-"])
def test_streams_that_were_closed_before(clone: GitClone, redirection: str) -> None:
    command = f'exec "$0" -c "$1" schema policy --json {redirection}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, PROGRAM], stdout=subprocess.PIPE, check=False
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["title"]


def test_a_reader_that_has_gone_gets_no_document(clone: GitClone) -> None:
    with closed_pipe() as closed:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "schema", "policy", "--json"],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.stderr == b""
