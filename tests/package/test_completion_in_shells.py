"""Real shells, a real terminal, a real Tab: what the scripts of `promoter completion` complete."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.package.shells import PATIENCE, SHELLS, Shell, keyboard

REQUEST = "model: churn\nalias: champion\nversion: 7\n"
PROMPT = "kind: prompt\nmodel: greeting\nalias: production\nversion: 3\n"
# What would be run, were a name of the clone handed to a shell unquoted.
TRAP = "model: churnier$(touch trapped)\nalias: champion;touch trapped\nversion: 1\n"
GREETING = "prompts:/greeting"
FILE = "promotions/churn/champion.yaml"
KEYS = {
    "a verb, an option": ("promoter vali\t--ba\tmain", ["validate", "--base", "main"]),
    "a model, an alias": ("promoter history chu\tcha\t", ["history", "churn", "champion"]),
    "a name with a colon": ("promoter history prompts:/g\tp\t", ["history", GREETING, "production"]),
    "a choice behind =": ("promoter init --step=po\t", ["init", "--step=policy"]),
    "a file": ("promoter lint prom\tchu\tch\t", ["lint", FILE]),
    "a file behind =": ("promoter lint --policy=prom\tchu\tch\t", ["lint", f"--policy={FILE}"]),
    "a folder": ("promoter drift --directory pro\t", ["drift", "--directory", "promotions"]),
    "a model behind a stream": ("promoter history 2>/dev/null chu\tcha\t", ["history", "churn", "champion"]),
    "nothing to offer": ("promoter history --limit p\t", ["history", "--limit", "p"]),
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    for path, text in {
        "promotions/churn/champion.yaml": REQUEST,
        "promotions/greeting/production.yaml": PROMPT,
        "promotions/trap/trap.yaml": TRAP,
        "prose.txt": "no folder",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def program_of(shell: Shell) -> str:
    """Where the shell is; it is skipped where it is not there, unless it must be."""
    found = shutil.which(shell.name)
    if found is None:
        if os.environ.get("PROMOTER_REQUIRE_SHELLS"):
            pytest.fail(f"PROMOTER_REQUIRE_SHELLS is set, and {shell.name} is not installed")
        pytest.skip(f"{shell.name} is not installed on this machine")
    return found


EACH = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)


@EACH
def test_what_tab_completes(shell: Shell, clone: Path, tmp_path: Path) -> None:
    with keyboard(shell, program_of(shell), home=tmp_path / "home", folder=clone) as typing:
        typed = {what: typing.type(keys) for what, (keys, _) in KEYS.items()}
    # zsh takes the slash behind a folder away again.
    found = {what: [word.rstrip("/") for word in words] for what, words in typed.items()}
    assert found == {what: expected for what, (_, expected) in KEYS.items()}
    assert not list(clone.rglob("trapped"))


@EACH
def test_tab_completes_the_file_that_a_stream_goes_to(shell: Shell, clone: Path, tmp_path: Path) -> None:
    prose, patience = clone / "prose.txt", 0.5 if shell.knows_streams else PATIENCE
    with keyboard(shell, program_of(shell), home=tmp_path / "home", folder=clone) as typing:
        for redirection in (">", "> ", "2>", "2> "):
            prose.write_text("no folder", encoding="utf-8")
            found = typing.type(f"promoter schema request {redirection}pros\t", patience=patience)
            assert (found, prose.read_text("utf-8")) == (["schema", "request"], ""), redirection
