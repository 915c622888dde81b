"""The machine's own Chromium, and what a page does in it. Nothing downloads a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Literal, TypeAlias

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Each start has a profile of its own, which Playwright makes and removes.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMED = "PROMOTER_CHROMIUM"


Scheme: TypeAlias = Literal["light", "dark"]


class Look(Enum):
    """How somebody looks at a page: width in pixels, and the scheme."""

    LIGHT = (1000, "light")
    DARK = (1000, "dark")
    PHONE = (360, "light")
    PHONE_DARK = (360, "dark")

    @property
    def viewport(self) -> ViewportSize:
        return {"width": self.value[0], "height": 800}

    @property
    def scheme(self) -> Scheme:
        return "dark" if self in {Look.DARK, Look.PHONE_DARK} else "light"


def find_chromium(environ: Mapping[str, str]) -> str | None:
    """Its path: what `PROMOTER_CHROMIUM` names, else the first that is installed."""
    named = environ.get(NAMED, "")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def browsing(path: str) -> Iterator[Browser]:
    """A browser that is gone afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(kw_only=True)
class Opened:
    """A page, and what it said and asked for while it was open."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, path: Path, *, look: Look) -> Iterator[Opened]:
    """A file in a window of its own."""
    context = browser.new_context(viewport=look.viewport, color_scheme=look.scheme)
    try:
        found = Opened(page=context.new_page())
        found.page.on("console", lambda message: found.said.append(message.text))
        found.page.on("pageerror", lambda error: found.said.append(str(error)))
        found.page.on("dialog", lambda dialog: found.said.append(dialog.message))
        found.page.on("request", lambda request: found.asked.append(request.url))
        found.page.goto(path.as_uri())
        yield found
    finally:
        context.close()
