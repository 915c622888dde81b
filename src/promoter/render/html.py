"""The HTML report: one file that needs no network and runs no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from promoter.core.report import Links, Phase, Report, RequestReport
from promoter.errors import Problem
from promoter.render import links as address
from promoter.render.figures import ABSENT
from promoter.render.html_charts import Charts, charts
from promoter.render.html_page import page
from promoter.render.html_request import Extent, section
from promoter.render.html_text import code, items, link, sentence, table, tag, text
from promoter.render.overrides import overrides
from promoter.render.sentences import consequence, counts, full, headline, in_order, tone
from promoter.render.words import OVERRIDE_ICON, OVERVIEW, REASONS, TONE_ICONS, Tone, tally

# Of more requests than these, those that pass are folded.
_FEW = 3
# A page of 2 MiB, its frame aside. Requests that need a look are whole beyond it.
_MOST_BYTES = 1_900_000


def html(report: Report, *, charts: Charts = charts) -> str:
    """A whole page. Text from outside is escaped; there is nothing in it for a browser to run or load.

    `charts` are what it shows of each request beside its figures: drawn here, unless others are given.
    """
    told = [request for request in in_order(report.requests) if tone(request) is not Tone.QUIET]
    body = [
        _header(report),
        _problems(report),
        _overview(report),
        *_sections(told, report.links, charts=charts),
        tag("section", items(sentence(full(note)) for note in report.notes)),
        _footer(report),
    ]
    return page(headline(report).message, body)


def _sections(told: Sequence[RequestReport], links: Links, *, charts: Charts) -> Iterator[str]:
    size = 0
    for request, drawn in zip(told, charts(told), strict=True):
        passes = tone(request) is Tone.GOOD
        extent = Extent.FOLDED if passes and len(told) > _FEW else Extent.WHOLE
        rendered = section(request, links, charts=drawn, extent=extent)
        if passes and size + len(rendered.encode()) > _MOST_BYTES:
            rendered = section(request, links, extent=Extent.TITLE)
        size += len(rendered.encode())
        yield rendered


def _header(report: Report) -> str:
    line = headline(report)
    told = () if report.requests else (full(report.message),)
    todo = f"<strong>What to do:</strong> {sentence(full(report.hint))}"
    parts = (
        tag("h1", f"{TONE_ICONS[line.tone]} {sentence(line.message)}"),
        *(tag("p", f"{OVERRIDE_ICON} <strong>{sentence(full(one))}</strong>") for one in overrides(report)),
        tag("p", text(counts(report, TONE_ICONS))),
        *(tag("p", sentence(message)) for message in (*told, *consequence(report))),
        tag("p", todo, kind="do") if report.hint.parts and not report.requests else "",
    )
    return f'<header class="{line.tone.value}">{"".join(parts)}</header>'


def _problems(report: Report) -> str:
    return tag("section", items(_problem(problem, report) for problem in report.problems))


def _problem(problem: Problem, report: Report) -> str:
    where = address.line(report.links, report.head_commit, path=problem.path, number=problem.line)
    place = link(code(f"{problem.path}:{problem.line}:{problem.column}"), where)
    return f"{place}: {sentence(full(problem.found))} {sentence(full(problem.write))}"


def _overview(report: Report) -> str:
    if len(report.requests) == 1:
        return ""
    rows = [_row(request, report.links) for request in in_order(report.requests)]
    return tag("section", table(OVERVIEW[report.phase], rows, caption="Promotion requests"))


def _row(request: RequestReport, links: Links) -> tuple[str, ...]:
    asked, state = request.request, request.approval
    return (
        tag("span", f"{TONE_ICONS[tone(request)]} {code(asked.model)} @ {code(asked.alias)}"),
        _version(request, request.now, links=links) if request.now else ABSENT,
        _version(request, asked.version, links=links),
        text(tally(request.results) or REASONS[request.reason].title),
        f"{len(state.counted)} of {state.needed}" if state else ABSENT,
    )


def _version(request: RequestReport, version: str, *, links: Links) -> str:
    # Without a step the request was refused before the registry said that there is such a version.
    known = request.step is not None
    where = address.version_of(links, request.request, version=version) if known else ""
    return link(code(version), where)


def _footer(report: Report) -> str:
    verb = "Applied at" if report.phase is Phase.APPLY else "Judged"
    job = address.job(report.links)
    facts = (
        (verb, _commit(report.links, report.head_commit)),
        ("Policy of", _commit(report.links, report.base_commit)),
        ("Policy (sha256)", code(report.policy_digest) if report.policy_digest else ""),
        ("Evidence (sha256)", code(report.evidence_digest) if report.evidence_digest else ""),
        ("Job", link("log of the run", job) if job else ""),
        ("Reason code", code(report.reason.value)),
        ("Promoter", text(report.tool_version)),
    )
    pairs = "".join(tag("dt", escape(name)) + tag("dd", value) for name, value in facts if value)
    return f"<footer><dl>{pairs}</dl></footer>"


def _commit(links: Links, commit: str) -> str:
    return link(code(commit), address.commit(links, commit)) if commit else ""
