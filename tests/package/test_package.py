"""Wheel and sdist as they would be published, and the wheel in an environment that has nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest
from mlflow import MlflowClient
from packaging.metadata import Metadata
from packaging.requirements import Requirement

from promoter.version import tool_version
from tests.fakes.team import POLICY, POLICY_TEXT, REQUEST, request
from tests.git_clone import GitClone
from tests.mlflow_server import MlflowServer
from tests.package.conftest import ROOT, Built, Installed

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SCRIPTS = Path(sysconfig.get_path("scripts"))
INFERENCE = """\
    task: binary_classification
    evaluation: {source: inference, data: holdout.csv, target: churn, positive_label: "Yes"}
"""


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path) -> Metadata:
    """The wheel's metadata; raises where a field is not as the index wants it."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        return Metadata.from_email(archive.read(name), validate=True)


# --- what is built --------------------------------------------------------------------------------


def test_the_metadata_is_whole(built: Built) -> None:
    found = metadata(built.wheel)
    assert (found.name, str(found.version)) == ("promoter", tool_version())
    assert found.summary == PROJECT["description"]
    assert found.license_expression == "Apache-2.0"
    assert found.license_files == ["LICENSE"]
    assert str(found.requires_python) == ">=3.11"
    assert set(found.keywords or ()) == set(PROJECT["keywords"])
    assert found.project_urls == PROJECT["urls"]
    assert found.description_content_type == "text/markdown"
    assert found.description == (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(found.provides_extra or ()) == {"inference", "spark", "demo"}


def test_the_urls_are_those_that_an_index_shows_with_a_sign() -> None:
    assert set(PROJECT["urls"]) == {
        "Homepage", "Documentation", "Repository", "Issues", "Changelog", "Security",
    }  # fmt: skip


def test_checkers_of_other_people_find_nothing(built: Built) -> None:
    for command in (
        ["validate-pyproject", str(ROOT / "pyproject.toml")],
        # Empty modules of one content: a package's `__init__.py` is empty here. Its data are the manual page.
        ["check-wheel-contents", "--no-config", "--ignore", "W002,W010", str(built.wheel)],
    ):
        done = subprocess.run(
            [SCRIPTS / command[0], *command[1:]], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_the_package_and_the_manual_page_and_nothing_else(built: Built) -> None:
    package = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "promoter").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    about = f"promoter-{tool_version()}.dist-info"
    expected = {f"promoter-{tool_version()}.data/data/share/man/man1/promoter.1"} | {
        f"{about}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    }
    assert names_in(built.wheel) == package | expected
    assert {
        "promoter/py.typed",
        "promoter/templates/validate.yml",
        "promoter/completions/promoter.zsh",
        "promoter/demo/story.py",
    } <= package


def test_the_wheel_is_the_same_from_the_sdist_and_from_the_tree(built: Built) -> None:
    assert built.wheel.read_bytes() == built.direct.read_bytes()


def test_the_sdist_is_the_whole_repository(built: Built) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no clone: the sdist was unpacked, and git lists nothing")
    tracked = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    with tarfile.open(built.sdist) as archive:
        found = {one.name.partition("/")[2] for one in archive.getmembers() if one.isfile()}
    assert tracked - found == set()
    assert {name.split("/")[0] for name in found - tracked} <= {name.split("/")[0] for name in tracked} | {
        "PKG-INFO"
    }


# --- installed alone ------------------------------------------------------------------------------


def test_it_starts_by_its_name_and_as_a_module(installed: Installed, tmp_path: Path) -> None:
    for command in (["promoter"], ["python", "-I", "-m", "promoter"]):
        done = installed.run(*command, "--version", cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"promoter {tool_version()}\n", "")
        told = installed.run(*command, "--help", cwd=tmp_path)
        assert told.returncode == 0
        assert told.stdout.startswith("usage: promoter ")
    wrong = installed.run("python", "-I", "-m", "promoter", "explode", cwd=tmp_path)
    assert wrong.returncode == 2


def test_its_data_files_are_found(installed: Installed, tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "completion" in installed.run("promoter", "completion", shell, cwd=tmp_path).stdout
    schema = installed.run("promoter", "schema", "policy", cwd=tmp_path)
    assert json.loads(schema.stdout)["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert (installed.folder / "share" / "man" / "man1" / "promoter.1").is_file()


_IMPORT_ALL = """
import importlib, json, pkgutil, promoter
missing = {}
for one in pkgutil.walk_packages(promoter.__path__, "promoter."):
    if one.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(one.name)
    except ModuleNotFoundError as error:
        missing[one.name] = error.name
print(json.dumps(missing))
"""


def test_what_is_not_installed_is_imported_by_nothing_that_starts(
    installed: Installed, tmp_path: Path
) -> None:
    done = installed.run("python", "-I", "-c", _IMPORT_ALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    missing: dict[str, str] = json.loads(done.stdout)
    extras = PROJECT["optional-dependencies"]
    brought = {Requirement(line).name for name in ("inference", "demo", "spark") for line in extras[name]}
    known = brought | {"sklearn"}
    assert {package.split(".")[0] for package in missing.values()} <= known
    rooms = {name.split(".")[1] for name in missing}
    assert rooms <= {"demo", "evaluation"}


def test_lint_takes_the_examples(installed: Installed, tmp_path: Path) -> None:
    clone = GitClone(tmp_path / "clone")
    shutil.copytree(ROOT / "examples" / "promotions", clone.folder / "promotions")
    (clone.folder / ".github").mkdir()
    shutil.copy(ROOT / "examples" / "promotion-policy.yaml", clone.folder / POLICY)
    done = installed.run("promoter", "lint", "--json", cwd=clone.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["problems"] == []


def test_a_demo_says_what_to_install_for_it(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("promoter", "demo", cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install 'promoter[demo]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def asked(server: MlflowServer, folder: Path, *, evaluation: str) -> GitClone:
    """A clone that asks for version 2 of a model of the server's, whose alias holds version 1."""
    model = f"plain-{uuid4().hex[:8]}"
    client = MlflowClient(tracking_uri=server.url, registry_uri=server.url)
    client.create_registered_model(model)
    experiment = client.create_experiment(model)
    for f1_score in (0.8, 0.9):
        run = client.create_run(experiment)
        client.log_metric(run.info.run_id, "f1_score", f1_score)
        client.set_terminated(run.info.run_id)
        source = f"{run.info.artifact_uri}/model"
        said = "A model of more than forty letters, for a policy that asks for them"
        client.create_model_version(model, source, run_id=run.info.run_id, description=said)
    client.set_registered_model_alias(model, "champion", "1")
    clone = GitClone(folder)
    text = POLICY_TEXT.replace('"churn*"', f'"{model}"')
    text = text.replace("    evaluation: {source: run_metrics}\n", evaluation)
    first = {
        POLICY: text,
        REQUEST: request("1", model=model).decode(),
        "holdout.csv": "a,churn\n1,Yes\n2,No\n",
    }
    clone.commit(first, "Start")
    (folder / REQUEST).write_bytes(request("2", model=model))
    return clone


@pytest.mark.integration
def test_validate_judges_with_a_real_registry(
    installed: Installed, mlflow_server: MlflowServer, tmp_path: Path
) -> None:
    clone = asked(mlflow_server, tmp_path / "clone", evaluation="    evaluation: {source: run_metrics}\n")
    done = installed.run(
        "promoter", "validate", "--json", cwd=clone.folder, MLFLOW_TRACKING_URI=mlflow_server.url
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [one["verdict"] for one in json.loads(done.stdout)["requests"]] == ["promote"]


@pytest.mark.integration
def test_inference_says_what_to_install_for_it(
    installed: Installed, mlflow_server: MlflowServer, tmp_path: Path
) -> None:
    clone = asked(mlflow_server, tmp_path / "clone", evaluation=INFERENCE)
    done = installed.run("promoter", "validate", cwd=clone.folder, MLFLOW_TRACKING_URI=mlflow_server.url)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "pip install 'promoter[inference]'" in done.stdout + done.stderr


_USER = """\
from pathlib import Path
from promoter.cli import main
from promoter.core.policy_file import parse_policy
from promoter.core.schema import schema
from promoter.errors import ExitCode, ReasonCode

code: int = main(["schema", "request"])
models: list[str] = [one.match for one in parse_policy(Path("p.yaml").read_bytes(), path="p.yaml").models]
exit_code: ExitCode = ReasonCode("applied").exit_code
wrong: int = schema
"""


def test_its_types_are_known_to_those_who_import_it(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(_USER, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable",
         str(installed.folder / "bin" / "python"), "user.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(found) == 1, done.stdout + done.stderr
    assert found[0].startswith("user.py:10: error: Incompatible types in assignment")
