"""CODEOWNERS as GitHub reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.doctor_owners import owners

WORKFLOW = ".github/workflows/apply.yml"


@pytest.mark.parametrize(
    ("pattern", "path", "is_owned"),
    [
        ("*", WORKFLOW, True),
        ("*.yml", WORKFLOW, True),
        ("/*.yml", WORKFLOW, False),
        (".github/", WORKFLOW, True),
        ("/.github/", WORKFLOW, True),
        ("/.github", WORKFLOW, True),
        (".github", WORKFLOW, True),
        ("/.github/*", WORKFLOW, False),
        ("/.github/*", ".github/promotion-policy.yaml", True),
        ("/.github/**", WORKFLOW, True),
        ("/.github/workflows/*.yml", WORKFLOW, True),
        ("**/workflows/", WORKFLOW, True),
        ("**/apply.yml", WORKFLOW, True),
        ("workflows/", WORKFLOW, True),
        ("workflows/apply.yml", WORKFLOW, False),
        ("/workflows/", WORKFLOW, False),
        ("/.github/workflows/appl?.yml", WORKFLOW, True),
        ("/.github/workflows/apply.yml/", WORKFLOW, False),
        ("/.GITHUB/", WORKFLOW, False),
        ("/my\\ folder/", "my folder/a", True),
    ],
)
def test_patterns(pattern: str, path: str, is_owned: bool) -> None:
    assert (owners(f"{pattern} @ann\n", path) == ("@ann",)) is is_owned


def test_the_last_line_that_matches_decides() -> None:
    text = "* @everybody\n/.github/ @platform @ann # who knows it\n# /.github/ @nobody\n*.md @writers\n"
    assert owners(text, WORKFLOW) == ("@platform", "@ann")
    assert owners(text, ".github/README.md") == ("@writers",)
    assert owners(text, "src/a.py") == ("@everybody",)


def test_a_line_without_owners_takes_them_away() -> None:
    assert owners("/.github/ @platform\n/.github/workflows/\n", WORKFLOW) == ()


@given(st.text(max_size=200), st.text(max_size=60))
def test_nothing_that_is_written_there_makes_it_fail(text: str, path: str) -> None:
    assert all(owner.strip() for owner in owners(text, path))


def test_a_pattern_made_to_be_slow_is_not() -> None:
    assert owners(f"{'*a' * 12} @ann\n", "a" * 60 + "b") == ()
