from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.evidence import CheckResult
from promoter.evaluation import figures
from promoter.render import interval_chart, interval_text
from promoter.render.html_intervals import intervals as drawn_in_html
from promoter.render.intervals import KNOWN_FIGURES, Line, Plot, change_in_words, percent, plot
from tests.builders import a_comparison, a_measured_evidence, a_metric_result
from tests.unit.render import reports
from tests.unit.render.reports import good_request

WIDTH = 36


def result(name: str = "f1_score", **fields: object) -> CheckResult:
    known = {"source": "measured", "champion": 0.8, "change": 0.02, "lower": 0.004, "upper": 0.036, **fields}
    return a_metric_result(subject=name, comparison=a_comparison(name=name, **known))


def plotted(*results: CheckResult) -> Plot | None:
    return plot(good_request(results=results, evidence=a_measured_evidence()))


def found(*results: CheckResult) -> Plot:
    one = plotted(*results)
    assert one is not None
    return one


def only(*results: CheckResult) -> Line:
    (line,) = found(*results).lines
    return line


# --- on one axis ---------------------------------------------------------------------------------------


def test_our_names_are_those_of_evaluation() -> None:
    computed = figures.LABEL_NAMES | figures.REGRESSION_NAMES | figures.SCORE_NAMES
    assert computed | {"business_value"} == KNOWN_FIGURES


def test_changes_are_in_percent_of_the_champion() -> None:
    line = only(result(least=-0.008))
    assert (line.better, line.lower, line.upper, line.least) == pytest.approx((2.5, 0.5, 4.5, -1.0))


def test_less_of_an_error_is_to_the_right() -> None:
    line = only(
        result("log_loss", greater_is_better=False, champion=0.4, change=-0.02, lower=-0.036, upper=0.004)
    )
    assert (line.better, line.lower, line.upper) == pytest.approx((5.0, -1.0, 9.0))


def test_a_champion_below_zero_turns_nothing_round() -> None:
    line = only(result(champion=-0.8))
    assert (line.better, line.lower, line.upper) == pytest.approx((2.5, 0.5, 4.5))


@pytest.mark.parametrize(
    "fields",
    [
        {"champion": 0.0},
        {"champion": None},
        {"champion": math.nan},
        {"lower": None},
        {"upper": math.inf},
        {"change": None},
        {"champion": 1e-11, "change": 1e3},
        {"source": "run"},
    ],
)
def test_what_has_no_place_on_the_axis_is_left_to_the_table(fields: dict[str, Any]) -> None:
    assert plotted(result(**fields)) is None


def test_names_from_outside_are_not_drawn() -> None:
    assert [line.name for line in found(result(), result("```\n# x")).lines] == ["f1_score", "row 2"]


def test_the_axis_holds_what_is_usual_and_ends_in_round_numbers() -> None:
    one = found(result(), result("accuracy", lower=-0.01), result("recall", lower=-0.7, change=-0.5))
    assert (one.begin, one.end) == (-1.5, 4.5)
    assert not one.holds(-87.5)
    assert one.share(-87.5) == 0.0


def test_a_limit_far_from_its_interval_does_not_stretch_the_axis() -> None:
    assert found(result(least=-0.4)).begin == 0.0
    assert found(result(least=-0.04)).begin == -5.0


def test_models_that_are_alike_have_an_axis() -> None:
    same = found(result(change=0.0, lower=0.0, upper=0.0))
    assert (same.begin, same.end) == (-1.0, 1.0)
    assert change_in_words(same.lines[0]) == "unchanged"


def test_lines_without_room_are_counted() -> None:
    many = found(*[result() for _ in range(25)])
    assert (len(many.lines), many.left_out) == (20, 5)


def test_percents() -> None:
    assert [percent(one) for one in (-2.0, 0.0, -0.0, 0.15)] == ["\u22122 %", "0", "0", "+0.15 %"]


# --- in letters ----------------------------------------------------------------------------------------


def text_of(*results: CheckResult) -> list[str]:
    return interval_text.rows(found(*results))


def test_signs_stand_where_the_figures_are() -> None:
    assert text_of(result(lower=-0.008, least=-0.016), result("log_loss", least=0.0)) == [
        "✓ f1_score              2.5 % better",
        "  ┊    ├────┼────────────●─────────┤",
        "✓ log_loss              2.5 % better",
        "            ┃  ├─────────●─────────┤",
        "  \u22122 %      0                 +4.5 %",
    ]


def test_what_lies_beyond_the_axis_ends_in_an_arrow() -> None:
    lines = text_of(result(), result("accuracy"), result("recall", change=-0.5, lower=-0.7, upper=-0.3))
    assert lines[5] == "  \u2039"
    assert lines[6] == "  0                           +4.5 %"
    cut = text_of(result(), result("accuracy"), result("recall", lower=-0.7))
    assert cut[5].startswith("  \u2039")
    assert "●" in cut[5]


PLACES = st.floats(-1e3, 1e3)


@given(st.lists(PLACES, min_size=3, max_size=3).map(sorted), st.one_of(st.none(), PLACES))
def test_a_drawing_says_on_which_side_of_zero_and_limit_an_interval_lies(
    ends: list[float], least: float | None
) -> None:
    lower, change, upper = ends
    shown = result(champion=1.0, change=change, lower=lower, upper=upper, least=least)
    head, line, axis = text_of(shown)
    assert max(map(len, (head, line, axis))) <= WIDTH
    column = {sign: line.find(sign) for sign in "├●┤│┊┼"}
    if column["│"] >= 0 and column["├"] >= 0 and lower > 1e-3:
        assert column["├"] > column["│"]
    if column["│"] >= 0 and column["┤"] >= 0 and upper < -1e-3:
        assert column["┤"] < column["│"]
    if least is not None and least > upper and min(column["┊"], column["┤"]) >= 0:
        assert column["┊"] > column["┤"]


def test_the_legend_speaks_of_signs_that_are_there() -> None:
    def told(*results: CheckResult) -> str:
        request = good_request(results=results, evidence=a_measured_evidence(measurement=None))
        one = plot(request)
        assert one is not None
        return str(interval_text.legend(request, one))

    assert "┊" not in told(result())
    assert "┊ is the rule's limit" in told(result(least=-0.008))
    assert "┃ is both" in told(result(least=0.0))
    assert "beyond" not in told(result())
    assert "5 more are in the table only" in told(*[result() for _ in range(25)])
    whole = reports.measured().requests[0]
    one = plot(whole)
    assert one is not None
    assert "with 90 % confidence" in str(interval_text.legend(whole, one))


# --- as a chart -----------------------------------------------------------------------------------------


def test_a_chart_hides_what_is_left_of_each_interval() -> None:
    text = interval_chart.chart(found(result(lower=-0.008, least=-0.016), result("log_loss")))
    assert text.startswith("```mermaid\n")
    assert text.endswith("\n```")
    assert '  x-axis [" ", "f1_score", "log_loss", "·"]\n  y-axis -2 --> 4.825\n' in text
    bars = [line.strip() for line in text.splitlines() if line.startswith("  bar")]
    assert bars == [
        "bar [-2, 4.5, 4.5, -2]",
        "bar [-2, 2.5, 2.5, -2]",
        *["bar [-2, -1, 0.5, -2]"] * 3,
    ]
    assert "  line [0, 0, 0, 0]\n" in text


def test_what_lies_beyond_a_chart_is_named_below_it() -> None:
    one = found(result(), result("accuracy"), result("recall", change=-0.5, lower=-0.7, upper=-0.3))
    assert "recall" not in interval_chart.chart(one)
    assert interval_chart.note(one).endswith("Beyond its axis: `recall` (62.5 % worse).")
    assert "Beyond" not in interval_chart.note(found(result()))


def test_too_many_lines_or_too_small_changes_are_no_chart() -> None:
    assert interval_chart.chart(found(*[result() for _ in range(13)])) == ""
    tiny = result(change=2e-6, lower=1e-6, upper=3e-6)
    assert interval_chart.chart(found(tiny)) == ""


# --- in the HTML report ---------------------------------------------------------------------------------


def html_of(*results: CheckResult) -> str:
    return drawn_in_html(good_request(results=results, evidence=a_measured_evidence()))


def test_html_draws_an_interval_a_zero_and_a_limit() -> None:
    text = html_of(result(lower=-0.008, least=-0.016))
    assert '<line class="zero" x1="31.54%" x2="31.54%" y1="0" y2="20"></line>' in text
    assert '<line class="limit" x1="2.00%" x2="2.00%" y1="0" y2="20"></line>' in text
    assert '<line class="span either" x1="16.77%" x2="98.00%" y1="10" y2="10"></line>' in text
    assert '<circle class="either" cx="68.46%" cy="10" r="4.5"></circle>' in text
    assert '<text x="31.54%" y="14" text-anchor="middle">0</text>' in text
    assert '<td data-title="Change">2.5 % better</td>' in text


def test_html_says_which_side_an_interval_is_on() -> None:
    assert 'class="span better"' in html_of(result())
    assert 'class="span worse"' in html_of(result(change=-0.02, lower=-0.03, upper=-0.01))
    beyond = html_of(result(), result("accuracy"), result("recall", change=0.5, lower=0.3, upper=0.7))
    assert 'text-anchor="end">\u203a</text>' in beyond
    assert beyond.count("<circle") == 2
    assert html_of() == ""
    assert "5 more are in the table only" in html_of(*[result() for _ in range(25)])
