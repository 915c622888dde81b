"""The one comment on the pull request."""

from __future__ import annotations

from promoter.core.report import Report
from promoter.render.layout import Limit, fit, in_utf16
from promoter.render.links import job
from promoter.render.markdown import link
from promoter.render.sections import blocks, footer

# GitHub refuses 65,536; our contract is 60,000; the caller may add a hidden line of its own.
_LIMIT = 59_500


def comment(report: Report, *, marker: str) -> str:
    """Markdown of at most 60,000 characters whose first line is `marker`, a hidden HTML comment."""
    limit = Limit(
        size=_LIMIT - in_utf16(marker),
        measure=in_utf16,
        pointer=f"the {link('job summary', job(report.links))}",
    )
    return f"{marker}\n{fit(blocks(report, limit), limit, footer=footer(report))}"
