"""Intervals in the HTML report: drawings without script, on one axis."""

from __future__ import annotations

from promoter.core.report import RequestReport
from promoter.render.html_text import sentence, table, tag, text
from promoter.render.interval_text import LESS, MORE
from promoter.render.intervals import Line, Plot, change_in_words, percent, plot
from promoter.render.scores import level_of, measurement_of
from promoter.render.words import OUTCOME_ICONS
from promoter.text import say

_HEAD = ("Metric", "Worse · better", "Change")
_MIDDLE, _HEIGHT, _AXIS = 10, 20, 14
# Labels beside each other need so much of the axis.
_APART = 0.12


def intervals(request: RequestReport) -> str:
    """A row for each metric that has an interval, the axis below them, and how to read it."""
    found = plot(request)
    if found is None:
        return ""
    rows = [(_name(line), _drawing(line, found), text(change_in_words(line))) for line in found.lines]
    drawn = table(_HEAD, [*rows, ("", _axis(found), "")], caption="How sure: change in % of the champion")
    return drawn + tag("p", _legend(request, found), kind="soft")


def _name(line: Line) -> str:
    return tag("span", f"{OUTCOME_ICONS[line.outcome]} <code>{line.name}</code>")


def _legend(request: RequestReport, found: Plot) -> str:
    measured = measurement_of(request)
    level = f" with {level_of(measured)} confidence" if measured is not None else ""
    left = f" {found.left_out:,} more are in the table only." if found.left_out else ""
    told = (
        "To the right is better, also where less is better. The dot is the change that was measured, the bar "
        f"where it truly lies{level}; the grey line is no change, the dashed one the rule's limit; "
        f"{LESS} and {MORE} go on beyond the axis.{left}"
    )
    return sentence(say(told))


def _drawing(line: Line, found: Plot) -> str:
    """The words in the last column say the same, so that nobody needs the drawing."""
    kind = "better" if line.lower > 0 else "worse" if line.upper < 0 else "either"
    marks = [_upright(0.0, found, kind="zero")]
    if line.least is not None and found.holds(line.least):
        marks.append(_upright(line.least, found, kind="limit"))
    if line.upper >= found.begin and line.lower <= found.end:
        ends = f'x1="{_place(line.lower, found)}" x2="{_place(line.upper, found)}"'
        marks.append(f'<line class="span {kind}" {ends} y1="{_MIDDLE}" y2="{_MIDDLE}"></line>')
    if found.holds(line.better):
        at = _place(line.better, found)
        marks.append(f'<circle class="{kind}" cx="{at}" cy="{_MIDDLE}" r="4.5"></circle>')
    if line.lower < found.begin:
        marks.append(f'<text x="0" y="{_AXIS}" text-anchor="start">{LESS}</text>')
    if line.upper > found.end:
        marks.append(f'<text x="100%" y="{_AXIS}" text-anchor="end">{MORE}</text>')
    return _svg("".join(marks))


def _axis(found: Plot) -> str:
    zero = found.share(0.0)
    labels = [_label(0.0, found, anchor="start" if zero == 0 else "end" if zero == 1 else "middle")]
    if zero > _APART:
        labels.append(_label(found.begin, found, anchor="start"))
    if zero < 1 - _APART:
        labels.append(_label(found.end, found, anchor="end"))
    return _svg("".join(labels))


def _label(value: float, found: Plot, *, anchor: str) -> str:
    return f'<text x="{_place(value, found)}" y="{_AXIS}" text-anchor="{anchor}">{percent(value)}</text>'


def _upright(value: float, found: Plot, *, kind: str) -> str:
    at = _place(value, found)
    return f'<line class="{kind}" x1="{at}" x2="{at}" y1="0" y2="{_HEIGHT}"></line>'


def _place(value: float, found: Plot) -> str:
    # What is drawn at an end stays inside.
    return f"{2 + 96 * found.share(value):.2f}%"


def _svg(inner: str) -> str:
    return f'<svg class="plot" aria-hidden="true" height="{_HEIGHT}">{inner}</svg>'
