"""The repository's own workflows: what each may do, what it uses, and in which order a release happens."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compat.plan import BETWEEN, NEWEST, OLDEST

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in FOLDER.glob("*.yml"))
READ = {"contents": "read"}
# All that any job may do. A right that is added has to be added here too.
PERMISSIONS: dict[str, dict[str, dict[str, str]]] = {
    "ci.yml": {
        "lint": READ,
        "docs": READ,
        "demo": READ,
        "release-check": READ,
        "tests": READ,
        "command-line": READ,
        "mlflow": READ,
    },
    "codeql.yml": {"analyze": {**READ, "security-events": "write"}},
    "release.yml": {
        "version": READ,
        "tests": READ,
        "packages": READ,
        "attest-packages": {"attestations": "write", "id-token": "write"},
        "image": {**READ, "attestations": "write", "id-token": "write", "packages": "write"},
        "publish": {"attestations": "read", "contents": "write", "packages": "read"},
        "name-images": {**READ, "packages": "write"},
        "pypi": {"id-token": "write"},
    },
    "scorecard.yml": {"scorecard": {**READ, "id-token": "write", "security-events": "write"}},
}
# What may keep or restore something between runs: a release must build from nothing.
CACHES = re.compile(r"actions/cache|cache-(?:from|to)|setup-python|setup-uv|type=gha")


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def workflow(name: str) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(text_of(name))
    return loaded


def jobs(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = workflow(name)["jobs"]
    return found


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in jobs(name).values() for step in job.get("steps", [])]


def before(job: str) -> set[str]:
    """Every job of the release that has to succeed before this one starts."""
    needed = jobs("release.yml")[job].get("needs", [])
    direct = {needed} if isinstance(needed, str) else set(needed)
    return direct.union(*(before(one) for one in direct))


def names_of(job: str) -> list[str]:
    return [step["name"] for step in jobs("release.yml")[job]["steps"]]


# --- all of them ----------------------------------------------------------------------------------


def test_the_table_of_rights_lists_every_workflow() -> None:
    assert sorted(PERMISSIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_job_may_do_what_the_table_says_and_no_more(name: str) -> None:
    assert workflow(name)["permissions"] == {}
    assert {key: job["permissions"] for key, job in jobs(name).items()} == PERMISSIONS[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_pinned_by_commit_and_says_its_version(name: str) -> None:
    used = re.findall(r"uses: (.*)", text_of(name))
    own = {"$/.github/workflows/ci.yml"}
    pinned = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert used
    assert [line for line in used if line not in own and not pinned.fullmatch(line)] == []


def test_one_action_has_one_commit_everywhere() -> None:
    used = {line for name in NAMES for line in re.findall(r"uses: ([^$].*)", text_of(name))}
    repositories = ["/".join(line.split("@")[0].split("/")[:2]) for line in used]
    commits = {(repository, line.split("@")[1]) for repository, line in zip(repositories, used, strict=True)}
    assert len(commits) == len(set(repositories))


@pytest.mark.parametrize("name", NAMES)
def test_no_checkout_leaves_its_token(name: str) -> None:
    checkouts = [step for step in steps(name) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert {step["with"]["persist-credentials"] for step in checkouts} == {False}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_from_an_event_is_pasted_into_a_script(name: str) -> None:
    assert [step["name"] for step in steps(name) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_job_has_a_limit_and_a_fixed_machine(name: str) -> None:
    own = [job for job in jobs(name).values() if "steps" in job]
    assert {job["runs-on"] for job in own} == {"ubuntu-24.04"}
    assert all(0 < job["timeout-minutes"] <= 120 for job in own)


@pytest.mark.parametrize("name", NAMES)
def test_no_workflow_needs_a_secret(name: str) -> None:
    assert "secrets" not in text_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_jobs_own_token_writes_only_behind_an_environment(name: str) -> None:
    writing = {key for key, job in jobs(name).items() if "github.token" in str(job)}
    assert all(jobs(name)[key].get("environment") in {"release"} for key in writing)


@pytest.mark.parametrize("name", NAMES)
def test_no_workflow_runs_a_forks_code_with_rights(name: str) -> None:
    on = workflow(name)[True]  # YAML 1.1 reads the key `on` as true
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(on)


# --- CI -------------------------------------------------------------------------------------------


def test_ci_runs_what_the_readme_says() -> None:
    run = " ".join(step.get("run", "") for step in steps("ci.yml"))
    targets = {
        "lint",
        "docs",
        "demo",
        "release-check",
        "test",
        "test-compat",
        "github-data",
        "lint-workflows",
    }
    assert set(re.findall(r"make ([a-z-]+)", run)) == targets


def test_ci_has_github_s_descriptions_before_the_tests_and_fails_without_them() -> None:
    ran = jobs("ci.yml")["tests"]["steps"]
    order = [step.get("run") for step in ran]
    assert order.index("make github-data") < order.index("make test")
    (variables,) = [step["env"] for step in ran if step.get("run") == "make test"]
    needed = {"BROWSER", "GITHUB_DATA", "IMAGE", "POSTGRES"}
    assert {name for name in needed if variables.get(f"PROMOTER_REQUIRE_{name}") == "1"} == needed
    assert variables["PROMOTER_GITHUB_DATA"].endswith("/.venv/github-data")


def test_what_npm_installs_is_locked_by_digest_and_by_no_address() -> None:
    text = (ROOT / "requirements" / "workflow-parser" / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert {"node_modules/@actions/languageservice", "node_modules/yaml"} <= packages.keys()
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert not any("resolved" in one or "hasInstallScript" in one for one in packages.values())


def test_ci_tries_every_python_from_the_oldest_that_is_promised() -> None:
    tried = jobs("ci.yml")["command-line"]["strategy"]["matrix"]["python"]
    oldest = re.search(
        r'^requires-python = ">=(3\.\d+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert oldest
    assert tried[0] == oldest[1]
    minors = [int(one.split(".")[1]) for one in tried]
    assert minors == list(range(minors[0], minors[-1] + 1))


def test_ci_tries_the_servers_that_are_promised() -> None:
    rows = jobs("ci.yml")["mlflow"]["strategy"]["matrix"]["servers"]
    assert {version for row in rows for version in row.split()} == {OLDEST, BETWEEN, NEWEST}


def test_updates_wait_and_cover_all_that_is_pinned() -> None:
    loaded = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    updates = {one["package-ecosystem"]: one for one in loaded["updates"]}
    assert updates.keys() == {"github-actions", "docker", "npm", "pip"}
    assert all(one["cooldown"]["default-days"] >= 7 for one in updates.values())
    assert (ROOT / updates["pip"]["directory"].lstrip("/")).is_dir()
    assert (ROOT / updates["npm"]["directory"].lstrip("/") / "package-lock.json").is_file()


# --- a release ------------------------------------------------------------------------------------


def test_a_release_starts_from_a_source_tag_and_nothing_else() -> None:
    on = workflow("release.yml")[True]
    assert on == {"push": {"tags": ["source/v[0-9]+.[0-9]+.[0-9]+"]}}


def test_two_releases_never_overlap() -> None:
    assert workflow("release.yml")["concurrency"] == {"group": "release", "cancel-in-progress": False}


def test_nothing_leaves_before_all_tests_have_passed() -> None:
    out = {"attest-packages", "image", "publish", "name-images", "pypi"}
    assert {job for job in jobs("release.yml") if "tests" in before(job)} == out
    assert all("version" in before(job) for job in jobs("release.yml") if job != "version")


def test_images_are_pushed_and_attested_before_the_commit_and_named_after_it() -> None:
    assert {"image", "packages", "attest-packages"} <= before("publish")
    assert "publish" in before("name-images")
    assert "publish" in before("pypi")


def test_an_image_is_tried_before_it_is_attested() -> None:
    order = names_of("image")
    tried = order.index("Try what was pushed, and write down what is in it")
    pushed = [place for place, name in enumerate(order) if name.startswith("Build and push")]
    attested = [place for place, name in enumerate(order) if name.startswith("Attest")]
    assert (len(pushed), len(attested)) == (2, 6)
    assert max(pushed) < tried < min(attested)


def test_the_tag_comes_after_the_attestations_were_verified() -> None:
    assert names_of("publish")[3:] == [
        "Verify the attestations",
        "Name the images in the actions",
        "Make the release's commit and tag",
        "Publish the release",
    ]


def test_whatever_publishes_waits_in_an_environment() -> None:
    found = {key: job.get("environment") for key, job in jobs("release.yml").items()}
    waiting = dict.fromkeys(["attest-packages", "image", "publish", "name-images"], "release")
    assert {key: value for key, value in found.items() if value} == {**waiting, "pypi": "pypi"}


def test_images_have_two_platforms_provenance_and_sbom_and_no_cache() -> None:
    built = [
        step["with"] for step in jobs("release.yml")["image"]["steps"] if "build-push" in step.get("uses", "")
    ]
    assert [one["file"] for one in built] == ["Dockerfile", "Dockerfile.spark"]
    for one in built:
        assert one["platforms"] == "linux/amd64,linux/arm64"
        assert (one["provenance"], one["sbom"]) == ("mode=max", True)
        assert (one["no-cache"], one["pull"]) == (True, True)
        assert {"push-by-digest=true", "push=true"} <= set(one["outputs"].split(","))
        assert "tags" not in one


def test_the_image_with_spark_is_built_on_the_one_that_was_just_pushed() -> None:
    (spark,) = [step for step in steps("release.yml") if step.get("id") == "build-spark"]
    wanted = "PROMOTER=${{ needs.version.outputs.image }}@${{ steps.build.outputs.digest }}"
    assert spark["with"]["build-args"] == wanted


def test_a_release_restores_nothing_from_earlier_runs() -> None:
    assert CACHES.findall(text_of("release.yml")) == []
    (builder,) = [step for step in steps("release.yml") if "setup-buildx" in step.get("uses", "")]
    assert builder["with"] == {"cache-binary": False}


def test_every_script_that_a_workflow_calls_is_there() -> None:
    called = re.findall(
        r"scripts[./](\w+(?:\.sh)?)", " ".join(step.get("run", "") for step in steps("release.yml"))
    )
    assert len(set(called)) == 9
    missing = [
        one for one in called if not (ROOT / "scripts" / (one if "." in one else f"{one}.py")).exists()
    ]
    assert missing == []
