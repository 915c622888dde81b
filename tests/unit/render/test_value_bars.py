"""The chart of what the models earn: bars that begin at 0, in marks that Mermaid reads."""

from __future__ import annotations

import math

import pytest

from promoter.render import scores
from promoter.render.value_bars import chart
from tests.builders import a_value


def _bars(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("  bar")]


def test_chart_is_made_of_our_words_and_numbers() -> None:
    text = chart(a_value(unit="```\nclick"))
    assert "click" not in text
    assert text.startswith("```mermaid\n")
    assert text.endswith("\n```")
    assert '  x-axis ["champion", "challenger", "predict all", "predict none", "perfect"]\n' in text
    assert "  y-axis 0.00 --> 16.80\n" in text
    assert _bars(text) == ["bar [8.12, 9.03, 4.00, 0.00, 16.00]"]
    assert 'title "Value of 1,000 rows in thousands"' in text
    assert 'backgroundColor: "transparent"' in text


def test_a_loss_is_a_bar_to_the_left_of_0() -> None:
    text = chart(a_value(champion=-100.0, challenger=50.0, predict_all=None, perfect=0.0))
    assert '  x-axis ["champion", "challenger", "predict none", "perfect"]\n' in text
    assert "  y-axis -100.00 --> 57.50\n" in text
    assert _bars(text) == ["bar [0.00, 50.00, 0.00, 0.00]", *["bar [-100.00, 0.00, 0.00, 0.00]"] * 3]
    assert "  line [0, 0, 0, 0]\n" in text
    assert 'plotColorPalette: "#0969da, #ffffff, #ffffff, #ffffff, #1f2328"' in text
    assert 'backgroundColor: "#ffffff"' in text


def test_nothing_but_losses() -> None:
    text = chart(
        a_value(champion=-100.0, challenger=-50.0, predict_all=-10.0, predict_none=-1.0, perfect=-1.0)
    )
    assert "  y-axis -100.00 --> 5.00\n" in text
    assert _bars(text)[0] == "bar [0.00, 0.00, 0.00, 0.00, 0.00]"


@pytest.mark.parametrize("amount", [0.0, 0.004, 1e13, -1e13])
def test_what_cannot_be_drawn_is_not(amount: float) -> None:
    value = a_value(
        champion=amount, challenger=amount, predict_all=amount, predict_none=amount, perfect=amount
    )
    assert chart(value) == ""


def test_a_value_without_any_figure_is_not_drawn() -> None:
    value = a_value(champion=None, challenger=math.nan, predict_all=None, predict_none=None, perfect=math.inf)
    assert chart(value) == ""
    assert str(scores.value_in_words(value)) == "Value of 1,000 rows in `EUR`: unknown."
