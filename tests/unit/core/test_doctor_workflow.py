"""Workflow files as the doctor sees them, and what it concludes where it saw only a part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promoter.core.doctor import BranchRules, Facts, Severity, Unseen, Visibility
from promoter.core.doctor_catalog import RULES, examine
from promoter.core.doctor_jobs import NEEDED
from promoter.core.doctor_workflow import Workflow, read_workflow, uses
from promoter.core.policy import BusinessValueRule, Checks, Inverted
from promoter.text import say
from tests.unit.core.doctor_facts import POLICY, REQUESTS, sound, workflow

SHA = "0" * 40


def read(text: str) -> Workflow:
    found = read_workflow(text.encode(), path="w.yml")
    assert found is not None
    return found


def ids(facts: Facts) -> set[str]:
    return {one.rule.id for one in examine(facts)}


@pytest.mark.parametrize(
    ("uses_line", "is_promoter"),
    [
        ("your-org/promoter@v1", True),
        ("someone/mlflow-Promoter-action@v1", True),
        ("docker://ghcr.io/your-org/promoter:v1", True),
        ("org/mono/promoter@v1", True),
        ("promoter-org/other@v1", False),
        ("actions/checkout@v4", False),
        ("./", False),
    ],
)
def test_promoter_is_known_by_the_last_part_of_its_name(uses_line: str, is_promoter: bool) -> None:
    found = read(f"on: push\njobs: {{a: {{steps: [{{uses: '{uses_line}'}}]}}}}\n")
    assert bool(uses((found,))) is is_promoter


def test_a_local_action_is_promoter_when_it_gets_one_of_its_commands() -> None:
    found = read(
        "on: push\njobs: {a: {steps: [{uses: ./, with: {command: apply}}, {uses: ./, with: {command: x}}]}}\n"
    )
    assert [use.commands for use in uses((found,))] == [{"apply"}]


@pytest.mark.parametrize(
    ("on", "more", "commands"),
    [
        ("push", "", {"apply"}),
        ("[push, pull_request]", "", {"apply", "validate"}),
        ("{schedule: [{cron: x}], issue_comment: null}", "", {"drift"}),
        ("[push, pull_request]", "if: github.event_name == 'push'", {"apply"}),
        ("[push, pull_request]", "if: ${{ github.event_name == 'push' }}", {"apply"}),
        ("[push, pull_request]", "if: github.event_name == 'push' && always()", {"apply", "validate"}),
        ("release", "", set()),
    ],
)
def test_what_an_automatic_step_may_do(on: str, more: str, commands: set[str]) -> None:
    found = read(f"on: {on}\njobs:\n  a:\n    {more}\n    steps: [{{uses: o/promoter@v1}}]\n")
    assert uses((found,))[0].commands == commands


def test_secrets_are_seen_wherever_they_stand_except_the_jobs_own_token() -> None:
    text = (
        "on: push\nenv: {A: '${{ secrets.ONE }}'}\njobs:\n  a:\n    env: {B: \"${{ secrets['TWO'] }}\"}\n"
        "    steps:\n      - {uses: o/promoter@v1, with: {github-token: '${{ secrets.GITHUB_TOKEN }}'}}\n"
        "      - {run: 'echo ${{ secrets.THREE }}'}\n  b: {env: {C: '${{ secrets.FOUR }}'}}\n"
    )
    assert uses((read(text),))[0].job.secrets == {"ONE", "TWO", "THREE"}


@pytest.mark.parametrize(
    "data", [b"on: &a push\njobs: *a\n", b"[1", b"\xff", b"", b"on: push\non: push\n", b"- a\n"]
)
def test_what_cannot_be_read_for_certain_is_not_read(data: bytes) -> None:
    assert read_workflow(data, path="w.yml") is None


@pytest.mark.parametrize("name", ["validate", "apply", "drift"])
def test_the_least_permissions_are_those_of_our_examples(name: str) -> None:
    job = workflow(f"{name}.yml").jobs[0]
    assert job.grants is not None
    assert job.grants.scopes == NEEDED[name]


# --- what was not seen is not concluded ------------------------------------------------------------


def test_nothing_is_concluded_of_what_could_not_be_looked_at() -> None:
    nothing = Facts(now=sound().now, policy_path=POLICY, requests_glob=REQUESTS, workflows=sound().workflows)
    assert ids(nothing) == set()


def test_a_part_of_the_branchs_rules_says_what_holds_and_not_what_does_not() -> None:
    partly = replace(sound(), branch_rules=BranchRules(is_whole=False, has_merge_queue=True))
    without = replace(
        partly,
        workflows=(
            workflow("validate.yml", b"on: pull_request\njobs: {v: {steps: [{uses: o/promoter@v1}]}}"),
        ),
    )
    assert "merge_queue_unchecked" in ids(without)
    assert not {one for one in ids(partly) if "review" in one or one.startswith(("branch", "check_"))}


def test_what_was_not_looked_at_is_told_and_is_no_error() -> None:
    facts = replace(sound(), unseen=(Unseen(what="The registry", why=say("nobody asked it")),))
    (finding,) = examine(facts)
    assert str(finding.found.message) == "The registry could not be looked at, because nobody asked it"
    assert finding.rule.severity is Severity.WARNING


def test_a_runner_by_expression_is_told() -> None:
    text = f"on: push\njobs: {{a: {{runs-on: '${{{{ vars.R }}}}', steps: [{{uses: o/promoter@{SHA}}}]}}}}"
    assert "self_hosted_runner" in ids(replace(sound(), workflows=(read(text),)))


def test_one_job_for_both_hands_the_writing_credential_to_pull_requests() -> None:
    text = (
        "on: [push, pull_request]\n"
        "jobs: {a: {environment: e, env: {P: '${{ secrets.W }}'}, steps: [{uses: o/promoter@v1}]}}"
    )
    assert "secret_shared" in ids(replace(sound(), workflows=(read(text),)))


def test_read_all_and_write_all_are_wide_and_never_narrow() -> None:
    text = "on: pull_request\npermissions: write-all\njobs: {a: {steps: [{uses: o/promoter@v1}]}}"
    found = ids(replace(sound(), workflows=(read(text),)))
    assert "permissions_wide" in found
    assert "permissions_narrow" not in found


def test_a_token_of_ones_own_is_not_given_by_permissions() -> None:
    text = (
        "on: pull_request\npermissions: {}\njobs: {a: {steps: [{uses: o/promoter@v1, "
        "with: {github-token: '${{ steps.app.outputs.token }}'}}]}}"
    )
    assert "permissions_narrow" not in ids(replace(sound(), workflows=(read(text),)))


@pytest.mark.parametrize("command", ["apply", "drift"])
@pytest.mark.parametrize(
    ("deployments", "more", "is_narrow"),
    [
        ("true", "", True),
        ("true", ", deployments: read", True),
        ("true", ", deployments: write", False),
        ("false", "", False),
    ],
)
def test_deployments_need_a_permission_where_they_are_asked_for(
    command: str, deployments: str, more: str, *, is_narrow: bool
) -> None:
    given = f"{{command: {command}, deployments: {deployments}}}"
    text = (
        f"on: push\npermissions: {{contents: read, issues: write, pull-requests: write{more}}}\n"
        f"jobs: {{a: {{steps: [{{uses: o/promoter@v1, with: {given}}}]}}}}"
    )
    assert ("permissions_narrow" in ids(replace(sound(), workflows=(read(text),)))) is is_narrow


def test_notes_of_a_public_repository_are_no_errors() -> None:
    about = sound().about
    assert about is not None
    facts = replace(sound(), about=replace(about, visibility=Visibility.PUBLIC), fork_approval="none")
    assert {one.rule.severity for one in examine(facts)} == {Severity.INFO}


def test_findings_come_worst_first() -> None:
    facts = replace(sound(), has_policy=False, policy=None, branch_rules=BranchRules(), sha_pinning=False)
    order = [list(Severity).index(one.rule.severity) for one in examine(facts)]
    assert order == sorted(order)
    assert len(set(order)) == 3


def test_ids_are_words_of_lower_case() -> None:
    assert all(rule.id.replace("_", "").isalpha() and rule.id.islower() for rule in RULES)


def test_a_group_alone_lets_runs_finish() -> None:
    text = "on: push\nconcurrency: apply\njobs: {a: {environment: e, steps: [{uses: o/promoter@v1}]}}"
    found = ids(replace(sound(), workflows=(read(text),)))
    assert not found & {"apply_cancelled", "apply_unordered"}


def test_values_that_pay_for_being_wrong_are_told() -> None:
    policy = sound().policy
    assert policy is not None
    value = BusinessValueRule(unit="USD", unsafe_inverted_values=Inverted.ALLOWED)
    rule = replace(policy.models[0], checks=Checks(business_value=value))
    assert ids(replace(sound(), policy=replace(policy, models=(rule,)))) == {"unsafe_setting"}
