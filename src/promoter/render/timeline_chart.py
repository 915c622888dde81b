"""The timeline as inline SVG: what git asked for above, what the registry's tags say was applied below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from promoter.core.as_of import holdings
from promoter.core.timeline import Entry, History, Reached
from promoter.render.history_words import moment
from promoter.render.html_text import plain, tag
from promoter.text import Message, quote, say

CHART_CSS = """
.timeline { display: block; width: 100%; height: 8.4rem; overflow: visible; }
.timeline text { fill: var(--ink); font-size: .8rem; }
.timeline .axis { fill: var(--soft); font-size: .75rem; }
.timeline rect { fill: var(--challenger); fill-opacity: .22; stroke: var(--challenger); }
.timeline .odd { fill-opacity: .42; }
.timeline .never { fill: var(--bad); stroke: var(--bad); fill-opacity: .15; stroke-dasharray: 4 3; }
.timeline .track { fill: var(--track); fill-opacity: 1; stroke: none; }
.entry { border-left: .4rem solid var(--tone); padding: .1rem 0 .1rem 1rem; margin: 0 0 1.1rem; }
.entry:last-child { margin-bottom: 0; }
.entry h2 { font-size: 1.05rem; margin: 0; } .entry ul { margin: .3rem 0 0; }
.entry .when { color: var(--soft); font-size: .9rem; font-variant-numeric: tabular-nums; }
"""
# Below this width, in percent, a label would not fit.
_NARROWEST_LABEL = 5.0
_THINNEST = 0.4
_GIT, _REGISTRY, _HEIGHT = 1.3, 4.5, 1.6


@dataclass(frozen=True, kw_only=True)
class _Bar:
    version: str
    since: datetime
    until: datetime
    kind: str
    said: Message


def chart(history: History) -> str:
    """Nothing where there is nothing to draw."""
    begin = min(one.since for one in history.entries)
    end = max([history.now, *(one.since for one in history.entries)])
    if end - begin < timedelta(seconds=1):
        return ""
    git = [_asked(one, end) for one in reversed(history.entries) if one.version and not one.is_empty]
    held = [
        _Bar(
            version=one.version,
            since=max(one.since, begin),
            until=one.until or end,
            kind="",
            said=say("version ", quote(one.version), f", applied {moment(one.since)}"),
        )
        for one in holdings(history.entries)
    ]
    lanes = _lane("Git asked for", git, top=_GIT, span=(begin, end))
    if any(one.reached is not Reached.NOT_ASKED for one in history.entries):
        lanes += _lane("Applied, as the registry's tags say", held, top=_REGISTRY, span=(begin, end))
    axis = _text(moment(begin), 0, baseline=7.9, kind="axis") + _text(
        moment(end), 100, baseline=7.9, kind="axis", anchor="end"
    )
    return f'<svg class="timeline" role="img" aria-label="Timeline">{lanes}{axis}</svg>'


def _asked(entry: Entry, end: datetime) -> _Bar:
    return _Bar(
        version=entry.version or "",
        since=entry.since,
        until=entry.until or end,
        kind="never" if entry.reached is Reached.NEVER else "",
        said=say("version ", quote(entry.version), f", asked for since {moment(entry.since)}"),
    )


def _lane(name: str, bars: Sequence[_Bar], *, top: float, span: tuple[datetime, datetime]) -> str:
    track = f'<rect class="track" x="0%" y="{top}rem" width="100%" height="{_HEIGHT}rem"/>'
    drawn = (_bar(bar, at, top=top, span=span) for at, bar in enumerate(bars))
    return _text(name, 0, baseline=top - 0.35) + track + "".join(drawn)


def _bar(bar: _Bar, at: int, *, top: float, span: tuple[datetime, datetime]) -> str:
    begin, end = span
    left = 100 * ((bar.since - begin) / (end - begin))
    width = max(100 * ((bar.until - bar.since) / (end - begin)), _THINNEST)
    left = min(left, 100 - _THINNEST)
    kind = bar.kind or ("odd" if at % 2 else "even")
    shape = (
        f'<rect class="{kind}" x="{left:.2f}%" y="{top}rem" width="{min(width, 100 - left):.2f}%" '
        f'height="{_HEIGHT}rem">{tag("title", plain(bar.said))}</rect>'
    )
    label = _text(bar.version, left + width / 2, baseline=top + 1.1, anchor="middle")
    return shape + (label if width >= _NARROWEST_LABEL and len(bar.version) <= width else "")


def _text(words: str, left: float, *, baseline: float, kind: str = "", anchor: str = "start") -> str:
    place = f'x="{left:.2f}%" y="{baseline:.2f}rem" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{plain(say(quote(words)))}</text>'
