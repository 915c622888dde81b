from __future__ import annotations

import pytest

from promoter.core.files import matches

REQUESTS = "promotions/**/*.yaml"


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("promotions/churn.yaml", REQUESTS),
        ("promotions/churn/champion.yaml", REQUESTS),
        ("promotions/a/b/c/d.yaml", REQUESTS),
        ("promotions/.hidden/.yaml", REQUESTS),
        ("promotions/a\nb/c\n.yaml", REQUESTS),
        ("promotions/anything/at\nall", "promotions/**"),
        ("deep/down/policy.yaml", "**/policy.yaml"),
        ("policy.yaml", "**/policy.yaml"),
        ("v1.yaml", "v?.yaml"),
        ("a/x/bc", "a**bc"),
        ("a+b(c)[d].yaml", "a+b(c)[d].yaml"),
        ("", ""),
    ],
)
def test_paths_that_match(path: str, pattern: str) -> None:
    assert matches(path, pattern)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("promotions.yaml", REQUESTS),
        ("other/promotions/churn.yaml", REQUESTS),
        ("promotions/churn.yaml/evil", REQUESTS),
        ("promotions/churn.yaml\n", REQUESTS),
        ("promotions/churnXyaml", REQUESTS),
        ("Promotions/churn.yaml", REQUESTS),
        ("promotions/a/b.yaml", "promotions/*.yaml"),
        ("v/.yaml", "v?.yaml"),
        ("v12.yaml", "v?.yaml"),
        ("aYb", "aXb"),
        ("a/x/b", "a**bc"),
        ("ab.yaml", "[ab]b.yaml"),
        ("a", ""),
    ],
)
def test_paths_that_do_not(path: str, pattern: str) -> None:
    assert not matches(path, pattern)
