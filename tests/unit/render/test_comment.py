"""What the comment promises beside its golden texts: length, order, and that nothing stays open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promoter.core.approval import ApprovalState, Refusal
from promoter.core.evidence import MetricComparison, Outcome
from promoter.core.layers import Found, Layer, State
from promoter.core.report import Links, Phase, Report
from promoter.render.comment import comment
from promoter.render.layout import in_utf16
from promoter.render.terminal import Style, terminal
from promoter.text import quote, say
from tests.builders import (
    WHOLE_SANDBOX,
    a_dataset,
    a_measured_evidence,
    a_measurement,
    a_model_run,
    a_model_version,
    a_problem,
    a_report,
    a_run,
    a_sandbox_without,
    an_evidence,
)
from tests.golden.cases import MARKER
from tests.unit.render.reports import (
    BETTER_F1,
    SHORT_DESCRIPTION,
    WORSE_F1,
    approval_missing,
    approved,
    good_request,
    invalid,
    measured,
    measured_beside_reference,
    measured_rejected,
    measured_undecided,
    mixed,
    promotable,
    rejected,
    rejected_request,
    warned,
)
from tests.unit.render.structure import markdown_shape


def _written(report: Report) -> str:
    return comment(report, marker=MARKER)


def _assert_well_formed(text: str) -> None:
    assert in_utf16(text) <= 60_000
    assert text.splitlines()[0] == MARKER
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith("</sub>\n")


def _rows(text: str) -> int:
    kinds = [shape[0] for shape in markdown_shape(text)]
    first = kinds.index("table_open")
    return kinds[first : kinds.index("table_close", first)].count("tr_open") - 1


def test_twenty_requests_are_all_told() -> None:
    text = _written(mixed(20))
    _assert_well_formed(text)
    assert all(f"`model-{number:03}`" in text for number in range(1, 21))
    assert _rows(text) == 20
    assert "left out" not in text


def test_two_hundred_requests_keep_what_blocks() -> None:
    text = _written(mixed(200))
    _assert_well_formed(text)
    assert text.index("Not ready to promote: `model-004`") < text.index("requests that pass")
    assert "Could not decide: `model-008`" in text
    assert "see the [job summary](https://github.example/acme/models/actions/runs/1)" in text


def test_rows_that_do_not_fit_are_counted() -> None:
    text = _written(mixed(400))
    rows = _rows(text)
    _assert_well_formed(text)
    assert 0 < rows < 400
    assert f"… and {400 - rows} more, see the [job summary]" in text


@pytest.mark.parametrize("letter", ["x", "漢", "😀", "`", "|", "\u202e", "&"])
def test_long_texts_never_break_the_limit(letter: str) -> None:
    long = quote(letter * 5_000)
    failed = [
        replace(one, message=say("found ", *[long] * 20), subject=letter * 300)
        for one in (SHORT_DESCRIPTION, WORSE_F1) * 60
    ]
    asked = replace(rejected_request().request, model=letter * 500, reason=letter * 500)
    request = rejected_request(
        request=asked, results=tuple(failed), notes=(say(long),) * 50, hint=say(*[long] * 300)
    )
    report = a_report(requests=(request,) * 40, reason=request.reason, notes=(say(long),) * 400)
    _assert_well_formed(_written(report))


def test_many_problems_are_counted() -> None:
    problems = tuple(a_problem(line=number) for number in range(1, 501))
    text = _written(replace(invalid(), problems=problems))
    _assert_well_formed(text)
    assert "(500 problems)" in text
    shown = text.count("champion.yaml:")
    assert f"- … and {500 - shown} more, see" in text


def test_many_checks_of_one_request_are_counted() -> None:
    failed = tuple(replace(WORSE_F1, subject=f"metric-{number}") for number in range(400))
    text = _written(a_report(requests=(rejected_request(results=failed),)))
    _assert_well_formed(text)
    assert text.count(" more, see the [job summary]") == 2


def test_what_blocks_comes_before_what_passed() -> None:
    text = _written(rejected())
    assert text.index("What stands against it") < text.index("<details>")
    assert text.index("❌ `description`") < text.index("✅ `tags`")


def test_missing_approval_is_told_beside_warnings() -> None:
    waiting = approval_missing().requests[0]
    request = replace(waiting, results=warned().requests[0].results)
    text = _written(a_report(phase=Phase.APPLY, reason=request.reason, requests=(request,)))
    assert "0 of 1 approvals count for this content." in text
    assert "stands against" not in text
    assert text.index("0 of 1 approvals") < text.index("- ⚠️ `metrics`")


def test_no_link_without_addresses() -> None:
    text = _written(replace(mixed(200), links=Links()))
    assert "](" not in text
    assert "see the job summary." in text


def test_footer_names_what_the_verdict_rests_on() -> None:
    footer = _written(promotable()).splitlines()[-1]
    assert "`aaaaaaaaaa`" in footer
    assert "`bbbbbbbbbb`" in footer
    assert "`sha256:eeeeeeeeeeee`" in footer
    assert "Promoter 0.1.0" in footer


def test_footer_leaves_out_what_is_unknown() -> None:
    bare = replace(
        promotable(), head_commit="", base_commit="", evidence_digest="", tool_version="", links=Links()
    )
    assert _written(bare).splitlines()[-1] == "<sub>Promoter</sub>"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "| \u2013 |"),
        (ApprovalState(needed=0), "| not needed |"),
        (ApprovalState(needed=2, counted=("bob",)), "| ⏸️\xa01\xa0of\xa02 |"),
        (ApprovalState(needed=1, counted=("bob",)), "| ✅\xa0`bob` |"),
        (ApprovalState(needed=1, counted=("bob", "carol")), "| ✅\xa0`bob`\xa0+1 |"),
    ],
)
def test_approval_in_a_cell(state: ApprovalState | None, said: str) -> None:
    assert said in _written(a_report(requests=(good_request(approval=state),)))


def test_skipped_checks_are_folded_with_the_passed() -> None:
    skipped = replace(BETTER_F1, outcome=Outcome.SKIPPED, comparison=None)
    text = _written(a_report(requests=(good_request(results=(BETTER_F1, skipped)),)))
    assert "<summary>✅ 1 check passed, 1 skipped</summary>" in text
    only = _written(a_report(requests=(good_request(results=(skipped,)),)))
    assert "<summary>\u2796 1 skipped</summary>" in only


def test_origins_tell_what_is_known() -> None:
    no_run, no_commit = a_model_version(run=None), a_model_version(run=a_run(git_commit=None, datasets=()))
    found = an_evidence(challenger=no_commit, champion=no_run)
    text = _written(a_report(requests=(good_request(evidence=found, pull_request=None),)))
    folded = text[text.index("Where the versions come from") :]
    champion, challenger = (line for line in folded.splitlines() if line.startswith("- "))
    version = "[version `7`](https://mlflow.example/#/models/churn/versions/7)"
    assert champion == f"- Champion: {version}"
    assert challenger.startswith(f"- Challenger: {version}, run")
    assert "code" not in challenger
    assert "Asked for in" in _written(promotable())


def test_what_was_around_code_that_ran_is_one_line_among_what_is_folded() -> None:
    run = a_model_run(sandbox=WHOLE_SANDBOX)
    found = a_measured_evidence(measurement=a_measurement(challenger=run, champion=run))
    text = _written(a_report(requests=(good_request(evidence=found),)))
    line = "- Model code ran confined: own user, no new privileges, Landlock, seccomp, limits\n"
    assert line in text[text.index("Where the versions come from") :]
    covered = tuple(
        replace(one, state=State.COVERED) if one.layer is Layer.OWN_USER else one for one in WHOLE_SANDBOX
    )
    some = a_measured_evidence(measurement=a_measurement(challenger=a_model_run(sandbox=covered)))
    assert "confined: own user (by the others), no new" in _written(
        a_report(requests=(good_request(evidence=some),))
    )


@pytest.mark.parametrize("sandbox", [(), a_sandbox_without(Layer.SECCOMP)])
def test_nothing_is_called_confined_that_was_not(sandbox: Found) -> None:
    found = a_measured_evidence(measurement=a_measurement(challenger=a_model_run(sandbox=sandbox)))
    assert "confined" not in _written(a_report(requests=(good_request(evidence=found),)))


def test_many_datasets_and_reviewers_are_counted() -> None:
    data = tuple(a_dataset(name=f"data-{number}") for number in range(500))
    found = an_evidence(challenger=a_model_version(run=a_run(datasets=data)))
    state = ApprovalState(needed=1, refused=tuple((f"user-{n}", Refusal.STALE) for n in range(500)))
    text = _written(a_report(requests=(rejected_request(evidence=found, approval=state),)))
    _assert_well_formed(text)
    assert "data `data-2` (`5f1d2c3b`), and 497 more datasets" in text
    assert "`user-0` approved, but" in text
    assert " more, see the [job summary]" in text
    assert "left out" not in text


def test_source_of_figures_is_told_once() -> None:
    assert _written(approved()).count("as claimed by the training runs") == 1
    other = replace(BETTER_F1, comparison=replace(BETTER_F1.comparison, source="*holdout*"))  # type: ignore[type-var]
    text = _written(a_report(requests=(good_request(results=(other,)),)))
    assert "<sub>Figures from `*holdout*`.</sub>" in text


def test_slices_are_folded_and_not_listed_again() -> None:
    text = _written(measured())
    folded = text[text.index("<summary>✅ Slices: 2 passed, 1 not judged</summary>") :]
    assert "| \u2796\u00a0`contract=Two years` | `f1_score` | 80 |" in folded
    assert "✅ `slices`" not in text
    assert "❌ `slices`: `contract=Yearly · f1_score` is 0.69" in _written(measured_rejected())


def test_hundreds_of_slices_are_counted() -> None:
    many = tuple(
        replace(WORSE_F1, check="slices", comparison=replace(WORSE_F1.comparison, name=f"a={n} · f1_score"))  # type: ignore[type-var]
        for n in range(600)
    )
    text = _written(a_report(requests=(rejected_request(results=many),)))
    _assert_well_formed(text)
    assert "Slices: 600 failed" in text


def test_charts_stand_beside_the_same_in_words_and_not_in_folded_requests() -> None:
    text = _written(measured())
    assert text.index("Value of 1,000 rows in `EUR`: champion 8,120") < text.rindex("```mermaid")
    assert text.index("**Measured by Promoter**") < text.index("```mermaid") < text.index("```text")
    assert "<summary>The same in letters, with the rules' limits</summary>\n\n```text\n" in text
    request = measured().requests[0]
    two = _written(a_report(requests=(request, request)))
    assert "mermaid" not in two
    assert two.count("```text\n") == 2
    assert two.count("Value of 1,000 rows in `EUR`") == 2
    assert two.count("| ✅\u00a0`contract=Monthly` |") == 2


def test_where_no_chart_is_drawn_the_letters_are_open() -> None:
    many = tuple(replace(BETTER_F1, comparison=_interval(f"row {number}")) for number in range(13))
    text = _written(a_report(requests=(good_request(results=many, evidence=a_measured_evidence()),)))
    assert "```text\n" in text
    assert "The same in letters" not in text
    assert "Change in % of the champion: right of 0" not in text


def _interval(name: str) -> MetricComparison:
    assert BETTER_F1.comparison is not None
    return replace(BETTER_F1.comparison, name=name, source="measured", lower=0.01, upper=0.03)


def test_of_several_that_do_not_pass_each_says_why_and_folds_its_figures() -> None:
    text = _written(a_report(requests=(rejected_request(), rejected_request(), good_request())))
    _assert_well_formed(text)
    fold = "<summary>Its figures, what passed, and where the versions come from</summary>"
    assert text.count(fold) == 2
    first = text[text.index("#### ❌ Not ready") : text.index(fold)]
    assert "**What stands against it:**" in first
    assert "| Metric |" not in first
    alone = _written(a_report(requests=(rejected_request(), good_request())))
    assert fold not in alone
    assert "| Metric |" in alone[: alone.index("<details>")]


def test_unknown_rows_are_a_dash() -> None:
    comparison = replace(BETTER_F1.comparison, name="a=b · f1", rows=None)  # type: ignore[type-var]
    result = replace(BETTER_F1, check="slices", comparison=comparison)
    text = _written(a_report(requests=(good_request(results=(result,)),)))
    assert "| ✅\u00a0`a=b` | `f1` | \u2013 |" in text
    assert "  ✓ a=b  f1      \u2013" in terminal(
        a_report(requests=(good_request(results=(result,)),)), style=Style.PLAIN
    )


def test_marker_is_not_confused_with_one_from_outside() -> None:
    asked = replace(good_request().request, reason=MARKER)
    text = _written(a_report(requests=(good_request(request=asked),)))
    assert [line for line in text.splitlines() if line.startswith("<!--")] == [MARKER]


def test_the_drawn_chart_goes_first_when_there_is_too_much() -> None:
    long = tuple(say(quote(f"{number} " + "x" * 190)) for number in range(270))
    text = _written(a_report(requests=(replace(measured().requests[0], notes=long),)))
    _assert_well_formed(text)
    assert "sections were left out" in text
    assert "Change in % of the champion: right of 0" not in text
    assert "**Measured by Promoter**" in text


def test_claimed_and_measured_figures_have_titles_of_their_own() -> None:
    assert "**Claimed at training, not measured**" in _written(promotable())
    assert "**Measured by Promoter**" not in _written(promotable())
    assert "**Claimed" not in _written(measured())


def test_a_reference_has_a_table_of_its_own() -> None:
    text = _written(measured_beside_reference())
    table = text[text.index("**Measured against version 3 (reference)**") :]
    assert "| Metric | Reference | Challenger | Change | Rule |" in table
    assert "| ❓\u00a0`f1_score` | 0.8400 | 0.8312 |" in table
    assert "against version 3` | 0." not in text


def test_second_opinions_are_folded() -> None:
    text = _written(measured_beside_reference())
    folded = text[text.index("<summary>Second opinions, shown and not judged by</summary>") :]
    assert folded.index("exact McNemar") < folded.index("</details>")


def test_custom_checks_go_by_their_own_names_and_their_words_stay_text() -> None:
    text = _written(measured_beside_reference())
    _assert_well_formed(text)
    assert "- ❌ custom: `fairness: region`: `0.62 of 0.80 asked\\n## Approved\\n::notice::" in text
    assert "- ✅ custom: `fairness: age`: `0.81 of 0.80 asked`." in text


def test_what_chance_leaves_open_is_told_in_the_heading_and_in_a_sentence() -> None:
    text = _written(measured_undecided())
    assert "### ⚠️ Could not decide: `churn` 6 → 7 as `champion` (too few rows to tell)\n" in text
    assert text.index("With 1,600 rows we cannot tell") < text.index("**Open questions:**")
