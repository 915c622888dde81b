"""Mutants are what they say, and those that no test notices are found."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from tests.mutation.mutants import mutants
from tests.mutation.run import ROOT
from tests.mutation.targets import TARGETS, Target


def changed(source: str) -> set[str]:
    """The second line of each mutant of a function's body."""
    whole = f"def decide(a, b):\n    {source}\n"
    return {mutant.source.split("\n", 1)[1].strip() for mutant in mutants(whole)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return a < b", {"return a <= b", "return a >= b", "return None"}),
        ("return a in b", {"return a not in b", "return None"}),
        ("return a and b", {"return a or b", "return a", "return b", "return None"}),
        ("return not a", {"return a", "return None"}),
        ("return a if b else 0", {"return a", "return 0", "return a if b else 1", "return None"}),
        ("return [x for x in a if x]", {"return [x for x in a]", "return None"}),
        ("return a.casefold()", {"return a.__str__()", "return None"}),
        ("return a | b", {"return a & b", "return None"}),
        ("a.append(True)", {"pass", "a.append(False)"}),
        ("raise a", {"pass"}),
        ("return say('a', b)", {"return None"}),
        ("'what it does'", set()),
        ("return None", set()),
    ],
)
def test_what_is_changed(source: str, expected: set[str]) -> None:
    assert changed(source) == expected


def test_a_condition_is_made_always_true_and_always_false() -> None:
    assert {text.split(":")[0] for text in changed("if a == b:\n        return a")} == {
        "if a != b",
        "if True",
        "if False",
        "if a == b",
    }


def test_names_annotations_and_the_texts_of_enums_are_left_alone() -> None:
    source = """
    from enum import StrEnum
    class Colour(StrEnum):
        '''A colour.'''
        RED = 'red'
    @dataclass(frozen=True)
    class Box:
        colour: Literal['red'] = Colour.RED
    """
    assert list(mutants(dedent(source))) == []


@pytest.mark.parametrize("target", [one for several in TARGETS.values() for one in several])
def test_every_mutant_of_every_target_compiles_and_is_another(target: Target) -> None:
    found = list(mutants((ROOT / target.module).read_text(encoding="utf-8")))
    assert len({mutant.source for mutant in found}) > 5
    for mutant in found:
        compile(mutant.source, "mutant", "exec")


def scored(tests: str, *, before: str = "") -> subprocess.CompletedProcess[str]:
    """A process of its own, where Promoter is not imported yet: how many mutants of the verdict there are,
    and how many of them these tests notice."""
    play = f"""
    {before}
    from tests.mutation.run import score
    from tests.mutation.targets import Target
    one = score(Target(module="src/promoter/core/verdict.py", tests=("tests/unit/{tests}.py",)))
    print(one.tried, one.noticed)
    """
    words = [sys.executable, "-c", dedent(play)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize(("tests", "noticed"), [("core/test_verdict", 8), ("core/test_pin", 0)])
def test_what_no_test_notices_is_found(tests: str, noticed: int) -> None:
    assert scored(tests).stdout.split() == ["8", str(noticed)]


@pytest.mark.parametrize(
    ("tests", "before", "said"),
    [
        ("core/test_nothing", "", "says nothing of the mutant"),
        ("core/test_verdict", "import promoter.core.verdict", "imported already"),
    ],
)
def test_a_score_of_nothing_is_refused(tests: str, before: str, said: str) -> None:
    done = scored(tests, before=before)
    assert done.returncode == 1
    assert said in done.stderr
