"""Whole texts, compared with files that were read by a person: `python -m tests.golden.regenerate`."""

from __future__ import annotations

import pytest

from tests.golden.cases import CASES
from tests.golden.regenerate import FOLDER


@pytest.mark.parametrize("name", sorted(CASES))
def test_text_is_the_golden_one(name: str) -> None:
    assert CASES[name]() == (FOLDER / name).read_text(encoding="utf-8")


def test_every_golden_file_has_a_case() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(CASES)
