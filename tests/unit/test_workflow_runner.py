"""The tests' own runner of workflows: what it reads, what starts a job, and that it refuses the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promoter.demo.github.model import Repository
from promoter.demo.github.server import serve
from promoter.demo.github.world import World
from promoter.demo.job import Trigger
from tests.workflow_actions import OTHERS, App, Given
from tests.workflow_expressions import ExpressionError
from tests.workflow_file import WorkflowError, parse_workflow
from tests.workflow_process import Ended
from tests.workflow_rules import is_cron
from tests.workflow_runner import Environment, Kept, Passport, Ran, Runner
from tests.workflow_triggers import starts

JOB = "jobs: {one: {runs-on: ubuntu-24.04, permissions: {}, steps: [{uses: your-org/promoter@1}]}}\n"
UPLOAD = next(name for name in OTHERS if name.startswith("actions/upload-artifact@330"))
APP_TOKEN = next(name for name in OTHERS if "app-token" in name)


def event(name: str, ref: str = "refs/heads/main", **payload: Any) -> Trigger:  # noqa: ANN401 - JSON
    return Trigger(name=name, payload=payload, ref=ref, commit="c" * 40)


PULL: dict[str, Any] = {"pull_request": {"base": {"ref": "main"}}}
GROUP: dict[str, Any] = {"merge_group": {"base_ref": "refs/heads/main"}, "action": "checks_requested"}


@pytest.mark.parametrize(
    ("on", "trigger", "expected"),
    [
        ("push", event("push"), True),
        ("[push, merge_group]", event("merge_group", **GROUP), True),
        ("{push: {branches: [main]}}", event("push"), True),
        ("{push: {branches: [main]}}", event("push", "refs/heads/other"), False),
        ("{push: {branches: [main]}}", event("push", "refs/tags/main"), False),
        ("{pull_request: }", event("pull_request", action="opened", **PULL), True),
        ("{pull_request: }", event("pull_request", action="edited", **PULL), False),
        ("{pull_request: {types: [edited]}}", event("pull_request", action="edited", **PULL), True),
        ("{pull_request: {types: [edited]}}", event("pull_request", action="opened", **PULL), False),
        ("{pull_request: {branches: [dev]}}", event("pull_request", action="opened", **PULL), False),
        ("{merge_group: {branches: [main]}}", event("merge_group", **GROUP), True),
        ("{schedule: [{cron: 1 2 * * *}]}", event("schedule", schedule="1 2 * * *"), True),
        ("{schedule: [{cron: 1 2 * * *}]}", event("schedule", schedule="1 3 * * *"), False),
        ("{repository_dispatch: {types: [a]}}", event("repository_dispatch", action="a"), True),
        ("{repository_dispatch: {types: [a]}}", event("repository_dispatch", action="b"), False),
        ("{workflow_dispatch: }", event("workflow_dispatch"), True),
        ("push", event("schedule", schedule="1 2 * * *"), False),
    ],
)
def test_what_starts_a_workflow(on: str, trigger: Trigger, expected: bool) -> None:
    assert starts(parse_workflow(f"on: {on}\n{JOB}".encode(), "a.yml"), trigger) is expected


@pytest.mark.parametrize(
    "on",
    [
        "issues",
        "{push: {paths: [a]}}",
        "{push: {branches: [release-*]}}",
        "{push: {branches: main}}",
        "{schedule: [{cron: 1 2 * *}]}",
        "{schedule: 1 2 * * *}",
        "{workflow_dispatch: {inputs: {a: }}}",
    ],
)
def test_filters_that_nobody_taught_us_are_refused(on: str) -> None:
    with pytest.raises(WorkflowError):
        starts(parse_workflow(f"on: {on}\n{JOB}".encode(), "a.yml"), event("push"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("on: push", "on: push\nenv: {A: b}", "nobody taught us env"),
        ("on: push", "on: push\non: push", "repeated key"),
        ("on: push\n", "", "on: a mapping is missing"),
        ("permissions: {}, ", "", "what the repository's settings say"),
        ("permissions: {}", "permissions: {pull_requests: read}", "pull_requests"),
        ("permissions: {}", "permissions: {contents: admin}", "admin"),
        ("permissions: {}", "permissions: write-all", "a mapping is missing"),
        ("permissions: {}", "permissions: {}, strategy: {}", "nobody taught us strategy"),
        ("uses: your-org/promoter@1", "run: echo", "nobody taught us run"),
        ("steps: [{uses: your-org/promoter@1}]", "steps: []", "no steps"),
        ("uses: your-org/promoter@1", "name: [a]", "a text is missing"),
        ("runs-on: ubuntu-24.04, ", "", "a text is missing"),
        (
            "permissions: {}",
            "permissions: {}, concurrency: {group: a, cancel-in-progress: true, queue: max}",
            "do not go together",
        ),
    ],
)
def test_what_github_would_refuse_or_nobody_taught_us(old: str, new: str, said: str) -> None:
    text = f"on: push\n{JOB}"
    assert old in text
    with pytest.raises(WorkflowError, match=said):
        parse_workflow(text.replace(old, new).encode(), "a.yml")


STEP = "{id: a, uses: your-org/promoter@1}"


@pytest.mark.parametrize(
    ("on", "job", "said"),
    [
        ("{schedule: [{cron: 99 99 * * *}]}", "", r"`99 99 \* \* \*` is no cron"),
        ("{schedule: [{cron: '* * * * *'}]}", "", "is no cron"),
        ("{pull_request: {types: [opened, opend]}}", "", "pull_request has no type `opend`"),
        ("{merge_group: {types: [opened]}}", "", "merge_group has no type `opened`"),
        ("push", "timeout-minutes: soon, ", "no number of minutes"),
        ("push", "timeout-minutes: 0, ", "no number of minutes"),
        ("push", "concurrency: {group: '${{ secrets.A }}'}, ", "concurrency has no context `secrets`"),
        ("push", "concurrency: {group: '${{ github.evnt.number }}'}, ", r"there is no `github\.evnt`"),
        ("push", "if: steps.a.outcome, ", "this `if` has no context `steps`"),
        ("push", "if: '${{ secrets.A }}', ", "this `if` has no context `secrets`"),
        ("push", "if: github.event_name = 'push', ", "is nothing that is known"),
    ],
)
def test_what_github_refuses_in_an_event_or_a_job(on: str, job: str, said: str) -> None:
    text = f"on: {on}\njobs: {{one: {{runs-on: a, permissions: {{}}, {job}steps: [{STEP}]}}}}\n"
    with pytest.raises(WorkflowError, match=said):
        parse_workflow(text.encode(), "a.yml")


@pytest.mark.parametrize(
    ("job", "steps", "said"),
    [
        ("1 bad", STEP, "1 bad: it is no id of a job"),
        ("one", f"{STEP}, {STEP}", "one: two steps have the id `a`"),
        ("one", "{id: 1a, uses: your-org/promoter@1}", "`1a` is no id of a step"),
        ("one", "{uses: your-org/promoter}", "is not of the form owner/name@ref"),
        ("one", "{uses: your-org/promoter@1, if: secrets.A}", "this `if` has no context `secrets`"),
        (
            "one",
            "{uses: your-org/promoter@1, with: {a: '${{ secret.A }}'}}",
            "a step has no context `secret`",
        ),
        ("one", "{uses: your-org/promoter@1, env: {A: '${{ github.tokn }}'}}", r"there is no `github\.tokn`"),
    ],
)
def test_what_github_refuses_in_ids_and_steps(job: str, steps: str, said: str) -> None:
    text = f"on: push\njobs: {{{job}: {{runs-on: a, permissions: {{}}, steps: [{steps}]}}}}\n"
    with pytest.raises(WorkflowError, match=said):
        parse_workflow(text.encode(), "a.yml")


def test_what_github_takes_is_taken() -> None:
    text = (
        "on: {schedule: [{cron: '*/5 8-17 1,15 JAN-mar/2 1-5'}], pull_request: {types: [edited]}}\n"
        "concurrency: {group: 'a-${{ github.event.pull_request.number || github.ref }}-${{ vars.A }}'}\n"
        "jobs: {_one-2: {runs-on: a, timeout-minutes: 1.5, permissions: {}, if: \"!(vars.A == 'b')\", "
        "steps: [{id: a, uses: ./here}, {id: b, uses: docker://a, if: always() && steps.a.outputs.c == ''}, "
        "{uses: o/n/folder@v1, with: {a: '${{ secrets.A }}'}}]}}\n"
    )
    assert [step.uses for step in parse_workflow(text.encode(), "a.yml").jobs[0].steps][2] == "o/n/folder@v1"


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("17 5 * * *", True),
        ("0,30 0-23/2 31 12 6", True),
        ("5 4 * * sun", True),
        ("*/4 * * * *", False),
        ("60 * * * *", False),
        ("1 24 * * *", False),
        ("1 1 0 * *", False),
        ("1 1 32 * *", False),
        ("1 1 1 13 *", False),
        ("1 1 1 1 7", False),
        ("1 1 1 1 MONDAY", False),
        ("1 5-3 * * *", False),
        ("1 1-2-3 * * *", False),
        ("1 */0 * * *", False),
        ("1 */x * * *", False),
        ("1, * * * *", False),
        ("1 1 * *", False),
        ("", False),
    ],
)
def test_crons(cron: str, expected: bool) -> None:
    assert is_cron(cron) is expected


# --- jobs -----------------------------------------------------------------------------------------


def ran(folder: Path, job: str, kept: Kept, *, name: str = "push") -> tuple[list[Ran], list[dict[str, str]]]:
    """A workflow of this one job, started on main; what became of it, and what our step was given."""
    given: list[dict[str, str]] = []
    text = f"on: {name}\npermissions: {{contents: read}}\njobs: {{one: {{runs-on: ubuntu-24.04, {job}}}}}\n"
    world = World.create(folder / "git", Repository(owner="acme", name="models"))
    world.add_user("alice")
    world.commit("main", {".github/workflows/a.yml": text.encode()}, author="alice", message="Add it")
    commit = world.tip("main")
    assert commit is not None

    with serve(world) as standin:

        def launch(environ: Mapping[str, str], workspace: Path) -> Ended:
            given.append({**environ, "grants": str(dict(world.tokens[environ["INPUT_GITHUB-TOKEN"]].grants))})
            (workspace / "report").mkdir()
            (workspace / "report" / "a.txt").touch()
            Path(environ["GITHUB_OUTPUT"]).write_text("reason-code<<E\nvalidated\nE\n", encoding="utf-8")
            return Ended(exit_code=int(environ.get("FAIL", "0")), log="said")

        passport = Passport(url="http://id", prefix="repo:acme@7/models@8", issue=lambda subject: subject)
        runner = Runner(standin=standin, kept=kept, folder=folder, launch=launch, passport=passport)
        trigger = Trigger(name=name, payload={}, ref="refs/heads/main", commit=commit)
        done = runner.run(trigger)
        assert world.tokens == {}
    return done, given


def test_a_step_gets_the_action_s_defaults_its_own_words_and_a_token_of_the_job(tmp_path: Path) -> None:
    step = "{uses: your-org/promoter@1, with: {command: apply, deployments: true}, env: {A: '${{ vars.B }}'}}"
    (done,), (given,) = ran(tmp_path, f"steps: [{step}]", Kept(variables={"B": "c"}))
    assert (done.exit_code, done.reason, done.log) == (0, "validated", "said")
    assert (given["INPUT_COMMAND"], given["INPUT_DEPLOYMENTS"], given["A"]) == ("apply", "true", "c")
    assert (given["INPUT_POLICY"], given["INPUT_TRACKING-URI"]) == (".github/promotion-policy.yaml", "")
    assert given["grants"] == "{'metadata': 'read', 'contents': 'read'}"
    assert "ACTIONS_ID_TOKEN_REQUEST_URL" not in given


def test_a_job_s_own_permissions_take_the_place_of_the_workflow_s(tmp_path: Path) -> None:
    job = "permissions: {id-token: write}, environment: e, steps: [{uses: your-org/promoter@1}]"
    _, (given,) = ran(tmp_path, job, Kept(environments={"e": Environment()}))
    assert given["grants"] == "{'metadata': 'read', 'id_token': 'write'}"
    assert given["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] == "repo:acme@7/models@8:environment:e"


def test_secrets_of_an_environment_are_for_jobs_that_name_it_on_its_branches(tmp_path: Path) -> None:
    step = "steps: [{uses: your-org/promoter@1, env: {S: '${{ secrets.S }}'}}]"
    kept = Kept(environments={"e": Environment(branches=("main",), secrets={"S": "s"})})
    _, (given,) = ran(tmp_path / "named", f"environment: e, {step}", kept)
    assert given["S"] == "s"
    with pytest.raises(ExpressionError, match=r"there is no `secrets\.S`"):
        ran(tmp_path / "unnamed", step, kept)
    elsewhere = Kept(environments={"e": Environment(branches=("other",), secrets={"S": "s"})})
    (refused,), given_nothing = ran(tmp_path / "elsewhere", f"environment: e, {step}", elsewhere)
    assert (refused.refused != "", given_nothing) == (True, [])


def test_steps_after_a_failure_run_only_when_they_say_so(tmp_path: Path) -> None:
    ours = "{uses: your-org/promoter@1, env: {FAIL: 1}}"
    keep = f"{{uses: {UPLOAD}, if: always(), with: {{name: n, path: report}}}}"
    never = f"{{uses: {UPLOAD}, with: {{name: m, path: report}}}}"
    (done,), _ = ran(tmp_path, f"steps: [{ours}, {keep}, {never}]", Kept())
    assert (done.exit_code, done.artifacts) == (1, {"n": ["a.txt"]})


def test_a_job_whose_if_says_no_is_skipped(tmp_path: Path) -> None:
    job = "if: github.event_name == 'schedule', steps: [{uses: your-org/promoter@1}]"
    assert ran(tmp_path, job, Kept()) == ([], [])


@pytest.mark.parametrize(
    "step",
    [
        "{uses: actions/checkout@1}",
        "{uses: your-org/promoter@1, with: {comand: apply}}",
        f"{{uses: {UPLOAD}, with: {{name: n, path: none, if-no-files-found: error}}}}",
        f"{{uses: {UPLOAD}, with: {{name: n, path: none, overwritten: true}}}}",
        f"{{uses: {APP_TOKEN}, with: {{client-id: a, private-key: b}}}}",
    ],
)
def test_steps_that_would_not_work_are_refused(tmp_path: Path, step: str) -> None:
    with pytest.raises(WorkflowError):
        ran(tmp_path, f"steps: [{step}]", Kept())


def test_an_app_s_token_holds_what_was_asked_for_and_no_more_than_the_app_has(tmp_path: Path) -> None:
    world = World.create(tmp_path / "git", Repository(owner="acme", name="models"))
    app = App(login="app[bot]", client_id="i", private_key="k", grants={"contents": "write"})
    asked = {"client-id": "i", "private-key": "k", "permission-contents": "read"}

    def token(values: dict[str, str]) -> str:
        given = Given(values=values, workspace=tmp_path, world=world, app=app, artifacts={})
        return OTHERS[APP_TOKEN](given)["token"]

    assert world.tokens[token(asked)].grants == {"metadata": "read", "contents": "read"}
    with pytest.raises(WorkflowError, match="not granted issues"):
        token({**asked, "permission-issues": "read"})
    with pytest.raises(WorkflowError, match="no App has this key"):
        token({**asked, "private-key": "other"})


def test_two_jobs_of_a_run_cannot_keep_the_same_artifact(tmp_path: Path) -> None:
    world = World.create(tmp_path / "git", Repository(owner="acme", name="models"))
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "a").touch()
    values = {"name": "n", "path": "report"}
    given = Given(values=values, workspace=tmp_path, world=world, app=None, artifacts={"n": ["b"]})
    with pytest.raises(WorkflowError, match="already"):
        OTHERS[UPLOAD](given)
    given.artifacts.clear()
    OTHERS[UPLOAD](given)
    assert given.artifacts == {"n": ["a"]}
