"""The documents as a site: every page is in it, reads as on GitHub, and asks nothing of anybody else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import markdown
import pytest
import yaml
from markdown_it import MarkdownIt
from pymdownx.slugs import slugify

from scripts.docs_site import EXAMPLES, PROJECT, examples_page, expanded, site_links, wider_lists
from tests.docs.building import ROOT, build

PAGES = sorted((ROOT / "docs").rglob("*.md"))


class _Settings(yaml.SafeLoader):
    """Of mkdocs.yml what is plain; the one function that it names is not called."""


_Settings.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)


def settings() -> dict[str, object]:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    found: dict[str, object] = yaml.load(text, Loader=_Settings)
    return found


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(one)


def relative(path: Path) -> str:
    return path.relative_to(ROOT / "docs").as_posix()


# --- what is in it --------------------------------------------------------------------------------


def test_the_navigation_lists_every_page_once() -> None:
    made_here = [EXAMPLES, *(f"project/{name}" for name in PROJECT)]
    assert sorted(leaves(expanded(settings()["nav"], ROOT / "docs"))) == sorted(
        [*map(relative, PAGES), *made_here]
    )


def test_a_glob_in_the_navigation_stands_for_pages_by_name(tmp_path: Path) -> None:
    for name in ("b.md", "a.md", "c.txt"):
        (tmp_path / name).touch()
    nav = [{"One": "b.md"}, {"All": ["*.md", {"Last": "b.md"}]}]
    assert expanded(nav, tmp_path) == [{"One": "b.md"}, {"All": ["a.md", "b.md", {"Last": "b.md"}]}]


def test_every_example_is_on_one_page() -> None:
    page = examples_page()
    headings = re.findall(r"^## (examples/.+)$", page, flags=re.MULTILINE)
    there = [path for path in (ROOT / "examples").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    introduction = ROOT / "examples" / "README.md"
    assert headings == [path.relative_to(ROOT).as_posix() for path in sorted(there) if path != introduction]
    assert page.startswith(introduction.read_text().partition("\n")[0])


# --- the build ------------------------------------------------------------------------------------


class _Loads(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "img", "iframe", "source", "object"}:
            self.found += [value or "" for name, value in attrs if name in {"src", "href", "data"}]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly."""
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize(
    "line",
    [
        "[gone](gone.md)",
        "[no such part](drift.md#gone)",
        "[no such file](../examples/gone.yml)",
        "[up](../gone)",
    ],
)
def test_a_link_or_an_anchor_that_leads_nowhere_ends_the_build(line: str, tmp_path: Path) -> None:
    for name in ("mkdocs.yml", "docs", "examples", "scripts", *PROJECT):
        whole = ROOT / name
        (shutil.copytree if whole.is_dir() else shutil.copy)(whole, tmp_path / name)
    page = tmp_path / "docs" / "tour.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    assert "tour.md" in done.stdout + done.stderr


def test_every_page_is_built(site: Path) -> None:
    built = {path.relative_to(site).with_suffix(".md").as_posix() for path in site.rglob("*.html")}
    assert {*map(relative, PAGES), EXAMPLES, *(f"project/{name}" for name in PROJECT)} <= built


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    loaded = set()
    for page in site.rglob("*.html"):
        parser = _Loads()
        parser.feed(page.read_text(encoding="utf-8"))
        loaded |= set(parser.found)
    assert [one for one in sorted(loaded) if re.match(r"(?:[a-z]+:)?//", one)] == []
    assert any(one.endswith(".css") for one in loaded)


def test_search_finds_a_reason_code(site: Path) -> None:
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "champion_moved" in index


# --- read alike on GitHub and here ----------------------------------------------------------------

_COUNTED = ("li", "ul", "ol", "tr", "td", "h2", "h3", "pre", "strong", "img")
_TOC = {"toc": {"slugify": slugify(case="lower")}}


def counted(html: str) -> dict[str, int]:
    # How the site draws a block of code is its own affair.
    text = re.sub(r"<pre.*?</pre>", "<pre>", html, flags=re.DOTALL)
    return {tag: len(re.findall(rf"<{tag}[ >/]", text)) for tag in _COUNTED}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_page_has_the_same_lists_tables_and_blocks_in_both(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    extensions = [one for one in leaves(settings()["markdown_extensions"]) if one in _KNOWN]
    here = markdown.markdown(wider_lists(text), extensions=[*extensions, "toc"], extension_configs=_TOC)
    there = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert counted(here) == counted(there)


_KNOWN = frozenset({"attr_list", "tables", "sane_lists", "pymdownx.highlight", "pymdownx.superfences"})


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("drift.md", "policy.md#drift", "policy.md#drift"),
        ("drift.md", "#healing", "#healing"),
        ("drift.md", "https://example.com/a.md", "https://example.com/a.md"),
        ("drift.md", "../examples/workflows/drift.yml", "examples.md#examplesworkflowsdriftyml"),
        ("init.md", "../examples/workflows", "examples.md"),
        ("security.md", "../SECURITY.md", "project/SECURITY.md"),
        ("adr/0002.md", "../../SECURITY.md#x", "../project/SECURITY.md#x"),
        ("adr/0002.md", "0001.md", "0001.md"),
        ("index.md", "../README.md#inputs", "index.md"),
        ("project/CONTRIBUTING.md", "docs/checks.md", "../checks.md"),
        ("index.md", "images/comment.png", "images/comment.png"),
        ("index.md", "../src/promoter/cli.py", "src/promoter/cli.py"),
    ],
)
def test_a_link_of_the_repository_becomes_one_of_the_site(page: str, link: str, expected: str) -> None:
    assert site_links(f"see [it]({link}).", page) == f"see [it]({expected})."


def test_a_table_in_a_numbered_list_is_moved_and_code_is_not() -> None:
    text = "1. one\n\n   | a |\n   |---|\n\n```text\n   stays\n```\n"
    assert wider_lists(text) == "1. one\n\n    | a |\n    |---|\n\n```text\n   stays\n```\n"
