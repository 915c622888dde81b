"""The examples as files: valid as what they are, told of in their README, the same as the documents show."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from promoter.core.doctor_owners import owners
from promoter.core.policy import Mode, Policy
from promoter.core.policy_file import parse_policy
from promoter.core.request_file import parse_request
from tests.github_data import openapi
from tests.markdown_blocks import blocks
from tests.workflow_file import parse_workflow
from tests.workflow_house import EXAMPLES

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(EXAMPLES.glob("*/*.yml"))
POLICIES = sorted(EXAMPLES.rglob("promotion-policy.yaml"))
REQUESTS = sorted(EXAMPLES.rglob("promotions/**/*.yaml"))
PARSER = ROOT / ".venv" / "workflow-parser" / "node_modules"


def name(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def policy_of(request: Path) -> Policy:
    """The policy in the request's own folder of examples."""
    folder = next(one for one in request.parents if (one / "promotion-policy.yaml").exists())
    path = folder / "promotion-policy.yaml"
    return parse_policy(path.read_bytes(), path=name(path))


def shown(document: str, kind: str) -> Iterator[str]:
    return (one.text for one in blocks(ROOT / "docs" / document) if one.info == kind)


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_every_workflow_is_one_that_the_tests_can_run(path: Path) -> None:
    workflow = parse_workflow(path.read_bytes(), name(path))
    assert workflow.jobs
    assert all(job.steps and job.runs_on for job in workflow.jobs)


def test_github_s_own_parser_finds_nothing() -> None:
    if not PARSER.is_dir():
        pytest.skip("GitHub's own parser is not here: `make lint-workflows` fetches it")
    command = ["node", str(ROOT / "scripts/check_workflows.mjs"), str(PARSER), *map(str, WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("path", POLICIES, ids=name)
def test_every_policy_is_one(path: Path) -> None:
    assert parse_policy(path.read_bytes(), path=name(path)).models


@pytest.mark.parametrize("path", REQUESTS, ids=name)
def test_every_request_is_one_that_its_policy_lets_ask(path: Path) -> None:
    request = parse_request(path.read_bytes(), path=name(path))
    rule = policy_of(path).rule_for(request.model, request.kind)
    assert rule is not None
    assert request.alias in rule.aliases
    assert rule.mode is not Mode.DISABLED


def test_every_folder_says_what_it_is_for() -> None:
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for folder in {path.parent for path in WORKFLOWS} | {EXAMPLES / "merge-queue"}:
        assert f"]({folder.name})" in index
        readme = folder / "README.md"
        told = readme.read_text(encoding="utf-8") if readme.exists() else ""
        for workflow in folder.glob("*.yml"):
            text = workflow.read_text(encoding="utf-8")
            assert text.startswith("# "), workflow
            assert not told or f"({workflow.name})" in told, workflow


def test_every_link_of_a_readme_leads_somewhere() -> None:
    for readme in EXAMPLES.rglob("README.md"):
        links = [part.partition(")")[0] for part in readme.read_text(encoding="utf-8").split("](")[1:]]
        assert links
        assert [link for link in links if not (readme.parent / link).exists()] == [], readme


# --- Databricks -----------------------------------------------------------------------------------


def policies_of_federation() -> dict[str, Any]:
    folder = EXAMPLES / "databricks" / "federation"
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


def test_each_job_is_the_principal_whose_federation_policy_names_its_environment() -> None:
    federation = policies_of_federation()
    for path in (EXAMPLES / "databricks").glob("*.yml"):
        (job,) = parse_workflow(path.read_bytes(), path.name).jobs
        who = "writer" if "WRITER" in job.steps[0].env["DATABRICKS_CLIENT_ID"] else "reader"
        policy = federation[who]["oidc_policy"]
        assert policy["subject"].endswith(f":environment:{job.environment}")
        assert job.steps[0].env["DATABRICKS_TOKEN_AUDIENCE"] in policy["audiences"]
        assert job.permissions["id-token"] == "write"
        assert "secrets." not in path.read_text(encoding="utf-8")


def test_the_document_on_databricks_shows_the_files() -> None:
    (federation,) = shown("databricks.md", "json")
    assert json.loads(federation) == policies_of_federation()["writer"]
    job = next(one for one in map(yaml.safe_load, shown("databricks.md", "yaml")) if "steps" in one)
    text = (EXAMPLES / "databricks" / "apply.yml").read_text(encoding="utf-8")
    (whole,) = yaml.safe_load(text)["jobs"].values()
    assert job == {**{key: whole[key] for key in job}, "steps": whole["steps"][:1]}


# --- many teams -----------------------------------------------------------------------------------


def test_the_document_on_many_teams_shows_the_files() -> None:
    folder = EXAMPLES / "monorepo"
    assert (folder / "promotion-policy.yaml").read_text(encoding="utf-8").strip() in {
        one.strip() for one in shown("monorepo.md", "yaml")
    }
    assert (folder / "CODEOWNERS").read_text(encoding="utf-8").strip() in {
        one.strip() for one in shown("monorepo.md", "text")
    }
    (step,) = next(one for one in map(yaml.safe_load, shown("monorepo.md", "yaml")) if isinstance(one, list))
    text = (folder / "validate.yml").read_text(encoding="utf-8")
    assert step == yaml.safe_load(text)["jobs"]["validate"]["steps"][0]


def test_each_team_owns_its_requests_and_the_glob_finds_them_all() -> None:
    folder = EXAMPLES / "monorepo"
    text = (folder / "CODEOWNERS").read_text(encoding="utf-8")
    requests = [path.relative_to(folder).as_posix() for path in folder.rglob("promotions/*.yaml")]
    found = {path: owners(text, path) for path in requests}
    assert found == {
        "teams/growth/promotions/churn-champion.yaml": ("@your-org/growth",),
        "teams/risk/promotions/fraud-champion.yaml": ("@your-org/risk", "@your-org/payments"),
    }
    assert owners(text, ".github/promotion-policy.yaml") == ("@your-org/ml-platform",)
    for name_of in ("validate", "apply", "drift"):
        (job,) = parse_workflow((folder / f"{name_of}.yml").read_bytes(), name_of).jobs
        glob = job.steps[0].given["requests"]
        assert all(fnmatchcase(path, glob) for path in requests)


# --- merge queue ----------------------------------------------------------------------------------


def test_the_ruleset_is_one_that_github_takes() -> None:
    ruleset = json.loads((EXAMPLES / "merge-queue" / "ruleset.json").read_text(encoding="utf-8"))
    described = openapi()
    route = described["paths"]["/repos/{owner}/{repo}/rulesets"]["post"]
    body = route["requestBody"]["content"]["application/json"]["schema"]
    schema = {**body, "components": described["components"]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(ruleset)] == []
    assert [error.message for error in Draft202012Validator(schema).iter_errors({**ruleset, "name": 1})]
