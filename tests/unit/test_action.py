"""The Action's door: every ending has its exit code, its outputs and no secret."""

from __future__ import annotations

import io
import json
import signal
from collections import UserDict
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import NoReturn

import pytest

from promoter.action import main
from promoter.demo.github.events import push_event
from promoter.demo.github.model import Permission, Repository
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from promoter.demo.job import Trigger, read_outputs, run_job
from promoter.errors import ExitCode
from tests.fakes.team import POLICY, policy
from tests.oracles import runner_commands

PULL = {
    "repository": {"default_branch": "main"},
    "pull_request": {"number": 5, "base": {"ref": "main", "sha": "b" * 40}, "head": {"sha": "a" * 40}},
}
# A port that nobody listens on: the answer is a refusal, at once.
NOBODY = "http://127.0.0.1:9"
SECRET_VARIABLES = (
    "INPUT_GITHUB-TOKEN",
    "GITHUB_TOKEN",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "DATABRICKS_TOKEN",
    "DATABRICKS_CLIENT_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)


class Faulty(UserDict[str, str]):
    """An environment in which looking up one name raises."""

    def __init__(self, given: Mapping[str, str], name: str, error: BaseException) -> None:
        super().__init__({**given, name: "never seen"})
        self._name = name
        self._error = error

    def __getitem__(self, key: str) -> str:
        if key == self._name:
            raise self._error
        return super().__getitem__(key)


class Job:
    """A job's files in a folder; `run` gives the exit code and the log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "INPUT_REPORT-DIRECTORY": str(folder / "report"),
        }

    def event(self, name: str, payload: object, **environ: str) -> None:
        """What started the job."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        (self.folder / "event.json").write_text(text, encoding="utf-8")
        self.environ |= {"GITHUB_EVENT_NAME": name, "GITHUB_REF": "refs/heads/main", **environ}

    def run(self, environ: MutableMapping[str, str] | None = None) -> tuple[ExitCode, str]:
        stream = io.StringIO()
        exit_code = main(self.environ if environ is None else environ, stream)
        return exit_code, stream.getvalue()

    @property
    def outputs(self) -> dict[str, str]:
        """The step's outputs as the runner reads them."""
        return read_outputs((self.folder / "output").read_text(encoding="utf-8"))

    def written(self) -> str:
        """Everything in every file but the event."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.name != "event.json"]
        return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    before = signal.getsignal(signal.SIGTERM)
    yield Job(tmp_path)
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("name", "payload", "said"),
    [
        ("issue_comment", {}, "the event `issue_comment` asks for nothing"),
        (
            "push",
            {
                "repository": {"default_branch": "main"},
                "ref": "refs/heads/x",
                "before": "a" * 40,
                "after": "b" * 40,
            },
            "a push to `x` is not a push to the default branch",
        ),
        ("fork", [], "asks for nothing"),
    ],
)
def test_an_event_that_asks_for_nothing_says_so(job: Job, name: str, payload: object, said: str) -> None:
    job.event(name, payload)
    exit_code, log = job.run()
    assert exit_code is ExitCode.DONE
    assert said in log
    assert (job.outputs["reason-code"], job.outputs["decision"]) == ("nothing_to_promote", "none")


@pytest.mark.parametrize("content", [None, "", "{", "\x00", "[" * 100_000, '"\ud800"'])
def test_an_event_file_that_cannot_be_read(job: Job, content: str | None) -> None:
    job.environ["GITHUB_EVENT_NAME"] = "pull_request"
    if content is not None:
        (job.folder / "event.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    exit_code, log = job.run()
    assert exit_code is ExitCode.WRONG_INPUT
    assert "event" in log
    assert job.outputs["reason-code"] == "usage_invalid"


def test_no_event_at_all(job: Job) -> None:
    exit_code, log = job.run({"RUNNER_TEMP": str(job.folder)})
    assert exit_code is ExitCode.WRONG_INPUT
    assert "GITHUB_EVENT_PATH" in log


def test_an_event_file_that_is_too_large_is_not_read(job: Job) -> None:
    job.environ["GITHUB_EVENT_NAME"] = "push"
    with (job.folder / "event.json").open("wb") as file:
        file.truncate(33 * 1024 * 1024)
    exit_code, log = job.run()
    assert exit_code is ExitCode.WRONG_INPUT
    assert "too large" in log


def test_a_payload_of_another_event(job: Job) -> None:
    job.event("pull_request", {"pull_request": None})
    assert job.run()[0] is ExitCode.WRONG_INPUT


@pytest.mark.parametrize(
    ("name", "value"),
    [("COMMAND", "promote"), ("DEADLINE", "soon"), ("COMMENT", "loud"), ("POLICY", "/etc/x")],
)
def test_a_wrong_input_is_told_in_the_outputs_too(job: Job, name: str, value: str) -> None:
    job.event("pull_request", PULL)
    exit_code, log = job.run({**job.environ, f"INPUT_{name}": value})
    assert exit_code is ExitCode.WRONG_INPUT
    assert f"`{value}`" in log
    assert job.outputs["reason-code"] == "usage_invalid"


def test_propose_that_ends_before_it_begins_is_told_as_its_own(job: Job) -> None:
    job.event("workflow_dispatch", {"repository": {"default_branch": "main"}})
    given = {"INPUT_COMMAND": "propose", "GITHUB_REPOSITORY": "o/r", "GITHUB_REF": "refs/heads/main"}
    exit_code, _ = job.run({**job.environ, **given, "INPUT_GITHUB-TOKEN": "a b"})
    assert (exit_code, job.outputs["reason-code"]) == (ExitCode.WRONG_INPUT, "usage_invalid")
    assert json.loads(job.outputs["result"])["phase"] == "propose"


def test_apply_on_a_pull_request(job: Job) -> None:
    job.event("pull_request", PULL)
    exit_code, log = job.run({**job.environ, "INPUT_COMMAND": "apply"})
    assert exit_code is ExitCode.WRONG_INPUT
    assert "pply does not run on `pull_request`" in log


def test_a_bug_is_exit_3_and_its_text_is_nowhere(job: Job) -> None:
    job.event("pull_request", PULL)
    exit_code, log = job.run(Faulty(job.environ, "GITHUB_REPOSITORY", RuntimeError("canary-text")))
    assert exit_code is ExitCode.BUG
    assert "RuntimeError" in log
    assert "test_action.py" in log
    assert job.outputs["reason-code"] == "internal_error"
    assert "canary-text" not in log + job.written()


def test_a_drift_run_with_github_out_of_reach_says_that_it_is_one(job: Job) -> None:
    job.event("schedule", {"repository": {"default_branch": "main"}})
    own = {"GITHUB_API_URL": NOBODY, "GITHUB_REPOSITORY": "o/r", "INPUT_DEADLINE": "0.02"}
    exit_code, log = job.run({**job.environ, **own, "INPUT_GITHUB-TOKEN": "t-1234"})
    assert exit_code is ExitCode.UNDECIDED
    assert "? Could not decide" in log
    result = json.loads(job.outputs["result"])
    assert (result["phase"], result["decision"], job.outputs["decision"]) == ("drift", "error", "error")
    assert job.outputs["report"].endswith("drift.json")


def test_a_drift_run_that_cannot_begin_says_that_it_is_one(job: Job) -> None:
    job.event("schedule", {"repository": {"default_branch": "main"}})
    exit_code, _ = job.run({**job.environ, "GITHUB_API_URL": "nonsense", "GITHUB_REPOSITORY": "o/r"})
    assert exit_code is ExitCode.WRONG_INPUT
    assert json.loads(job.outputs["result"])["phase"] == "drift"


def test_an_interruption_is_exit_130(job: Job) -> None:
    job.event("pull_request", PULL)
    exit_code, _ = job.run(Faulty(job.environ, "GITHUB_REPOSITORY", KeyboardInterrupt()))
    assert (exit_code, job.outputs["reason-code"]) == (ExitCode.INTERRUPTED, "interrupted")


class OnceBroken(io.StringIO):
    """A log whose first line cannot be written."""

    broken = True

    def write(self, text: str) -> int:
        """Raise once, then write."""
        if self.broken:
            self.broken = False
            self._refuse()
        return super().write(text)

    def _refuse(self) -> NoReturn:
        raise OSError("canary-text")


def test_a_log_that_cannot_be_written_for_a_moment(job: Job) -> None:
    job.event("issue_comment", {})
    stream = OnceBroken()
    assert main(job.environ, stream) is ExitCode.BUG
    assert "canary-text" not in stream.getvalue()


@pytest.mark.parametrize("variable", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_a_jobs_file_that_cannot_be_written_is_told_in_the_log(job: Job, variable: str) -> None:
    job.event("issue_comment", {})
    exit_code, log = job.run({**job.environ, variable: str(job.folder)})
    assert exit_code is ExitCode.DONE
    assert f"the file `{job.folder}` cannot be written" in log


def test_a_report_folder_that_cannot_be_made_does_not_keep_the_outputs_back(job: Job) -> None:
    job.event("issue_comment", {})
    (job.folder / "file").write_text("x")
    exit_code, _ = job.run({**job.environ, "INPUT_REPORT-DIRECTORY": str(job.folder / "file")})
    assert exit_code is ExitCode.DONE
    assert (job.outputs["reason-code"], job.outputs["report"]) == ("nothing_to_promote", "")


# --- with a GitHub, and nothing to judge ------------------------------------------------------------


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Standin]:
    """A stand-in for GitHub whose repository has a policy and no request."""
    before = signal.getsignal(signal.SIGTERM)
    world = World.create(tmp_path / "repository.git", Repository(owner="acme", name="models"))
    world.add_user("alice", Permission.ADMIN)
    world.add_workflow_token("canary-token")
    world.commit("main", {POLICY: policy()}, author="alice", message="Add the policy")
    with serve(world) as standin:
        yield standin
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("command", ["auto", "validate", "apply", "drift"])
def test_a_job_started_by_hand_reads_the_default_branch(
    github: Standin, tmp_path: Path, command: str
) -> None:
    trigger = Trigger(
        name="workflow_dispatch",
        payload={"repository": {"default_branch": "main"}},
        ref="refs/heads/main",
        commit=github.world.tip("main") or "",
    )
    inputs = {"github-token": "canary-token", "command": command}
    finished = run_job(github, trigger, folder=tmp_path, inputs=inputs)
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "nothing_to_promote")
    assert "canary" not in finished.summary + str(finished.outputs)


def test_a_push_of_something_else_applies_nothing(github: Standin, tmp_path: Path) -> None:
    push = github.world.commit("main", {"README.md": b"x"}, author="alice", message="More")
    trigger = Trigger(
        name="push", payload=push_event(github.view, push), ref="refs/heads/main", commit=push.after
    )
    finished = run_job(github, trigger, folder=tmp_path, inputs={"github-token": "canary-token"})
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "nothing_to_promote")


# --- secrets --------------------------------------------------------------------------------------


def canaries() -> dict[str, str]:
    """A canary in every variable that may hold a secret, and in the addresses."""
    named = {name: f"canary-{index}-{name.lower()}" for index, name in enumerate(SECRET_VARIABLES)}
    return {
        **named,
        "INPUT_TRACKING-URI": "http://canary-user:canary%2Dpassword@127.0.0.1:9/?token=canary-query",
        "INPUT_REGISTRY-URI": "postgresql://canary-user:canary-registry@127.0.0.1:9/db?password=canary-db",
        "MLFLOW_TRACKING_URI": "http://canary-user:canary-hidden@127.0.0.1:9",
        "MLFLOW_TRACKING_USERNAME": "canary-user",
    }


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"INPUT_COMMAND": "apply"},
        {"INPUT_COMMAND": "drift", "GITHUB_EVENT_NAME": "schedule"},
        {"INPUT_COMMAND": "nonsense"},
        {"INPUT_TRACKING-URI": "http://[canary-broken"},
        {"GITHUB_EVENT_NAME": "issue_comment"},
        {"GITHUB_EVENT_PATH": "/nowhere"},
        {"GITHUB_API_URL": "http://canary-user:canary-api@127.0.0.1:9"},
    ],
)
def test_no_secret_is_told_anywhere(job: Job, change: dict[str, str]) -> None:
    job.event("pull_request", PULL)
    own = {"GITHUB_API_URL": NOBODY, "GITHUB_REPOSITORY": "o/r", "INPUT_DEADLINE": "0.02"}
    exit_code, log = job.run({**job.environ, **own, **canaries(), **change})
    assert exit_code is not ExitCode.BUG
    told = "\n".join(line for line in log.splitlines() if not line.startswith("::add-mask::"))
    assert "canary" not in told + job.written()


def test_every_secret_is_masked_before_anything_else(job: Job) -> None:
    job.event("issue_comment", {})
    _, log = job.run({**job.environ, **canaries()})
    lines = log.splitlines()
    first_other = next(index for index, line in enumerate(lines) if not line.startswith("::add-mask::"))
    masked = {command.data for command in runner_commands("\n".join(lines[:first_other]))}
    assert {canaries()[name] for name in SECRET_VARIABLES} <= masked
    assert {"canary-password", "canary%2Dpassword", "canary-registry"} <= masked
    assert not any("add-mask" in line for line in lines[first_other:])


def test_a_bug_between_the_inputs_comes_after_the_masks(job: Job) -> None:
    job.event("issue_comment", {})
    environ = Faulty({**job.environ, **canaries()}, "GITHUB_SHA", ValueError("canary-0-input_github-token"))
    exit_code, log = job.run(environ)
    assert exit_code is ExitCode.BUG
    assert log.startswith("::add-mask::")
