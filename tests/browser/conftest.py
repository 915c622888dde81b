from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import NAMED, browsing, find_chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once. Skips where there is none, unless one is required."""
    path = find_chromium(os.environ)
    if path is None:
        why = f"no Chromium: install one, or name it in {NAMED}"
        if os.environ.get("PROMOTER_REQUIRE_BROWSER"):
            pytest.fail(why)
        pytest.skip(why)
    with browsing(path) as started:
        yield started
