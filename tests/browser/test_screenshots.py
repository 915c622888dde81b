"""The documents' pictures: how they are made, and that they are light."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from promoter.render.html import html
from tests.browser.chromium import Look, opened
from tests.browser.screenshots import MOST_BYTES, comment_page, report_pictures, shoot
from tests.unit.render.pictures import binary

IMAGES = Path(__file__).parents[2] / "docs" / "images"
COMMENT = "### Head `x`\n\n| a | b |\n| :-- | --: |\n| 1 | 2 |\n\none\ntwo\n\n```mermaid\nxychart-beta\n```\n"


def test_a_comment_is_shown_as_github_shows_it(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "comment.html"
    page.write_text(comment_page(COMMENT, Look.DARK), encoding="utf-8")
    with opened(browser, page, look=Look.DARK) as found:
        texts = found.page.locator("article").inner_text().split("\n")
        assert texts[0] == "Head x"
        assert found.page.locator("td").all_inner_texts() == ["1", "2"]
        assert found.page.locator("p br").count() == 1
        assert found.page.locator("code.language-mermaid").inner_text() == "xychart-beta\n"
        ground = found.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(13, 17, 23)"


def test_a_report_gives_three_pictures(browser: Browser, tmp_path: Path) -> None:
    source = tmp_path / "report.html"
    source.write_text(html(binary()), encoding="utf-8")
    report_pictures(browser, source, tmp_path)
    made = sorted(path.name for path in tmp_path.glob("*.png"))
    assert made == ["report-dark.png", "report-phone.png", "report.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.glob("*.png"))


def test_a_picture_too_heavy_for_the_documents_is_refused(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "noise.html"
    page.write_text(
        "<body><canvas width=1000 height=800></canvas><script>const pen = document.querySelector('canvas')"
        ".getContext('2d'); const dots = pen.createImageData(1000, 800); let seed = 1;"
        "for (let at = 0; at < dots.data.length; at++) { seed = seed * 48271 % 2147483647;"
        "dots.data[at] = seed & 255; } pen.putImageData(dots, 0, 0);</script>",
        encoding="utf-8",
    )
    with opened(browser, page, look=Look.LIGHT) as found, pytest.raises(SystemExit, match="are allowed"):
        shoot(found, tmp_path / "noise.png", height=800)


def test_the_documents_pictures_are_light() -> None:
    found = {path.name: path.stat().st_size for path in IMAGES.glob("*.png")}
    assert found.keys() >= {
        "comment.png",
        "comment-dark.png",
        "report.png",
        "report-dark.png",
        "report-phone.png",
    }
    assert max(found.values()) <= MOST_BYTES
