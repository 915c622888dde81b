"""A history as one page: needs no network, runs no script."""

from __future__ import annotations

from promoter.core.report import Links
from promoter.core.timeline import Entry, History
from promoter.render import links as address
from promoter.render.history_words import KIND_WORDS, LIMITS, answer, details, headline, span, title, tone
from promoter.render.html_page import page
from promoter.render.html_text import code, items, link, sentence, tag, text
from promoter.render.timeline_chart import CHART_CSS, chart
from promoter.render.words import TONE_ICONS


def history_html(history: History, *, links: Links) -> str:
    """A whole page. Text from outside is escaped."""
    kind, message = headline(history)
    told = answer(history.as_of) if history.as_of else ()
    header = tag("h1", f"{TONE_ICONS[kind]} {sentence(message)}") + "".join(
        tag("p", sentence(one)) for one in told
    )
    left = len(history.entries) - len(history.shown)
    more = tag("p", text(f"{left:,} other change(s) are not shown."), kind="soft") if left else ""
    body = [
        f'<header class="{kind.value}">{header}</header>',
        tag("section", chart(history)),
        tag("section", "".join(_entry(one, links) for one in history.shown) + more),
        tag("section", items(sentence(one.message) for one in history.lacking)),
        tag("section", items(sentence(note) for note in history.notes)),
        tag("section", tag("h2", "What this cannot tell") + items(sentence(one) for one in LIMITS)),
        _footer(history, links),
    ]
    return page(message, body, style=CHART_CSS)


def _entry(entry: Entry, links: Links) -> str:
    name = tag("h2", f"{sentence(title(entry))} · {text(KIND_WORDS[entry.kind])}")
    when = tag("p", text(span(entry)), kind="when")
    where = [
        link(text("the commit"), address.commit(links, entry.asked.commit)),
        link(text("the pull request"), address.pull_request(links, entry.pull.number) if entry.pull else ""),
    ]
    shown = " · ".join(one for one in where if one.startswith("<a "))
    told = [sentence(one) for one in details(entry)]
    listed = items([*told, *([shown] if shown else [])])
    return f'<div class="entry {tone(entry).value}">{name}{when}{listed}</div>'


def _footer(history: History, links: Links) -> str:
    commit = link(code(history.commit), address.commit(links, history.commit))
    pairs = f"<dt>Looked at</dt><dd>{commit}</dd><dt>Promoter</dt><dd>{text(history.tool_version)}</dd>"
    return f"<footer><dl>{pairs}</dl></footer>"
