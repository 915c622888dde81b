from __future__ import annotations

import json
from dataclasses import replace

import pytest

from promoter.core.report import Report
from promoter.core.verdict import Verdict
from promoter.errors import ExitCode, ReasonCode
from promoter.render.outputs import Decision, decision, outputs, result_json
from tests.builders import a_report
from tests.unit.render import reports


def test_names_are_the_contract() -> None:
    values = outputs(reports.promotable(), comment_url="https://github.example/c/1", report_path="out/r.html")
    assert list(values) == ["decision", "reason-code", "result", "report", "comment-url"]
    assert values["decision"] == "promote"
    assert values["reason-code"] == "validated"
    assert values["report"] == "out/r.html"
    assert values["comment-url"] == "https://github.example/c/1"


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (reports.promotable(), Decision.PROMOTE),
        (reports.rollback(), Decision.PROMOTE),
        (reports.applied(), Decision.PROMOTE),
        (reports.all_good(), Decision.PROMOTE),
        (reports.rejected(), Decision.REJECT),
        (reports.conflict(), Decision.REJECT),
        (reports.approval_missing(), Decision.REJECT),
        (reports.dry_run(), Decision.REJECT),
        (reports.inconclusive(), Decision.INCONCLUSIVE),
        (reports.registry_down(), Decision.ERROR),
        (reports.apply_failed(), Decision.ERROR),
        (reports.already_applied(), Decision.NONE),
        (reports.nothing_to_promote(), Decision.NONE),
        (reports.invalid(), Decision.NONE),
        (reports.version_missing(), Decision.NONE),
    ],
)
def test_decision_over_all_requests(report: Report, expected: Decision) -> None:
    assert decision(report) is expected


@pytest.mark.parametrize("reason", ReasonCode)
def test_nothing_but_exit_code_0_can_promote(reason: ReasonCode) -> None:
    report = a_report(reason=reason, requests=(reports.good_request(reason=reason),))
    assert (decision(report) is Decision.PROMOTE) == (reason.exit_code is ExitCode.DONE)


@pytest.mark.parametrize("verdict", Verdict)
def test_worst_verdict_of_a_dry_run_decides(verdict: Verdict) -> None:
    requests = tuple(
        reports.good_request(reason=ReasonCode.DRY_RUN, verdict=one) for one in (verdict, Verdict.PROMOTE)
    )
    assert decision(a_report(reason=ReasonCode.DRY_RUN, requests=requests)) == verdict.value


def test_result_has_an_entry_per_request() -> None:
    told = json.loads(result_json(reports.approval_missing()))
    assert {key: told[key] for key in ("schema_version", "phase", "decision", "reason_code")} == {
        "schema_version": 1,
        "phase": "apply",
        "decision": "reject",
        "reason_code": "approval_self",
    }
    (entry,) = told["requests"]
    checks = entry.pop("checks")
    assert entry == {
        "path": "promotions/churn/champion.yaml",
        "model": "churn",
        "alias": "champion",
        "version": "7",
        "now": "6",
        "step": "promote",
        "mode": "enforce",
        "verdict": "promote",
        "reason_code": "approval_self",
        "message": "0 of 1 approvals count for this content",
        "hint": "Have it approved on pull request #12 (a merged one can still be approved) by somebody with "
        "write access who wrote no part of it; then run this job again.",
        "pull_request": 12,
        "approvals": {
            "needed": 1,
            "counted": [],
            "refused": [{"login": "alice", "why": "author"}, {"login": "carol", "why": "no_write_access"}],
        },
    }
    assert checks[0]["message"].startswith("the description has")
    assert {key: checks[0][key] for key in ("check", "subject", "outcome")} == {
        "check": "description",
        "subject": "",
        "outcome": "passed",
    }
    assert len(checks) == 6


def test_unknown_things_are_null() -> None:
    (entry,) = json.loads(result_json(reports.version_missing()))["requests"]
    unknown = ("now", "step", "verdict", "pull_request", "approvals")
    assert [entry[name] for name in unknown] == [None] * 5


def test_result_of_very_many_leaves_the_checks_out() -> None:
    text = result_json(reports.mixed(1_000))
    entries = json.loads(text)["requests"]
    assert len(entries) == 1_000
    assert all(entry["checks_left_out"] and "checks" not in entry for entry in entries)
    assert "checks_left_out" not in result_json(reports.mixed(200))


def test_control_characters_are_escaped() -> None:
    request = reports.good_request()
    odd = replace(request, request=replace(request.request, model="a\x7f\nb"))
    text = result_json(a_report(requests=(odd,)))
    assert text.isprintable()
    assert json.loads(text)["requests"][0]["model"] == "a\x7f\nb"
