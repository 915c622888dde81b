"""T79 to T87, T02, T11: what the examples teach, what the workflows pin, and where tokens go."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import connect
from promoter.errors import PromoterError, ReasonCode
from promoter.inputs import read_inputs
from tests.e2e.house import House
from tests.markdown_blocks import yaml_blocks
from tests.proxy import Answer, proxied

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EXAMPLES = sorted((ROOT / "examples").glob("*/*.yml"))
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TAUGHT = [*EXAMPLES, *OWN]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def workflow_blocks() -> Iterator[tuple[str, str]]:
    """Whole workflows, and jobs or steps of one, that a document shows: with where they stand."""
    for document in DOCUMENTS:
        for at, block in enumerate(yaml_blocks(document)):
            if re.search(r"^\s*(?:- )?(?:uses|runs-on|jobs|steps|permissions):", block, re.MULTILINE):
                yield f"{name(document)} block {at}", block


def workflows(folder: Path) -> list[Path]:
    """Every workflow that we run or teach, as a file; fragments are made whole."""
    for at, (_, block) in enumerate(workflow_blocks()):
        (folder / f"block{at}.yml").write_text(_whole(block), encoding="utf-8")
    return [*TAUGHT, *sorted(folder.glob("*.yml"))]


def _whole(block: str) -> str:
    found: Any = yaml.safe_load(block)
    if isinstance(found, Mapping) and "jobs" in found:
        return block
    if isinstance(found, Mapping) and not {"runs-on", "steps"} & set(found):
        jobs: Any = found
    else:
        job = found if isinstance(found, Mapping) else {"steps": found}
        jobs = {"shown": {"runs-on": "ubuntu-24.04", "permissions": {}, "timeout-minutes": 5, **job}}
    whole = {"name": "Shown", "on": {"push": {"branches": ["main"]}}, "permissions": {}, "jobs": jobs}
    return str(yaml.safe_dump(whole, sort_keys=False))


def run(*command: object) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def all_text() -> str:
    texts = (path.read_text(encoding="utf-8") for path in TAUGHT)
    return "\n".join(chain(texts, (block for _, block in workflow_blocks())))


# --- T87, T82: the linters ------------------------------------------------------------------------


def test_t87_every_workflow_that_we_run_or_teach_is_valid(tmp_path: Path) -> None:
    files = workflows(tmp_path)
    assert len(files) >= 3
    run(BIN / "actionlint", "-shellcheck", BIN / "shellcheck", *files)
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)


def test_t82_t87_every_workflow_that_we_run_or_teach_is_safe_in_zizmors_eyes(tmp_path: Path) -> None:
    files = workflows(tmp_path)
    run(BIN / "zizmor", "--quiet", "--offline", "--strict-collection", "--persona", "regular", *files)


def test_t87_all_yaml_of_the_documents_is_yaml() -> None:
    for document in DOCUMENTS:
        for block in yaml_blocks(document):
            assert yaml.safe_load(block) is not None, (name(document), block)


# --- T02, T11, T82, T84: what no example does -----------------------------------------------------

NEVER = {
    "an actor's name is spoofed by a re-run": r"github\.actor\b",
    "T13: it runs with secrets on others' code": r"^\s*pull_request_target\s*:",
    "T82: a cache outlives the job that filled it": r"^\s*cache\s*:",
    "T84: any branch could ask for the credential": r"repo:[\w./-]+:(?:\*|ref|pull_request)",
    "T46: the token would stay on the disk": r"persist-credentials:\s*true",
    "T71: an output pasted into a shell": r"run:.*\$\{\{\s*(?:steps|needs)\.",
    "an event's text pasted into a shell": r"run:.*\$\{\{\s*github\.event\.",
    "T79: a tag moves": r"uses:\s*[\w-]+/[\w./-]+@(?![0-9a-f]{40}\b)",
    "everything is granted": r"permissions:\s*(?:write-all|read-all)|^\s*id-token:\s*write\s*$(?!.*#)",
}


@pytest.mark.parametrize("pattern", NEVER.values(), ids=NEVER.keys())
def test_t11_t82_t84_no_example_does_what_lets_somebody_in(pattern: str) -> None:
    assert re.findall(pattern, all_text(), re.MULTILINE) == []


def test_t82_only_wheels_that_are_checked_are_kept_and_never_beside_the_writing_credential() -> None:
    for path in TAUGHT:
        assert "actions/cache" not in path.read_text(encoding="utf-8"), name(path)
    caching = [block for _, block in workflow_blocks() if "actions/cache" in block]
    assert caching
    for block in caching:
        keeping, ours = yaml.safe_load(block)["steps"]
        assert re.fullmatch(r"actions/cache@[0-9a-f]{40}", keeping["uses"])
        assert set(keeping["with"]) == {"path", "key", "restore-keys"}
        assert keeping["with"]["path"] == ours["with"]["wheel-cache"]
        assert set(ours["with"]) == {"wheel-cache"}
        assert "WRITER" not in block


def test_t02_the_writing_credential_lies_in_an_environment_of_the_default_branch() -> None:
    """GitHub keeps its secrets from every other branch; that is tried by hand, see docs/security.md."""
    for path in EXAMPLES:
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            text = yaml.safe_dump(job)
            writes = "WRITER" in text or "APP_PRIVATE_KEY" in text
            # Databricks' trust names an environment for reading too; that one holds nothing.
            named = job.get("environment", "model-registry-read")
            assert writes is (named != "model-registry-read"), name(path)
    security = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert "repo:your-org/your-repo:environment:model-registry-write" in security


@pytest.mark.parametrize("path", TAUGHT, ids=name)
def test_t81_whatever_runs_is_pinned_by_commit_and_nothing_is_installed_by_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # `$/` is this repository at this very commit.
    used = re.findall(r"uses: (?!\$/).*", text)
    assert all(re.search(r"@[0-9a-f]{40} # \S", line) for line in used)
    assert not re.search(r"pip install (?!--require-hashes )|curl|wget|npm ", text)


# --- T83: the permissions that the examples grant are enough --------------------------------------


def granted(example: str) -> dict[str, str]:
    text = (ROOT / "examples" / "workflows" / example).read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["jobs"].values()
    return {"metadata": "read", **{key.replace("-", "_"): level for key, level in job["permissions"].items()}}


def test_t83_each_mode_works_with_exactly_the_permissions_of_its_example(house: House) -> None:
    old, new = house.version(0.8), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    for example in ("validate.yml", "apply.yml"):
        house.world.add_workflow_token(f"token-of-{example}", grants=granted(example))
    validated = house.validate(number, **{"github-token": "token-of-validate.yml"})
    house.approve(number)
    applied = house.apply(house.merge(number), **{"github-token": "token-of-apply.yml"})
    assert validated.outputs["reason-code"] == "validated", validated.log
    assert applied.outputs["reason-code"] == "applied", applied.log
    assert validated.outputs["comment-url"]
    assert applied.outputs["comment-url"]


@pytest.mark.parametrize("missing", ["contents", "pull_requests"])
def test_t83_one_permission_less_is_told_by_name_and_moves_nothing(house: House, missing: str) -> None:
    first, second = house.version(0.8), house.version(0.85)
    house.adopt(first)
    number = house.ask_for(second)
    house.approve(number)
    grants = {key: level for key, level in granted("apply.yml").items() if key != missing}
    house.world.add_workflow_token("less", grants=grants)
    finished = house.apply(house.merge(number), **{"github-token": "less"})
    assert finished.outputs["reason-code"] == "permission_denied"
    assert f"{missing.replace('_', '-')}: read" in finished.log
    assert house.champion() == first


# --- T85: where the token goes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "server"),
    [
        ("https://evil.example", ""),
        ("https://api.github.com.evil.example", ""),
        ("https://evil.example/api.github.com", "https://github.com"),
        ("https://api.github.com", "https://ghe.example"),
        ("https://evilghe.example/api/v3", "https://ghe.example"),
    ],
)
def test_t85_an_api_that_is_not_the_servers_gets_no_token(api: str, server: str) -> None:
    with pytest.raises(PromoterError) as refused:
        read_inputs({"GITHUB_API_URL": api, "GITHUB_SERVER_URL": server})
    assert refused.value.reason is ReasonCode.USAGE_INVALID


@pytest.mark.parametrize(
    ("api", "server"),
    [
        ("", ""),
        ("https://api.github.com", "https://github.com"),
        ("https://ghe.example/api/v3", "https://ghe.example"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("http://localhost:1234", "http://localhost:1234"),
    ],
)
def test_t85_github_itself_is_taken_wherever_it_runs(api: str, server: str) -> None:
    assert read_inputs({"GITHUB_API_URL": api, "GITHUB_SERVER_URL": server}).api_url


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_t85_a_redirection_takes_the_token_nowhere(status: int) -> None:
    with proxied("http://127.0.0.1:9") as github, proxied("http://127.0.0.1:9") as canary:
        github.inject(".", Answer(status=status, headers={"Location": f"{canary.url}/steal"}))
        connection = connect(
            api_url=github.url, token="canary-token", repository="o/r", deadline=Deadline(5), log=print
        )
        with pytest.raises(PromoterError) as refused:
            connection.get("/repos/o/r", what="asking")
        assert refused.value.reason is ReasonCode.GITHUB_UNAVAILABLE
        assert github.seen
        assert canary.seen == []
