"""The HTML report in a real browser: drawn, readable, accessible, and quiet."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from promoter.core.report import Report
from promoter.render.html import html
from tests.browser.chromium import Look, Opened, opened
from tests.unit.render import reports
from tests.unit.render.hostile import everywhere, harmless_texts, hostile_texts
from tests.unit.render.pictures import DRAWN

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
CASES: dict[str, Callable[[], Report]] = {
    **DRAWN,
    "claimed": reports.rejected,
    "reference": reports.measured_beside_reference,
    "mixed": reports.mixed,
    "invalid": reports.invalid,
    "prompt": reports.prompt_changed,
}
# How far from its card a text may reach, in pixels.
SLACK = 1.0
# How much of two texts' boxes may lie upon each other, of their height: letters are lower than their boxes.
OVERLAP = 0.35

_TEXTS = """() => [...document.querySelectorAll('svg.drawn')].map(svg => {
  const box = element => {
    const found = element.getBoundingClientRect();
    return {left: found.left, right: found.right, top: found.top, bottom: found.bottom,
            said: element.textContent};
  };
  return {card: box(svg.closest('section')), chart: box(svg),
          texts: [...svg.querySelectorAll('text')].filter(one => one.textContent).map(box),
          shapes: [...svg.querySelectorAll('path')].map(one => one.getBBox()).filter(
            one => one.width + one.height > 0).length};
})"""
# On a phone tables are lists; what still scrolls is code, such as a prompt.
_CUT_TABLES = """() => [...document.querySelectorAll('.scroll')].filter(
  one => one.scrollWidth > one.clientWidth).map(one => one.textContent.slice(0, 80))"""
_INNER_SCROLL = "() => document.documentElement.scrollWidth - window.innerWidth"


def written(folder: Path, report: Report) -> Path:
    path = folder / "report.html"
    path.write_text(html(report), encoding="utf-8")
    return path


def quiet(found: Opened, path: Path) -> None:
    assert found.said == []
    assert found.asked == [path.as_uri()]


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical, each with where."""
    # Not a script element: the page's own policy lets none run.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in result["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def outside(charts: list[dict[str, Any]]) -> list[str]:
    """Texts that reach beyond their card."""
    return [
        text["said"]
        for chart in charts
        for text in chart["texts"]
        if text["left"] < chart["card"]["left"] - SLACK or text["right"] > chart["card"]["right"] + SLACK
    ]


def overlapping(charts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Texts of one chart that lie upon each other."""
    return [
        (one["said"], other["said"])
        for chart in charts
        for at, one in enumerate(chart["texts"])
        for other in chart["texts"][at + 1 :]
        if min(one["right"], other["right"]) - max(one["left"], other["left"]) > SLACK
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
        > OVERLAP * (one["bottom"] - one["top"])
    ]


@pytest.mark.slow
@pytest.mark.parametrize("look", [*Look], ids=lambda look: look.name.lower())
@pytest.mark.parametrize("name", CASES)
def test_the_report_is_drawn_whole(browser: Browser, tmp_path: Path, name: str, look: Look) -> None:
    path = written(tmp_path, CASES[name]())
    with opened(browser, path, look=look) as found:
        charts = found.page.evaluate(_TEXTS)
        assert len(charts) == path.read_text(encoding="utf-8").count('<svg class="drawn"')
        for chart in charts:
            box = chart["chart"]
            assert box["right"] - box["left"] > 200
            assert box["bottom"] - box["top"] > 50
            assert chart["shapes"] > 2
        assert outside(charts) == []
        assert overlapping(charts) == []
        assert found.page.evaluate(_INNER_SCROLL) <= 0
        if look in {Look.PHONE, Look.PHONE_DARK}:
            assert found.page.evaluate(_CUT_TABLES) == []
        quiet(found, path)


@pytest.mark.slow
@pytest.mark.parametrize("look", [*Look], ids=lambda look: look.name.lower())
@pytest.mark.parametrize("name", sorted(CASES.keys() - {"twenty", "mixed"}))
def test_the_report_is_accessible(browser: Browser, tmp_path: Path, name: str, look: Look) -> None:
    with opened(browser, written(tmp_path, CASES[name]()), look=look) as found:
        assert serious(found.page) == []


def test_the_oracles_see_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<html><body><section style="width:300px"><svg class="drawn" width="300" height="60">'
        '<text x="280" y="20">far outside</text><text x="5" y="40">one</text><text x="8" y="41">two</text>'
        '</svg></section><img src="nowhere.png"><script>nonsense(</script></body></html>',
        encoding="utf-8",
    )
    with opened(browser, bad, look=Look.LIGHT) as found:
        charts = found.page.evaluate(_TEXTS)
        assert outside(charts) == ["far outside"]
        assert overlapping(charts) == [("one", "two")]
        assert any(one.startswith("image-alt") for one in serious(found.page))
        assert len(found.said) >= 1
        assert len(found.asked) == 2


@pytest.mark.parametrize(
    ("look", "colour"), [(Look.LIGHT, "rgb(9, 105, 218)"), (Look.DARK, "rgb(88, 166, 255)")]
)
def test_charts_have_the_schemes_colours(browser: Browser, tmp_path: Path, look: Look, colour: str) -> None:
    with opened(browser, written(tmp_path, CASES["binary"]()), look=look) as found:
        strokes = found.page.evaluate(
            "() => [...document.querySelectorAll('svg.drawn path')].map(one => getComputedStyle(one).stroke)"
        )
        assert colour in strokes
        assert not [one for one in strokes if one.startswith("rgb(15, 15,")]


def test_paper_is_white_and_holds_everything(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, CASES["rejected"]()), look=Look.DARK) as found:
        found.page.emulate_media(media="print")
        page = found.page
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(31, 35, 40)"
        assert page.pdf(format="A4").startswith(b"%PDF")
        assert page.evaluate(_INNER_SCROLL) <= 0


@pytest.mark.slow
@pytest.mark.parametrize("look", [Look.LIGHT, Look.PHONE], ids=lambda look: look.name.lower())
def test_hostile_strings_stay_text(browser: Browser, tmp_path: Path, look: Look) -> None:
    texts = chain(hostile_texts(2_000, seed=11), iter(harmless_texts(), ""))
    for report in islice(everywhere(lambda: next(texts)), 2):
        path = written(tmp_path, report)
        with opened(browser, path, look=look) as found:
            page = found.page
            assert (
                page.evaluate("() => document.querySelectorAll('script, img, iframe, form, link').length")
                == 0
            )
            links = page.evaluate("() => [...document.links].map(one => new URL(one.href).hostname)")
            assert set(links) <= {"mlflow.example", "github.example"}
            charts = page.evaluate(_TEXTS)
            assert len(charts) > 3
            assert outside(charts) == []
            assert page.evaluate(_INNER_SCROLL) <= 0
            quiet(found, path)
