"""The job's summary page: the comment's content at full length."""

from __future__ import annotations

from promoter.core.report import Report
from promoter.render.layout import Limit, fit, in_bytes
from promoter.render.sections import blocks, footer

# The runner drops a summary above 1 MiB whole.
_LIMIT = 900 * 1024


def summary(report: Report) -> str:
    """Markdown of at most 900 KiB in UTF-8."""
    limit = Limit(size=_LIMIT, measure=in_bytes, pointer="the HTML report and `evidence.json`")
    return fit(blocks(report, limit), limit, footer=footer(report))
