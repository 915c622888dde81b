"""Where a new request file goes, whatever its model is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.files import matches
from promoter.core.request_path import request_path, slug

ALL = "promotions/**/*.yaml"


@pytest.mark.parametrize("name", ["churn", "prod.ml.churn", "MLOPS_CHURN", "a-b_c.1", "x" * 100])
def test_a_plain_name_is_itself(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize("name", ["my model", "con", "NUL.txt", "x" * 101, "a/b", "..", "", "é", "a.", "-rf"])
def test_any_other_gets_a_digest(name: str) -> None:
    assert slug(name) != name
    assert slug(name) == slug(name)


@given(name=st.text(max_size=300), other=st.text(max_size=300))
def test_no_name_leaves_its_folder_and_no_two_share_one(name: str, other: str) -> None:
    found = slug(name)
    assert found
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert len(found) <= 109
    assert not found.startswith((".", "-"))
    assert not found.endswith(".")
    assert (slug(other) == found) == (other == name)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (ALL, "promotions/churn/champion.yaml"),
        ("models/**/*.yml", "models/churn/champion.yml"),
        ("**/*.yaml", "churn/champion.yaml"),
        ("promotions/*.yaml", "promotions/churn-champion.yaml"),
        ("promotions/**", "promotions/churn/champion.yaml"),
        ("promotions/only.yaml", ""),
        ("promotions/*/x/*.yaml", ""),
    ],
)
def test_the_glob_finds_it(pattern: str, path: str) -> None:
    assert request_path("churn", "champion", pattern=pattern) == path
    assert not path or matches(path, pattern)


def test_names_that_differ_in_case_alone_get_different_files() -> None:
    first = request_path("MLOPS_CHURN", "champion", pattern=ALL)
    second = request_path("mlops_churn", "champion", pattern=ALL, taken={first})
    assert first == "promotions/MLOPS_CHURN/champion.yaml"
    assert second.casefold() != first.casefold()
    assert matches(second, ALL)
