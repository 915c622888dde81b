"""The manual page: what the parser says now, and nothing that man or mandoc frowns at."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from promoter.cli_arguments import parser, verbs_of
from promoter.cli_help import VERBS
from scripts.man_page import PAGE, page


def shown(width: int) -> str:
    """The page as a reader sees it, without bold and underlines."""
    if shutil.which("man") is None or shutil.which("groff") is None:
        pytest.skip("man and groff are not installed on this machine")
    done = subprocess.run(
        ["man", "--warnings", "-l", str(PAGE)],
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": str(width), "MANPAGER": "cat", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return re.sub(r".\x08|\x1b\[[0-9;]*m", "", done.stdout)


def test_the_page_is_what_the_parser_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run `python scripts/man_page.py` and read the difference"
    )


def test_man_shows_every_command_option_example_and_exit_code() -> None:
    told = shown(width=150)
    missing = [
        word
        for name, verb in verbs_of(parser("0")).items()
        for word in (f"promoter {name}", *(flag for one in verb._actions for flag in one.option_strings))
        if word not in told
    ]
    assert missing == []
    assert [line for one in VERBS.values() for line, _ in one.examples if f"    {line}\n" not in told] == []
    statuses = told.partition("EXIT STATUS")[2].partition("SEE ALSO")[0]
    assert re.findall(r"^ +(\d+) ", statuses, re.MULTILINE) == ["0", "1", "2", "3", "4", "130"]


def test_it_fits_a_narrow_terminal() -> None:
    assert [line for line in shown(width=80).splitlines() if len(line) > 80] == []


def test_mandoc_finds_nothing() -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed on this machine")
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(PAGE)], capture_output=True, text=True, check=False
    )
    # It wants the day on which somebody last wrote a page; this one is written anew whenever it changes.
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


@pytest.mark.parametrize(
    ("tool", "problem"), [("man", ".nosuchmacro x"), ("mandoc", ".SH"), ("mandoc", ".nosuchmacro x")]
)
def test_the_oracles_find_what_is_wrong(tool: str, problem: str, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed on this machine")
    wrong = tmp_path / "wrong.1"
    wrong.write_text(f"{PAGE.read_text(encoding='utf-8')}{problem}\n", encoding="utf-8")
    command = {"man": ["man", "--warnings=mac", "-l"], "mandoc": ["mandoc", "-T", "lint", "-W", "warning"]}[
        tool
    ]
    done = subprocess.run(
        [*command, str(wrong)],
        env={"PATH": "/usr/bin:/bin", "MANPAGER": "cat"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "wrong.1" in done.stdout + done.stderr or "nosuchmacro" in done.stderr
