"""Where the HTML report puts charts, and when it does without."""

from __future__ import annotations

import re

from promoter.core.pictures import Flip, Pictures
from promoter.render.html import html
from promoter.render.html_charts import charts, tables
from tests.builders import a_measured_evidence, a_measurement
from tests.unit.render import pictures, reports
from tests.unit.render.pictures import some_pictures, with_pictures

MISSING = "<code>pip install promoter[inference]</code>"
LEFT_OUT = "Charts are left out here"


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
    text = html(pictures.many(3), library="no_such_library")
    assert text.count(MISSING) == 1
    assert '<svg class="drawn"' not in text
    assert "Most frequent" not in text
    assert text.count("Negative flips: rows only the champion got right") == 3


def test_without_anything_to_draw_nothing_is_missed() -> None:
    assert MISSING not in html(reports.promotable(), library="no_such_library")
    assert '<div class="charts">' not in html(reports.promotable())


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
