"""A drift report on the job's summary page, and as annotations on the request files."""

from __future__ import annotations

import re

from promoter.core.drift import DriftReport
from promoter.core.report import Links
from promoter.errors import ExitCode
from promoter.render import links as address
from promoter.render.annotations import Annotation, Level, commands
from promoter.render.drift_words import Row, headline, healing, rows
from promoter.render.figures import ABSENT
from promoter.render.layout import Limit, Rank, block, fit, in_bytes, more, within
from promoter.render.markdown import Align, bullets, cell, cell_of, code, link, prose, sentence, table
from promoter.render.sentences import full
from promoter.render.words import TONE_ICONS, Tone, capital
from promoter.text import quote, say

_LIMIT = 900 * 1024
_SHORT = 12
_COLUMNS = (
    ("Model @ alias", Align.LEFT),
    ("Git says", Align.RIGHT),
    ("The registry holds", Align.RIGHT),
    ("Since", Align.LEFT),
    ("What", Align.LEFT),
    ("Issue", Align.LEFT),
)


def drift_summary(report: DriftReport) -> str:
    """Markdown of at most 900 KiB in UTF-8."""
    limit = Limit(size=_LIMIT, measure=in_bytes, pointer="`drift.json`")
    tone, message = headline(report)
    notes = [sentence(full(note)) for note in (*healing(report), *report.notes)]
    blocks = (
        *block(f"### {TONE_ICONS[tone]} {sentence(message)}", Rank.HEAD),
        *block(sentence(full(report.hint)), Rank.BLOCKING),
        *block(bullets(code(str(problem)) for problem in report.problems), Rank.BLOCKING),
        *block(_table(report, limit), Rank.HEAD),
        *block(bullets(within(notes, limit, part=4)), Rank.NOTES),
    )
    return fit(blocks, limit, footer=_footer(report))


def _table(report: DriftReport, limit: Limit) -> str:
    found = rows(report)
    if not found:
        return ""
    issues = {one.key: one.issue for one in report.findings}
    head, lines = table(_COLUMNS, [_row(row, report, issue=issues.get(row.key, "")) for row in found])
    kept = within(lines, limit, part=2)
    tail = more(lines, kept, limit=limit)
    return "\n".join([*head, *kept]) + (f"\n\n{tail}" if tail else "")


def _row(row: Row, report: DriftReport, *, issue: str) -> tuple[str, ...]:
    links = report.links
    live = row.live_word
    if row.live is not None:
        where = address.model_version(links, row.model, version=row.live)
        live = link(cell(row.live), where)
    asked = "nothing"
    if row.asked is not None:
        asked = link(cell(row.asked), address.line(links, report.head_commit, path=row.path, number=row.line))
    return (
        f"{TONE_ICONS[row.tone]}\u00a0{cell(row.model)} @\u00a0{cell(row.alias)}",
        asked,
        live,
        row.since or ABSENT,
        cell_of(row.what),
        _issue(issue, links),
    )


def _issue(issue: str, links: Links) -> str:
    """GitHub's address of it gives the number; the address shown is of our own making."""
    number = issue.rpartition("/")[2]
    if not re.fullmatch(r"[0-9]{1,18}", number):
        return ABSENT
    return link(f"#{number}", address.issue(links, int(number)))


def _footer(report: DriftReport) -> str:
    links = report.links
    parts: list[str] = []
    if report.head_commit:
        commit = link(code(report.head_commit[:_SHORT]), address.commit(links, report.head_commit))
        parts.append(f"Looked at {commit}")
    if job := address.job(links):
        parts.append(link("job log", job))
    parts.append(f"Promoter {prose(report.tool_version)}".rstrip())
    return f"<sub>{' · '.join(parts)}</sub>"


def drift_annotations(report: DriftReport) -> tuple[str, ...]:
    """One command a line, on the request files; of a run that found nothing, none."""
    found = [
        Annotation(
            level=Level.ERROR,
            title=capital(report.reason.value.replace("_", " ")),
            message=f"{full(problem.found)} {full(problem.write)}",
            path=problem.path,
            line=problem.line,
            column=problem.column,
        )
        for problem in report.problems
    ]
    found += [_annotation(row) for row in rows(report) if row.tone is not Tone.WAITING]
    if not found and report.reason.exit_code is not ExitCode.DONE:
        text = f"{full(report.message)} {full(report.hint)}".rstrip()
        found.append(Annotation(level=Level.ERROR, title="Drift", message=text))
    return commands(found)


def _annotation(row: Row) -> Annotation:
    holds = say("the registry holds ", quote(row.live) if row.live is not None else row.live_word)
    message = say(quote(f"{row.model}@{row.alias}"), " ", *row.what.parts, "; ", *holds.parts)
    return Annotation(
        level=Level.ERROR, title="Drift", message=str(full(message)), path=row.path, line=row.line
    )
