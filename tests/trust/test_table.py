"""docs/security.md promises tests by name: each row of trust is there, and so is each test it names."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECURITY = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (T\d{2}) \| ([012]) \|(.*)\|(.*)\|(.*)\|$", re.MULTILINE)
NUMBERS = [f"T{number:02}" for number in range(1, 88)]
OF_THE_SANDBOX = NUMBERS[38:59]
A_LIMIT = "documented limit"
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


@cache
def rows() -> dict[str, tuple[str, str, str, str]]:
    """Number → priority, attack, defence, tests."""
    found = ROW.findall(SECURITY.read_text(encoding="utf-8"))
    return {number: (priority, *map(str.strip, rest)) for number, priority, *rest in found}


@cache
def named_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_attack_has_one_row_in_order() -> None:
    numbers = [found[0] for found in ROW.findall(SECURITY.read_text(encoding="utf-8"))]
    assert numbers == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_every_test_that_a_row_names_exists(number: str) -> None:
    tests = rows()[number][3]
    missing = [f"{path}::{test}" for path, test in TEST.findall(tests) if test not in named_in(path)]
    assert missing == []


@pytest.mark.parametrize("number", NUMBERS)
def test_every_row_has_a_defence_and_a_test_or_says_that_it_is_a_limit(number: str) -> None:
    _, attack, defence, tests = rows()[number]
    assert attack
    assert defence
    held = TEST.search(tests) or A_LIMIT in tests or (number in OF_THE_SANDBOX and "`sandbox/" in tests)
    assert held, f"{number} is not held by anything"


def test_every_test_here_that_has_a_number_stands_in_its_row() -> None:
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        path = f"trust/{file.name}"
        for test in sorted(named_in(path)):
            for number in re.findall(r"(?<=_)t(\d{2})(?=_)", test):
                assert f"`{path}::{test}`" in rows()[f"T{number}"][3], (number, test)
