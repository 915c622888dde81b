"""What starting costs: help, version and the schema must not pay for MLflow or PyGithub."""

from __future__ import annotations

import argparse
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from promoter.cli import _VERBS, _WITHOUT_INPUTS
from promoter.cli_arguments import parser

_SLOW = ("mlflow", "github", "requests", "pandas", "rich", "sklearn", "promoter.demo")
_PROGRAM = f"""
import sys
from promoter.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as done:
    status = done.code
sys.stderr.write("imported:" + ",".join(name for name in {_SLOW!r} if name in sys.modules))
raise SystemExit(status)
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["validate", "--help"], ["--version"], ["schema", "policy"]]
)
def test_it_imports_neither_mlflow_nor_github(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stderr == "imported:"


def test_a_wrong_option_costs_no_more() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", _PROGRAM, "validate", "--no-such-option"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.endswith("imported:")


def test_the_oracle_sees_what_is_imported() -> None:
    program = _PROGRAM.replace("import sys\n", "import sys, requests\n", 1)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stderr == "imported:requests"


# --- how much of Promoter itself is imported ------------------------------------------------------

# A third above what it was when this was written: 51 and 148 of 340 modules. Each dataclass takes 0.5 ms.
_MOST_FOR_HELP = 64
_MOST_FOR_LINT = 200
_COUNTING = """
import sys
from promoter.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as done:
    status = done.code
print("imported:", *(name for name in sys.modules if name.startswith("promoter.")), file=sys.stderr)
raise SystemExit(status)
"""


def own_modules(*arguments: str, folder: Path) -> set[str]:
    """The modules of ours that a command had imported when it ended."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", _COUNTING, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    found = {line for line in done.stderr.splitlines() if line.startswith("imported: ")}
    return set(found.pop().split()[1:])


def rooms(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules}


@pytest.mark.parametrize("arguments", [["--help"], ["apply", "--help"], ["--version"]])
def test_help_imports_no_command(arguments: list[str], tmp_path: Path) -> None:
    found = own_modules(*arguments, folder=tmp_path)
    assert not rooms(found) & {"action", "world", "commands", "checks", "evaluation", "ports"}
    assert len(found) <= _MOST_FOR_HELP, len(found)


def test_lint_imports_neither_world_nor_sandbox(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    request = tmp_path / "promotions" / "churn" / "champion.yaml"
    request.parent.mkdir(parents=True)
    request.write_text("model: churn\nalias: champion\nversion: 7\n", encoding="utf-8")
    found = own_modules("lint", folder=tmp_path)
    assert "promoter.commands.lint" in found
    assert not rooms(found) & {"action", "world", "world_judging", "evaluation", "demo"}
    assert not {
        name for name in found if name.startswith(("promoter.adapters.github", "promoter.adapters.ml"))
    } - {"promoter.adapters.github_access"}
    assert len(found) <= _MOST_FOR_LINT, len(found)


@pytest.mark.parametrize("verb", _VERBS)
def test_a_verb_leads_to_a_function_of_its_module(verb: str) -> None:
    """Names are looked up only when the verb is typed; a misspelt one would wait for its first user."""
    module, name = _VERBS[verb]
    command = getattr(import_module(f"promoter.{module}"), name)
    assert list(inspect.signature(command).parameters) == ["options", "inputs", "screen"]
    assert command.__module__ == f"promoter.{module}"


def test_every_verb_leads_somewhere() -> None:
    (verbs,) = (one for one in parser("0")._actions if isinstance(one, argparse._SubParsersAction))
    assert set(verbs.choices) == {*_VERBS, *_WITHOUT_INPUTS, "action"}
    assert not _VERBS.keys() & _WITHOUT_INPUTS.keys()
