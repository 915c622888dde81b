"""Pictures for the documents: `python -m tests.browser.screenshots FOLDER TARGET`, of what `make demo` left.

A comment's Mermaid blocks are drawn by Mermaid itself, fetched once by npm into `.venv`. Where that cannot be
had the comment's pictures stay as they are: one without its charts would show what nobody sees.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

from markdown_it import MarkdownIt
from playwright.sync_api import Browser

from tests.browser.chromium import NAMED, Look, Opened, browsing, find_chromium, opened
from tests.browser.github_style import DARK, LIGHT, STYLE

MERMAID = "11.12.2"
_SCRIPT = "package/dist/mermaid.min.js"
MOST_BYTES = 300 * 1024
# What of a report is shown: its beginning with the charts.
_HEIGHTS = {Look.LIGHT: 1_750, Look.DARK: 1_750, Look.PHONE: 2_000}
_COMMENT_HEIGHT = 1_700

_DRAW = """async dark => {
  mermaid.initialize({startOnLoad: false, securityLevel: 'strict', theme: dark ? 'dark' : 'default'});
  let number = 0;
  for (const code of document.querySelectorAll('code.language-mermaid')) {
    const {svg} = await mermaid.render('drawn' + number++, code.textContent);
    const chart = document.createElement('p');
    chart.className = 'chart';
    chart.innerHTML = svg;
    code.parentElement.replaceWith(chart);
  }
  return number;
}"""


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def comment_page(markdown: str, look: Look) -> str:
    """A comment as GitHub shows it, nearly: its tables, its line breaks, its colours."""
    body = MarkdownIt("gfm-like", {"html": True, "linkify": False, "breaks": True}).render(markdown)
    colours = DARK if look is Look.DARK else LIGHT
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{colours}{STYLE}</style>'
        '<div class="frame"><div class="by"><b>github-actions</b> bot commented</div>'
        f"<article>{body}</article></div></html>"
    )


def mermaid(folder: Path) -> str | None:
    """Mermaid's script, fetched once; None where npm or its registry is not there."""
    kept = folder / f"mermaid-{MERMAID}.tgz"
    if not kept.is_file():
        command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"mermaid@{MERMAID}"]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError) as error:
            _tell(f"Mermaid {MERMAID} cannot be had ({str(error)[:200]})")
            return None
    with tarfile.open(kept) as archive:
        script = archive.extractfile(_SCRIPT)
        return script.read().decode() if script is not None else None


def shoot(found: Opened, target: Path, *, height: int) -> None:
    """The page's beginning, or all of a shorter one; refused where the documents would get heavy."""
    whole = int(found.page.evaluate("() => document.documentElement.scrollHeight"))
    width = found.page.evaluate("() => window.innerWidth")
    found.page.screenshot(
        path=target, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": min(height, whole)}
    )
    size = target.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{target} has {size:,} bytes, {MOST_BYTES:,} are allowed")
    _tell(f"{target}: {size:,} bytes")


def comment_pictures(browser: Browser, source: Path, target: Path, *, script: str) -> None:
    """The comment in both schemes, its charts drawn."""
    for look, name in ((Look.LIGHT, "comment.png"), (Look.DARK, "comment-dark.png")):
        page = source.parent / f".{name}.html"
        page.write_text(comment_page(source.read_text(encoding="utf-8"), look), encoding="utf-8")
        try:
            with opened(browser, page, look=look) as found:
                found.page.add_script_tag(content=script)
                drawn = found.page.evaluate(_DRAW, look is Look.DARK)
                _tell(f"{name}: {drawn} Mermaid block(s)")
                shoot(found, target / name, height=_COMMENT_HEIGHT)
        finally:
            page.unlink()


def report_pictures(browser: Browser, source: Path, target: Path) -> None:
    """The report's beginning: wide, dark, on a phone."""
    names = {Look.LIGHT: "report.png", Look.DARK: "report-dark.png", Look.PHONE: "report-phone.png"}
    for look, name in names.items():
        with opened(browser, source, look=look) as found:
            shoot(found, target / name, height=_HEIGHTS[look])


def main(source: Path, target: Path) -> int:
    """Write all pictures; 1 where there is no browser."""
    path = find_chromium(os.environ)
    if path is None:
        _tell(f"screenshots: no Chromium: install one, or name it in {NAMED}")
        return 1
    target.mkdir(parents=True, exist_ok=True)
    script = mermaid(Path(sys.prefix))
    with browsing(path) as browser:
        report_pictures(browser, source / "report.html", target)
        if script is None:
            _tell("The comment's pictures stay as they are.")
        else:
            comment_pictures(browser, source / "comment.md", target, script=script)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
