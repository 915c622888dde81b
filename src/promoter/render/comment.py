"""The one comment on the pull request."""

from __future__ import annotations

from promoter.core.report import Report
from promoter.render.layout import Limit, fit, in_utf16
from promoter.render.links import job
from promoter.render.markdown import link
from promoter.render.sections import blocks, footer

# GitHub refuses 65,536; our contract is 60,000; the caller may add a hidden line of its own.
_LIMIT = 59_500


def comment(report: Report, *, marker: str, last: str = "") -> str:
    """Markdown of at most 60,000 characters whose first line is `marker`, a hidden HTML comment.

    `last` are further hidden lines, put at the end whatever has to be cut above them.
    """
    limit = Limit(
        size=_LIMIT - in_utf16(marker) - in_utf16(last),
        measure=in_utf16,
        pointer=f"the {link('job summary', job(report.links))}",
    )
    text = f"{marker}\n{fit(blocks(report, limit), limit, footer=footer(report))}"
    return f"{text.rstrip()}\n{last}\n" if last else text
