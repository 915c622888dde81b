"""What both models earn, beside those who decide without a model and the one who is always right."""

from __future__ import annotations

from functools import partial

from promoter.core.measurement import ValueEstimate
from promoter.render.drawing import Anchor, Chart, Frame, Ink, Sheet
from promoter.render.drawing_axes import across, beside, number, ticks
from promoter.render.figures import finite
from promoter.render.html_text import code, text
from promoter.render.scores import money, values

_MOST_DRAWN = 1e12
_ROW, _HEAD, _FOOT = 30.0, 6.0, 26.0
_BAR = 0.62
# Amounts that would not fit beside their bars are rounded.
_LONGEST_AMOUNT = 11
_CHALLENGER = "challenger"
_INKS = {"champion": Ink.CHAMPION, _CHALLENGER: Ink.CHALLENGER}


def chart(value: ValueEstimate | None) -> Chart | None:
    """Bars from zero; None where nobody has an amount, or one too large for an axis."""
    named = values(value) if value is not None else ()
    whisker = (_whisker(value) or ()) if value is not None else ()
    lowest = min([0.0, *whisker, *(one for _, one in named)])
    highest = max([0.0, *whisker, *(one for _, one in named)])
    if value is None or not 0 < highest - lowest <= _MOST_DRAWN:
        return None
    return Chart(
        name="value",
        title="Value of 1,000 rows",
        told=", ".join(f"{name} {money(one)}" for name, one in named),
        frame=Frame(
            x=(lowest, highest),
            y=(len(named) - 0.5, -0.5),
            height=_ROW * len(named) + _HEAD + _FOOT,
            left=84.0,
            right=80.0,
            top=_HEAD,
            bottom=_FOOT,
        ),
        draw=partial(_draw, value),
        caption=f"Value of 1,000 rows, in {code(value.unit)}",
        note=text(_note(value)),
    )


def _note(value: ValueEstimate) -> str:
    told = "Perfect is always right."
    if any(finite(one) is not None for one in (value.predict_all, value.predict_none)):
        told += (
            " Predict all and predict none decide without a model: one is worth its effort where it earns "
            "more than both."
        )
    thin = " The thin line is where the challenger's amount truly lies beside the champion's."
    return told + (thin if _whisker(value) is not None else "")


def _whisker(value: ValueEstimate) -> tuple[float, float] | None:
    """The interval of the change, from the champion's amount on."""
    known = [finite(one) for one in (value.champion, value.lower, value.upper)]
    champion, lower, upper = known
    if champion is None or lower is None or upper is None:
        return None
    return champion + lower, champion + upper


def _draw(value: ValueEstimate, sheet: Sheet) -> None:
    lowest, highest = sheet.frame.x
    across(sheet, ticks(lowest, highest))
    for row, (name, amount) in enumerate(values(value)):
        ink = _INKS.get(name, Ink.SOFT)
        sheet.axes.barh(
            row, amount, height=_BAR, color=ink.colour, alpha=1 if name in _INKS else 0.45, clip_on=False
        )
        beside(sheet, (lowest, row), inner=name, kind="named")
        written = money(amount)
        short = written if len(written) <= _LONGEST_AMOUNT else number(amount)
        edge = sheet.frame.right - 4.0
        sheet.words((highest, row), short, anchor=Anchor.END, kind="amount", shift=(edge, 4.0))
        if name == _CHALLENGER and (found := _whisker(value)) is not None:
            sheet.axes.plot(found, (row, row), color=Ink.INK.colour, linewidth=1.5, clip_on=False)
    sheet.axes.plot((0, 0), sheet.frame.y, color=Ink.INK.colour, linewidth=1.2, clip_on=False)
