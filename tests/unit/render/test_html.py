from __future__ import annotations

from dataclasses import replace

import pytest

from promoter.core.approval import ApprovalState
from promoter.core.report import Links, Report
from promoter.errors import ReasonCode
from promoter.render.html import html
from promoter.text import quote, say
from tests.builders import (
    a_comparison,
    a_dataset,
    a_measured_evidence,
    a_measurement,
    a_metric_result,
    a_model_run,
    a_model_version,
    a_report,
    a_request,
    a_run,
    a_value,
    an_evidence,
)
from tests.unit.render import reports
from tests.unit.render.pictures import DRAWN
from tests.unit.render.structure import html_shape

VOID = {"meta", "br"}
PAGES = {**reports.EXAMPLES, **{f"drawn-{name}": make for name, make in DRAWN.items()}}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_elements_are_balanced(name: str) -> None:
    open_elements: list[str] = []
    for tag, *_ in html_shape(html(PAGES[name]())):
        if tag.startswith("/"):
            assert open_elements.pop() == tag[1:]
        elif tag not in {"#text", "comment", *VOID}:
            open_elements.append(tag)
    assert open_elements == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_runs_and_loads_nothing(name: str) -> None:
    text = html(PAGES[name]())
    elements = {shape[0] for shape in html_shape(text)}
    active = {"script", "link", "img", "iframe", "object", "form", "base", "video"}
    assert not elements & (active | {"use", "image", "animate", "set", "foreignobject"})
    assert (
        "content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\""
        in text
    )
    attributes = {
        part.split("=")[0] for shape in html_shape(text) for part in shape[1:] if shape[0] != "#text"
    }
    assert not {name for name in attributes if name.startswith("on")}


def test_text_from_outside_is_escaped() -> None:
    asked = a_request(model="<img src=x>", reason="</section><script>alert(1)</script>\u202e")
    text = html(a_report(requests=(reports.good_request(request=asked),)))
    assert "<code>&lt;img src=x&gt;</code>" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e</code>" in text
    assert "<title>Promoter: Ready to promote: &lt;img src=x&gt; 6 → 7 as champion</title>" in text


def test_our_words_keep_their_code() -> None:
    hint = say("set `mode: enforce` & <go> on ", quote("x"))
    text = html(a_report(requests=(reports.rejected_request(hint=hint),), reason=ReasonCode.CHECKS_FAILED))
    assert "Set <code>mode: enforce</code> &amp; &lt;go&gt; on <code>x</code>." in text


def test_figures_have_bars_of_one_scale() -> None:
    text = html(reports.promotable())
    assert '<span class="bar champion"><i style="width:97.4%"></i></span>' in text
    assert '<span class="bar challenger"><i style="width:100.0%"></i></span>' in text


def test_brackets_stand_in_one_cell_with_the_change() -> None:
    text = html(reports.measured())
    cell = (
        '<span><span class="figure better">+0.0212 better</span><br>'
        '<span class="figure soft">[0.0031, 0.0393]</span></span>'
    )
    assert f'<td data-title="Change">{cell}</td>' in text


def test_measured_and_claimed_tables_have_their_own_captions() -> None:
    scroll = '<div class="scroll" tabindex="0" role="group" aria-label="Table">'
    claimed = f'<div class="claimed">{scroll}<table><caption>Claimed at training, not measured<'
    assert "<caption>Measured by Promoter</caption>" in html(reports.measured())
    assert claimed not in html(reports.measured())
    assert claimed in html(reports.promotable())
    assert "Measured by Promoter" not in html(reports.promotable())


def test_amounts_are_bars_from_zero_on() -> None:
    text = html(reports.measured_rejected())
    assert '<span class="bar challenger"><i style="margin-left:53.5%;width:3.3%"></i></span>' in text
    assert '<span class="bar champion"><i style="margin-left:56.8%;width:43.2%"></i></span>' in text
    nothing = a_measurement(
        value=a_value(champion=0.0, challenger=0.0, predict_all=None, predict_none=None, perfect=0.0)
    )
    request = reports.good_request(evidence=a_measured_evidence(measurement=nothing))
    assert html(a_report(requests=(request,))).count('<i style="width:0.0%"></i>') == 3


def test_unknown_rows_and_environments_are_dashes() -> None:
    comparison = a_comparison(name="a=b · f1", source="measured")
    result = a_metric_result(check="slices", subject="a=b · f1", comparison=comparison)
    measurement = a_measurement(value=None, champion=None, challenger=a_model_run(environment=""))
    found = a_measured_evidence(measurement=measurement)
    text = html(a_report(requests=(reports.good_request(results=(result,), evidence=found),)))
    assert '<td data-title="Rows"><span class="figure">\u2013</span></td>' in text
    assert '<td data-title="Environment">\u2013</td>' in text
    assert "Value of 1,000 rows" not in text


def test_a_model_that_did_not_finish_is_told() -> None:
    text = html(reports.challenger_fails())
    assert "<p>Challenger did not finish: it does not load: <code>ModuleNotFoundError" in text


def test_worse_and_unchanged_are_told_apart() -> None:
    same = a_metric_result(comparison=a_comparison(champion=0.8, challenger=0.8, change=0.0))
    text = html(a_report(requests=(reports.rejected_request(results=(same, reports.WORSE_F1)),)))
    assert '<span class="figure">unchanged</span>' in text
    assert '<span class="figure worse">\u22120.0679 worse</span>' in text


def test_unknown_origins_are_dashes() -> None:
    nothing_known = a_model_version(run=a_run(git_commit=None, datasets=()), created_at=0)
    no_run = a_model_version(run=None, created_at=10**18)
    found = an_evidence(challenger=nothing_known, champion=no_run)
    text = html(a_report(requests=(reports.good_request(evidence=found),)))
    assert text.count('<td data-title="Data">\u2013</td>') == 2
    assert text.count('<td data-title="Code">\u2013</td>') == 2
    assert text.count('<td data-title="Run">\u2013</td>') == 1
    assert text.count('<span class="figure">\u2013</span></td><td data-title="Run">') == 2


def test_lineage_lists_every_dataset() -> None:
    data = (a_dataset(name="one"), a_dataset(name="two"))
    found = an_evidence(challenger=a_model_version(run=a_run(datasets=data)))
    text = html(a_report(requests=(reports.good_request(evidence=found),)))
    assert "<code>one</code> <code>5f1d2c3b</code><br><code>two</code> <code>5f1d2c3b</code>" in text
    assert "2025-10-09 08:53 UTC" in text


def _with_approval(state: ApprovalState | None) -> Report:
    return a_report(requests=(reports.good_request(approval=state),))


def test_approvals() -> None:
    given = ApprovalState(needed=1, counted=("bob", "carol"))
    assert "</strong> 2 of 1 (<code>bob</code>, <code>carol</code>)" in html(_with_approval(given))
    assert "Approvals" not in html(_with_approval(None))


def test_pull_request_is_named_where_it_is_known() -> None:
    page = (
        '<a href="https://github.example/acme/models/pull/12" rel="noopener noreferrer">pull request #12</a>'
    )
    assert page in html(reports.promotable())
    unknown = a_report(requests=(reports.good_request(pull_request=None),))
    assert "pull request #" not in html(unknown)


def test_no_link_without_addresses() -> None:
    assert "<a " not in html(replace(reports.mixed(), links=Links()))
    assert "<a " in html(reports.mixed())


def test_missing_version_has_no_link() -> None:
    rows = a_report(requests=(reports.refused_request(), reports.good_request()))
    assert "versions/70" not in html(rows)
    assert "versions/7" in html(rows)


def test_ordinary_page_is_small() -> None:
    assert len(html(reports.mixed(200)).encode()) < 2 * 1024 * 1024
