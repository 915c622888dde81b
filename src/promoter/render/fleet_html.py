"""The fleet's status as one page."""

from __future__ import annotations

from promoter.core.fleet import Fleet, Row
from promoter.core.report import Links
from promoter.render import links as address
from promoter.render.drift_words import moment
from promoter.render.figures import ABSENT
from promoter.render.fleet_words import STATE_TONES, headline, what
from promoter.render.html_page import page
from promoter.render.html_text import code, items, link, sentence, table, tag, text
from promoter.render.sentences import full
from promoter.render.words import TONE_ICONS

_HEAD = ("Model @ alias", "Git says", "Registry holds", "Since", "Pending", "State")


def fleet_html(fleet: Fleet) -> str:
    """A whole page. Text from outside is escaped."""
    tone, message = headline(fleet)
    hint = tag("p", sentence(full(fleet.hint)), kind="do") if fleet.hint.parts else ""
    left = text(f"{fleet.left_out:,} other alias(es) are left out.") if fleet.left_out else ""
    body = [
        f'<header class="{tone.value}">{tag("h1", f"{TONE_ICONS[tone]} {sentence(message)}")}{hint}</header>',
        tag("section", items(text(str(problem)) for problem in fleet.problems)),
        tag(
            "section",
            table(_HEAD, [_row(row, fleet.links) for row in fleet.rows], caption="Aliases")
            + tag("p", left, kind="soft"),
        ),
        tag("section", items(sentence(full(one.message)) for one in fleet.lacking)),
        tag("section", items(sentence(full(note)) for note in fleet.notes)),
        _footer(fleet),
    ]
    return page(message, body)


def _row(row: Row, links: Links) -> tuple[str, ...]:
    pulls = (link(text(f"#{one}"), address.pull_request(links, one)) for one in row.pending)
    since = text(moment(row.since) or ABSENT)
    return (
        tag("span", f"{TONE_ICONS[STATE_TONES[row.state]]} {code(row.model)} @ {code(row.alias)}"),
        _asked(row, row.asked, links=links) if row.asked is not None else text("nothing"),
        _version(row, row.live, links=links) if row.live is not None else text("nobody"),
        link(since, address.commit(links, row.commit)),
        " ".join(pulls) or ABSENT,
        sentence(what(row)),
    )


def _asked(row: Row, version: str, *, links: Links) -> str:
    """What git asks for; of a copy whose number is known, both."""
    number = _version(row, version, links=links)
    if row.source in {"", version}:
        return number
    return f"{_version(row, row.source, links=links)}, copied as version {number}"


def _version(row: Row, version: str, *, links: Links) -> str:
    return link(code(version), address.of_key(links, row.model, version=version))


def _footer(fleet: Fleet) -> str:
    commit = link(code(fleet.head_commit), address.commit(fleet.links, fleet.head_commit))
    pairs = f"<dt>Looked at</dt><dd>{commit}</dd><dt>Promoter</dt><dd>{text(fleet.tool_version)}</dd>"
    return f"<footer><dl>{pairs}</dl></footer>" if fleet.head_commit else ""
