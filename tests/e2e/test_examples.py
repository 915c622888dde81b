"""The examples, run: workflows as GitHub would start them, with the tokens and secrets that they name."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from promoter.demo.github import settings
from promoter.demo.github.model import PullRequest, Push
from promoter.demo.github.server import Standin
from tests.e2e.house import POLICY
from tests.mlflow_server import MlflowServer
from tests.workflow_file import WorkflowError
from tests.workflow_house import APP, Registry, Team, example, kept_for, only, teamed, with_passwords
from tests.workflow_process import Launcher, run_afresh
from tests.workflow_runner import Ran, Runner

pytestmark = pytest.mark.integration

REQUEST = "promotions/churn/champion.yaml"
DAILY, HOURLY, WEEKLY = "17 5 * * *", "47 * * * *", "41 4 * * 1"


@pytest.fixture(scope="module")
def registry(mlflow_server_with_passwords: MlflowServer) -> Registry:
    return with_passwords(mlflow_server_with_passwords)


@pytest.fixture(params=[""])
def team(
    tmp_path: Path, registry: Registry, launcher: Launcher, request: pytest.FixtureRequest
) -> Iterator[Team]:
    """Their repository; the parameter is the path below which GitHub's API is."""

    def equip(standin: Standin) -> Runner:
        return Runner(standin=standin, kept=kept_for(registry), folder=tmp_path, launch=launcher.run)

    with teamed(tmp_path, registry, equip, base_path=request.param) as made:
        yield made


def asks(version: str, model: str = "churn") -> bytes:
    return f"model: {model}\nalias: champion\nversion: {version}\nreason: Q3 retrain\n".encode()


def workflows(*paths: str) -> dict[str, bytes]:
    """Files of the examples, where a repository has its workflows."""
    return {f".github/workflows/{Path(path).name}": example(path) for path in paths}


BASIC = workflows(*(f"workflows/{name}.yml" for name in ("validate", "apply", "drift", "propose", "doctor")))
POLICY_FILE = {POLICY: example("promotion-policy.yaml")}


def adopted(team: Team, files: Mapping[str, bytes]) -> Team:
    """Version 1 of churn is the champion, and 2 is better."""
    team.register("churn", 0.80, 0.85)
    team.adopt({REQUEST: asks("1"), **files})
    return team


def told(ran: list[Ran]) -> list[tuple[str, str]]:
    """Name and reason code of every job that was started."""
    return [(one.job.name, one.reason) for one in ran]


def validated(team: Team, number: int) -> Ran:
    """A pull request's event starts one job, which says in its one comment that all is well."""
    ran = only(team.opened(number))
    assert told([ran]) == [("Validate promotion", "validated")], ran.log
    (comment,) = team.house.comments(number)
    assert comment.author == "github-actions[bot]"
    assert "Ready to promote" in comment.body
    return ran


def applied(team: Team, push: Push, model: str = "churn") -> Ran:
    """The push of a merge starts one job, which moves the alias."""
    ran = only(team.pushed(push))
    assert told([ran]) == [("Apply promotion", "applied")], ran.log
    assert team.champion(model) == "2"
    return ran


def drifted(team: Team) -> None:
    """The schedule finds agreement, and then what somebody moved by hand."""
    assert told(team.scheduled(DAILY)) == [("Look for drift", "in_sync")]
    team.set_alias("churn", "1")
    assert told(team.scheduled(DAILY)) == [("Look for drift", "drift_found")]
    (issue,) = team.world.issues.values()
    assert "churn@champion" in issue.title


def proposed(team: Team) -> PullRequest:
    """An App opens a pull request for whoever holds `challenger`."""
    team.set_alias("churn", "2", alias="challenger")
    ran = only(team.scheduled(HOURLY))
    assert told([ran]) == [("Propose promotions", "proposed")], ran.log
    (pull,) = team.world.pulls.values()
    assert (pull.author, pull.title) == (APP.login, "Promote churn 1 → 2 as champion")
    return pull


# --- open-source MLflow with basic auth -----------------------------------------------------------


def test_open_source_from_pull_request_to_alias_to_drift(team: Team) -> None:
    adopted(team, {**BASIC, **POLICY_FILE})
    number = team.house.propose({REQUEST: asks("2")})
    ran = validated(team, number)
    assert ran.group == f"promoter-validate-{number}"
    assert "report.html" in ran.artifacts["promoter-report"]
    assert applied(team, team.reviewed(number)).group == "promoter-apply"
    assert team.tags("churn", "2")["promoter_approved_by"] == "alice"
    assert len(team.house.comments(number)) == 1
    drifted(team)


def test_events_that_validate_nothing_start_nothing(team: Team) -> None:
    adopted(team, {**BASIC, **POLICY_FILE})
    number = team.house.propose({REQUEST: asks("2")})
    assert team.opened(number, action="labeled") == []
    pushed = team.world.commit("elsewhere", {"README.md": b"text"}, author="dora", message="More")
    assert team.pushed(pushed) == []
    assert team.scheduled("0 0 1 1 *") == []


def test_open_source_proposes_where_the_policy_says_so(team: Team) -> None:
    text = example("promotion-policy.yaml")
    asked = text.replace(b"    mode: enforce ", b"    propose: {from_alias: challenger}\n    mode: enforce ")
    adopted(team, {**BASIC, POLICY: asked})
    pull = proposed(team)
    validated(team, pull.number)


def test_the_readers_credential_moves_nothing(team: Team) -> None:
    files = workflows("workflows/apply.yml")
    reading = {path: text.replace(b"MLFLOW_WRITER_", b"MLFLOW_READER_") for path, text in files.items()}
    adopted(team, {**reading, **POLICY_FILE})
    push = team.reviewed(team.house.propose({REQUEST: asks("2")}))
    ran = only(team.pushed(push))
    assert told([ran]) == [("Apply promotion", "apply_failed")], ran.log
    assert "these credentials may not use it" in ran.log
    assert (ran.exit_code, team.champion("churn")) == (4, "1")


def test_no_pull_request_reaches_the_writing_credential(team: Team) -> None:
    """Somebody edits validate in their own pull request; GitHub keeps the environment from it."""
    adopted(team, {**workflows("workflows/validate.yml"), **POLICY_FILE})
    ((path, text),) = workflows("workflows/validate.yml").items()
    stolen = text.replace(b"MLFLOW_READER_", b"MLFLOW_WRITER_")
    stolen = stolen.replace(b"    steps:", b"    environment: model-registry-write\n    steps:")
    ran = only(team.opened(team.house.propose({path: stolen})))
    assert ran.refused == "refs/pull/1/merge is not allowed to deploy to model-registry-write"
    assert ran.outputs == {}


@pytest.mark.parametrize(
    ("less", "comments"),
    [("contents: read", 1), ("pull-requests: write", 0)],  # without the second there is nobody to comment
)
def test_a_permission_less_is_refused_by_github(team: Team, less: str, comments: int) -> None:
    ((path, text),) = workflows("workflows/validate.yml").items()
    line = next(one for one in text.split(b"\n") if one.strip().startswith(less.encode()))
    adopted(team, {path: text.replace(line + b"\n", b""), **POLICY_FILE})
    ran = only(team.opened(team.house.propose({REQUEST: asks("2")})))
    assert told([ran]) == [("Validate promotion", "permission_denied")], ran.log
    assert (ran.exit_code, len(team.house.comments(1))) == (4, comments)
    assert f"`{less.partition(':')[0]}: " in ran.summary


@dataclass(frozen=True, kw_only=True)
class Copied:
    """One set-up, copied as its README says; `models` are asked for by the files of `requests`."""

    files: Mapping[str, bytes]
    requests: Mapping[str, bytes] = field(default_factory=lambda: {REQUEST: asks("1")})
    models: Sequence[str] = ("churn",)
    rules: Sequence[settings.Rule] = settings.reviewed("Validate promotion")


GROWTH, RISK = "teams/growth/promotions/churn-champion.yaml", "teams/risk/promotions/fraud-champion.yaml"
TEAMS = {GROWTH: asks("1"), RISK: asks("1", "fraud")}
DOCTOR = workflows("workflows/doctor.yml")
UNITY = "prod.ml.churn"


def named(folder: str, *names: str) -> dict[str, bytes]:
    return workflows(*(f"{folder}/{name}.yml" for name in names))


def queue_rules() -> list[settings.Rule]:
    """The ruleset of the merge queue, as GitHub tells it of the branch once it is imported."""
    rules = json.loads(example("merge-queue/ruleset.json"))["rules"]
    return [settings.Rule(type=one["type"], parameters=one.get("parameters", {})) for one in rules]


COPIED: dict[str, Copied] = {
    "workflows": Copied(files={**BASIC, **POLICY_FILE}),
    "one-workflow": Copied(
        files={
            **named("one-workflow", "promoter"),
            **DOCTOR,
            POLICY: example("one-workflow/promotion-policy.yaml"),
        }
    ),
    "merge-queue": Copied(
        files={**named("workflows", "validate", "apply", "doctor"), **POLICY_FILE}, rules=queue_rules()
    ),
    "databricks": Copied(
        files={
            **named("databricks", "validate", "apply", "drift"),
            **DOCTOR,
            POLICY: example("databricks/promotion-policy.yaml"),
        },
        requests={f"promotions/{UNITY}/champion.yaml": asks("1", UNITY)},
        models=[UNITY],
    ),
    "ghes": Copied(files={**named("ghes", "validate", "apply", "drift"), **DOCTOR, **POLICY_FILE}),
    "monorepo": Copied(
        files={
            **named("monorepo", "validate", "apply", "drift", "doctor"),
            POLICY: example("monorepo/promotion-policy.yaml"),
        },
        requests=TEAMS,
        models=["churn", "fraud"],
    ),
    "monorepo/two-policies.yml": Copied(
        files={
            **named("monorepo", "two-policies", "doctor"),
            **{
                f".github/promotion-policy-{name}.yaml": example("monorepo/promotion-policy.yaml")
                for name in ("growth", "risk")
            },
        },
        requests=TEAMS,
        models=["churn", "fraud"],
        rules=settings.reviewed("Validate growth", "Validate risk"),
    ),
}


def promised() -> dict[str, tuple[Counter[str], Counter[str]]]:
    """What the index of the examples says that the doctor finds in each: errors and warnings, counted."""
    rows = re.findall(
        r"^\| \[[\w/.-]+\]\(([\w/.-]+)\) \| ([^|]*) \| ([^|]*) \|$",
        example("README.md").decode(),
        re.MULTILINE,
    )
    return {row[0]: (_counted(row[1]), _counted(row[2])) for row in rows}


def _counted(cell: str) -> Counter[str]:
    return Counter({rule: int(number) for number, rule in re.findall(r"(\d+) `(\w+)`", cell)})


@pytest.mark.parametrize("name", COPIED)
def test_the_doctor_says_of_each_example_what_the_readme_says(team: Team, name: str) -> None:
    copied = COPIED[name]
    for model in copied.models:
        team.register(model, 0.80)
    team.adopt({**copied.requests, **copied.files, ".github/CODEOWNERS": b"/.github/ @acme/ml-platform\n"})
    limited = [
        settings.Environment(id=at, name=one, branches=("main",))
        for at, one in enumerate(("model-registry-write", "model-proposals"), start=1)
    ]
    read = settings.Environment(id=3, name="model-registry-read")
    team.world.settings = settings.Settings(rules=tuple(copied.rules), environments=(*limited, read))
    ran = only(team.scheduled(WEEKLY))
    findings = json.loads(ran.outputs["result"])["findings"]
    errors, warnings = (
        Counter(one["rule"] for one in findings if one["severity"] == severity)
        for severity in ("error", "warning")
    )
    # What a workflow's own token may not read. What this machine's Linux lacks is no matter of a set-up.
    assert warnings.pop("not_looked_at") == 3
    del warnings["sandbox_incomplete"]
    assert (errors, warnings) == promised()[name], ran.log
    assert ran.reason == ("setup_unsafe" if errors else "setup_sound")


def test_the_index_promises_something_for_each_example() -> None:
    assert promised().keys() == COPIED.keys()


def test_the_installed_program_itself_does_the_same(team: Team) -> None:
    """Once without the short cut that the other tests start processes by."""
    adopted(team, {**BASIC, **POLICY_FILE})
    team.runner = replace(team.runner, launch=run_afresh)
    validated(team, team.house.propose({REQUEST: asks("2")}))


# --- all in one file ------------------------------------------------------------------------------


def test_one_workflow_proposes_validates_applies_and_looks_for_drift(team: Team) -> None:
    files = workflows("one-workflow/promoter.yml")
    policy = example("one-workflow/promotion-policy.yaml").replace(b"grace_minutes: 30", b"grace_minutes: 0")
    adopted(team, {**files, POLICY: policy})
    pull = proposed(team)
    validated(team, pull.number)
    applied(team, team.reviewed(pull.number))
    drifted(team)


# --- merge queue ----------------------------------------------------------------------------------


def test_a_merge_queue_validates_each_stack_and_applies_its_push(team: Team) -> None:
    adopted(team, {**workflows("workflows/validate.yml", "workflows/apply.yml"), **POLICY_FILE})
    rules = queue_rules()
    team.world.settings = settings.Settings(rules=tuple(rules))
    number = team.house.propose({REQUEST: asks("2")})
    other = team.house.propose({"README.md": b"about something else"})
    validated(team, number)
    assert told(team.opened(other)) == [("Validate promotion", "nothing_to_promote")]
    team.house.approve(number)
    group = team.world.enqueue([number, other], by="alice")
    queued = only(team.queued(group))
    assert told([queued]) == [("Validate promotion", "validated")], queued.log
    assert queued.exit_code == 0
    required: Any = rules[3].parameters["required_status_checks"]
    assert queued.job.name in {one["context"] for one in required}
    assert team.champion("churn") == "1"
    applied(team, team.world.land(group, by="alice"))


# --- GitHub Enterprise Server ---------------------------------------------------------------------

ENTERPRISE = pytest.mark.parametrize("team", ["/api/v3"], indirect=True)


@ENTERPRISE
def test_an_enterprise_server_from_pull_request_to_alias_to_drift(team: Team) -> None:
    files = workflows("ghes/validate.yml", "ghes/apply.yml", "ghes/drift.yml")
    adopted(team, {**files, **POLICY_FILE})
    number = team.house.propose({REQUEST: asks("2")})
    assert "report.html" in validated(team, number).artifacts["promoter-report"]
    applied(team, team.reviewed(number))
    drifted(team)
    asked = {one.path for one in team.house.standin.requests}
    assert all(path.startswith(("/api/v3/", "/api/graphql")) for path in asked), asked


@ENTERPRISE
@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("apply", b"in-progress: false", b"in-progress: false\n  queue: max", "knows no `queue`"),
        ("apply", b"[self-hosted, linux]", b"ubuntu-24.04", "no runners of its own"),
        (
            "apply",
            b"c6a366c94c3e0affe28c06c8df20a878f24da3cf",
            b"330a01c490aca151604b8cf639adc76d48f6c5d4",
            "cannot run",
        ),
    ],
)
def test_what_an_enterprise_server_does_not_have_is_refused_here(
    team: Team, name: str, old: bytes, new: bytes, said: str
) -> None:
    text = example(f"ghes/{name}.yml")
    assert old in text
    team.adopt({f".github/workflows/{name}.yml": text.replace(old, new)})
    with pytest.raises(WorkflowError, match=said):
        team.pushed(team.house.land({"README.md": b"text"}))


# --- many teams -----------------------------------------------------------------------------------


def two_teams(team: Team, files: Mapping[str, bytes]) -> int:
    """Growth and risk each have a champion, and one pull request asks for two newer ones."""
    team.register("churn", 0.80, 0.85)
    team.register("fraud", 0.70, 0.75)
    team.adopt({GROWTH: asks("1"), RISK: asks("1", "fraud"), **files})
    return team.house.propose({GROWTH: asks("2"), RISK: asks("2", "fraud")})


def test_many_teams_under_one_policy(team: Team) -> None:
    files = workflows("monorepo/validate.yml", "monorepo/apply.yml", "monorepo/drift.yml")
    number = two_teams(team, {**files, POLICY: example("monorepo/promotion-policy.yaml")})
    validated(team, number)
    applied(team, team.reviewed(number))
    assert team.champion("fraud") == "2"
    drifted(team)


def test_two_policies_share_one_comment_and_the_first_writes_it(team: Team) -> None:
    policy = example("monorepo/promotion-policy.yaml")
    policies = {f".github/promotion-policy-{name}.yaml": policy for name in ("growth", "risk")}
    number = two_teams(team, {**workflows("monorepo/two-policies.yml"), **policies})
    growth, risk = team.opened(number)
    assert told([growth, risk]) == [("Validate growth", "validated"), ("Validate risk", "validated")]
    (comment,) = team.house.comments(number)
    assert "churn" in comment.body
    assert "fraud" not in comment.body
    assert "fraud" in risk.summary
    ran = team.pushed(team.reviewed(number))
    assert told(ran) == [("Apply growth", "applied"), ("Apply risk", "applied")], ran[0].log + ran[1].log
    assert (team.champion("churn"), team.champion("fraud")) == ("2", "2")
    (comment,) = team.house.comments(number)
    assert ("Promoted" in comment.body, "fraud" in comment.body) == (True, False)
    # No comment says what was validated, so nothing can be held against it: risk's summary says so.
    assert ["were not compared" in one.summary for one in ran] == [False, True]
