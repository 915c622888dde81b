"""What differs between two versions, in comment and HTML report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from promoter.core.differences import Difference, Part
from promoter.core.report import Links, RequestReport
from promoter.render.comment import comment
from promoter.render.differences import blocks
from promoter.render.html import html
from promoter.render.html_differences import differences
from promoter.render.layout import Limit, Rank, fit, in_utf16
from promoter.render.summary import summary
from tests.builders import a_model_version, a_request_report, a_run, an_evidence
from tests.unit.render.reports import applied, good_request, mixed, promotable, rejected_request

MARKER = "<!-- promoter -->"
CHANGED = (
    Difference(part=Part.INPUTS, name="age", champion=None, challenger="double"),
    Difference(part=Part.PACKAGES, name="pandas", champion="", challenger=None),
    Difference(part=Part.PACKAGES, name="scikit-learn", champion="1.4.2", challenger="1.5.0"),
    Difference(part=Part.PARAMETERS, name="depth", champion="3", challenger=""),
)


def with_differences(found: Sequence[Difference] = CHANGED) -> RequestReport:
    return a_request_report(differences=tuple(found))


def test_one_folded_part_counts_and_names_them() -> None:
    (only,) = blocks(with_differences())
    assert only.fold == "What differs between the versions: 1 input column, 2 packages, 1 parameter"
    assert only.text.splitlines() == [
        "- Input columns: `age` added (`double`)",
        "- Packages: `pandas` removed (was any version); `scikit-learn` `1.4.2` → `1.5.0`",
        "- Training parameters: `depth` `3` → empty",
    ]


def test_nothing_is_said_where_nothing_differs() -> None:
    bare = with_differences(())
    assert blocks(bare) == ()
    assert differences(bare) == ""


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    many = [
        Difference(part=Part.PARAMETERS, name=f"p{at:03}", champion="1", challenger="2")
        for at in range(1_000)
    ]
    (only,) = blocks(with_differences(many))
    assert only.text.endswith("`p007` `1` → `2`; and 992 more in the HTML report")
    page = differences(with_differences(many))
    assert ("p299" in page, "p300" in page, "… and 700 more." in page) == (True, False, True)


def test_however_long_the_values_are_the_part_is_short() -> None:
    long = [
        Difference(part=part, name="n`\u202e" * 900, champion="`|" * 900, challenger="\u0000" * 900)
        for part in Part
        for _ in range(100)
    ]
    (only,) = blocks(with_differences(long))
    assert in_utf16(only.text) < 12_000


def test_it_is_cut_first() -> None:
    (only,) = blocks(with_differences())
    assert all(only.rank >= rank for rank in Rank)
    one = replace(promotable(), requests=(good_request(differences=CHANGED),))
    assert "What differs between the versions" in comment(one, marker=MARKER)
    small = Limit(size=700, measure=in_utf16, pointer="the job summary")
    page = fit([replace(only, rank=Rank.DETAILS, fold="", text="kept " * 80), only], small, footer="end")
    assert "kept" in page
    assert "What differs" not in page


def test_a_request_that_does_not_pass_tells_too_and_one_folded_with_others_does_not() -> None:
    report = mixed(4)
    told = replace(report, requests=tuple(replace(one, differences=CHANGED) for one in report.requests))
    text = comment(told, marker=MARKER)
    blocking = comment(replace(told, requests=(rejected_request(differences=CHANGED),)), marker=MARKER)
    assert text.count("What differs between the versions") >= 1
    assert blocking.count("What differs between the versions") == 1
    assert "What differs between the versions" in summary(told)


def test_the_html_report_has_a_table_for_each_part() -> None:
    page = html(replace(promotable(), requests=(good_request(differences=CHANGED),)))
    for title in ("Input columns", "Packages", "Training parameters"):
        assert f"<caption>{title} that differ</caption>" in page
    assert "Output columns that differ" not in page
    cells = differences(with_differences())
    assert '<td data-title="Champion">none</td><td data-title="Challenger"><span><code>double' in cells
    assert '<td data-title="Champion">any version</td><td data-title="Challenger">none</td>' in cells
    assert '<td data-title="Challenger">empty</td>' in cells


# --- where the report is --------------------------------------------------------------------------

LOGGED = "promoter/12-champion"
RUN = "https://mlflow.example/#/experiments/1/runs/run-7"
LINKS = Links(
    registry="https://mlflow.example",
    run="https://github.example/acme/models/actions/runs/1",
    report="https://github.example/acme/models/actions/runs/1",
)


def logged(**changes: object) -> RequestReport:
    challenger = a_model_version(run_id="run-7", run=a_run(run_id="run-7", experiment_id="1"))
    return replace(good_request(logged=LOGGED), evidence=an_evidence(challenger=challenger), **changes)  # type: ignore[arg-type]


def last_line(text: str) -> str:
    return next(line for line in reversed(text.splitlines()) if line.startswith("<sub>"))


def test_before_the_merge_the_comment_leads_to_what_the_workflow_keeps() -> None:
    kept = comment(replace(promotable(), links=LINKS), marker=MARKER)
    assert "[HTML report](https://github.example/acme/models/actions/runs/1#artifacts)" in last_line(kept)
    bare = comment(replace(promotable(), links=replace(LINKS, report="")), marker=MARKER)
    assert "HTML report" not in last_line(bare)


def test_after_the_merge_it_leads_to_the_run() -> None:
    text = comment(replace(applied(), requests=(logged(),), links=LINKS), marker=MARKER)
    where = f"{RUN}/artifacts/promoter/12-champion"
    assert f"[HTML report]({where})" in last_line(text)
    assert f"This report: [logged to the run as `{LOGGED}`]({where})" in text


@pytest.mark.parametrize("registry", ["", "databricks-uc", "https://user:CANARY@mlflow.example"])
def test_without_an_address_of_the_registry_the_folder_is_named(registry: str) -> None:
    links = replace(LINKS, registry=registry)
    text = comment(replace(applied(), requests=(logged(),), links=links), marker=MARKER)
    assert f"This report: logged to the run as `{LOGGED}`" in text
    assert "runs/1#artifacts" in last_line(text)
    assert "CANARY" not in text


def test_of_several_each_leads_to_its_own() -> None:
    other = logged(request=replace(good_request().request, alias="shadow"))
    text = comment(replace(applied(), requests=(logged(), other), links=LINKS), marker=MARKER)
    assert text.count(f"({RUN}/artifacts/promoter/12-champion)") == 2
    assert "runs/1#artifacts" in last_line(text)


def test_a_version_without_a_run_has_no_such_address() -> None:
    gone = replace(logged(), evidence=an_evidence(challenger=a_model_version(run=None)))
    text = comment(replace(applied(), requests=(gone,), links=LINKS), marker=MARKER)
    assert f"This report: logged to the run as `{LOGGED}`" in text
