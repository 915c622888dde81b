"""GitHub's runner, as far as our examples need one: which jobs an event starts, and what each step is given.

Workflows are read from the repository, at the commit GitHub would read them from. A job's token holds what
its `permissions` say and no more, for as long as the job runs. A step that uses Promoter is run as the
container action it is: `INPUT_*` from `action.yml` and `with`, the runner's own variables, a workspace.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import yaml

from promoter.demo.github.server import Standin
from promoter.demo.job import Trigger, read_outputs
from tests.workflow_actions import NOT_ON_ENTERPRISE, OTHERS, App, Given
from tests.workflow_expressions import Scope, decides, interpolated
from tests.workflow_file import Concurrency, Job, Step, Workflow, WorkflowError, parse_workflow
from tests.workflow_process import Ended
from tests.workflow_triggers import starts

OURS = "your-org/promoter"
_ACTION = Path(__file__).parents[1] / "action.yml"
_WORKFLOWS = ".github/workflows/"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A deployment environment: what it keeps for jobs that name it, from these branches (None: from all)."""

    branches: tuple[str, ...] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the repository's settings keep for workflows. `app`: whose key `PROMOTER_APP_PRIVATE_KEY` is."""

    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, Environment] = field(default_factory=dict)
    app: App | None = None


@dataclass(frozen=True, kw_only=True)
class Passport:
    """Where a job with `id-token: write` fetches GitHub's word on who it is.

    `prefix` is how GitHub begins the subject of this repository's jobs, as its API tells it
    (`sub_claim_prefix`): `repo:acme/models`, or `repo:acme@7/models@8` for a repository of after July 2026.
    """

    url: str
    prefix: str
    issue: Callable[[str], str]  # subject → what a request for a token has to show


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of a job. `refused`: why GitHub did not start it, with nothing of the rest."""

    workflow: str
    job: Job
    exit_code: int = 0
    log: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    artifacts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    group: str = ""
    refused: str = ""

    @property
    def reason(self) -> str:
        """The reason code that Promoter's step left."""
        return self.outputs.get("reason-code", "")


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs what events start. `launch` is given a step's environment and its workspace."""

    standin: Standin
    kept: Kept
    folder: Path
    launch: Callable[[Mapping[str, str], Path], Ended]
    passport: Passport | None = None

    def run(self, trigger: Trigger) -> list[Ran]:
        """Every job that the event starts, in the order of files and jobs; a skipped one is left out."""
        found = (one for one in self._workflows(trigger) if starts(one, trigger))
        return [ran for workflow in found for ran in self._run(workflow, trigger)]

    def _run(self, workflow: Workflow, trigger: Trigger) -> list[Ran]:
        """One run of a workflow; its jobs share their artifacts."""
        run = _Run(runner=self, workflow=workflow, trigger=trigger)
        scope = self._scope(trigger, token="")
        return [self._job(run, job) for job in workflow.jobs if decides(job.condition, scope)]

    def _workflows(self, trigger: Trigger) -> list[Workflow]:
        """As they are at the event's commit; for a pull request at its test merge."""
        git = self.standin.world.git
        listed = git.text("ls-tree", "--name-only", trigger.commit, _WORKFLOWS).split("\n")
        paths = [path for path in listed if path.endswith((".yml", ".yaml"))]
        found = git.objects([f"{trigger.commit}:{path}" for path in paths])
        return [
            parse_workflow(one.content, path.removeprefix(_WORKFLOWS))
            for path, one in zip(paths, found, strict=True)
            if one is not None
        ]

    def _scope(self, trigger: Trigger, *, token: str) -> Scope:
        """What an `if` of a job may name; its steps may name more."""
        github = {
            "token": token,
            "event": trigger.payload,
            "event_name": trigger.name,
            "ref": trigger.ref,
            "sha": trigger.commit,
            "repository": self.standin.world.repository.full_name,
        }
        return Scope(contexts={"github": github, "vars": self.kept.variables})

    def _job(self, run: _Run, job: Job) -> Ran:
        workflow, trigger = run.workflow, run.trigger
        if self.standin.base_path:
            _refuse_on_enterprise(workflow, job)
        environment = self.kept.environments.get(job.environment, Environment())
        if (
            environment.branches is not None
            and trigger.ref.removeprefix("refs/heads/") not in environment.branches
        ):
            refused = f"{trigger.ref} is not allowed to deploy to {job.environment}"
            return Ran(workflow=workflow.path, job=job, refused=refused)
        token = f"ghs_{uuid4().hex}"
        grants = {name.replace("-", "_"): level for name, level in job.permissions.items()}
        self.standin.world.add_workflow_token(token, grants={"metadata": "read", **grants})
        try:
            base = self._scope(trigger, token=token)
            secrets = {**self.kept.secrets, **environment.secrets}
            return run.steps(job, Scope(contexts={**base.contexts, "secrets": secrets}))
        finally:
            del self.standin.world.tokens[token]

    def variables(self, job: Job, trigger: Trigger, *, folder: Path) -> dict[str, str]:
        """What every step of a job sees; the job's files are made."""
        (folder / "event.json").write_text(json.dumps(trigger.payload), encoding="utf-8")
        for name in ("output", "summary.md", "env", "path", "state"):
            (folder / name).touch()
        return {
            "HOME": str(folder),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.standin.api_url,
            "GITHUB_ENV": str(folder / "env"),
            "GITHUB_EVENT_NAME": trigger.name,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_GRAPHQL_URL": self.standin.graphql_url,
            "GITHUB_JOB": job.id,
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_PATH": str(folder / "path"),
            "GITHUB_REF": trigger.ref,
            "GITHUB_REPOSITORY": self.standin.world.repository.full_name,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": self.standin.web_url,
            "GITHUB_SHA": trigger.commit,
            "GITHUB_STATE": str(folder / "state"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_WORKSPACE": str(folder / "workspace"),
            "RUNNER_TEMP": str(folder),
            **self._identity(job, trigger),
        }

    def _identity(self, job: Job, trigger: Trigger) -> dict[str, str]:
        """With `id-token: write` a job may have GitHub vouch for it: for the environment that it names."""
        if job.permissions.get("id-token") != "write" or self.passport is None:
            return {}
        where = f"environment:{job.environment}" if job.environment else _without_environment(trigger)
        subject = f"{self.passport.prefix}:{where}"
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.passport.url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.passport.issue(subject),
        }


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One run of a workflow."""

    runner: Runner
    workflow: Workflow
    trigger: Trigger
    artifacts: dict[str, Sequence[str]] = field(default_factory=dict)

    def steps(self, job: Job, scope: Scope) -> Ran:
        """One job of it, from its first step to its last."""
        folder = Path(mkdtemp(prefix=f"{job.id}-", dir=self.runner.folder))
        (folder / "workspace").mkdir()
        variables = self.runner.variables(job, self.trigger, folder=folder)
        group = "; ".join(interpolated(one.group, scope) for one in _groups(self.workflow, job))
        ran = Ran(workflow=self.workflow.path, job=job, group=group)
        outputs: dict[str, object] = {}
        for step in job.steps:
            now = Scope(contexts={**scope.contexts, "steps": outputs}, has_failed=ran.exit_code != 0)
            if not decides(step.condition, now):
                continue
            given = {name: interpolated(value, now) for name, value in step.given.items()}
            if step.uses.partition("@")[0] == OURS:
                env = {name: interpolated(value, now) for name, value in step.env.items()}
                environ = {**variables, **env, **_inputs(given, now)}
                ran = _after(ran, self.runner.launch(environ, folder / "workspace"), folder)
                outputs[step.id] = {"outputs": ran.outputs}
            else:
                outputs[step.id] = {"outputs": self._other(step, given, folder)}
        return replace(ran, artifacts=dict(self.artifacts))

    def _other(self, step: Step, values: Mapping[str, str], folder: Path) -> Mapping[str, str]:
        """What somebody else's action puts out."""
        if step.uses not in OTHERS:
            raise WorkflowError(f"nobody taught us {step.uses}")
        if self.runner.standin.base_path and step.uses in NOT_ON_ENTERPRISE:
            raise WorkflowError(f"GitHub Enterprise Server cannot run {step.uses}")
        given = Given(
            values=values,
            workspace=folder / "workspace",
            world=self.runner.standin.world,
            app=self.runner.kept.app,
            artifacts=self.artifacts,
        )
        return OTHERS[step.uses](given)


def _after(ran: Ran, ended: Ended, folder: Path) -> Ran:
    return replace(
        ran,
        exit_code=ended.exit_code,
        log=ended.log,
        outputs=read_outputs((folder / "output").read_text(encoding="utf-8")),
        summary=(folder / "summary.md").read_text(encoding="utf-8"),
    )


def _groups(workflow: Workflow, job: Job) -> tuple[Concurrency, ...]:
    return (*workflow.concurrency, *job.concurrency)


def _inputs(given: Mapping[str, str], scope: Scope) -> dict[str, str]:
    """`INPUT_*`: what `action.yml` says, where the workflow says nothing."""
    declared = yaml.safe_load(_ACTION.read_text(encoding="utf-8"))["inputs"]
    unknown = given.keys() - declared.keys()
    if unknown:
        raise WorkflowError(f"action.yml has no input {', '.join(sorted(unknown))}")
    defaults = {name: interpolated(str(one["default"]), scope) for name, one in declared.items()}
    return {f"INPUT_{name.upper()}": value for name, value in {**defaults, **given}.items()}


def _without_environment(trigger: Trigger) -> str:
    return "pull_request" if trigger.name == "pull_request" else f"ref:{trigger.ref}"


def _refuse_on_enterprise(workflow: Workflow, job: Job) -> None:
    """What an Enterprise Server does not have."""
    if any(one.queue for one in _groups(workflow, job)):
        raise WorkflowError(f"{workflow.path}: GitHub Enterprise Server knows no `queue`")
    if "self-hosted" not in job.runs_on:
        raise WorkflowError(f"{workflow.path}: GitHub Enterprise Server has no runners of its own")
