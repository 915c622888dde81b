"""The documents' site in a real browser: searched, read on a phone and at night, and asking nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import Look
from tests.docs.building import ROOT, build

LONGEST_WAIT = 20_000.0
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"
INNER_SCROLL = "() => document.documentElement.scrollWidth - window.innerWidth"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is served, on this machine alone."""
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def window(browser: Browser, *, look: Look) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what it said and whom it asked."""
    context = browser.new_context(viewport=look.viewport, color_scheme=look.scheme)
    try:
        page, heard = context.new_page(), list[str]()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url))
        yield page, heard
    finally:
        context.close()


def test_a_reason_code_is_found_without_asking_anybody_else(browser: Browser, address: str) -> None:
    with window(browser, look=Look.LIGHT) as (page, heard):
        page.goto(f"{address}/index.html?q=champion_moved")
        found = page.locator(".md-search-result__item").first
        found.wait_for(timeout=LONGEST_WAIT)
        assert "Reason codes" in found.inner_text()
        assert [one for one in heard if not one.startswith(f"{address}/")] == []


@pytest.mark.parametrize("look", [Look.PHONE, Look.PHONE_DARK])
@pytest.mark.parametrize("name", ["index", "checks", "from-databricks-notebook", "propose"])
def test_a_phone_shows_a_page_without_scrolling_sideways(
    browser: Browser, address: str, name: str, look: Look
) -> None:
    with window(browser, look=look) as (page, heard):
        page.goto(f"{address}/{name}.html")
        assert page.evaluate(INNER_SCROLL) <= 0
        assert [one for one in heard if not one.startswith(f"{address}/")] == []


def test_it_is_dark_where_the_reader_asks_for_it(browser: Browser, address: str) -> None:
    seen = []
    for look in (Look.LIGHT, Look.DARK):
        with window(browser, look=look) as (page, _):
            page.goto(f"{address}/index.html")
            seen.append(page.evaluate(BACKGROUND))
    assert seen[0] == "rgb(255, 255, 255)"
    assert seen[0] != seen[1]
