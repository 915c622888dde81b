"""Wheel and sdist of a small project: the same twice, refused when not, and what is told of them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.release_check import Thing, built_id, image_id, main, pinned_action, table, written_notes
from scripts.release_packages import build, copy_of_the_tree, epoch, run
from tests.unit.test_release_text import IN_DEVELOPMENT

ROOT = Path(__file__).parents[2]
WHEN = 1_700_000_000
DIGEST = "sha256:" + "ab" * 32
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "little"
version = "1.2.3"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["little"]
"""
# A build that puts the time into the package: what a release must not do.
UNSTEADY = """from hatchling.builders.hooks.plugin.interface import BuildHookInterface
import time

class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        open("little/when.py", "w").write(f"WHEN = {time.time_ns()}\\n")
        build_data["artifacts"].append("little/when.py")
"""


def committed(tree: Path, files: dict[str, str]) -> Path:
    for name, text in {"pyproject.toml": PROJECT, ".gitignore": "ignored\n", **files}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    dated = {"PATH": os.defpath, "GIT_COMMITTER_DATE": f"{WHEN} +0000", "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "Start"]):
        subprocess.run(["git", *who, *command], cwd=tree, env=dated, check=True)
    return tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return committed(tmp_path / "tree", {"little/__init__.py": "", "ignored": "x", "gone.py": ""})


def test_the_date_of_a_build_is_the_commits(tree: Path) -> None:
    assert epoch(tree) == WHEN


def test_the_tree_is_what_git_knows_or_would_add(tree: Path, tmp_path: Path) -> None:
    (tree / "gone.py").unlink()
    (tree / "new.py").touch()
    copy_of_the_tree(tree, tmp_path / "copy")
    found = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*.*")}
    assert found == {".gitignore", "pyproject.toml", "little/__init__.py", "new.py"}


@IN_DEVELOPMENT
def test_wheel_and_sdist_are_built_from_the_tree_and_nothing_is_left_in_it(
    tree: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    made = build(tree, out)
    assert [one.name for one in made] == ["little-1.2.3-py3-none-any.whl", "little-1.2.3.tar.gz"]
    assert {one.parent for one in made} == {out}
    with zipfile.ZipFile(made[0]) as wheel:
        assert "little/__init__.py" in wheel.namelist()
        # 2023-11-14, of the commit; a zip counts in twos of seconds
        assert {entry.date_time for entry in wheel.infolist()} == {(2023, 11, 14, 22, 13, 20)}
    assert run("git", "status", "--porcelain", cwd=tree) == ""


@IN_DEVELOPMENT
def test_two_builds_that_differ_are_refused(tmp_path: Path) -> None:
    hook = PROJECT + "\n[tool.hatch.build.hooks.custom]\n"
    tree = committed(
        tmp_path / "tree", {"pyproject.toml": hook, "hatch_build.py": UNSTEADY, "little/__init__.py": ""}
    )
    with pytest.raises(SystemExit, match="two builds of the same tree differ"):
        build(tree, tmp_path)


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(SystemExit, match=r"(?s)-c .* ended with 3:\nno space left"):
        run(sys.executable, "-c", "import sys; print('no space left', file=sys.stderr); sys.exit(3)")


# --- what is shown --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f"#17 writing image {DIGEST} done",
        f"#17 exporting manifest sha256:{'0' * 64} done\n#17 exporting manifest list {DIGEST} 0.0s done",
    ],
)
def test_the_images_id_is_what_its_build_printed_last(line: str) -> None:
    assert built_id(f"#1 [internal] load\n{line}\nimage smoke test: passed\n") == DIGEST


def test_a_build_that_printed_no_id_is_told() -> None:
    with pytest.raises(SystemExit, match="printed no id"):
        built_id("#17 exporting to image\n")


def script(folder: Path, text: str) -> Path:
    path = folder / "image.sh"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_build_of_the_image_is_shown_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image_id(script(tmp_path, f"echo 'writing image {DIGEST}' >&2")) == DIGEST
    assert capsys.readouterr().out == f"writing image {DIGEST}\n"


def test_a_build_of_the_image_that_fails_ends_the_check(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"image\.sh ended with 4"):
        image_id(script(tmp_path, f"echo 'writing image {DIGEST}'; exit 4"))


def test_the_table_has_a_line_for_each_thing() -> None:
    things = [
        Thing(name="a.whl", size="9 B", digest="ab" * 32, to="GitHub release"),
        Thing(name="image", size="", digest="cd" * 32, to="image registry"),
    ]
    lines = table(things).splitlines()
    assert [line.split()[0] for line in lines] == ["what", "a.whl", "image"]
    assert len({line.index(mark) for line, mark in zip(lines, ("sha256", "abab", "cdcd"), strict=True)}) == 1


@IN_DEVELOPMENT
def test_the_pinned_copy_is_held_against_the_schema(tmp_path: Path) -> None:
    made = pinned_action(ROOT, tmp_path, image=f"ghcr.io/owner/promoter@{DIGEST}")
    assert f"docker://ghcr.io/owner/promoter@{DIGEST}" in made.read_text(encoding="utf-8")
    broken = (ROOT / "action.yml").read_text(encoding="utf-8").replace("  using: docker", "  using: nothing")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "action.yml").write_text(broken, encoding="utf-8")
    with pytest.raises(SystemExit, match="check-jsonschema"):
        pinned_action(tmp_path / "broken", tmp_path, image=f"ghcr.io/owner/promoter@{DIGEST}")


@pytest.mark.parametrize("version", ["1.2.3", "1.3.0"])
def test_the_notes_are_the_versions_or_what_waits(version: str, tmp_path: Path) -> None:
    changelog = "# Changelog\n\n## [Unreleased]\n\n- Waits.\n\n## [1.2.3] - 2026-11-22\n\n- Is out.\n"
    (tmp_path / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    text = written_notes(
        tmp_path, tmp_path, version=version, image=f"ghcr.io/owner/promoter@{DIGEST}"
    ).read_text()
    assert ("- Is out." in text, "- Waits." in text) == (version == "1.2.3", version != "1.2.3")


def test_an_unknown_option_builds_nothing() -> None:
    with pytest.raises(SystemExit, match="--without-image"):
        main(["--publish"])
