"""Telling it: one comment, what was written where, and what a failure to write changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from promoter.checks.catalog import run_checks
from promoter.commands.publish import Channels, complete, publish, save
from promoter.core.plan import Step
from promoter.core.report import CommentMode, Links, Phase, Report, RequestReport
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.render.evidence_json import digest, evidence
from promoter.text import say
from tests.builders import (
    MIB,
    a_measured_evidence,
    a_measurement,
    a_model_rule,
    a_model_run,
    a_pull_request,
    a_report,
    a_request,
    a_request_report,
    by_inference,
    some_measured_checks,
)
from tests.fakes.github import InMemoryPullRequests
from tests.fakes.observed import observed
from tests.fakes.runner import RecordingRunner
from tests.unit.render import pictures

RESULTS = "<!-- promoter results acme/models#12 -->"
AFTER_MERGE = "<!-- promoter after-merge acme/models#12 -->"


def github() -> InMemoryPullRequests:
    return InMemoryPullRequests(pulls=[a_pull_request(), a_pull_request(number=13)])


def told(
    report: Report,
    pulls: InMemoryPullRequests | None = None,
    *,
    runner: RecordingRunner | None = None,
    **changes: object,
) -> RecordingRunner:
    """What is written to the job when pull request 12 is told."""
    runner = runner or RecordingRunner()
    given: dict[str, Any] = {
        "pull_requests": pulls,
        "repository": "acme/models",
        "pull_request": 12,
        **changes,
    }
    exit_code = publish(report, Channels(runner=runner, **given))
    assert exit_code is report.reason.exit_code
    return runner


def an_apply(*reports: RequestReport, **changes: object) -> Report:
    first = reports[0]
    return a_report(phase=Phase.APPLY, requests=reports, reason=first.reason, **changes)


# --- the job --------------------------------------------------------------------------------------


def test_everything_a_run_leaves_behind() -> None:
    pulls = github()
    runner = told(a_report(), pulls)
    assert set(runner.values) == {"decision", "reason-code", "result", "report", "comment-url"}
    assert runner.values["report"] == "/reports/report.html"
    assert runner.values["comment-url"] == pulls.comments[0].url
    assert set(runner.files) == {"evidence.json", "comment.md", "report.html"}
    assert len(runner.summaries) == 1
    assert json.loads(runner.values["result"])["reason_code"] == "validated"


def test_a_failed_check_is_annotated() -> None:
    report = a_report(
        reason=ReasonCode.ALIAS_NOT_ALLOWED,
        requests=(a_request_report(reason=ReasonCode.ALIAS_NOT_ALLOWED),),
    )
    assert any(line.startswith("::error file=") for line in told(report, github()).annotated)


def test_the_evidence_that_is_saved_has_the_digest_that_is_told() -> None:
    report = complete(a_report(evidence_digest=""), tool_version="0.1.0", links=Links())
    runner = RecordingRunner()
    assert save(report, runner) == "/reports/report.html"
    assert digest(runner.files["evidence.json"]) == report.evidence_digest


def test_completing_keeps_the_digest_that_apply_recorded() -> None:
    links = Links(run="https://github.example/run/1")
    report = complete(a_report(evidence_digest="e" * 64), tool_version="9", links=links)
    assert (report.evidence_digest, report.tool_version, report.links) == ("e" * 64, "9", links)
    assert digest(evidence(report)) != report.evidence_digest


def test_a_report_folder_that_cannot_be_written_changes_no_outcome() -> None:
    runner = told(a_report(), github(), runner=RecordingRunner(unwritable=frozenset({"save"})))
    assert (runner.values["reason-code"], runner.values["report"]) == ("validated", "")
    assert "save cannot be written" in runner.summaries[0].replace("`", "").lower()


@pytest.mark.parametrize("method", ["summary", "outputs"])
def test_a_job_that_takes_no_outputs_changes_no_outcome(method: str) -> None:
    runner = RecordingRunner(unwritable=frozenset({method}))
    assert publish(a_report(), Channels(runner=runner)) is ExitCode.DONE
    assert any(method in line for line in runner.logged)


def test_what_a_failed_run_said_is_taken_back_by_the_one_that_succeeds() -> None:
    pulls = github()
    failed = a_request_report(reason=ReasonCode.APPROVAL_MISSING, message=say("0 of 1 approvals count"))
    told(a_report(phase=Phase.APPLY, reason=ReasonCode.APPROVAL_MISSING, requests=(failed,)), pulls)
    moved = a_request_report(reason=ReasonCode.APPLIED, message=say("moved"))
    told(a_report(phase=Phase.APPLY, reason=ReasonCode.APPLIED, requests=(moved,)), pulls)
    assert len(pulls.comments) == 2
    assert all("Promoted" in comment.body.splitlines()[1] for comment in pulls.comments)


# --- drawing ------------------------------------------------------------------------------------------


class _Order(RecordingRunner):
    """Remembers what was written in which order, and each page."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []
        self.pages: list[str] = []

    def outputs(self, values: Mapping[str, str]) -> None:
        self.order.append("outputs")
        super().outputs(values)

    def summary(self, text: str) -> None:
        self.order.append("summary")
        super().summary(text)

    def save(self, name: str, text: str) -> str:
        if name == "report.html":
            self.order.append("drawn" if DRAWN in text else "undrawn")
            self.pages.append(text)
        return super().save(name, text)


DRAWN = '<svg class="drawn"'


def test_drawing_comes_when_everything_else_is_told() -> None:
    runner = _Order()
    told(pictures.binary(), github(), runner=runner)
    assert runner.order == ["undrawn", "outputs", "summary", "drawn"]
    assert runner.values["report"] == "/reports/report.html"
    assert "they are drawn last" in runner.pages[0]
    assert "they are drawn last" not in runner.pages[1]


def test_without_time_nothing_is_drawn() -> None:
    runner = _Order()
    told(pictures.binary(), github(), runner=runner, has_time=lambda: False)
    assert runner.order == ["undrawn", "outputs", "summary"]


def test_a_stop_while_it_draws_ends_the_drawing() -> None:
    runner, time = _Order(), iter([True] * 4)
    told(pictures.binary(), github(), runner=runner, has_time=lambda: next(time, False))
    assert 0 < runner.pages[1].count(DRAWN) < 7
    assert "they are drawn last" in runner.pages[1]


def test_a_page_that_cannot_be_replaced_changes_no_outcome() -> None:
    class Full(_Order):
        def save(self, name: str, text: str) -> str:
            path = super().save(name, text)
            if "drawn" in self.order:
                raise PromoterError(ReasonCode.USAGE_INVALID, say("the disk is full"))
            return path

    runner = told(pictures.binary(), github(), runner=Full())
    assert runner.values["report"] == "/reports/report.html"
    assert runner.logged == ["the disk is full"]


def test_without_a_folder_nothing_is_drawn() -> None:
    class Nowhere(_Order):
        def save(self, name: str, text: str) -> str:
            super().save(name, text)
            return ""

    runner = Nowhere()
    told(pictures.binary(), github(), runner=runner)
    assert (runner.order, runner.values["report"]) == (["undrawn", "outputs", "summary"], "")


def test_a_saved_report_is_drawn() -> None:
    runner = RecordingRunner()
    assert save(pictures.binary(), runner) == "/reports/report.html"
    assert DRAWN in runner.files["report.html"]


# --- the comment ----------------------------------------------------------------------------------


def test_one_comment_found_again_by_its_marker() -> None:
    pulls = github()
    told(a_report(), pulls)
    told(a_report(head_commit="f" * 40), pulls)
    (comment,) = pulls.comments
    assert comment.body.startswith(f"{RESULTS}\n")
    assert "f" * 7 in comment.body
    assert pulls.writes == 2


def test_a_refusal_before_the_merge_is_told_in_the_one_comment() -> None:
    pulls = github()
    told(a_report(), pulls)
    refused = a_request_report(reason=ReasonCode.CHECKS_FAILED)
    told(a_report(reason=ReasonCode.CHECKS_FAILED, requests=(refused,)), pulls)
    (comment,) = pulls.comments
    assert comment.body.startswith(f"{RESULTS}\n")


def test_the_same_text_is_not_written_again() -> None:
    pulls = github()
    for _ in range(2):
        told(a_report(), pulls)
    assert pulls.writes == 1


def test_on_change_looks_at_the_result_and_not_at_commits() -> None:
    pulls = github()
    told(a_report(), pulls, mode=CommentMode.ON_CHANGE)
    elsewhere = Links(run="https://github.example/acme/models/actions/runs/2")
    same = a_report(head_commit="f" * 40, base_commit="9" * 40, evidence_digest="9" * 64, links=elsewhere)
    runner = told(same, pulls, mode=CommentMode.ON_CHANGE)
    assert pulls.writes == 1
    assert runner.values["comment-url"] == pulls.comments[0].url
    other = a_report(requests=(a_request_report(now="5"),))
    told(other, pulls, mode=CommentMode.ON_CHANGE)
    assert pulls.writes == 2


def test_on_change_is_silent_on_times_and_tells_of_a_limit_they_break() -> None:
    def measured(milliseconds: float) -> Report:
        memory = int(milliseconds * MIB)
        run = a_model_run(p95_latency_ms=milliseconds, load_seconds=milliseconds, peak_memory=memory)
        found = a_measured_evidence(measurement=a_measurement(challenger=run))
        results = run_checks(a_model_rule(checks=some_measured_checks(), evaluation=by_inference()), found)
        return a_report(requests=(a_request_report(results=results, evidence=found),))

    pulls = github()
    for milliseconds in (0.8, 1.3):
        told(measured(milliseconds), pulls, mode=CommentMode.ON_CHANGE)
    assert pulls.writes == 1
    told(measured(3.4), pulls, mode=CommentMode.ON_CHANGE)
    assert pulls.writes == 2


def test_a_comment_of_always_is_known_again_by_on_change() -> None:
    pulls = github()
    told(a_report(), pulls)
    told(a_report(head_commit="f" * 40), pulls, mode=CommentMode.ON_CHANGE)
    assert pulls.writes == 1


def test_the_fingerprint_is_the_last_line_and_hidden() -> None:
    pulls = github()
    told(a_report(), pulls)
    last = pulls.comments[0].body.rstrip("\n").split("\n")[-1]
    assert last.startswith("<!-- result ")
    assert last.endswith(" -->")


def test_never_means_never() -> None:
    pulls, calls = observed(github())
    runner = told(a_report(), pulls, mode=CommentMode.NEVER)
    assert calls.made == []
    assert runner.values["comment-url"] == ""


def test_a_comment_that_cannot_be_written_changes_no_outcome() -> None:
    pulls, calls = observed(github())
    calls.fail("upsert_comment", PromoterError(ReasonCode.PERMISSION_DENIED, say("not allowed")))
    runner = told(a_report(), pulls)
    assert (runner.values["reason-code"], runner.values["comment-url"]) == ("validated", "")
    assert "The comment on #12 could not be written: not allowed" in runner.summaries[0]


@pytest.mark.parametrize(
    "reason", [ReasonCode.FORK_UNSUPPORTED, ReasonCode.SUPERSEDED, ReasonCode.PULL_REQUEST_CLOSED]
)
def test_what_is_not_about_the_change_writes_no_comment(reason: ReasonCode) -> None:
    pulls, calls = observed(github())
    told(a_report(reason=reason, requests=()), pulls)
    assert calls.made == []


def test_a_run_without_a_pull_request_writes_none() -> None:
    pulls, calls = observed(github())
    told(a_report(), pulls, pull_request=0)
    assert calls.made == []


def nothing(**changes: object) -> Report:
    given = {"reason": ReasonCode.NOTHING_TO_PROMOTE, "requests": (), "policy_digest": "", **changes}
    return a_report(**given)


def test_nothing_to_promote_starts_no_conversation() -> None:
    pulls = github()
    runner = told(nothing(), pulls)
    assert (pulls.comments, runner.values["comment-url"]) == ([], "")


def test_nothing_to_promote_any_more_corrects_an_earlier_comment() -> None:
    pulls = github()
    told(a_report(), pulls)
    before = pulls.comments[0].body
    runner = told(nothing(), pulls)
    assert pulls.comments[0].body != before
    assert runner.values["comment-url"] == pulls.comments[0].url


@pytest.mark.parametrize("news", [{"policy_digest": "d" * 64}, {"notes": (say("a request is deleted"),)}])
def test_a_policy_or_a_note_is_news(news: dict[str, Any]) -> None:
    pulls = github()
    told(nothing(**news), pulls)
    assert len(pulls.comments) == 1


# --- after the merge ------------------------------------------------------------------------------


def moved(number: int | None = 12, **changes: object) -> RequestReport:
    return a_request_report(reason=ReasonCode.APPLIED, pull_request=number, **changes)


def test_a_promotion_is_told_in_the_comment_that_is_there() -> None:
    pulls = github()
    told(a_report(), pulls)
    told(an_apply(moved()), pulls, pull_request=0)
    (comment,) = pulls.comments
    assert comment.body.startswith(f"{RESULTS}\n### ✅ Promoted")


def test_a_run_after_the_one_that_moved_it_tells_what_was_left_untold_and_nothing_twice() -> None:
    pulls = github()
    in_place = an_apply(moved(step=Step.ALREADY_APPLIED))
    in_place = replace(
        in_place,
        reason=ReasonCode.ALREADY_APPLIED,
        requests=tuple(replace(one, reason=ReasonCode.ALREADY_APPLIED) for one in in_place.requests),
    )
    told(a_report(), pulls)
    told(in_place, pulls, pull_request=0)
    assert "already" in pulls.comments[0].body.split("\n")[1]
    told(an_apply(moved()), pulls, pull_request=0)
    told(in_place, pulls, pull_request=0)
    (comment,) = pulls.comments
    assert comment.body.startswith(f"{RESULTS}\n### ✅ Promoted")


def test_what_went_wrong_after_the_merge_is_a_comment_of_its_own() -> None:
    pulls = github()
    told(a_report(), pulls)
    failed = an_apply(a_request_report(reason=ReasonCode.APPROVAL_MISSING))
    for _ in range(2):
        told(failed, pulls, pull_request=0)
    assert [one.body.split("\n")[0] for one in pulls.comments] == [RESULTS, AFTER_MERGE]


def test_every_pull_request_is_told_its_own_part() -> None:
    pulls = github()
    other = a_request(path="promotions/fraud.yaml", model="fraud")
    report = an_apply(
        a_request_report(reason=ReasonCode.CHECKS_FAILED, pull_request=13, request=other),
        moved(),
        moved(None),
    )
    told(report, pulls, pull_request=0)
    bodies = {one.number: one.body for one in pulls.comments}
    assert set(bodies) == {12, 13}
    assert "churn" in bodies[12]
    assert "fraud" not in bodies[12]
    assert bodies[12].startswith("<!-- promoter results acme/models#12 -->")
    assert bodies[13].startswith("<!-- promoter after-merge acme/models#13 -->")


def test_the_part_tells_most_of_what_is_in_it() -> None:
    pulls = github()
    other = a_request(path="promotions/fraud.yaml", model="fraud")
    tried = a_request_report(reason=ReasonCode.DRY_RUN, request=other)
    told(an_apply(tried, moved()), pulls, pull_request=0)
    assert "Promoted" in pulls.comments[0].body.split("\n")[1]


def test_an_apply_that_concerned_no_pull_request_is_silent() -> None:
    pulls = github()
    told(an_apply(replace(moved(None), reason=ReasonCode.ALREADY_APPLIED)), pulls, pull_request=0)
    assert pulls.comments == []


def test_exit_codes_are_the_reasons() -> None:
    report = a_report(reason=ReasonCode.REGISTRY_UNAVAILABLE)
    assert publish(report, Channels(runner=RecordingRunner())) is ExitCode.UNDECIDED
