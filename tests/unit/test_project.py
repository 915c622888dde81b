"""The project's shell: the locks, the image, `make` and CI agree with what is promised."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ["uv", "build", "image", "dev", "docs", "spark"]
TARGETS = {"install", "demo", "test", "lint", "docs", "image", "release-check", "help"}


def pins(name: str) -> dict[str, set[str]]:
    """Each package of a lock with its pinned versions: one, or one per Python version."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        package, version = block.split()[0].split("==")
        assert "--hash=sha256:" in block, f"{package} has no hash"
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


def wanted(name: str) -> list[Requirement]:
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def unmet(requirements: list[Requirement], locked: dict[str, set[str]]) -> list[str]:
    return [
        str(requirement)
        for requirement in requirements
        if not any(
            version in requirement.specifier
            for version in locked.get(canonicalize_name(requirement.name), set())
        )
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_what_is_asked_for(name: str) -> None:
    assert wanted(name)
    assert unmet(wanted(name), pins(name)) == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links", text)


@pytest.mark.parametrize("name", ["uv", "build", "image"])
def test_contributors_work_with_the_versions_that_ship(name: str) -> None:
    everything = pins("dev")
    assert {package: everything.get(package) for package in pins(name)} == pins(name)


def test_what_builds_the_site_can_be_installed_beside_everything_else() -> None:
    site, everything = pins("docs"), pins("dev")
    assert {package: site[package] for package in site.keys() & everything.keys()} == {
        package: everything[package] for package in site.keys() & everything.keys()
    }


def test_locks_meet_what_the_package_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [Requirement(line) for line in project["project"]["dependencies"]]
    extras = project["project"]["optional-dependencies"]
    for_inference = [Requirement(line) for line in extras["inference"]]
    itself, *for_demo = [Requirement(line) for line in extras["demo"]]
    for_build = [Requirement(line) for line in project["build-system"]["requires"]]
    assert str(itself) == "promoter[inference]"
    assert unmet([*declared, *for_inference], pins("image")) == []
    assert unmet([*declared, *for_inference, *for_demo], pins("dev")) == []
    assert unmet(for_build, pins("build")) == []


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(name.upper(), rest) for name, rest in lines]


def test_image_starts_by_absolute_path_without_a_shell() -> None:
    (entrypoint,) = [json.loads(rest) for name, rest in instructions() if name == "ENTRYPOINT"]
    program, *options, script, verb = entrypoint
    assert (program, script, verb) == ("/opt/promoter/bin/python", "/opt/promoter/bin/promoter", "action")
    assert "-I" in options  # a workflow's PYTHONPATH must not reach the action


def test_every_base_image_is_named_by_digest_and_is_the_same_everywhere() -> None:
    files = sorted(path for path in ROOT.glob("Dockerfile*") if not path.name.endswith("ignore"))
    named = [
        line.split()[1]
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.upper().startswith("FROM ")
    ]
    assert [path.name for path in files] == ["Dockerfile", "Dockerfile.spark"]
    # The one that a release gives: the action's own image, by the digest that it was pushed with.
    assert [one for one in named if not re.fullmatch(r"[\w.-]+:[\w.-]+@sha256:[0-9a-f]{64}", one)] == [
        "${PROMOTER}"
    ]
    assert len(set(named) - {"${PROMOTER}"}) == 1


def test_image_leaves_user_and_working_directory_to_the_runner() -> None:
    assert {"USER", "WORKDIR", "CMD", "VOLUME", "ADD"} & {name for name, _ in instructions()} == set()


def test_image_never_imports_from_the_workspace_and_sends_no_telemetry() -> None:
    (environment,) = [set(rest.split()) for name, rest in instructions() if name == "ENV"]
    assert environment == {"PYTHONSAFEPATH=1", "PYTHONUNBUFFERED=1", "MLFLOW_DISABLE_TELEMETRY=true"}


def test_image_installs_only_what_is_locked() -> None:
    runs = " && ".join(rest for name, rest in instructions() if name == "RUN")
    installs = [command for command in runs.split("&&") if "pip install" in command]
    assert len(installs) == 3
    assert [command for command in installs if not re.search(r"--require-hashes|--no-deps", command)] == []


def test_image_sees_nothing_but_what_it_is_built_from() -> None:
    ignore = (ROOT / ".dockerignore").read_text().split("\n")
    assert ignore.index("*") < ignore.index("!src/")
    assert {line[1:].strip("/") for line in ignore if line.startswith("!")} == {
        "pyproject.toml", "README.md", "LICENSE", "requirements", "scripts/slim_image.py", "src",
    }  # fmt: skip


def test_make_help_lists_the_promised_targets() -> None:
    shown = subprocess.run(["make", "--silent", "-C", ROOT], capture_output=True, text=True, check=True)
    listed = {line.split()[0] for line in shown.stdout.splitlines()}
    assert listed >= TARGETS
    phony = re.search(r"^\.PHONY:(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == listed


def test_ci_runs_the_readme_commands_and_closes_with_the_tests() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line.split("#")[0].strip() for line in lines if line.startswith("make ")]
    without_image = "make release-check RELEASE_ARGS=--without-image"
    assert commands == ["make lint", "make docs", "make demo", "make image", without_image, "make test"]
    said = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    assert [command for command in commands if " ".join(command.split()[:2]) not in said] == []


def test_install_says_which_python_it_needs(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "install.sh", tmp_path / "scripts")
    answer = subprocess.run(
        [tmp_path / "scripts" / "install.sh"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": "no-such-python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "install: Python 3.11 or newer is needed; tried no-such-python.",
        "Install one, or name it: make install PYTHON=/path/to/python3.12",
    ]
