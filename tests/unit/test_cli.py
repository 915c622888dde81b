"""A person's door: options, what goes to which stream, exit codes; validate and history in a real clone."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft7Validator
from mlflow import MlflowClient

from promoter.cli import Terminal, main, run
from promoter.errors import ExitCode
from promoter.version import tool_version
from tests.fakes.team import POLICY, POLICY_TEXT, REQUEST, request
from tests.git_clone import GitClone
from tests.mlflow_server import MlflowServer

VERBS = ("validate", "lint", "apply", "drift", "history", "status", "schema", "demo", "action")


class Screen(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        """It is a terminal."""
        return True


class ClosedPipe(io.StringIO):
    """A reader that has gone, as `head` does."""

    def write(self, _: str) -> int:
        """Nobody reads it."""
        raise BrokenPipeError


@dataclass
class Desk:
    """A person's terminal. `type` runs a command and gives its exit code."""

    folder: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"]})
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)

    def type(self, *arguments: str) -> ExitCode:
        """Run one command, afresh."""
        self.out, self.err = type(self.out)(), io.StringIO()
        return run(arguments, Terminal(environ=self.environ, out=self.out, err=self.err))

    @property
    def shown(self) -> str:
        """What the last command printed as its result."""
        return self.out.getvalue()

    @property
    def told(self) -> str:
        """What the last command said besides."""
        return self.err.getvalue()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGPIPE)}
    yield Desk(tmp_path)
    for number, handler in before.items():
        signal.signal(number, handler)


def exits(desk: Desk, *arguments: str) -> object:
    """The status argparse leaves with."""
    with pytest.raises(SystemExit) as left:
        desk.type(*arguments)
    return left.value.code


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(desk: Desk, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert exits(desk, verb, "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: promoter {verb}")
    assert "exit codes:" in shown
    assert ("--json" in shown) == (verb != "action")


def test_the_help_lists_every_verb(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert exits(desk, "--help") == 0
    shown = capsys.readouterr().out
    assert [verb for verb in VERBS if f"\n  {verb} " not in shown] == []


def test_the_version(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert exits(desk, "--version") == 0
    assert capsys.readouterr().out == f"promoter {tool_version()}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["promote"], ["validate", "--loud"], ["schema"], ["schema", "model"], ["history", "churn"]],
)
def test_what_nobody_can_mean_is_exit_2(desk: Desk, arguments: list[str]) -> None:
    assert desk.type(*arguments) is ExitCode.WRONG_INPUT
    usage, *_, said, hint = desk.told.splitlines()
    assert usage.startswith("usage: promoter")
    assert said.startswith("promoter: the command line was not understood: `")
    assert hint.endswith("--help` shows what can be written.")
    assert desk.shown == ""


# --- schema ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["request", "policy"])
def test_a_schema_is_one_for_an_editor(desk: Desk, kind: str) -> None:
    assert desk.type("schema", kind) is ExitCode.DONE
    Draft7Validator.check_schema(json.loads(desk.shown))
    assert desk.told == ""


def test_a_reader_that_has_gone_is_no_error(desk: Desk) -> None:
    desk.out = ClosedPipe()
    assert desk.type("schema", "policy") is ExitCode.DONE
    assert desk.told == ""


def test_a_reader_that_has_gone_sees_no_traceback() -> None:
    program = "import sys; from promoter.cli import main; sys.exit(main(['schema', 'request']))"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert done.stderr == b""
    assert done.returncode == 0


PROGRAM = "import sys; from promoter.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_reader_that_has_gone_takes_no_exit_code_along(tmp_path: Path, json_too: list[str]) -> None:
    clone = GitClone(tmp_path / "clone")
    clone.commit({POLICY: POLICY_TEXT, REQUEST: request("x").decode()}, "Begin")
    reading, writing = os.pipe()
    os.close(reading)
    arguments = ["lint", "--directory", str(clone.folder), *json_too]
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (ExitCode.WRONG_INPUT, b"")


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_full_disk_is_exit_4_and_told(json_too: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "schema", "policy", *json_too],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == ExitCode.UNDECIDED
    assert b"Traceback" not in done.stderr
    assert b"could not be written to standard output: `No space left on device`" in done.stderr
    assert b"[output_unwritable]" in done.stderr


def test_an_error_keeps_its_code_where_the_disk_is_full(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "lint", "--directory", str(tmp_path)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == ExitCode.WRONG_INPUT


@pytest.mark.parametrize("typed", [["--js"], ["--dir", "."], ["--json=1"]])
def test_a_flag_is_written_out(desk: Desk, typed: list[str]) -> None:
    assert desk.type("lint", *typed) is ExitCode.WRONG_INPUT
    assert "the command line was not understood" in desk.told
    assert desk.shown.startswith("{") is (typed == ["--json=1"])


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_demo_that_cannot_keep_anything_does_not_begin(desk: Desk, json_too: list[str]) -> None:
    pytest.importorskip("sqlalchemy", reason="the demo needs the full MLflow")
    (desk.folder / "file").write_text("")
    exit_code = desk.type("demo", *json_too, "--output", str(desk.folder / "file" / "x"))
    assert exit_code is ExitCode.WRONG_INPUT
    assert "cannot be written to: `Not a directory` [usage_invalid]" in desk.told


def test_the_console_script_speaks_on_the_processes_own_streams(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    ended: list[int] = []
    assert main(["schema", "request"], end=ended.append) == 0
    wrong = main(["validate", "--directory", str(desk.folder)], end=ended.append)
    assert wrong == ExitCode.WRONG_INPUT
    shown = capsys.readouterr()
    assert json.loads(shown.out)["title"] == "Promotion request"
    assert shown.err.startswith("promoter: ")


def test_could_not_decide_leaves_at_once_and_with_everything_said(tmp_path: Path) -> None:
    program = "import sys; from promoter.cli import main; sys.exit(main(sys.argv[1:]))"
    environ = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "t-1234", "GITHUB_API_URL": "http://127.0.0.1:9"}
    arguments = ["apply", "--repository", "o/r", "--deadline", "0.01", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        env=environ,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == ExitCode.UNDECIDED
    assert json.loads(done.stdout)["decision"] == "error"


# A client library's thread, in which a call to a silent server sits for a minute
_A_CALL_LEFT_BEHIND = """
import sys, threading, time
from promoter.cli import main

class Out:
    left = threading.Thread(target=time.sleep, args=(60,))
    def write(self, text):
        if self.left.ident is None:
            self.left.start()
        return sys.__stdout__.write(text)
    def flush(self):
        sys.__stdout__.flush()
    def isatty(self):
        return False

sys.stdout = Out()
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("typed", "code"), [(["schema", "request"], ExitCode.DONE), (["lint", "--json"], ExitCode.WRONG_INPUT)]
)
def test_a_call_that_never_came_back_holds_no_process(
    tmp_path: Path, typed: list[str], code: ExitCode
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _A_CALL_LEFT_BEHIND, *typed],
        capture_output=True,
        cwd=tmp_path,
        check=False,
        timeout=50,
    )
    assert done.returncode == code, done.stderr
    assert isinstance(json.loads(done.stdout), dict)


def test_who_calls_the_console_script_says_how_a_process_ends() -> None:
    ended: list[int] = []
    over = threading.Event()

    class Out(io.StringIO):
        left = threading.Thread(target=over.wait)

        def write(self, text: str) -> int:
            self.left.start()
            return super().write(text)

    try:
        with redirect_stdout(Out()) as out:
            code = main(["schema", "policy"], end=ended.append)
        assert json.loads(out.getvalue())["title"] == "Promotion policy"
        assert (ended, code) == ([0], ExitCode.DONE)
    finally:
        over.set()
        Out.left.join()


# --- apply ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "environ", [{}, {"GITHUB_REPOSITORY": "o/r"}, {"GITHUB_TOKEN": "canary-token"}, {"GITHUB_REPOSITORY": ""}]
)
def test_apply_needs_a_repository_and_a_token(desk: Desk, environ: dict[str, str]) -> None:
    desk.environ |= environ
    assert desk.type("apply") is ExitCode.WRONG_INPUT
    assert "[usage_invalid]" in desk.told
    assert "GITHUB_TOKEN" in desk.told
    assert "canary" not in desk.told + desk.shown


def test_apply_with_github_out_of_reach(desk: Desk) -> None:
    desk.environ |= {"GITHUB_TOKEN": "canary-token", "GITHUB_API_URL": "http://127.0.0.1:9"}
    exit_code = desk.type("apply", "--repository", "o/r", "--deadline", "0.01", "--json")
    assert exit_code is ExitCode.UNDECIDED
    result = json.loads(desk.shown)
    assert (result["phase"], result["decision"]) == ("apply", "error")
    assert "canary" not in desk.told + desk.shown


@pytest.mark.parametrize(
    ("option", "value"), [("--deadline", "soon"), ("--policy", "/etc/passwd"), ("--requests", "../*.yaml")]
)
def test_an_option_is_checked_like_the_actions_input(desk: Desk, option: str, value: str) -> None:
    assert desk.type("apply", option, value) is ExitCode.WRONG_INPUT
    assert f"`{value}`" in desk.told


def test_the_verb_that_the_image_runs(desk: Desk) -> None:
    desk.environ["RUNNER_TEMP"] = str(desk.folder)
    assert desk.type("action") is ExitCode.WRONG_INPUT
    assert "GITHUB_EVENT_PATH" in desk.shown


# --- a clone --------------------------------------------------------------------------------------


@pytest.fixture
def clone(desk: Desk) -> GitClone:
    """A clone with a policy and a request for version 6 on main."""
    clone = GitClone(desk.folder / "clone")
    clone.commit({POLICY: POLICY_TEXT, REQUEST: request("6").decode()}, "Begin")
    return clone


def test_outside_a_clone(desk: Desk) -> None:
    assert desk.type("validate", "--directory", str(desk.folder)) is ExitCode.WRONG_INPUT
    assert "Run this inside a clone" in desk.told


def test_nothing_changed_needs_no_registry(desk: Desk, clone: GitClone) -> None:
    assert desk.type("validate", "--directory", str(clone.folder)) is ExitCode.DONE
    assert "Nothing to promote" in desk.shown
    assert "\x1b" not in desk.shown


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals(
    desk: Desk, clone: GitClone, environ: dict[str, str], coloured: bool
) -> None:
    desk.out = Screen()
    desk.environ |= environ
    desk.type("validate", "--directory", str(clone.folder))
    assert ("\x1b[" in desk.shown) == coloured


def test_a_wrong_request_in_the_working_tree(desk: Desk, clone: GitClone) -> None:
    (clone.folder / REQUEST).write_text("model: churn\nalias: champion\nverison: 7\n")
    exit_code = desk.type("validate", "--directory", str(clone.folder), "--json")
    assert exit_code is ExitCode.WRONG_INPUT
    assert json.loads(desk.shown)["reason_code"] == "request_invalid"
    desk.type("validate", "--directory", str(clone.folder))
    assert f"{REQUEST}:3:1" in desk.shown


def test_no_registry_is_named(desk: Desk, clone: GitClone) -> None:
    (clone.folder / REQUEST).write_bytes(request("7"))
    assert desk.type("validate", "--directory", str(clone.folder)) is ExitCode.WRONG_INPUT
    assert "MLFLOW_TRACKING_URI" in desk.shown


# A thread that still works with the clone when all else is over
_A_CLONE_HELD = """
import gc, sys, threading, time
from promoter.adapters.local_repository import LocalRepository
from promoter.cli import main

def hold():
    held = []
    while not held:
        time.sleep(0.01)
        held = [one for one in gc.get_objects() if type(one) is LocalRepository]
    print("held", file=sys.stderr, flush=True)
    time.sleep(60)

threading.Thread(target=hold, daemon=True).start()
sys.exit(main(sys.argv[1:]))
"""


@dataclass(frozen=True, kw_only=True)
class Process:
    """`promoter validate` in a process of its own, with a folder for what it needs for a while."""

    folder: Path
    scratch: Path

    def started(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", program, "validate", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "TMPDIR": str(self.scratch)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def process(clone: GitClone, tmp_path: Path) -> Iterator[Process]:
    made = Process(folder=clone.folder, scratch=tmp_path / "scratch")
    made.scratch.mkdir()
    (clone.folder / REQUEST).write_bytes(request("7"))
    yield made
    assert [path.name for path in made.scratch.glob("promoter-*")] == []


@pytest.mark.parametrize("deadline", ["30", "0.1"])
def test_nothing_is_left_of_the_working_tree_where_a_call_never_comes_back(
    process: Process, deadline: str
) -> None:
    """Ended by a signal, or by the deadline; a process that ends at once runs no finalizers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(50)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with process.started(_A_CLONE_HELD, "--tracking-uri", address, "--deadline", deadline) as running:
            assert running.stderr is not None
            assert running.stderr.readline() == "held\n"
            asked, _ = silent.accept()
            if deadline == "30":
                assert list(process.scratch.glob("promoter-*/index"))
                running.send_signal(signal.SIGINT)
            running.communicate(timeout=50)
        asked.close()
    expected = ExitCode.INTERRUPTED if deadline == "30" else ExitCode.UNDECIDED
    assert running.returncode == expected


@pytest.mark.parametrize("name", ["COMMAND", "COMMENT", "DEADLINE", "REQUESTS", "POLICY", "TRACKING-URI"])
def test_inputs_of_an_action_are_not_a_persons(desk: Desk, clone: GitClone, name: str) -> None:
    desk.environ[f"INPUT_{name}"] = "/another/actions"
    (clone.folder / REQUEST).write_bytes(request("7"))
    assert desk.type("validate", "--directory", str(clone.folder)) is ExitCode.WRONG_INPUT
    assert "MLFLOW_TRACKING_URI" in desk.shown


def test_history_and_who_held_it_then(desk: Desk, clone: GitClone) -> None:
    clone.commit({REQUEST: request("7").decode().replace("better", '"a `b`"')}, "Promote 7")
    where = ("history", "churn", "champion", "--directory", str(clone.folder))
    assert desk.type(*where) is ExitCode.DONE
    first, newest, oldest = [line for line in desk.shown.splitlines() if "version" in line][:3]
    assert "git asks for version `7`" in first
    assert first.endswith("the registry was not asked")
    assert newest.split("  ")[0] == "· version 7"
    assert oldest.endswith("first promotion")
    desk.type(*where, "--as-of", "2000-01-01")
    assert "git had not asked for any version yet" in desk.shown
    desk.type(*where, "--as-of", "2000-01-01", "--json")
    assert json.loads(desk.shown) == []
    desk.type(*where, "--as-of", "2100-01-01", "--json")
    (entry,) = json.loads(desk.shown)
    assert (entry["version"], entry["author"], entry["subject"]) == ("7", "Ada", "Promote 7")


def test_history_says_when_an_alias_was_unmanaged(desk: Desk, clone: GitClone) -> None:
    clone.git("rm", "-q", REQUEST)
    clone.commit({}, "Delete")
    clone.commit({REQUEST: request("7").decode()}, "Again")
    desk.type("history", "churn", "champion", "--directory", str(clone.folder), "--json")
    assert [(one["version"], one["kind"]) for one in json.loads(desk.shown)] == [
        ("7", "promotion"),
        (None, "deletion"),
        ("6", "first"),
    ]


@pytest.mark.parametrize("extra", [["--as-of", "yesterday"], ["--rev", "no-such-branch"]])
def test_history_of_what_is_not_there(desk: Desk, clone: GitClone, extra: list[str]) -> None:
    where = ["--directory", str(clone.folder)]
    assert desk.type("history", "churn", "champion", *where, *extra) is ExitCode.WRONG_INPUT
    assert desk.type("history", "churn", "other", *where) is ExitCode.WRONG_INPUT
    assert "[usage_invalid]" in desk.told


def test_history_writes_a_page_and_shows_as_many_as_asked_for(desk: Desk, clone: GitClone) -> None:
    clone.commit({REQUEST: request("7").decode()}, "Promote 7")
    page = desk.folder / "new" / "page.html"
    where = ("history", "churn", "champion", "--directory", str(clone.folder), "--limit", "1")
    assert desk.type(*where, "--html", str(page)) is ExitCode.DONE
    assert "… and 1 other change(s)" in desk.shown
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert desk.type(*where, "--html", str(clone.folder)) is ExitCode.WRONG_INPUT
    assert desk.type(*where, "--limit", "0") is ExitCode.WRONG_INPUT


def test_status_without_a_registry_cannot_tell(desk: Desk, clone: GitClone) -> None:
    assert desk.type("status", "--directory", str(clone.folder)) is ExitCode.WRONG_INPUT
    assert "MLFLOW_TRACKING_URI" in desk.shown


# --- with a registry ------------------------------------------------------------------------------


@dataclass
class Registered:
    """Two versions of a model of its own, the first one champion, and a clone that asks for it."""

    desk: Desk
    clone: GitClone
    client: MlflowClient
    model: str

    def version(self, f1_score: float) -> str:
        made = self.client.create_run("0")
        self.client.log_metric(made.info.run_id, "f1_score", f1_score)
        found = self.client.create_model_version(
            self.model, f"{made.info.artifact_uri}/model", made.info.run_id, description="x" * 50
        )
        return str(found.version)

    def ask(self, version: str) -> None:
        (self.clone.folder / REQUEST).write_bytes(request(version, model=self.model))

    def validate(self, *arguments: str) -> ExitCode:
        return self.desk.type("validate", "--directory", str(self.clone.folder), *arguments)


@pytest.fixture
def registered(desk: Desk, mlflow_server: MlflowServer) -> Registered:
    desk.environ["MLFLOW_TRACKING_URI"] = mlflow_server.url
    client = MlflowClient(mlflow_server.url, mlflow_server.url)
    model = f"churn-{uuid4().hex[:8]}"
    client.create_registered_model(model)
    made = Registered(desk, GitClone(desk.folder / "models"), client, model)
    client.set_registered_model_alias(model, "champion", made.version(0.8))
    made.clone.commit({POLICY: POLICY_TEXT, REQUEST: request("1", model=model).decode()}, "Begin")
    return made


@pytest.mark.integration
def test_the_working_tree_is_judged_and_nothing_is_written(registered: Registered) -> None:
    registered.ask(registered.version(0.85))
    assert registered.validate("--json") is ExitCode.DONE
    result: dict[str, Any] = json.loads(registered.desk.shown)
    assert (result["reason_code"], result["decision"]) == ("validated", "promote")
    assert result["requests"][0]["now"] == "1"
    assert registered.desk.told == ""
    held = registered.client.get_registered_model(registered.model).aliases
    assert {key: str(value) for key, value in held.items()} == {"champion": "1"}
    assert registered.clone.git("status", "--porcelain") == f"M {REQUEST}"


@pytest.mark.integration
def test_a_worse_model_is_exit_1_on_a_terminal_too(registered: Registered) -> None:
    registered.ask(registered.version(0.6))
    registered.clone.git("checkout", "-q", "-b", "work")
    registered.clone.commit({}, "Promote")
    report = registered.desk.folder / "report"
    exit_code = registered.validate("--base", "main", "--head", "work", "--report-directory", str(report))
    assert exit_code is ExitCode.NO
    assert "0.6" in registered.desk.shown
    assert {path.name for path in report.iterdir()} == {"comment.md", "evidence.json", "report.html"}


@pytest.mark.integration
def test_a_report_that_cannot_be_saved_is_printed_all_the_same(registered: Registered) -> None:
    registered.ask(registered.version(0.85))
    (registered.desk.folder / "file").write_text("x")
    exit_code = registered.validate("--report-directory", str(registered.desk.folder / "file"))
    assert exit_code is ExitCode.DONE
    assert "Ready to promote" in registered.desk.shown
    assert "cannot be written" in registered.desk.told


# --- drift ----------------------------------------------------------------------------------------


def test_drift_outside_a_clone(desk: Desk) -> None:
    assert desk.type("drift", "--directory", str(desk.folder)) is ExitCode.WRONG_INPUT


def test_drift_of_a_revision_that_is_not_there(desk: Desk, clone: GitClone) -> None:
    where = ("--directory", str(clone.folder), "--rev", "no-such")
    assert desk.type("drift", *where) is ExitCode.WRONG_INPUT
    assert "no base revision `no-such`" in desk.told


def test_drift_without_a_registry(desk: Desk, clone: GitClone) -> None:
    assert desk.type("drift", "--directory", str(clone.folder)) is ExitCode.WRONG_INPUT
    assert "MLFLOW_TRACKING_URI" in desk.shown


def test_drift_with_the_registry_out_of_reach(desk: Desk, clone: GitClone) -> None:
    where = ("--directory", str(clone.folder), "--tracking-uri", "http://127.0.0.1:9")
    assert desk.type("drift", *where, "--deadline", "0.01", "--json") is ExitCode.UNDECIDED
    result = json.loads(desk.shown)
    assert (result["phase"], result["decision"], result["requests"]) == ("drift", "error", [])


@pytest.mark.integration
def test_drift_of_a_clone_asks_no_github_and_moves_nothing(registered: Registered) -> None:
    desk, where = registered.desk, ("drift", "--directory", str(registered.clone.folder))
    assert desk.type(*where) is ExitCode.DONE
    assert "In sync: git and registry agree on 1 alias" in desk.shown
    newer = registered.version(0.9)
    registered.client.set_registered_model_alias(registered.model, "champion", newer)
    assert desk.type(*where) is ExitCode.DONE
    assert "merged just now, waits for its apply" in desk.shown
    without_grace = POLICY_TEXT.replace("version: 1\n", "version: 1\ndrift: {grace_minutes: 0, heal: true}\n")
    registered.clone.commit({POLICY: without_grace}, "No grace")
    assert desk.type(*where, "--rev", "HEAD") is ExitCode.NO
    assert f"{registered.model}@champion" in desk.shown
    assert "was merged and never applied" in desk.shown
    assert "Only the registry's own tag tells here" in desk.shown
    assert "this command only looks" in desk.shown
    registered.client.set_model_version_tag(registered.model, "1", "promoter_applied_champion", "5 ")
    folder = desk.folder / "report"
    assert desk.type(*where, "--json", "--report-directory", str(folder)) is ExitCode.NO
    (found,) = json.loads(desk.shown)["requests"]
    assert (found["kind"], found["version"], found["now"]) == ("alias_moved", "1", newer)
    assert json.loads((folder / "drift.json").read_text()) == json.loads(desk.shown)
    held = registered.client.get_registered_model(registered.model).aliases
    assert {key: str(value) for key, value in held.items()} == {"champion": newer}


def test_a_shallow_clone_says_so(desk: Desk, clone: GitClone) -> None:
    clone.commit({"README.md": "more"}, "More")
    shallow = desk.folder / "shallow"
    clone.git("clone", "-q", "--depth", "1", f"file://{clone.folder}", str(shallow))
    desk.environ["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"
    desk.type("drift", "--directory", str(shallow), "--deadline", "0.01")
    assert "This clone is shallow" in desk.shown
