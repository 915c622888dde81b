"""`promoter lint` as a person and pre-commit start it: paths, streams, exit codes, and the hooks' entries."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from promoter.cli import Terminal, run
from promoter.errors import ExitCode
from promoter.inputs import Inputs
from tests.fakes.team import POLICY, REQUEST, policy, request
from tests.git_clone import GitClone
from tests.markdown_blocks import yaml_blocks

ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
BY_ID = {hook["id"]: hook for hook in HOOKS}
# What a hook must have, and what pre-commit would ignore or refuse: https://pre-commit.com/#creating-new-hooks
REQUIRED = {"id", "name", "entry", "language", "files"}
KNOWN = REQUIRED | {"description", "require_serial", "pass_filenames", "args", "types", "types_or", "exclude"}


@pytest.fixture
def clone(tmp_path: Path) -> GitClone:
    made = GitClone(tmp_path / "models")
    made.commit({POLICY: policy().decode(), REQUEST: request("7").decode()}, "Begin")
    return made


def typed(clone: GitClone, *arguments: str) -> tuple[ExitCode, str, str]:
    out, err = io.StringIO(), io.StringIO()
    given = ["lint", "--directory", str(clone.folder), *arguments]
    code = run(given, Terminal(environ={"PATH": os.environ["PATH"]}, out=out, err=err))
    return code, out.getvalue(), err.getvalue()


def of(clone: GitClone, path: str) -> str:
    return str(clone.folder / path)


def test_a_clone_in_order(clone: GitClone) -> None:
    assert typed(clone) == (ExitCode.DONE, "nothing wrong in 1 request and the policy\n", "")
    assert typed(clone, of(clone, REQUEST), of(clone, "promotions"))[0] is ExitCode.DONE


def test_problems_are_the_result_and_exit_2(clone: GitClone) -> None:
    (clone.folder / REQUEST).write_bytes(request("v7"))
    code, shown, told = typed(clone, of(clone, REQUEST))
    assert (code, told) == (ExitCode.WRONG_INPUT, "")
    assert re.match(rf"{REQUEST}:3:10: found `v7` for `version`\. Did you mean `7`\?", shown)
    code, shown, _ = typed(clone, "--json")
    assert code is ExitCode.WRONG_INPUT
    assert json.loads(shown)["problems"][0]["reason_code"] == "request_invalid"
    assert typed(clone, "--only", "policy")[0] is ExitCode.DONE


def test_where_the_files_are_can_be_said(clone: GitClone) -> None:
    (clone.folder / "p.yaml").write_bytes(request("7", alias="blue"))
    code, shown, _ = typed(clone, "--requests", "p.yaml", "--policy", POLICY)
    assert code is ExitCode.WRONG_INPUT
    assert "the policy does not let requests move `blue`" in shown


@pytest.mark.parametrize("path", ["nope.yaml", "../elsewhere.yaml", ".."])
def test_a_path_that_is_nowhere_in_the_clone(clone: GitClone, path: str) -> None:
    code, shown, told = typed(clone, of(clone, path))
    assert (code, shown) == (ExitCode.WRONG_INPUT, "")
    assert "usage_invalid" in told


def test_a_link_is_a_link_and_not_what_it_leads_to(clone: GitClone) -> None:
    link = clone.folder / "promotions" / "churn" / "shadow.yaml"
    link.symlink_to("champion.yaml")
    code, shown, _ = typed(clone, str(link))
    assert code is ExitCode.WRONG_INPUT
    assert "promotions/churn/shadow.yaml:1:1: found a symbolic link" in shown


def test_outside_a_clone(tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(environ={"PATH": os.environ["PATH"]}, out=out, err=err)
    assert run(["lint", "--directory", str(tmp_path)], terminal) is ExitCode.WRONG_INPUT
    assert "usage_invalid" in err.getvalue()


def test_it_needs_neither_mlflow_nor_github_nor_a_network_library() -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "promoter.cli"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    ).stderr
    loaded = set(re.findall(r"\| +(\w+)$", told, flags=re.MULTILINE))
    assert "promoter" in loaded
    assert loaded.isdisjoint({"mlflow", "github", "requests", "urllib3", "numpy", "pandas"})


# --- pre-commit -----------------------------------------------------------------------------------


def test_the_hooks_are_ones_that_pre_commit_reads() -> None:
    assert set(BY_ID) == {"promoter-requests", "promoter-policy"}
    for hook in HOOKS:
        assert hook.keys() >= REQUIRED
        assert hook.keys() <= KNOWN
        assert hook["language"] == "python"
        re.compile(hook["files"])


@pytest.mark.parametrize(
    ("path", "hooks"),
    [
        (Inputs().policy, {"promoter-requests", "promoter-policy"}),
        ("promotions/churn/champion.yaml", {"promoter-requests"}),
        ("promotions/a.yml", {"promoter-requests"}),
        ("docs/promotions/a.yaml", set()),
        ("promotions/README.md", set()),
    ],
)
def test_which_files_start_which_hook(path: str, hooks: set[str]) -> None:
    assert {hook["id"] for hook in HOOKS if re.search(hook["files"], path)} == hooks


def hooked(
    name: str, clone: GitClone, paths: Sequence[str], *, args: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """The hook's entry as pre-commit starts it: in the clone's root, with the paths that match."""
    program, *arguments = shlex.split(BY_ID[name]["entry"])
    installed = Path(sys.executable).with_name(program)
    given = [path for path in paths if re.search(BY_ID[name]["files"], path)]
    return subprocess.run(
        [installed, *arguments, *args, *given], capture_output=True, text=True, check=False, cwd=clone.folder
    )


@pytest.fixture
def examples(tmp_path: Path) -> GitClone:
    made = GitClone(tmp_path / "examples")
    shutil.copytree(ROOT / "examples" / "promotions", made.folder / "promotions")
    (made.folder / ".github").mkdir()
    shutil.copy(ROOT / "examples" / "promotion-policy.yaml", made.folder / POLICY)
    return made


def files_of(clone: GitClone) -> list[str]:
    return [
        path.relative_to(clone.folder).as_posix()
        for path in clone.folder.rglob("*")
        if path.is_file() and path.relative_to(clone.folder).parts[0] != ".git"
    ]


@pytest.mark.parametrize("name", sorted(BY_ID))
def test_the_examples_pass_every_hook(examples: GitClone, name: str) -> None:
    done = hooked(name, examples, files_of(examples))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith("nothing wrong in ")


@pytest.mark.parametrize(
    ("path", "text", "refusing"),
    [
        ("promotions/new.yaml", "model: churn\n", "promoter-requests"),
        ("promotions/new.yml", "model: churn\nalias: shadow\nversion: 3\n", "promoter-requests"),
        (POLICY, "version: 1\nmodels: []\n", "promoter-policy"),
        (POLICY, "version: 2\n", "promoter-policy"),
    ],
)
def test_a_bad_file_is_refused_by_one_hook(examples: GitClone, path: str, text: str, refusing: str) -> None:
    (examples.folder / path).write_text(text, encoding="utf-8")
    done = {name: hooked(name, examples, files_of(examples)) for name in BY_ID}
    assert {name for name, one in done.items() if one.returncode == 2} == {refusing}
    assert {one.returncode for one in done.values()} == {0, 2}
    assert done[refusing].stdout.startswith(f"{path}:")


def documented() -> list[dict[str, Any]]:
    """The hooks that docs/editors.md shows."""
    blocks = map(yaml.safe_load, yaml_blocks(ROOT / "docs" / "editors.md"))
    return [hook for one in blocks for repo in one.get("repos", ()) for hook in repo["hooks"]]


def test_the_documented_hooks_are_ours_and_find_the_files_they_speak_of(examples: GitClone) -> None:
    assert {hook["id"] for hook in documented()} == set(BY_ID)
    (moved,) = [hook for hook in documented() if hook["id"] == "promoter-requests" and "args" in hook]
    assert re.search(moved["files"], "ml/models/churn/champion.yaml")
    assert re.search(moved["files"], "ml/policy.yaml")
    (examples.folder / "ml").mkdir()
    (examples.folder / "promotions").rename(examples.folder / "ml" / "models")
    (examples.folder / POLICY).rename(examples.folder / "ml" / "policy.yaml")
    assert hooked("promoter-requests", examples, [], args=moved["args"]).returncode == 0
    assert hooked("promoter-requests", examples, []).returncode == 2
