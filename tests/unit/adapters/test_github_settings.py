"""Settings by API: what headers tell, and which refusals prove something."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from promoter.adapters.github_settings import GitHubSettings
from promoter.core.doctor import BranchRules, Visibility
from promoter.errors import PromoterError, ReasonCode
from tests.fakes.github_api import GitHubApi, github_api

REPOSITORY = {"default_branch": "main", "private": True, "visibility": "internal"}


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        yield answering


def settings(api: GitHubApi) -> GitHubSettings:
    return GitHubSettings(api.connection())


def test_headers_tell_scopes_server_and_clock(api: GitHubApi) -> None:
    headers = {
        "X-OAuth-Scopes": "repo, delete_repo",
        "X-GitHub-Enterprise-Version": "3.16.1",
        "Date": "Sun, 01 Mar 2026 09:00:00 GMT",
    }
    api.answers("GET", "/repos/acme/models", REPOSITORY, headers=headers)
    about = settings(api).about()
    assert about.scopes == frozenset({"repo", "delete_repo"})
    assert (about.enterprise, about.visibility) == ("3.16.1", Visibility.INTERNAL)
    assert about.date == datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(("private", "visibility"), [(True, Visibility.PRIVATE), (False, Visibility.PUBLIC)])
def test_an_old_server_tells_no_visibility(api: GitHubApi, private: bool, visibility: Visibility) -> None:
    api.answers(
        "GET",
        "/repos/acme/models",
        {"default_branch": "main", "private": private},
        headers={"Date": "yesterday"},
    )
    about = settings(api).about()
    assert (about.visibility, about.scopes, about.date, about.enterprise) == (visibility, None, None, "")


@pytest.mark.parametrize(
    ("status", "message", "is_whole"),
    [
        (404, "Branch not protected", True),
        (404, "Not Found", False),
        (403, "Resource not accessible by integration", False),
    ],
)
def test_only_githubs_own_words_prove_that_there_is_no_classic_protection(
    api: GitHubApi, status: int, message: str, is_whole: bool
) -> None:
    api.on("GET", "/rules/branches/main", (200, []))
    api.on("GET", "/branches/main", (200, {"name": "main", "protected": True}))
    api.on("GET", "/branches/main/protection", (status, {"message": message}))
    assert settings(api).branch_rules("main") == BranchRules(is_whole=is_whole)


def test_a_check_has_a_source_where_an_app_is_named(api: GitHubApi) -> None:
    sources: dict[str, dict[str, object]] = {
        "a": {},
        "b": {"integration_id": None},
        "c": {"integration_id": 15368},
    }
    listed = [{"context": name, **source} for name, source in sources.items()]
    rule = {"type": "required_status_checks", "parameters": {"required_status_checks": listed}}
    classic = [{"context": name, "app_id": app} for name, app in (("d", None), ("e", -1), ("f", 15368))]
    api.on("GET", "/rules/branches/main", (200, [rule]))
    api.on("GET", "/branches/main", (200, {"name": "main", "protected": True}))
    api.on(
        "GET",
        "/branches/main/protection",
        (200, {"required_status_checks": {"contexts": ["d", "e", "f", "g"], "checks": classic}}),
    )
    rules = settings(api).branch_rules("main")
    assert rules.required_checks == frozenset("abcdefg")
    assert rules.sourced_checks == frozenset("cf")


def test_an_unprotected_branch_is_not_asked_for_its_protection(api: GitHubApi) -> None:
    api.on("GET", "/rules/branches/main", (200, []))
    api.on("GET", "/branches/main", (200, {"name": "main", "protected": False}))
    assert settings(api).branch_rules("main") == BranchRules()


def test_an_outage_is_no_missing_protection(api: GitHubApi) -> None:
    api.on("GET", "/rules/branches/main", (200, []))
    api.on("GET", "/branches/main", (200, {"name": "main", "protected": True}))
    api.on("GET", "/branches/main/protection", (502, {"message": "oops"}))
    with pytest.raises(PromoterError) as caught:
        settings(api).branch_rules("main")
    assert caught.value.reason is ReasonCode.GITHUB_UNAVAILABLE


@pytest.mark.parametrize(
    "answer",
    [
        [{"type": "pull_request", "parameters": 3}],
        [{"type": 3}],
        [{"type": "required_status_checks", "parameters": {}}],
        {"message": "no list"},
    ],
)
def test_an_answer_that_makes_no_sense_is_none(api: GitHubApi, answer: object) -> None:
    api.on("GET", "/rules/branches/main", (200, answer))
    with pytest.raises(PromoterError) as caught:
        settings(api).branch_rules("main")
    assert caught.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_a_server_without_the_setting_does_not_pin(api: GitHubApi) -> None:
    api.on("GET", "/actions/permissions", (200, {"enabled": True}))
    assert settings(api).sha_pinning() is False


def test_a_limit_on_tags_is_no_branch(api: GitHubApi) -> None:
    limit = {"protected_branches": False, "custom_branch_policies": True}
    api.on("GET", "/environments/a%20b", (200, {"name": "a b", "deployment_branch_policy": limit}))
    policies = [{"name": "main", "type": "tag"}, {"name": "main"}]
    api.on(
        "GET",
        "/environments/a%20b/deployment-branch-policies",
        (200, {"total_count": 2, "branch_policies": policies}),
    )
    found = settings(api).environment("a b")
    assert found is not None
    assert found.branches == frozenset({"refs/tags/main", "main"})
