"""Where the HTML report puts charts, and when it does without."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NoReturn

import pytest

from promoter.core.pictures import Confusion, Counts, Flip, Pictures
from promoter.core.report import Report
from promoter.render.html import html
from promoter.render.html_charts import charts, tables, undrawn
from tests.builders import a_measured_evidence, a_measurement, a_report
from tests.unit.render import pictures, reports
from tests.unit.render.pictures import some_pictures, with_pictures

MISSING = "<code>pip install promoter[inference]</code>"
LEFT_OUT = "Charts are left out here: this report has as many"
LATE = "Charts are left out here: they are drawn last"
FAILED = "Some charts could not be drawn."
DRAWN = '<svg class="drawn"'


def test_charts_stand_in_groups_between_intervals_and_tables() -> None:
    text = html(pictures.rejected())
    names = re.findall(r'<title id="r1-([a-z0-9-]+)-title">', text)
    assert names == [
        *("value", "slices-1", "confusion-champion", "confusion-challenger"),
        *("roc", "precision-recall", "calibration"),
    ]
    assert text.count('<div class="charts">') == 3
    assert (
        text.index("How sure")
        < text.index('<div class="charts">')
        < text.index("Value of 1,000 rows</caption>")
    )
    assert 'ROC<span class="keys"><span class="key challenger">challenger</span>' in text


def test_a_regression_has_residuals() -> None:
    assert re.findall(r'<title id="r1-([a-z0-9-]+)-title">', html(pictures.regression())) == [
        "value",
        "residuals",
    ]


def test_no_two_elements_share_an_id() -> None:
    found = re.findall(r' id="([^"]+)"', html(pictures.many(3)))
    assert len(found) == len(set(found)) == 3 * 2 * 7


def test_without_the_library_a_line_says_so_once() -> None:
    text = html(pictures.many(3), charts=partial(charts, library="no_such_library"))
    assert text.count(MISSING) == 1
    assert '<svg class="drawn"' not in text
    assert "Most frequent" not in text
    assert text.count("Negative flips: rows only the champion got right") == 3


def test_without_anything_to_draw_nothing_is_missed() -> None:
    assert MISSING not in html(reports.promotable(), charts=partial(charts, library="no_such_library"))
    assert '<div class="charts">' not in html(reports.promotable())


# --- when there is no time, and when one fails -----------------------------------------------------------


def test_a_report_can_be_written_before_it_is_drawn() -> None:
    text = html(pictures.many(3), charts=undrawn)
    assert (text.count(LATE), DRAWN in text) == (3, False)
    assert LATE not in html(reports.promotable(), charts=undrawn)


def test_without_time_the_rest_is_left_out() -> None:
    time = iter([True] * 5)
    first, second = charts(pictures.many(2).requests, has_time=lambda: next(time, False))
    assert (first.count(DRAWN), first.count(LATE)) == (4, 1)
    assert (second.count(DRAWN), second.count(LATE)) == (0, 1)


class _Wrong(tuple[Counts, ...]):
    """Counts that a chart cannot take apart."""

    def __iter__(self) -> NoReturn:
        raise RuntimeError("from <outside>")


def test_one_that_cannot_be_drawn_costs_no_other() -> None:
    whole = pictures.binary()
    wrong = Pictures(
        confusion=Confusion(labels=("a", "b"), challenger=_Wrong()), scores=pictures.some_scores()
    )
    text = html(pictures.with_pictures(whole, wrong))
    assert text.count(FAILED) == 1
    assert "outside" not in text
    assert re.findall(r'<title id="r1-([a-z0-9-]+)-title">', text) == [
        *("value", "slices-1", "roc", "precision-recall", "calibration")
    ]


def test_a_figure_without_a_place_on_an_axis_costs_one_chart() -> None:
    far = pictures.some_curves(0.4)
    wrong = replace(far, calibration=((0.5, 0.5),), calibration_rows=(10**400,))
    scores = pictures.some_scores(challenger=wrong, champion=None)
    text = html(pictures.with_pictures(pictures.binary(), Pictures(scores=scores)))
    assert text.count(FAILED) == 1
    assert re.findall(r'<title id="r1-([a-z0-9-]+)-title">', text) == ["value", "slices-1"]


def test_bins_that_do_not_fit_their_edges_cost_one_chart() -> None:
    wrong = pictures.some_residuals(edges=(0.0, 1.0, 2.0), challenger=(3,), champion=None)
    text = html(pictures.with_pictures(pictures.binary(), Pictures(residuals=wrong)))
    assert text.count(FAILED) == 1
    assert re.findall(r'<title id="r1-([a-z0-9-]+)-title">', text) == ["value", "slices-1"]


def test_a_library_that_cannot_be_looked_for_is_said_once() -> None:
    found = list(charts(pictures.many(2).requests, library=""))
    assert [one.count("matplotlib cannot be imported here") for one in found] == [1, 0]


@pytest.mark.parametrize("make", pictures.DRAWN.values(), ids=pictures.DRAWN)
def test_every_chart_of_our_own_can_be_drawn(make: Callable[[], Report]) -> None:
    assert "could not be drawn" not in html(make())


# --- many -------------------------------------------------------------------------------------------------


def test_of_many_requests_those_that_pass_are_folded() -> None:
    text = html(pictures.many(4))
    sections = text.split('<section class="request ')[1:]
    assert [one.startswith("good") for one in sections] == [False, True, True, True]
    assert ["<details><summary><h2>" in one for one in sections] == [False, True, True, True]
    assert "<summary><h2>" not in html(pictures.many(3))


def test_what_passes_has_only_a_title_once_the_report_is_full() -> None:
    text = html(pictures.many(200))
    assert len(text.encode()) < 2 * 1024 * 1024
    sections = text.split('<section class="request ')[1:]
    short = ["The rest is left out here" in one for one in sections]
    assert len(sections) == 200
    assert 0 < short.count(True) < 200 - 29
    assert not any(short[: sum(one.startswith("bad") for one in sections)])
    assert short == sorted(short)


def test_the_table_of_amounts_is_folded_beside_its_chart() -> None:
    folded = "<details><summary>Value of 1,000 rows as a table</summary>"
    assert folded in html(pictures.binary())
    alone = html(pictures.binary(), charts=undrawn)
    assert folded not in alone
    assert "<caption>Value of 1,000 rows</caption>" in alone
    without = a_measured_evidence(measurement=a_measurement(value=None, pictures=some_pictures()))
    assert folded not in html(a_report(requests=(reports.good_request(evidence=without),)))


def test_a_full_report_says_where_charts_are_left_out() -> None:
    found = list(charts(pictures.many(30).requests))
    drawn = [one.startswith('<div class="charts">') for one in found]
    assert drawn == sorted(drawn, reverse=True)
    assert sum(drawn) == 21
    assert all(LEFT_OUT in one for one in found[21:])


def test_the_report_of_twenty_requests_has_every_chart_and_is_small() -> None:
    text = html(pictures.many())
    assert LEFT_OUT not in text
    assert len(text.encode()) < 2 * 1024 * 1024


def test_flips_are_listed_by_row_and_id() -> None:
    flips = (
        Flip(row=1_017, identity="C<7>", truth="Yes", challenger="No"),
        Flip(row=2_000, identity=None, truth="No", challenger="Yes"),
    )
    text = tables(with_pictures(reports.measured(), Pictures(flips=flips)).requests[0])
    assert "<caption>Negative flips: rows only the champion got right, 2 of 12</caption>" in text
    assert '<span class="figure">1,017</span></td><td data-title="Id"><span><code>C&lt;7&gt;</code>' in text
    assert '<td data-title="Id">\u2013</td>' in text


def test_where_the_data_names_no_id_no_column_asks_for_one() -> None:
    flips = (Flip(row=7, identity=None, truth="Yes", challenger="No"),)
    text = tables(with_pictures(reports.measured(), Pictures(flips=flips)).requests[0])
    assert re.findall(r'data-title="([^"]+)"', text) == ["Row", "Truth", "Challenger said"]


def test_flips_that_nobody_counted_are_all_there_are() -> None:
    found = a_measurement(flips=None, pictures=some_pictures())
    text = tables(reports.good_request(evidence=a_measured_evidence(measurement=found)))
    assert "10 of 10</caption>" in text
    assert tables(reports.good_request()) == ""


def test_mistakes_of_several_classes_are_listed_with_whole_names() -> None:
    text = tables(pictures.multiclass().requests[0])
    assert "<code>a very long class label, and longer</code>" in text
    assert text.count("<tr>") == 11
    alone = Pictures(confusion=pictures.classes(3))
    assert '<td data-title="Champion"><span class="figure">' in tables(
        with_pictures(reports.measured(), alone).requests[0]
    )


def test_loading_says_what_it_includes() -> None:
    assert "Loading a model includes importing its libraries." in html(reports.measured())
    assert "Loading a model" not in html(reports.measured_predictions())
