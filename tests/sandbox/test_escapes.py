"""Hostile models through the real launcher: none gets out, each ends in time, nothing is left (T39-T59, T78).

The attacks run in a process of their own, in a process namespace where that can be had; see `run.py`.
"""

from __future__ import annotations

import ast
import fcntl
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from promoter.core.policy import Environment
from promoter.errors import PromoterError
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.environments import IMAGE, EnvironmentBuilder, Installer, find_installer
from promoter.evaluation.sandbox.launcher import Launch, Limits, launch
from promoter.evaluation.sandbox.problems import ModelProblem
from tests.model_folders import Unlimited, batch
from tests.sandbox.attack import Control
from tests.sandbox.table import ATTACKS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "promoter"
# This kernel or machine may be without the door itself, so that nobody gets through: no proof, and no escape.
MAY_BE_ABSENT = {
    "vsock",
    "tcp 6",
    "page faults",
    "ring of requests",
    "performance counters",
    "calls of 32 bits",
}
BOMBS = {
    "aliases": "a0: &a0 [x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    + "flavors: *a11\n",
    "depth": "flavors: " + "[" * 100_000,
    "a_tag": "flavors: !!python/object/apply:os.system ['touch /tmp/hostile-tag']\n",
}


def run_module(*words: str) -> subprocess.CompletedProcess[str]:
    """A module of this folder, from where this source is."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of every attack, by its name; tried once, however many processes run the tests."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    told = folder / "escapes.json"
    with (folder / "escapes.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            done = run_module("tests.sandbox.run", "--json", str(told))
            assert told.exists(), done.stdout + done.stderr
    return {result["name"]: result for result in json.loads(told.read_text())}


@pytest.mark.parametrize("row", sorted({attack.row for attack in ATTACKS}))
def test_no_attack_escapes(row: str, results: dict[str, dict[str, Any]]) -> None:
    tried = [result for result in results.values() if result["row"] == row]
    assert tried
    assert not {result["name"]: result["escapes"] for result in tried if result["escapes"]}


def test_nothing_is_left_when_all_are_done(results: dict[str, dict[str, Any]]) -> None:
    assert results["all together"]["escapes"] == []


def test_every_attack_is_tried(results: dict[str, dict[str, Any]]) -> None:
    assert [name for name, count in Counter(attack.name for attack in ATTACKS).items() if count > 1] == []
    assert results.keys() == {attack.name for attack in ATTACKS} | {"all together"}
    assert len(ATTACKS) >= 30


@pytest.mark.skipif(os.geteuid() != 0, reason="most need the rights of root to succeed at all")
def test_every_attack_that_may_be_tried_without_a_sandbox_succeeds_there(
    results: dict[str, dict[str, Any]],
) -> None:
    """What fails everywhere proves nothing."""
    expected = {attack.name for attack in ATTACKS if attack.control is not Control.NONE}
    failed = {name for name in expected if not results[name]["control"]}
    assert failed <= MAY_BE_ABSENT
    broken = {
        name for name in expected if any(told.startswith("failed: ") for told in results[name]["control"])
    }
    assert broken == set()


def test_two_thousand_hostile_answers_are_read_without_harm() -> None:
    """T52; `make test-hostile` reads 100,000."""
    done = run_module("tests.sandbox.answers_fuzzed", "2000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 wrong" in done.stdout
    assert " 0 accepted" not in done.stdout


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_the_mlmodel_goes_off_inside(bomb: str, tmp_path: Path) -> None:
    """T57: nothing of ours parses it before MLflow does, in the sandbox."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "MLmodel").write_text(BOMBS[bomb], encoding="utf-8")
    limits = Limits(load_seconds=30, memory=2 * 1024**3)
    asked = Launch(interpreter=IMAGE, model=model, wanted=Kind.LABELS, limits=limits)
    with launch(asked, deadline=Unlimited()) as worker:
        with pytest.raises(ModelProblem, match="loading failed"):
            worker.predict(batch())
        assert worker.finish().load_seconds == 0
    assert not Path("/tmp/hostile-tag").exists()


def hostile_source_package(folder: Path, mark: Path) -> Path:
    """An index of files with one package that is no wheel, whose building leaves a mark."""
    project = folder / "hostile-1.0"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        "[project]\nname = 'hostile'\nversion = '1.0'\n"
    )
    (project / "backend.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    (project / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    index = folder / "index"
    index.mkdir()
    subprocess.run(["tar", "-czf", str(index / "hostile-1.0.tar.gz"), "hostile-1.0"], cwd=folder, check=True)
    return index


@pytest.mark.parametrize("with_uv", ["uv", "pip"])
def test_a_package_that_would_be_built_is_not_installed(with_uv: str, tmp_path: Path) -> None:
    """T54: building runs its code; only wheels are taken."""
    mark = tmp_path / "built"
    index = str(hostile_source_package(tmp_path / "packages", mark))
    model = tmp_path / "model"
    model.mkdir()
    (model / "requirements.txt").write_text("hostile==1.0\n", encoding="utf-8")
    variables = {"UV_FIND_LINKS": index, "UV_OFFLINE": "1", "PIP_FIND_LINKS": index, "PIP_NO_INDEX": "1"}
    found = find_installer(variables | {"PATH": os.environ["PATH"]})
    if with_uv == "uv" and found.uv is None:
        pytest.skip("uv is not installed here")
    builder = EnvironmentBuilder(
        tmp_path / "cache",
        installer=Installer(uv=found.uv if with_uv == "uv" else None, variables=found.variables),
        log=lambda _: None,
        deadline=Unlimited(),
    )
    with pytest.raises(PromoterError):
        builder.build(model, Environment.MODEL)
    assert not mark.exists()
    assert list((tmp_path / "cache").iterdir()) == []
    # The same package, asked for without the rule: its code runs.
    words = ["install", "--no-index", "--no-deps", "--find-links", index, "--target", str(tmp_path / "x")]
    subprocess.run([sys.executable, "-m", "pip", *words, "hostile"], capture_output=True, check=False)
    assert mark.exists()


def test_no_program_is_started_through_a_shell() -> None:
    """T59: every program gets its words in a list."""
    found = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                found.append(f"{path}:{node.value.lineno}")
            if isinstance(node, ast.Attribute) and node.attr in {
                "system",
                "popen",
                "getoutput",
                "getstatusoutput",
            }:
                found.append(f"{path}:{node.lineno}")
    assert found == []
