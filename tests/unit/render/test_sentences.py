from __future__ import annotations

from dataclasses import replace

import pytest

from promoter.checks import custom
from promoter.core.approval import ApprovalState, Refusal
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.plan import Step
from promoter.core.report import Phase, Report
from promoter.errors import ReasonCode
from promoter.render import sentences
from promoter.render.words import CUSTOM, TONE_ICONS, Tone
from promoter.text import Message, quote, say
from tests.builders import a_check_result, a_comparison, a_metric_result, a_report, a_request
from tests.unit.render import reports

APPROVED = ApprovalState(needed=1, counted=("bob",))
DATA_MISSING = replace(reports.registry_down(), reason=ReasonCode.DATA_UNAVAILABLE)


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (reports.promotable(), "✅ Ready to promote: `churn` 6 → 7 as `champion`"),
        (reports.first_promotion(), "✅ Ready to promote: `churn` version 7 as `champion`"),
        (reports.rollback(), "✅ Ready to roll back: `churn` 6 → 5 as `champion`"),
        (reports.rejected(), "❌ Not ready to promote: `churn` 6 → 7 as `champion`"),
        (reports.inconclusive(), "⚠️ Could not decide: `churn` 6 → 7 as `champion`"),
        (reports.registry_down(), "⚠️ Could not decide: `churn` version 7 as `champion`"),
        (reports.dry_run(), "🧪 Dry run: `churn` 6 → 7 as `champion` would be rejected"),
        (reports.already_applied(), "\u2139\ufe0f Nothing to do: `champion` of `churn` is version 7 already"),
        (reports.nothing_to_promote(), "\u2139\ufe0f Nothing to promote"),
        (reports.invalid(), "❌ Not ready to promote: the promotion request is not valid (3 problems)"),
        (reports.applied(), "✅ Promoted: `champion` of `churn` moved from version 6 to 7"),
        (reports.approval_missing(), "⏸️ Not promoted, waiting for approval: `churn` 6 → 7 as `champion`"),
        (reports.apply_failed(), "⚠️ Promotion failed: `churn` 6 → 7 as `champion`"),
        (reports.mixed(), "❌ Not ready to promote: 2 of 20 requests"),
        (reports.all_good(), "✅ Ready to promote: 2 requests"),
    ],
)
def test_headline_is_the_verdict_in_words(report: Report, line: str) -> None:
    found = sentences.headline(report)
    assert f"{TONE_ICONS[found.tone]} {found.message}" == line


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("reason", ReasonCode)
def test_every_reason_has_a_headline_alone_and_without_requests(phase: Phase, reason: ReasonCode) -> None:
    alone = a_report(phase=phase, reason=reason, requests=(reports.good_request(reason=reason),))
    for report in (alone, replace(alone, requests=())):
        text = str(sentences.headline(report).message)
        assert len(text) > 5
        assert text[0].isupper()
        assert "_" not in text


def test_only_active_requests_count() -> None:
    quiet = reports.already_applied().requests
    report = a_report(
        phase=Phase.APPLY, reason=ReasonCode.APPLIED, requests=(*quiet, *reports.applied().requests)
    )
    assert str(sentences.headline(report).message) == (
        "Promoted: `champion` of `churn` moved from version 6 to 7"
    )


def test_first_promotion_and_rollback_after_the_merge() -> None:
    first = reports.good_request(reason=ReasonCode.APPLIED, step=Step.FIRST_PROMOTION, now=None)
    back = reports.good_request(reason=ReasonCode.APPLIED, step=Step.ROLLBACK, request=a_request(version="5"))
    assert str(sentences.request_headline(first, Phase.APPLY)) == (
        "Promoted: `champion` of `churn` moved to version 7, its first"
    )
    assert str(sentences.request_headline(back, Phase.APPLY)) == (
        "Rolled back: `champion` of `churn` moved from version 6 to 5"
    )


def test_version_that_is_no_number_is_quoted() -> None:
    assert sentences.version("7") == "7"
    assert sentences.version("\u0667") == quote("\u0667")
    assert sentences.version("7 of x") == quote("7 of x")


def _said(report: Report) -> str:
    return " ".join(str(message) for message in sentences.consequence(report))


def test_merging_is_announced_with_its_way_back() -> None:
    assert _said(reports.approved()) == (
        "Merging this pull request moves `champion` of `churn` from version 6 to 7. "
        "To undo: `git revert` the merge and merge that."
    )


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (reports.promotable(), "Approvals that count so far: 0 of 1. Merged without, nothing moves."),
        (reports.first_promotion(), "makes version 7 the first `champion` of `churn`. Nobody held"),
        (reports.all_good(), "moves 2 aliases as the table says. To undo"),
        (reports.all_good(), "Approvals are missing for 2 of them: merged without, nothing moves."),
        (reports.rejected(), "moves nothing: `champion` of `churn` stays at version 6."),
        (reports.inconclusive(), "moves nothing: `champion` of `churn` stays at version 6."),
        (reports.conflict(), "stays at version 8."),
        (reports.version_missing(), "Merged as it is, this pull request moves nothing."),
        (reports.invalid(), "Merged as it is, this pull request moves nothing."),
        (reports.mixed(), "its requests move together or not at all."),
        (reports.registry_down(), "Nothing has been decided: run this job again before you merge."),
        (DATA_MISSING, "Nothing has been decided: do what is said below, then run this job again"),
        (reports.dry_run(), "Merging this moves no alias: the policy says dry run."),
        (reports.applied(), "To undo: `git revert` the merge and merge that."),
        (reports.approval_missing(), "Nothing was moved: `champion` of `churn` is still version 6."),
    ],
)
def test_consequence_says_what_follows(report: Report, said: str) -> None:
    assert said in _said(report)


@pytest.mark.parametrize(
    "report", [reports.already_applied(), reports.nothing_to_promote(), reports.apply_failed()]
)
def test_consequence_says_nothing_where_nothing_is_known(report: Report) -> None:
    assert _said(report) == ""


def test_first_promotion_cannot_be_reverted_away() -> None:
    first = reports.good_request(reason=ReasonCode.APPLIED, step=Step.FIRST_PROMOTION, now=None)
    report = a_report(phase=Phase.APPLY, reason=ReasonCode.APPLIED, requests=(first,))
    assert "`git revert` alone does not take it away" in _said(report)


def test_several_that_stay_are_left_to_the_table() -> None:
    waiting = reports.approval_missing().requests[0]
    report = a_report(phase=Phase.APPLY, reason=waiting.reason, requests=(waiting, waiting))
    assert _said(report) == ""


def test_dry_run_beside_a_promotion_counts_what_moves() -> None:
    trial = reports.dry_run().requests[0]
    report = a_report(requests=(trial, reports.good_request(approval=APPROVED)))
    assert _said(report).startswith("Merging this pull request moves `champion` of `churn` from version 6")


def test_counts_tell_kinds_apart() -> None:
    assert sentences.counts(reports.mixed(), TONE_ICONS) == "❌ 2 refused · ⚠️ 1 undecided · ✅ 17 ready"
    assert sentences.counts(reports.all_good(), TONE_ICONS) == ""


def test_what_blocks_is_first_in_order() -> None:
    tones = [sentences.tone(request) for request in sentences.in_order(reports.mixed().requests)]
    assert tones == [Tone.BAD] * 2 + [Tone.UNSURE] + [Tone.GOOD] * 17


@pytest.mark.parametrize("refusal", Refusal)
def test_refused_approval_names_who_and_why(refusal: Refusal) -> None:
    state = ApprovalState(needed=1, refused=(("bob", refusal),))
    assert [str(message) for message in sentences.approvals(state)] == [
        f"`bob` approved, but that does not count: `bob` {refusal.value}."
    ]
    assert sentences.approvals(None) == ()


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (say("no version"), "No version."),
        (say("ready!"), "Ready!"),
        (say("why: "), "Why: "),
        (say(quote("churn"), " is gone"), "`churn` is gone."),
        (say("it is ", quote("x.")), "It is `x.`."),
        (say(), ""),
    ],
)
def test_full_sentence(message: Message, text: str) -> None:
    assert str(sentences.full(message)) == text


def test_why_leads_with_the_reason_where_nothing_was_judged() -> None:
    missing = reports.version_missing().requests[0]
    assert str(sentences.why(missing)) == (
        "The model version does not exist: version `70` of `churn` is not in the registry."
    )
    assert (
        str(sentences.why(reports.approval_missing().requests[0]))
        == "0 of 1 approvals count for this content."
    )


def test_subject_is_left_out_where_the_message_begins_with_it() -> None:
    result = a_check_result(subject="f1", message=say(quote("f1"), " is 0.9"))
    assert sentences.subject_of(result) == ""
    assert sentences.subject_of(replace(result, message=say("0.9"))) == "f1"
    assert sentences.subject_of(replace(result, message=say())) == "f1"


# --- what chance leaves open -----------------------------------------------------------------------------


def _open(name: str, **fields: object) -> CheckResult:
    known = {"source": "measured", "lower": -0.1, "upper": 0.1, "rows": 1_600, "rows_needed": 5_200, **fields}
    return a_metric_result(
        subject=name, outcome=Outcome.INCONCLUSIVE, comparison=a_comparison(name=name, **known)
    )


def _doubt(*results: CheckResult) -> str:
    return str(sentences.doubt(reports.undecided_request(results=results)))


def test_chance_is_told_to_somebody_who_does_no_statistics() -> None:
    assert _doubt(_open("f1_score")) == (
        "With 1,600 rows we cannot tell whether version 7 keeps the rules for `f1_score`: what they show may "
        "be chance. About 5,200 rows would decide, if the changes are what they look like."
    )
    assert "for `a` and `b`: what" in _doubt(_open("a"), _open("b", rows_needed=9_000))
    assert "About 9,000 rows" in _doubt(_open("a"), _open("b", rows_needed=9_000))
    assert "for `a`, `b`, `c` and 2 more: what" in _doubt(*map(_open, "abcde"))


def test_rows_are_not_promised_where_more_of_them_may_not_help() -> None:
    assert "would decide" not in _doubt(_open("a"), _open("b", rows_needed=None))


@pytest.mark.parametrize("fields", [{"lower": None}, {"upper": None}, {"rows": None}])
def test_other_open_questions_are_not_laid_to_chance(fields: dict[str, object]) -> None:
    assert _doubt(_open("a", **fields)) == ""
    assert _doubt(replace(_open("a"), comparison=None)) == ""


def test_only_an_undecided_request_is_in_doubt() -> None:
    assert str(sentences.doubt(reports.rejected_request(results=(_open("a"),)))) == ""
    assert str(sentences.why(reports.undecided_request(results=(_open("a"),)))).startswith("With 1,600 rows")


def test_a_check_of_the_users_own_goes_by_its_name() -> None:
    own = a_check_result(check="custom", subject="fairness", message=say(quote("fairness")))
    assert sentences.title_of(own) == ("custom: ", quote("fairness"))
    assert CUSTOM == custom.ID
