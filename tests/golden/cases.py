"""What is compared as a whole text: file name → how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from promoter.core.report import Report
from promoter.render.annotations import annotations as commands
from promoter.render.comment import comment
from promoter.render.evidence_json import evidence
from promoter.render.html import html
from promoter.render.outputs import outputs
from promoter.render.summary import summary
from promoter.render.terminal import Style, terminal
from tests.unit.render.pictures import DRAWN
from tests.unit.render.reports import EXAMPLES

MARKER = "<!-- promoter results acme/models#12 -->"
_MEASURED = ("measured", "measured-rejected", "measured-beside-reference")
_MANY = ("mixed", "all-good")


def _annotations(report: Report) -> str:
    return "".join(f"{line}\n" for line in commands(report))


def _outputs(report: Report) -> str:
    values = outputs(report, comment_url="https://github.example/c/1", report_path="reports/report.html")
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _drawn(name: str) -> str:
    return html(DRAWN[name]())


def _each(renderer: Callable[[Report], str], ending: str, *names: str) -> dict[str, Callable[[], str]]:
    def text(name: str) -> str:
        return renderer(EXAMPLES[name]())

    return {f"{name}.{ending}": partial(text, name) for name in names}


CASES: Mapping[str, Callable[[], str]] = {
    **_each(partial(comment, marker=MARKER), "comment.md", *EXAMPLES),
    **_each(summary, "summary.md", *_MANY),
    **_each(
        html,
        "report.html",
        "promotable",
        "rejected",
        "invalid",
        "approval-missing",
        "overridden",
        "prompt-changed",
        *_MEASURED,
        *_MANY,
    ),
    **{f"drawn-{name}.report.html": partial(_drawn, name) for name in ("rejected", "regression")},
    **_each(partial(terminal, style=Style.PLAIN), "plain.txt", *EXAMPLES),
    **_each(partial(terminal, style=Style.COLOUR), "colour.txt", "rejected", "mixed", "overridden"),
    **_each(_annotations, "annotations.txt", "rejected", "warned", "invalid", "mixed", "registry-down"),
    **_each(
        _outputs, "outputs.txt", "promotable", "overridden", "rejected", "approval-missing", "already-applied"
    ),
    **_each(
        evidence,
        "evidence.json",
        "promotable",
        "overridden",
        "first-promotion",
        "version-missing",
        "prompt-changed",
        _MEASURED[1],
    ),
}
