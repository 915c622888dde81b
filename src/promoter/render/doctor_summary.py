"""A diagnosis on the job's summary page, and as annotations on the files."""

from __future__ import annotations

from promoter.core.doctor import Diagnosis, Found, Severity
from promoter.errors import ExitCode
from promoter.render.annotations import Annotation, Level, commands
from promoter.render.doctor_words import TONES, Chapter, chapters, headline
from promoter.render.layout import Block, Limit, Rank, block, fit, in_bytes, more, within
from promoter.render.markdown import bullets, code, prose, sentence
from promoter.render.sentences import full
from promoter.render.words import TONE_ICONS

_LIMIT = 900 * 1024
_SHORT = 12
_RANKS = {Severity.ERROR: Rank.BLOCKING, Severity.WARNING: Rank.NOTES, Severity.INFO: Rank.DETAILS}
_LEVELS = {Severity.ERROR: Level.ERROR, Severity.WARNING: Level.WARNING}


def doctor_summary(diagnosis: Diagnosis) -> str:
    """Markdown of at most 900 KiB in UTF-8."""
    limit = Limit(size=_LIMIT, measure=in_bytes, pointer="`doctor.json`")
    tone, message = headline(diagnosis)
    blocks: list[Block] = [*block(f"### {TONE_ICONS[tone]} {sentence(message)}", Rank.HEAD)]
    for chapter in chapters(diagnosis):
        blocks += block(_chapter(chapter, limit), _RANKS[chapter.rule.severity])
    return fit(blocks, limit, footer=_footer(diagnosis))


def _chapter(chapter: Chapter, limit: Limit) -> str:
    rule = chapter.rule
    lines = [_place(one) for one in chapter.places]
    kept = within(lines, limit, part=len(_RANKS) * 10)
    parts = [
        f"**{TONE_ICONS[TONES[rule.severity]]} {rule.severity.value}: `{rule.id}`**",
        bullets(kept),
        more(lines, kept, limit=limit),
        f"Why: {prose(rule.why)}",
        f"Fix: {prose(rule.fix)}",
        f"```yaml\n{rule.paste}\n```" if rule.paste else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _place(one: Found) -> str:
    at = f"{code(one.path)}{f', line {one.line}' if one.line else ''}: " if one.path else ""
    return f"{at}{sentence(one.message)}"


def _footer(diagnosis: Diagnosis) -> str:
    looked = f"Looked at {code(diagnosis.commit[:_SHORT])} · " if diagnosis.commit else ""
    version = f"Promoter {prose(diagnosis.tool_version)}".rstrip()
    return f"<sub>{diagnosis.rules} rules · {looked}{version}</sub>"


def doctor_annotations(diagnosis: Diagnosis) -> tuple[str, ...]:
    """One command a line: errors and warnings that have a file, and an outage."""
    found = [
        Annotation(
            level=_LEVELS[one.rule.severity],
            title=one.rule.id,
            message=f"{full(one.found.message)} {one.rule.fix}",
            path=one.found.path,
            line=one.found.line or 1,
        )
        for one in diagnosis.findings
        if one.rule.severity in _LEVELS and one.found.path
    ]
    if diagnosis.reason.exit_code not in {ExitCode.DONE, ExitCode.NO}:
        found.append(Annotation(level=Level.ERROR, title="Doctor", message=str(full(diagnosis.message))))
    return commands(found)
