"""A drift report in the log, on the summary page, as annotations, and for programs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.drift import Comparison, DriftKind, DriftReport, Exemption, Finding, Undecided, concluded
from promoter.core.report import Links
from promoter.errors import ExitCode, ReasonCode
from promoter.render.drift_json import drift_json, drift_outputs, drift_result
from promoter.render.drift_summary import drift_annotations, drift_summary
from promoter.render.drift_terminal import drift_terminal
from promoter.render.outputs import Decision
from promoter.render.terminal import Style
from promoter.text import quote, say
from tests.builders import a_problem, a_report, a_request, a_request_report
from tests.oracles import runner_commands
from tests.unit.render.structure import markdown_shape

ASKED = a_request(version="7")
OTHER = a_request(version="3", model="fraud", path="promotions/fraud.yaml")
MOVED = Finding(
    kind=DriftKind.MOVED,
    model="churn",
    alias="champion",
    live="6",
    request=ASKED,
    since="2026-03-01T12:30:00+00:00",
    commit="c" * 40,
    issue="https://github.example/acme/models/issues/12",
)
UNKNOWN = Undecided(request=OTHER, reason=ReasonCode.PERMISSION_DENIED, message=say("not for ", quote("a|b")))
EMPTY = DriftReport(
    reason=ReasonCode.IN_SYNC,
    message=say(),
    compared=Comparison(agreeing=(OTHER,)),
    branch="main",
    head_commit="d" * 40,
    policy_digest="e" * 64,
    tool_version="0.1.0",
    links=Links(registry="https://mlflow.example", repository="https://github.example/acme/models"),
)
AGREED = concluded(EMPTY)
DRIFTED = concluded(replace(EMPTY, findings=(MOVED,)))


def test_drift_in_the_log() -> None:
    waiting = replace(MOVED, model="spam", kind=DriftKind.NEVER_APPLIED)
    report = replace(DRIFTED, waiting=(waiting,), notes=(say("issue opened: ", quote("u")),))
    assert drift_terminal(report, style=Style.PLAIN) == (
        "✗ Drift found: 1 of 2 aliases differ from git\n"
        "\n"
        "MODEL@ALIAS       GIT SAYS  REGISTRY HOLDS  SINCE                 WHAT\n"
        "✗ churn@champion  7         6               2026-03-01 12:30 UTC  was moved outside git\n"
        "‖ spam@champion   7         6               2026-03-01 12:30 UTC  "
        "merged just now, waits for its apply\n"
        "\n"
        "· Issue opened: `u`.\n"
        "\n"
        "Looked at dddddddddddd · policy sha256:eeeeeeeeeeee · Promoter 0.1.0\n"
    )


def test_agreement_in_the_log() -> None:
    shown = drift_terminal(AGREED, style=Style.PLAIN)
    assert shown.startswith("✓ In sync: git and registry agree on 1 alias\n\nLooked at")


def test_colour_adds_nothing_but_colour() -> None:
    shown = drift_terminal(DRIFTED, style=Style.COLOUR)
    assert "\x1b[31m✗ Drift found" in shown


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            concluded(replace(DRIFTED, undecided=(UNKNOWN,))),
            "? Could not decide: 1 alias could not",
        ),
        (
            replace(EMPTY, reason=ReasonCode.POLICY_INVALID, message=say("no")),
            "✗ The policy is not valid",
        ),
        (replace(EMPTY, reason=ReasonCode.NOTHING_TO_PROMOTE, message=say("x")), "· Nothing to promote: x"),
    ],
)
def test_how_other_ends_begin(report: DriftReport, said: str) -> None:
    assert drift_terminal(report, style=Style.PLAIN).startswith(said)


@pytest.mark.parametrize(
    ("finding", "word"),
    [
        (replace(MOVED, live=None, kind=DriftKind.MISSING), "nobody"),
        (replace(MOVED, live=None, kind=DriftKind.MODEL_MISSING), "no such model"),
        (replace(MOVED, request=None, kind=DriftKind.UNMANAGED), "nothing"),
    ],
)
def test_where_there_is_no_version_a_word_stands(finding: Finding, word: str) -> None:
    assert f"  {word}  " in drift_terminal(replace(DRIFTED, findings=(finding,)), style=Style.PLAIN)


def test_a_long_list_is_cut_and_counted() -> None:
    shown = drift_terminal(replace(DRIFTED, unexamined=(OTHER,) * 500), style=Style.PLAIN)
    assert "… and 301 more" in shown
    assert shown.count("not looked at closely in this run") == 199


def test_problems_and_hints() -> None:
    report = replace(EMPTY, reason=ReasonCode.POLICY_INVALID, hint=say("mend it"), problems=(a_problem(),))
    assert str(a_problem()) in drift_terminal(report, style=Style.PLAIN)
    assert "  Mend it.\n" in drift_terminal(report, style=Style.PLAIN)
    assert "Mend it." in drift_summary(report)
    assert drift_annotations(report)[0].startswith("::error file=")


def test_what_healing_did() -> None:
    moved = a_request_report(reason=ReasonCode.APPLIED, message=say("moved"))
    kept = a_request_report(reason=ReasonCode.ALREADY_APPLIED, message=say("stayed"))
    report = replace(AGREED, healed=a_report(requests=(moved, kept)))
    shown = drift_terminal(report, style=Style.PLAIN)
    assert "· Healing: moved." in shown
    assert "stayed" not in shown
    assert json.loads(drift_json(report))["healing"][0]["reason_code"] == "applied"
    nothing = replace(AGREED, healed=a_report(requests=(), message=say("no registry")))
    assert "· Healing: no registry." in drift_terminal(nothing, style=Style.PLAIN)


def test_the_summary_links_to_the_issue_and_to_both_versions() -> None:
    page = drift_summary(DRIFTED)
    assert page.startswith("### ❌ Drift found: 1 of 2 aliases differ from git\n")
    assert "[#12](https://github.example/acme/models/issues/12)" in page
    assert "[`6`](https://mlflow.example/#/models/churn/versions/6)" in page


@pytest.mark.parametrize("issue", ["", "https://evil.example/x", "https://evil.example/1'2"])
def test_an_address_that_is_none_of_an_issue_is_not_shown(issue: str) -> None:
    assert "evil" not in drift_summary(replace(DRIFTED, findings=(replace(MOVED, issue=issue),)))


def test_annotations_stand_on_the_request_files() -> None:
    (line,) = drift_annotations(replace(DRIFTED, waiting=(replace(MOVED, model="spam"),)))
    (command,) = runner_commands(line)
    assert command.properties["file"] == ASKED.path
    assert command.data == "`churn@champion` was moved outside git; the registry holds `6`."
    assert drift_annotations(AGREED) == ()


def test_a_run_that_could_not_begin_has_one_annotation() -> None:
    report = replace(EMPTY, reason=ReasonCode.REGISTRY_UNAVAILABLE, message=say("no answer"), compared=None)
    (line,) = drift_annotations(report)
    assert line.endswith("::No answer.")


def test_there_are_few_annotations() -> None:
    assert len(drift_annotations(replace(DRIFTED, findings=(MOVED,) * 60))) == 10


@pytest.mark.parametrize(
    ("reason", "decision"),
    [
        (ReasonCode.IN_SYNC, Decision.NONE),
        (ReasonCode.NOTHING_TO_PROMOTE, Decision.NONE),
        (ReasonCode.DRIFT_FOUND, Decision.REJECT),
        (ReasonCode.POLICY_INVALID, Decision.NONE),
        (ReasonCode.REGISTRY_UNAVAILABLE, Decision.ERROR),
        (ReasonCode.INTERNAL_ERROR, Decision.ERROR),
    ],
)
def test_decisions(reason: ReasonCode, decision: Decision) -> None:
    told = drift_outputs(replace(EMPTY, reason=reason), report_path="")
    assert told["decision"] == decision.value


def test_the_outputs_have_the_contracts_names() -> None:
    values = drift_outputs(DRIFTED, report_path="/r/drift.json")
    assert list(values) == ["decision", "reason-code", "result", "report", "comment-url"]
    assert (values["decision"], values["reason-code"], values["comment-url"]) == ("reject", "drift_found", "")


def test_the_result_has_an_entry_for_each_alias() -> None:
    exempt = {Exemption.DRY_RUN: (a_request(model="trial"),)}
    compared = Comparison(agreeing=(OTHER,), exempt=exempt)
    report = replace(DRIFTED, undecided=(UNKNOWN,), waiting=(MOVED,), unexamined=(ASKED,), compared=compared)
    document = json.loads(drift_result(report))
    assert (document["schema_version"], document["phase"], document["branch"]) == (1, "drift", "main")
    states = [one["state"] for one in document["requests"]]
    assert states == ["drift", "undecided", "waiting", "differs", "exempt", "in_sync"]
    assert document["requests"][0] == {
        "state": "drift",
        "kind": "alias_moved",
        "model": "churn",
        "alias": "champion",
        "path": ASKED.path,
        "version": "7",
        "now": "6",
        "since": MOVED.since,
        "commit": MOVED.commit,
        "issue": MOVED.issue,
    }
    assert document["requests"][1]["reason_code"] == "permission_denied"


def test_a_result_too_long_for_an_output_counts_what_it_leaves_out() -> None:
    report = replace(DRIFTED, compared=Comparison(agreeing=(OTHER,) * 20_000))
    text = drift_result(report)
    assert len(text) < 300_000
    document = json.loads(text)
    assert document["requests"][0]["state"] == "drift"
    assert len(document["requests"]) + document["requests_left_out"] == 20_001
    assert len(json.loads(drift_json(report))["requests"]) == 20_001


HOSTILE = st.text(max_size=80) | st.sampled_from(
    ["\n::error::x", "a|b", "`x`", "<b>", "%0A::stop-commands::t", "[x](y)", "\\|", "##[error]x"]
)


@given(model=HOSTILE, alias=HOSTILE, live=HOSTILE, said=HOSTILE)
def test_names_are_harmless_everywhere(model: str, alias: str, live: str, said: str) -> None:
    request = a_request(model=model, alias=alias)
    finding = replace(MOVED, model=model, alias=alias, live=live, request=request)
    unknown = replace(UNKNOWN, message=say("not for ", quote(said)))
    report = replace(DRIFTED, findings=(finding,), undecided=(unknown,), links=Links())
    harmless = replace(MOVED, model="é", alias="é", live="é", request=a_request(model="é", alias="é"))
    calm = replace(report, findings=(harmless,), undecided=(UNKNOWN,))
    assert markdown_shape(drift_summary(report)) == markdown_shape(drift_summary(calm))
    assert runner_commands(drift_terminal(report, style=Style.PLAIN)) == ()
    lines = drift_annotations(report)
    assert len(runner_commands("\n".join(lines))) == len(lines) == 2
    assert drift_result(report).isascii()


def test_the_exit_code_is_the_reasons() -> None:
    assert (DRIFTED.reason.exit_code, AGREED.reason.exit_code) == (ExitCode.NO, ExitCode.DONE)


def test_the_summary_of_what_git_does_not_know_and_the_jobs_own_page() -> None:
    nobody = replace(MOVED, live=None, kind=DriftKind.MISSING)
    unknown = replace(MOVED, alias="shadow", request=None, kind=DriftKind.UNMANAGED)
    links = replace(EMPTY.links, run="https://github.example/acme/models/actions/runs/1")
    page = drift_summary(replace(DRIFTED, findings=(nobody, unknown), links=links))
    assert "| nobody |" in page
    assert "| nothing |" in page
    assert "[job log](https://github.example/acme/models/actions/runs/1)" in page


def test_a_run_that_read_no_commit_names_none() -> None:
    assert "Looked at" not in drift_summary(replace(AGREED, head_commit=""))
