"""What MkDocs asks while it builds the documents: see `hooks` in mkdocs.yml.

The documents are read on GitHub too, where a link may leave `docs/`. On the site such a link leads to a page
that is made here: one that shows all files to copy, or one of the documents at the top of the repository.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.slugs import slugify

ROOT = Path(__file__).parents[1]
EXAMPLES = "examples.md"
PROJECT = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_INTRODUCTION = ROOT / "examples" / "README.md"
_LANGUAGES = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".py": "python",
    ".json": "json",
    ".md": "markdown",
    "": "text",
}
_SLUG = slugify(case="lower")
_FENCE = re.compile(r"`{3,}|~{3,}")
_THREE_SPACES = re.compile(r" {3}(?=\S)")
_LINK = re.compile(r"(?<=\]\()([^)\s#]+)(#[^)\s]*)?(?=\))")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The settings, with the pages that globs of the navigation stand for."""
    config.nav = expanded(config.nav, Path(config.docs_dir))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The documents, and the pages that stand for what lies beside them."""
    files.append(File.generated(config, EXAMPLES, content=examples_page()))
    for name in PROJECT:
        content = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, f"project/{name}", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page's text as the site needs it."""
    return wider_lists(site_links(markdown, page.file.src_uri))


def expanded(nav: object, docs: Path) -> Any:  # noqa: ANN401 - lists, mappings and names, as YAML holds them
    """The navigation with the pages in place of each glob, by name."""
    if isinstance(nav, dict):
        return {title: expanded(one, docs) for title, one in nav.items()}
    if not isinstance(nav, list):
        return nav
    parts = [
        sorted(path.relative_to(docs).as_posix() for path in docs.glob(one))
        if isinstance(one, str) and "*" in one
        else [expanded(one, docs)]
        for one in nav
    ]
    return [one for part in parts for one in part]


def examples_page() -> str:
    """What stands in `examples/README.md`, then every file below `examples/`, each under its path."""
    introduction = _INTRODUCTION.read_text(encoding="utf-8")
    parts = [_LINK.sub(lambda link: f"../examples/{link[0]}", introduction)]
    for path in _example_files():
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        parts.append(f"## {name}\n\n````{_LANGUAGES[path.suffix]}\n{text}````\n")
    return "\n".join(parts)


def site_links(markdown: str, page: str) -> str:
    """`markdown` of the site's `page`, whose links out of `docs/` lead to pages of the site."""
    source = page.removeprefix("project/") if page.startswith("project/") else f"docs/{page}"

    def replaced(link: re.Match[str]) -> str:
        if re.match(r"[a-z]+:", link[1]):
            return link[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        place, anchor = _place(target, link[2] or "")
        return posixpath.relpath(place, posixpath.dirname(page) or ".") + anchor

    return _LINK.sub(replaced, markdown)


def wider_lists(markdown: str) -> str:
    """What belongs to an item of a numbered list, indented by four spaces: GitHub is content with three."""
    lines, fence = [], ""
    for line in markdown.split("\n"):
        opened = _FENCE.match(line)
        if opened and not fence:
            fence = opened[0]
        elif fence and line.startswith(fence):
            fence = ""
        lines.append(f" {line}" if not fence and _THREE_SPACES.match(line) else line)
    return "\n".join(lines)


def _place(target: str, anchor: str) -> tuple[str, str]:
    """Where a file of the repository is on the site. What is nowhere stays: the strict build refuses it."""
    if target.startswith("docs/"):
        return target.removeprefix("docs/"), anchor
    if target in PROJECT:
        return f"project/{target}", anchor
    if target == "README.md":
        return "index.md", ""
    if ROOT / target == _INTRODUCTION:
        return EXAMPLES, ""
    if f"{target}/".startswith("examples/") and (ROOT / target).exists():
        return EXAMPLES, f"#{_SLUG(target, '-')}" if (ROOT / target).is_file() else ""
    return target, anchor


def _example_files() -> Iterator[Path]:
    files = (path for path in (ROOT / "examples").rglob("*") if path.is_file())
    return iter(sorted(path for path in files if path.suffix in _LANGUAGES and path != _INTRODUCTION))
