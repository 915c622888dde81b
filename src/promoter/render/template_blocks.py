"""A prompt's template in comment, job summary and HTML report: what would change, and its digest."""

from __future__ import annotations

from html import escape

from promoter.core.evidence import Evidence
from promoter.core.report import RequestReport
from promoter.render.html_text import tag
from promoter.render.layout import Block, Limit, Rank, block, more, within
from promoter.render.markdown import code_block, printed
from promoter.render.template_diff import DiffLine, counted, template_diff
from promoter.render.words import count

# In the HTML report; more than the longest template of ordinary lines has.
_MOST_LINES = 5_000
_SHORT_DIGEST = 12
_CLASSES = {"+": "added", "-": "removed", "@": "head"}


def blocks(request: RequestReport, limit: Limit) -> tuple[Block, ...]:
    """One block, or none for a model."""
    return block(text(request, limit), Rank.FIGURES)


def text(request: RequestReport, limit: Limit) -> str:
    """Markdown; empty for a model."""
    found = _lead(request.evidence)
    if not found:
        return ""
    lines = [f"{line.sign}{_shown(line)}" for line in template_diff(request.evidence)]
    kept = within(lines, limit, part=4)
    tail = more(lines, kept, limit=limit)
    left = f"\n\n{tail}" if tail else ""
    return f"**Template:** {found}" + (f"\n\n{code_block(kept, language='diff')}" if kept else "") + left


def html(request: RequestReport) -> str:
    """The same for the HTML report."""
    found = _lead(request.evidence)
    lines = template_diff(request.evidence)
    rows = "\n".join(_row(line) for line in lines[:_MOST_LINES])
    left = len(lines) - _MOST_LINES
    tail = tag("p", f"… and {left:,} more lines.") if left > 0 else ""
    lead = tag("p", f"<strong>Template:</strong> {found}" if found else "")
    return lead + tag("pre", rows, kind="diff") + tail


def _row(line: DiffLine) -> str:
    return f'<span class="{_CLASSES.get(line.sign, "same")}">{escape(line.sign + _shown(line))}</span>'


def _lead(evidence: Evidence | None) -> str:
    """Our own words and hexadecimal digits, the same in both forms; empty for a model."""
    challenger = evidence.challenger.prompt if evidence else None
    if evidence is None or challenger is None:
        return ""
    digest = f"sha256 {challenger.text_digest[:_SHORT_DIGEST]}"
    if evidence.champion is None:
        return f"the first that holds the alias, {digest}"
    added, removed = counted(template_diff(evidence))
    if not added and not removed:
        return f"the same as the champion's, {digest}"
    return f"{count(added, 'line')} added, {removed} removed, {digest}"


def _shown(line: DiffLine) -> str:
    if line.sign != "@":
        return printed(line.text)
    return f"@ {line.title} {f'({printed(line.text)})' if line.text else ''}".rstrip() + " @@"
