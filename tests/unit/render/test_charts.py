"""What each chart shows of its value: the words, and where the marks are."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest

from promoter.core.evidence import CheckResult, Outcome
from promoter.core.measurement import ValueEstimate
from promoter.core.pictures import Confusion, Point, ScoreCurves, Scores
from promoter.core.report import RequestReport
from promoter.render import chart_confusion, chart_curves, chart_residuals, chart_slices, chart_value, drawing
from promoter.render.drawing import Chart
from tests.builders import a_comparison, a_measured_evidence, a_metric_result, a_value
from tests.unit.render.pictures import classes, some_curves, some_residuals, some_scores, two_classes
from tests.unit.render.reports import good_request
from tests.unit.render.structure import html_shape

_BAR = re.compile(r'<path d="M([\d.]+) ([\d.]+)L([\d.]+) [\d.]+L[^"]+z" style="fill:var\(--(\w+)\)')


def only(chart: Chart | None) -> Chart:
    assert chart is not None
    return chart


def drawn(chart: Chart | None) -> str:
    return drawing.svg(only(chart), prefix="r1")


def words(chart: Chart | None) -> list[str]:
    """Every text of a drawing, in the order of writing."""
    return re.findall(r"<text[^>]*>(?:<tspan>)?([^<]*)", drawn(chart))


# --- value ------------------------------------------------------------------------------------------


def bars(value: ValueEstimate) -> list[tuple[float, float, str]]:
    """Left and right end and ink of each bar, from above."""
    found = _BAR.findall(drawn(chart_value.chart(value)))
    return [(min(float(a), float(b)), max(float(a), float(b)), ink) for a, _, b, ink in found]


MIXED = a_value(
    champion=400.0,
    challenger=-100.0,
    lower=-900.0,
    upper=-100.0,
    predict_all=-2_000.0,
    predict_none=0.0,
    perfect=2_000.0,
)


def test_bars_begin_at_zero_on_either_side() -> None:
    # From 84 to 240 px for -2,000 to 2,000: zero is at 162
    assert bars(MIXED) == [
        (162.0, 177.6, "champion"),
        (158.1, 162.0, "challenger"),
        (84.0, 162.0, "soft"),
        (162.0, 162.0, "soft"),
        (162.0, 240.0, "soft"),
    ]


def test_everybody_is_named_with_an_amount() -> None:
    told = words(chart_value.chart(MIXED))
    assert told[-10:] == [
        *("champion", "400.00", "challenger", "\u2212100.00", "predict all", "\u22122,000"),
        *("predict none", "0", "perfect", "2,000"),
    ]
    assert only(chart_value.chart(MIXED)).told == (
        "champion 400.00, challenger \u2212100.00, predict all \u22122,000, predict none 0, perfect 2,000"
    )
    assert only(chart_value.chart(a_value(unit="US$<b>"))).caption.endswith("<code>US$&lt;b&gt;</code>")


def test_the_change_is_a_line_from_the_champion_on() -> None:
    value = a_value(
        champion=0.0, lower=100.0, upper=1_000.0, predict_all=-1_000.0, perfect=1_000.0, challenger=500.0
    )
    line = re.search(
        r'<path d="M([\d.]+) [\d.]+L([\d.]+) [\d.]+" style="fill:none;stroke:var\(--ink\)',
        drawn(chart_value.chart(value)),
    )
    assert line is not None
    assert (float(line[1]), float(line[2])) == (169.8, 240.0)
    assert "thin line" in only(chart_value.chart(value)).note


@pytest.mark.parametrize(("ends", "axis"), [((-150.0, 50.0), (-50.0, 500.0)), ((100.0, 700.0), (0.0, 800.0))])
def test_the_axis_reaches_to_the_ends_of_the_change(
    ends: tuple[float, float], axis: tuple[float, float]
) -> None:
    value = a_value(
        champion=100.0, challenger=110.0, lower=ends[0], upper=ends[1], predict_all=20.0, perfect=500.0
    )
    assert only(chart_value.chart(value)).frame.x == axis


@pytest.mark.parametrize("fields", [{"champion": None}, {"lower": None}, {"upper": math.inf}])
def test_without_an_interval_there_is_no_line(fields: dict[str, float | None]) -> None:
    chart = only(chart_value.chart(a_value(**fields)))
    assert "thin line" not in chart.note
    assert drawn(chart).count("stroke:var(--ink)") == 1


def test_the_note_speaks_of_those_who_are_there() -> None:
    alone = only(chart_value.chart(a_value(predict_all=None, predict_none=None)))
    assert "without a model" not in alone.note
    assert "without a model" in only(chart_value.chart(a_value(predict_none=None))).note


def test_amounts_too_long_for_their_room_are_rounded() -> None:
    told = words(chart_value.chart(a_value(perfect=123_456_789_012.0)))
    assert told[-1] == "123.5G"


@pytest.mark.parametrize(
    "value",
    [
        None,
        a_value(champion=None, challenger=0.0, predict_all=None, predict_none=0.0, perfect=0.0),
        a_value(perfect=1e13),
    ],
)
def test_no_chart_of_nothing_and_of_what_has_no_axis(value: ValueEstimate | None) -> None:
    assert chart_value.chart(value) is None


# --- confusion ----------------------------------------------------------------------------------------


def matrices(found: Confusion | None) -> list[Chart]:
    return list(chart_confusion.charts(found))


def test_each_model_has_a_matrix_with_rows_and_shares() -> None:
    champion, challenger = matrices(two_classes())
    assert [champion.caption, challenger.caption] == [
        "Predicted by the champion",
        "Predicted by the challenger",
    ]
    assert words(challenger) == [
        *("1,100", "90.2 %", "120", "9.8 %", "No", "90", "23.7 %", "290", "76.3 %", "Yes"),
        *("true", "predicted", "No", "Yes"),
    ]
    assert challenger.told == (
        "1,390 of 1,600 rows are predicted right. In the order shown: "
        "class 1 predicted as class 1 1,100 times, class 2 120 times; "
        "class 2 predicted as class 1 90 times, class 2 290 times"
    )


def test_cells_are_told_where_they_have_figures_and_no_name_from_outside() -> None:
    (*_, small) = matrices(classes(6))
    (*_, large) = matrices(classes(7))
    assert small.told.count("times") == 36
    assert "times" not in large.told
    (hostile,) = matrices(two_classes(champion=None, labels=("a\nb\u202e", "x" * 50)))
    assert "a" + chr(10) not in hostile.told
    assert "xx" not in hostile.told
    assert "class 1 predicted as class 1" in hostile.told


def test_mistakes_are_red_and_the_diagonal_is_the_models_own() -> None:
    champion, challenger = (drawn(one) for one in matrices(two_classes()))
    inks = [ink for *_, ink in _BAR.findall(challenger)]
    assert inks == ["challenger", "bad", "bad", "challenger"]
    assert [ink for *_, ink in _BAR.findall(champion)] == ["champion", "bad", "bad", "champion"]
    depths = [float(one) for one in re.findall(r"opacity:([\d.]+)", challenger)]
    assert depths[0] > depths[3] > depths[2] > depths[1]


def test_a_class_without_rows_has_no_shares() -> None:
    empty = two_classes(challenger=((5, 5), (0, 0)), champion=None)
    (chart,) = matrices(empty)
    assert words(chart)[5:9] == ["0", "\u2013", "0", "\u2013"]


@pytest.mark.parametrize(
    ("number", "texts"),
    [(4, 4 * 4 * 2 + 4 + 2 + 4), (6, 6 * 6 * 2 + 6 + 2 + 6), (7, 7 + 2), (20, 20 + 2), (21, 2), (60, 2)],
)
def test_figures_and_names_stand_where_they_have_room(number: int, texts: int) -> None:
    for chart in matrices(classes(number)):
        assert len(words(chart)) == texts
        assert len(_BAR.findall(drawn(chart))) == number**2


def test_many_classes_have_shares_without_decimals() -> None:
    (*_, chart) = matrices(classes(5))
    assert words(chart)[1] == "70 %"


def test_no_matrix_of_nothing_and_of_too_many_classes() -> None:
    assert matrices(None) == []
    assert matrices(Confusion(labels=(), challenger=())) == []
    assert matrices(classes(61)) == []


def test_the_most_frequent_mistakes_of_either_model_come_first() -> None:
    counts = ((50, 3, 0), (9, 40, 0), (0, 1, 30))
    older = ((50, 20, 0), (2, 40, 0), (0, 0, 30))
    found = Confusion(labels=("a", "b", "c"), challenger=counts, champion=older)
    told = [
        (one.truth, one.predicted, one.champion, one.challenger) for one in chart_confusion.mistakes(found)
    ]
    assert told == [("a", "b", 20, 3), ("b", "a", 2, 9), ("c", "b", 0, 1)]
    alone = chart_confusion.mistakes(replace(found, champion=None))
    assert [(one.champion, one.challenger) for one in alone] == [(None, 9), (None, 3), (None, 1)]
    assert len(chart_confusion.mistakes(classes(12))) == 10


def test_two_classes_need_no_list_of_mistakes() -> None:
    assert chart_confusion.mistakes(two_classes()) == ()
    assert chart_confusion.mistakes(None) == ()


# --- curves ---------------------------------------------------------------------------------------------


def curves(found: Scores | None) -> dict[str, Chart]:
    return {chart.name: chart for chart in chart_curves.charts(found)}


LINES = re.compile(
    r'style="fill:none;(?:stroke-dasharray:[^;]+;stroke-dashoffset:0;)?stroke:var\(--(champion|challenger)\)'
)
STRAIGHT = ScoreCurves(
    roc=((0.0, 0.0), (0.1, 0.6), (1.0, 1.0)),
    precision_recall=((0.0, 1.0), (0.5, 0.8), (1.0, 0.2)),
    calibration=((0.2, 0.1), (0.8, 0.9)),
    calibration_rows=(300, 100),
)


def test_both_models_are_in_every_chart_the_challenger_above() -> None:
    found = curves(some_scores())
    assert list(found) == ["roc", "precision-recall", "calibration"]
    for chart in found.values():
        assert LINES.findall(drawn(chart)) == ["champion", "challenger"]
        assert chart.roles == ("challenger", "champion")
        assert "stroke-dasharray" in drawn(chart)


def test_a_curve_goes_through_its_points() -> None:
    found = curves(some_scores(challenger=STRAIGHT, champion=None))
    # The field is 252 px wide from 46 on, and 232 px high from 28 on.
    assert 'd="M46 260L71.2 120.8L298 28"' in drawn(found["roc"])
    assert 'd="M46 28L172 74.4L298 213.6"' in drawn(found["precision-recall"])
    assert found["roc"].roles == ("challenger",)


def test_a_curve_is_told_to_those_who_do_not_see_it() -> None:
    found = curves(some_scores(challenger=STRAIGHT, champion=None))
    assert found["roc"].told.endswith("true positive rate up. The challenger is at 0.60 for 0.1")
    assert found["precision-recall"].told.endswith("precision up. The challenger is at 0.80 for 0.5")
    assert found["calibration"].told.endswith("The challenger is off by 0.100 on average")


@pytest.mark.parametrize(
    ("roc", "told"),
    [
        (((0.0, 0.0), (1.0, 1.0)), "0.10"),  # of scores that are all equal
        (((0.0, 0.0), (0.2, 0.8), (1.0, 1.0)), "0.40"),
        (((0.0, 0.0), (0.1, 0.2), (0.1, 0.7), (1.0, 1.0)), "0.70"),
        (((0.0, 0.3), (0.05, 0.6)), "0.60"),
    ],
)
def test_between_its_points_a_curve_is_where_it_is_drawn(roc: tuple[Point, ...], told: str) -> None:
    found = curves(some_scores(challenger=replace(STRAIGHT, roc=roc), champion=None))
    assert found["roc"].told.endswith(f"The challenger is at {told} for 0.1")


@pytest.mark.parametrize(
    ("points", "told"),
    [
        (((0.0, 0.4), (0.7, 0.4), (0.7, 0.2), (1.0, 0.2)), "0.40"),
        (((0.0, 0.9), (0.5, 0.9), (0.5, 0.3), (1.0, 0.3)), "0.90"),
        (((0.0, 0.3), (0.5, 0.3), (0.5, 0.6), (1.0, 0.6)), "0.30"),
    ],
)
def test_precision_is_that_of_the_first_threshold_that_finds_so_many(
    points: tuple[Point, ...], told: str
) -> None:
    found = curves(some_scores(challenger=replace(STRAIGHT, precision_recall=points), champion=None))
    assert found["precision-recall"].told.endswith(f"The challenger is at {told} for 0.5")


def test_what_is_compared_with_is_a_thin_line() -> None:
    found = curves(some_scores(share=0.25))
    assert 'd="M46 260L298 28" style="fill:none;stroke:var(--soft)' in drawn(found["roc"])
    assert 'd="M46 202L298 202" style="fill:none;stroke:var(--soft)' in drawn(found["precision-recall"])
    assert "<code>Yes</code> among all rows, 25 %." in found["precision-recall"].note


def test_more_rows_make_a_larger_dot() -> None:
    text = drawn(curves(some_scores(challenger=STRAIGHT, champion=None))["calibration"])
    widths = [float(one) for one in re.findall(r'<path d="M0 ([\d.]+)C[^"]+" transform', text)]
    assert widths == [5.5, 3.2]


def test_dots_without_rows_are_the_smallest() -> None:
    none = replace(STRAIGHT, calibration_rows=(0, 0))
    chart = curves(some_scores(challenger=none, champion=None))["calibration"]
    assert re.findall(r'<path d="M0 ([\d.]+)C[^"]+" transform', drawn(chart)) == ["1.5", "1.5"]
    assert chart.told.endswith("The challenger is off by 0.000 on average")


def test_a_model_without_a_curve_is_left_out() -> None:
    nothing = ScoreCurves(roc=(), precision_recall=())
    assert curves(some_scores(challenger=nothing)) == {}
    assert curves(None) == {}
    alone = curves(some_scores(champion=nothing))
    assert [chart.roles for chart in alone.values()] == [("challenger",)] * 3
    late = replace(STRAIGHT, roc=((0.5, 0.5), (1.0, 1.0)))
    assert curves(some_scores(challenger=late, champion=None))["roc"].told.endswith("is at 0.50 for 0.1")
    assert some_curves(0.5).calibration_rows[0] == 500


# --- residuals ------------------------------------------------------------------------------------------


def test_residuals_of_both_models_share_their_bins() -> None:
    chart = only(chart_residuals.chart(some_residuals()))
    text = drawn(chart)
    assert text.count("fill:var(--challenger)") == 1
    assert text.count("stroke:var(--challenger)") == 1
    assert text.count("stroke:var(--champion)") == 1
    assert text.count("stroke:var(--ink)") == 1
    assert words(chart) == [
        *("\u221250", "0", "50", "prediction less truth"),
        *("0", "50", "100", "150", "rows"),
    ]
    assert chart.told == (
        "The fullest bar of the challenger, 192 of 852 rows, lies between \u22125 and 0. "
        "The fullest bar of the champion, 170 of 964 rows, lies between 5 and 10"
    )


def test_residuals_without_a_champion_or_a_zero() -> None:
    chart = only(
        chart_residuals.chart(some_residuals(edges=(5.0, 6.0, 7.0), challenger=(3, 1), champion=None))
    )
    assert "champion" not in drawn(chart).replace("challenger", "")
    assert "stroke:var(--ink)" not in drawn(chart)
    assert chart.roles == ("challenger",)


@pytest.mark.parametrize(
    "fields",
    [
        {"edges": ()},
        {"edges": (1.0,)},
        {"edges": (1.0, 1.0), "challenger": (4,), "champion": None},
        {"edges": (0.0, math.inf), "challenger": (4,), "champion": None},
        {"edges": (0.0, 1e15), "challenger": (4,), "champion": None},
        {"edges": (0.0, 1.0), "challenger": (0,), "champion": (0,)},
        {"edges": (0.0, 1.0), "challenger": (0,), "champion": None},
    ],
)
def test_no_chart_of_bins_that_cannot_be_drawn(fields: dict[str, tuple[float, ...] | None]) -> None:
    assert chart_residuals.chart(some_residuals(**fields)) is None
    assert chart_residuals.chart(None) is None


# --- slices ---------------------------------------------------------------------------------------------


def part(name: str, metric: str = "f1_score", **fields: object) -> CheckResult:
    outcome = fields.pop("outcome", Outcome.PASSED)
    known = {"source": "measured", "change": 0.02, "lower": 0.004, "upper": 0.04, "rows": 900, **fields}
    shown = a_comparison(name=f"{name} · {metric}", **known)
    return a_metric_result(check="slices", subject=shown.name, outcome=outcome, comparison=shown)


def sliced(*results: CheckResult) -> RequestReport:
    return good_request(results=results, evidence=a_measured_evidence())


def slices(*results: CheckResult) -> list[Chart]:
    return list(chart_slices.charts(sliced(*results)))


def test_a_slice_is_a_dot_in_its_interval() -> None:
    (chart,) = slices(part("contract=Yearly", least=-0.02))
    text = drawn(chart)
    # The axis reaches from -0.02 to 0.04 over 272 px from 24 on; the row's line is 28 px below its head.
    assert 'd="M132.8 36L296 36" style="fill:none;stroke:var(--good)' in text
    assert 'transform="translate(205.3 36)"' in text
    assert "stroke-dasharray:3,3" in text
    assert words(chart) == ["\u22120.02", "+0.04", "0", "✓", "contract=Yearly", "900 rows"]
    assert chart.caption == "Slices: change of <code>f1_score</code>"
    assert "with 90 % confidence" in chart.note


@pytest.mark.parametrize(
    ("fields", "ink", "told"),
    [
        ({}, "good", "0 clearly worse, 1 clearly better"),
        ({"change": -0.02, "lower": -0.04, "upper": -0.004}, "bad", "1 clearly worse, 0 clearly better"),
        ({"lower": -0.004}, "unsure", "0 clearly worse, 0 clearly better"),
        ({"greater_is_better": False}, "bad", "1 clearly worse, 0 clearly better"),
    ],
)
def test_the_side_an_interval_lies_on_gives_its_ink(fields: dict[str, Any], ink: str, told: str) -> None:
    (chart,) = slices(part("a=b", **fields))
    assert chart.told == f"1 slice: {told}"
    assert f"stroke:var(--{ink})" in drawn(chart)


def test_a_change_without_an_interval_is_a_dot_alone_and_neither_good_nor_bad() -> None:
    (chart,) = slices(part("a=b", lower=None, upper=None))
    assert DOT.findall(drawn(chart)) == [("296", "36", "unsure")]
    assert drawn(chart).count("stroke-width:4") == 0
    assert chart.told == "1 slice: 1 without an interval"
    assert "The line through a dot" not in chart.note
    (both,) = slices(part("a=b", lower=None, upper=None), part("a=c"))
    assert both.told == "2 slices: 0 clearly worse, 1 clearly better, 1 without an interval"


DOT = re.compile(r'transform="translate\(([\d.]+) ([\d.]+)\)" style="fill:var\(--(\w+)\)')


@pytest.mark.parametrize(
    ("fields", "place", "ink", "change"),
    [
        ({"change": -0.9, "lower": -1.0, "upper": -0.8}, "24", "bad", "\u22120.9"),
        ({"change": 0.9, "lower": 0.8, "upper": 1.0}, "296", "good", "+0.9"),
        ({"change": -0.9, "lower": None, "upper": None}, "24", "unsure", "\u22120.9"),
    ],
)
def test_what_lies_beyond_the_axis_is_an_arrow_at_its_end(
    fields: dict[str, Any], place: str, ink: str, change: str
) -> None:
    usual = [part(f"a={one}") for one in range(3)]
    (chart,) = slices(*usual, part("far=away", outcome=Outcome.FAILED, **fields))
    marks = DOT.findall(drawn(chart))
    assert marks[0] == (place, "36", ink)
    assert [ink for *_, ink in marks[1:]] == ["good"] * 3
    told = words(chart)
    assert told[told.index("far=away") + 1] == f"{change} · 900 rows"
    assert "what ends in an arrow goes on beyond the axis" in chart.note


def test_an_interval_that_goes_on_beyond_the_axis_has_an_arrow_at_either_end() -> None:
    usual = [part(f"a={one}") for one in range(3)]
    (chart,) = slices(part("wide=one", outcome=Outcome.FAILED, lower=-1.0, upper=1.0), *usual)
    first = [mark for mark in DOT.findall(drawn(chart)) if mark[1] == "36"]
    assert [place for place, *_ in first] == ["160", "24", "296"]


@pytest.mark.parametrize(
    ("scale", "labels"),
    [
        (1e-8, ["\u22122e\u221208", "+1e\u221208", "0"]),
        (1e-310, ["\u22121", "+1", "0"]),
        (1.0, ["\u22122", "+1", "0"]),
        (1e307, ["\u22122e+307", "+1e+307", "0"]),
        (0.8e308, ["+8e+307", "0"]),
    ],
)
def test_changes_of_any_size_are_drawn(scale: float, labels: list[str]) -> None:
    (chart,) = slices(
        part("a=b", "mse", change=0.75 * scale, lower=0.5 * scale, upper=scale),
        part("a=c", "mse", change=-1.5 * scale, lower=-2.0 * scale, upper=-scale, least=1e300),
    )
    assert words(chart)[: len(labels)] == labels
    assert chart.told == "2 slices: 1 clearly worse, 1 clearly better"
    assert len(DOT.findall(drawn(chart))) == 2


def test_slices_that_did_not_change_hide_none_that_did() -> None:
    same = [part(f"a={one}", change=0.0, lower=0.0, upper=0.0) for one in range(5)]
    (chart,) = slices(*same, part("a=b"))
    assert chart.frame.x == (0.0, 4.0)


def test_upright_lines_leave_room_for_labels() -> None:
    (chart,) = slices(part("a=b"), part("a=c", least=-0.02))
    uprights = re.findall(
        r'd="((?:M[\d.]+ [\d.]+L[\d.]+ [\d.]+)+)" style="[^"]*stroke:var\(--(\w+)', drawn(chart)
    )
    spans = [
        (float(top), float(bottom))
        for path, _ in uprights
        for left, top, right, bottom in re.findall(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", path)
        if left == right
    ]
    # Labels are 14 px high, and their lines 12 px above those of the rows
    labels = [(row - 12.0 - 11.0, row - 12.0 + 3.0) for row in (36.0, 76.0)]
    assert len(spans) == 7
    assert not [
        (span, label) for span in spans for label in labels if span[0] < label[1] and span[1] > label[0]
    ]


def test_the_worst_come_first_and_many_have_no_room() -> None:
    (chart,) = slices(*(part(f"a={one}") for one in range(25)), part("a=bad", outcome=Outcome.FAILED))
    told = [word for word in words(chart) if word.startswith("a=")]
    assert (told[0], len(told)) == ("a=bad", 20)
    assert "6 more are in the table only." in chart.note


def test_each_metric_has_a_chart_up_to_four() -> None:
    found = slices(*(part("a=b", metric=f"m{one}") for one in range(6)))
    assert [chart.name for chart in found] == [f"slices-{one}" for one in range(1, 5)]


def test_slices_without_a_change_or_rows() -> None:
    assert slices(part("a=b", change=None)) == []
    assert slices() == []
    (chart,) = slices(part("a=b", rows=None))
    assert words(chart)[-1] == ""
    unmeasured = good_request(results=(part("a=b"),), evidence=None)
    (chart,) = chart_slices.charts(unmeasured)
    assert "confidence" not in chart.note


def test_names_from_outside_change_no_shape() -> None:
    def shape(name: str) -> list[tuple[str, ...]]:
        (chart,) = slices(part(name))
        return html_shape(drawn(chart))

    assert shape("<script>alert(1)</script>\u202e$x$") == shape("harmless")
