"""A propose report on the job's summary page, in its log, and as annotations."""

from __future__ import annotations

from promoter.core.propose_report import Action, Entry, ProposeReport
from promoter.errors import ExitCode
from promoter.render import links as address
from promoter.render.annotations import Annotation, Level, commands
from promoter.render.figures import ABSENT
from promoter.render.layout import Limit, Rank, block, fit, in_bytes, more, within
from promoter.render.markdown import Align, bullets, cell, cell_of, code, link, prose, sentence, table
from promoter.render.propose_words import ACTION_TONES, headline, notes, told, word
from promoter.render.sentences import full
from promoter.render.terminal import TONE_PAINTS
from promoter.render.terminal_figures import LONGEST_CELL
from promoter.render.terminal_table import GAP, Cell, Paint, Style, looked_at, page, paint
from promoter.render.terminal_table import table as lines_of
from promoter.render.words import TONE_ICONS, TONE_SIGNS, Tone, capital
from promoter.text import Quoted, printable, say

_LIMIT = 900 * 1024
_SHORT = 12
_MOST_ROWS = 200
_COLUMNS = (
    ("Model @ alias", Align.LEFT),
    ("Now", Align.RIGHT),
    ("Proposed", Align.RIGHT),
    ("Pull request", Align.LEFT),
    ("Why", Align.LEFT),
)
_HEAD = ("MODEL@ALIAS", "NOW", "PROPOSED", "PULL REQUEST", "WHY")


def propose_summary(report: ProposeReport) -> str:
    """Markdown of at most 900 KiB in UTF-8."""
    limit = Limit(size=_LIMIT, measure=in_bytes, pointer="`propose.json`")
    tone, message = headline(report)
    blocks = (
        *block(f"### {TONE_ICONS[tone]} {sentence(message)}", Rank.HEAD),
        *block(sentence(full(report.hint)), Rank.BLOCKING),
        *block(bullets(code(str(problem)) for problem in report.problems), Rank.BLOCKING),
        *block(_table(report, limit), Rank.HEAD),
        *block(bullets(sentence(full(note)) for note in notes(report)), Rank.NOTES),
    )
    return fit(blocks, limit, footer=_footer(report))


def _table(report: ProposeReport, limit: Limit) -> str:
    entries = told(report)
    if not entries:
        return ""
    head, lines = table(_COLUMNS, [_row(entry, report) for entry in entries])
    kept = within(lines, limit, part=2)
    tail = more(lines, kept, limit=limit)
    return "\n".join([*head, *kept]) + (f"\n\n{tail}" if tail else "")


def _row(entry: Entry, report: ProposeReport) -> tuple[str, ...]:
    model, alias = entry.key
    versions = (
        link(cell(one), address.of_key(report.links, model, version=one)) if one else ABSENT
        for one in (entry.live, entry.version)
    )
    number = link(f"#{entry.number}", address.pull_request(report.links, entry.number))
    return (
        f"{TONE_ICONS[ACTION_TONES[entry.action]]}\u00a0{cell(model)} @\u00a0{cell(alias)}",
        *versions,
        f"{number} {word(entry, report)}" if entry.number else word(entry, report),
        cell_of(entry.why),
    )


def _footer(report: ProposeReport) -> str:
    parts: list[str] = []
    if report.head_commit:
        commit = address.commit(report.links, report.head_commit)
        parts.append(f"Looked at {link(code(report.head_commit[:_SHORT]), commit)}")
    if job := address.job(report.links):
        parts.append(link("job log", job))
    parts.append(f"Promoter {prose(report.tool_version)}".rstrip())
    return f"<sub>{' · '.join(parts)}</sub>"


def propose_terminal(report: ProposeReport, *, style: Style) -> str:
    """Lines of text, with a line break at the end."""
    tone, message = headline(report)
    opening = [paint(f"{TONE_SIGNS[tone]} {message}", TONE_PAINTS[tone], style=style)]
    opening += [f"{GAP}{full(report.hint)}"] if report.hint.parts else []
    entries = told(report)
    rows = [_cells(entry, report) for entry in entries[:_MOST_ROWS]]
    left = len(entries) - _MOST_ROWS
    blocks = [
        opening,
        [f"{TONE_SIGNS[Tone.BAD]} {problem}" for problem in report.problems],
        lines_of(_HEAD, rows, style=style) if rows else [],
        [f"… and {left:,} more"] if left > 0 else [],
        [f"{TONE_SIGNS[Tone.QUIET]} {full(note)}" for note in notes(report)],
        [
            paint(
                looked_at(report.head_commit, policy=report.policy_digest, version=report.tool_version),
                Paint.FAINT,
                style=style,
            )
        ],
    ]
    return page(blocks, style=style)


def _cells(entry: Entry, report: ProposeReport) -> tuple[Cell, ...]:
    tone = ACTION_TONES[entry.action]
    name = printable("@".join(entry.key), longest=LONGEST_CELL)
    number = f"#{entry.number} " if entry.number else ""
    return (
        Cell(f"{TONE_SIGNS[tone]} {name}", TONE_PAINTS[tone]),
        Cell(printable(entry.live or ABSENT, longest=LONGEST_CELL)),
        Cell(printable(entry.version or ABSENT, longest=LONGEST_CELL)),
        Cell(f"{number}{word(entry, report)}"),
        Cell(str(entry.why)),
    )


def propose_annotations(report: ProposeReport) -> tuple[str, ...]:
    """One command a line: what is wrong in files, and what could not be decided."""
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
    unsure = [one for one in report.entries if one.action is Action.UNDECIDED]
    found += [Annotation(level=Level.ERROR, title="Propose", message=_said(one)) for one in unsure]
    if not found and report.reason.exit_code is not ExitCode.DONE:
        text = f"{full(report.message)} {full(report.hint)}".rstrip()
        found.append(Annotation(level=Level.ERROR, title="Propose", message=text))
    return commands(found)


def _said(entry: Entry) -> str:
    name = Quoted("@".join(entry.key))
    return f"{full(say(name, ' could not be decided: ', *entry.why.parts))} {full(entry.hint)}".rstrip()
