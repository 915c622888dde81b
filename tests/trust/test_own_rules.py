"""T01: what decides how the action is started comes with no request.

A workflow that uses a local action (`./.github/actions/promote`) takes its inputs from there.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from promoter.commands.validate import validate
from promoter.errors import ReasonCode
from tests.fakes.team import REQUEST, Team, request

RULES = [
    ".github/workflows/apply.yml",
    ".github/actions/promote/action.yml",
    ".github/actions/x.yaml",
    "tools/promote/action.yaml",
    "action.yml",
]


@pytest.mark.parametrize("path", RULES)
def test_t01_what_starts_the_action_and_requests_in_one_change(path: str) -> None:
    team = Team()
    team.propose(12, {REQUEST: request("7"), path: b"runs: {}\n"})
    report = validate(team.validate_world(), team.change())
    assert report.reason is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST


@pytest.mark.parametrize("path", RULES)
def test_t01_the_same_in_a_merge_group_which_names_no_paths(path: str) -> None:
    team = Team()
    team.propose(12, {REQUEST: request("7"), path: b"runs: {}\n"})
    change = replace(team.change(), paths=None, pull=None)
    assert validate(team.validate_world(), change).reason is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST


def test_t01_what_the_base_branch_brought_meanwhile_is_none_of_a_change() -> None:
    team = Team()
    team.propose(12, {REQUEST: request("7")})
    team.push({".github/workflows/apply.yml": b"on: push\n"})
    change = replace(team.change(), paths=None, pull=None)
    assert validate(team.validate_world(), change).reason is ReasonCode.VALIDATED
