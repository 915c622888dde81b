"""The doctor over HTTP: a GitHub stand-in with settings, a real registry, both doors."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promoter.cli import Terminal, run
from promoter.demo.github.settings import Environment, Protection, Settings, merge_queue, reviewed
from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, House
from tests.git_clone import GitClone
from tests.proxy import Answer, Fault, Hang, Proxy, Truncate

EXAMPLES = Path(__file__).parents[2] / "examples" / "workflows"
ADMIN = "e2e-admin-token"
GRANTS = {"metadata": "read", "contents": "read", "actions": "read", "administration": "read"}
ENVIRONMENT = Environment(id=1, name="model-registry-write", branches=("main",))
SOUND = Settings(rules=reviewed("Validate promotion"), environments=(ENVIRONMENT,), sha_pinning=True)
OWNERS = b"/.github/ @acme/ml-platform\n"


def workflow(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


@pytest.fixture
def sound(house: House) -> House:
    """Set up as our documents say."""
    names = ("validate.yml", "apply.yml", "drift.yml")
    files: dict[str, bytes | None] = {f".github/workflows/{name}": workflow(name) for name in names}
    house.land({**files, ".github/CODEOWNERS": OWNERS, house.path: house.request(house.version(0.8))})
    house.world.settings = SOUND
    house.world.add_workflow_token(ADMIN, grants=GRANTS)
    return house


def doctor(house: House, **inputs: str) -> Finished:
    payload: dict[str, Any] = {"repository": {"default_branch": "main"}, "inputs": {}}
    return house.job(
        "workflow_dispatch", payload, ref="refs/heads/main", commit="f" * 40, command="doctor", **inputs
    )


def found(finished: Finished) -> dict[str, list[str]]:
    """Rule → what it found."""
    rules: dict[str, list[str]] = {}
    for one in json.loads(finished.outputs["result"])["findings"]:
        rules.setdefault(one["rule"], []).append(one["message"])
    return rules


def test_a_repository_set_up_as_the_examples_say_has_no_error(sound: House) -> None:
    finished = doctor(sound, github_token=ADMIN)
    # The tests' server asks nobody for a password, and the demo's policy matches everything.
    assert set(found(finished)) - {"sandbox_incomplete"} == {"registry_open"}
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "setup_sound")
    assert finished.summary.startswith("### ✅")
    assert (finished.folder / "doctor.json").is_file()


def test_it_writes_nothing(sound: House) -> None:
    before = len(sound.standin.requests)
    doctor(sound, github_token=ADMIN)
    asked = sound.standin.requests[before:]
    assert {one.method for one in asked} <= {"GET", "POST"}
    assert {one.path for one in asked if one.method == "POST"} <= {"/graphql"}
    assert sound.champion() is None


def test_a_workflows_own_token_sees_less_and_says_so(sound: House) -> None:
    sound.world.settings = replace(SOUND, protection=Protection())
    finished = doctor(sound)
    missed = " ".join(found(finished)["not_looked_at"])
    for what in ("classic protection", "An environment", "What workflows may do", "have to be pinned"):
        assert what in missed
    assert "administration: read" in missed
    assert "actions: read" in missed
    assert finished.exit_code is ExitCode.DONE


TRAPS: list[tuple[str, Settings, Mapping[str, tuple[bytes, bytes]]]] = [
    ("branch_unprotected", replace(SOUND, rules=()), {}),
    ("review_not_required", replace(SOUND, rules=()), {}),
    ("stale_approvals_kept", Settings(protection=Protection()), {}),
    ("last_push_not_approved", Settings(protection=Protection()), {}),
    ("check_not_required", replace(SOUND, rules=reviewed("lint")), {}),
    ("check_from_anybody", Settings(protection=Protection(checks=("Validate promotion",))), {}),
    (
        "merge_queue_unchecked",
        replace(SOUND, rules=(*SOUND.rules, merge_queue())),
        {"validate.yml": (b"  merge_group:\n", b"")},
    ),
    ("environment_unknown", replace(SOUND, environments=()), {}),
    ("environment_open", replace(SOUND, environments=(replace(ENVIRONMENT, branches=None),)), {}),
    ("environment_open", replace(SOUND, environments=(replace(ENVIRONMENT, branches=("main", "*")),)), {}),
    ("actions_may_approve", replace(SOUND, actions_approve=True), {}),
    ("default_token_writes", replace(SOUND, default_permissions="write"), {}),
    ("event_dangerous", SOUND, {"validate.yml": (b"  pull_request:\n", b"  pull_request_target:\n")}),
    ("permissions_narrow", SOUND, {"apply.yml": (b"pull-requests: write", b"pull-requests: read")}),
    ("environment_unnamed", SOUND, {"apply.yml": (b"    environment: model-registry-write", b"    #")}),
    ("apply_cancelled", SOUND, {"apply.yml": (b"in-progress: false", b"in-progress: true")}),
    ("action_unpinned", SOUND, {"apply.yml": (b"promoter@" + b"0" * 40, b"promoter@v1")}),
    ("self_hosted_runner", SOUND, {"apply.yml": (b"runs-on: ubuntu-24.04", b"runs-on: [self-hosted]")}),
    (
        "environment_shared",
        SOUND,
        {"validate.yml": (b"    steps:", b"    environment: model-registry-write\n    steps:")},
    ),
]


@pytest.mark.parametrize(("rule", "settings", "changes"), TRAPS)
def test_each_trap_is_found(
    sound: House, rule: str, settings: Settings, changes: Mapping[str, tuple[bytes, bytes]]
) -> None:
    sound.world.settings = settings
    for name, (old, new) in changes.items():
        assert old in workflow(name)
        sound.land({f".github/workflows/{name}": workflow(name).replace(old, new)})
    assert rule in found(doctor(sound, github_token=ADMIN))


def test_bad_files_are_found(sound: House) -> None:
    sound.land(
        {
            ".github/CODEOWNERS": b"* @acme/everybody\n.github/ nobody\n/.github/\n",
            POLICY: b"version: 2\n",
            sound.path: sound.request("newest"),
        }
    )
    finished = doctor(sound, github_token=ADMIN)
    expected = {
        "codeowners_invalid",
        "workflows_unowned",
        "policy_unowned",
        "policy_invalid",
        "requests_invalid",
    }
    assert expected <= set(found(finished))
    assert (finished.exit_code, finished.outputs["decision"]) == (ExitCode.NO, "reject")


def test_a_github_that_does_not_know_the_token_is_not_asked_further(sound: House) -> None:
    finished = doctor(sound, github_token="unheard-of-token")
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.UNDECIDED, "permission_denied")


# --- on a terminal --------------------------------------------------------------------------------


def typed(*arguments: str, environ: dict[str, str]) -> tuple[ExitCode, str]:
    out = io.StringIO()
    terminal = Terminal(environ={"PATH": "/usr/bin:/bin", **environ}, out=out, err=io.StringIO())
    return run(["doctor", *arguments], terminal), out.getvalue()


def environment(house: House) -> dict[str, str]:
    urls = {"GITHUB_API_URL": house.standin.api_url, "GITHUB_SERVER_URL": house.standin.web_url}
    return {**urls, "GITHUB_TOKEN": ADMIN, "MLFLOW_TRACKING_URI": house.registry}


def test_a_person_with_a_token_sees_the_same(sound: House) -> None:
    exit_code, text = typed("--repository", "acme/models", "--json", environ=environment(sound))
    rules = {one["rule"] for one in json.loads(text)["findings"]} - {"sandbox_incomplete"}
    # The second of an old server, which tests/compat sets.
    assert (exit_code, rules - {"registry_old"}) == (ExitCode.DONE, {"registry_open"})


def test_a_clone_alone_is_looked_at_as_it_is_now(tmp_path: Path) -> None:
    clone = GitClone(tmp_path / "clone")
    clone.commit({".github/workflows/validate.yml": workflow("validate.yml").decode()}, "Validate")
    (clone.folder / ".github" / "workflows" / "apply.yml").write_bytes(
        workflow("apply.yml").replace(b"in-progress: false", b"in-progress: true")
    )
    exit_code, text = typed("--directory", str(clone.folder), environ={})
    assert exit_code is ExitCode.NO
    assert "✗ error: apply_cancelled" in text
    assert "✗ error: policy_missing" in text
    assert (
        "GitHub's settings of the repository could not be looked at, because no repository or no token"
        in text
    )
    assert "The registry could not be looked at, because no registry was given" in text


# --- what does not answer -------------------------------------------------------------------------


def clone_without_policy(folder: Path) -> Path:
    clone = GitClone(folder)
    clone.commit({".github/workflows/validate.yml": workflow("validate.yml").decode()}, "Validate")
    return clone.folder


@pytest.mark.parametrize(
    "fault", [Hang(), Answer(status=500, body=b"down"), Answer(status=403, body=b"no"), Truncate()]
)
def test_a_registry_that_does_not_answer_takes_nothing_from_what_was_found(
    house_behind_a_proxy: House, mlflow_proxy: Proxy, tmp_path: Path, fault: Fault
) -> None:
    mlflow_proxy.inject(".*", fault)
    where = ("--directory", str(clone_without_policy(tmp_path / "clone")), "--deadline", "0.1", "--json")
    exit_code, text = typed(*where, environ={"MLFLOW_TRACKING_URI": house_behind_a_proxy.registry})
    told = json.loads(text)
    assert (exit_code, told["reason_code"]) == (ExitCode.NO, "setup_unsafe")
    rules = {one["rule"] for one in told["findings"]}
    assert {"policy_missing", "apply_missing", "not_looked_at"} <= rules
    assert any("The registry could not be looked at" in one["message"] for one in told["findings"])


def test_a_registry_that_hangs_behind_a_sound_set_up_is_no_yes(
    sound: House, mlflow_proxy: Proxy, tmp_path: Path
) -> None:
    mlflow_proxy.inject(".*", Hang())
    environ = {**environment(sound), "MLFLOW_TRACKING_URI": mlflow_proxy.url}
    exit_code, text = typed("--repository", "acme/models", "--deadline", "0.2", "--json", environ=environ)
    told = json.loads(text)
    assert (exit_code, told["reason_code"]) == (ExitCode.UNDECIDED, "deadline_exceeded"), text
    assert {one["rule"] for one in told["findings"]} - {"sandbox_incomplete"} == {"not_looked_at"}


@pytest.mark.parametrize("refuses", ["nobody is there", "the token is unknown"])
def test_a_github_that_does_not_answer_leaves_what_a_clone_tells(
    sound: House, tmp_path: Path, refuses: str
) -> None:
    environ = environment(sound)
    if refuses == "nobody is there":
        environ["GITHUB_API_URL"] = "http://127.0.0.1:9"
    else:
        environ["GITHUB_TOKEN"] = "unheard-of-token"
    where = ("--directory", str(clone_without_policy(tmp_path / "clone")), "--repository", "acme/models")
    exit_code, text = typed(*where, "--deadline", "0.2", "--json", environ=environ)
    told = json.loads(text)
    rules = {one["rule"] for one in told["findings"]}
    assert (exit_code, told["reason_code"]) == (ExitCode.NO, "setup_unsafe"), text
    # What the registry tells is told too.
    assert {"policy_missing", "not_looked_at", "registry_open"} <= rules


def test_a_repository_without_a_commit_is_looked_at_too(tmp_path: Path) -> None:
    clone = GitClone(tmp_path / "new")
    file = clone.folder / ".github" / "workflows" / "validate.yml"
    file.parent.mkdir(parents=True)
    file.write_bytes(workflow("validate.yml"))
    exit_code, text = typed("--directory", str(clone.folder), "--json", environ={})
    rules = {one["rule"] for one in json.loads(text)["findings"]}
    assert exit_code is ExitCode.NO
    assert {"apply_missing", "policy_missing"} <= rules
    assert "validate_missing" not in rules
