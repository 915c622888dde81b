"""What GitHub tells of a repository's settings: rules of branches, environments, Actions, code owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import reduce
from http import HTTPStatus

from promoter.adapters.github_answers import Answer, Record, flag, maybe_text, number, record, records, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.core.doctor import About, BranchRules, Environment, Visibility, WorkflowSettings
from promoter.errors import PromoterError, ReasonCode

# What a branch without classic protection answers to whoever may read it. Others get 404 "Not Found".
_PROVEN_ABSENT = "Branch not protected"
_NO_DIRECT_PUSH = frozenset({"pull_request", "update", "merge_queue", "required_status_checks"})


class GitHubSettings:
    """Implements `doctor_ports.RepositorySettings`."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection

    def about(self) -> About:
        """Repository, token and server; one request, which every token that sees the repository may make."""
        answer = self._connection.get(self._connection.in_repository(), what="reading the repository")
        scopes = answer.headers.get("x-oauth-scopes")
        return About(
            default_branch=text(answer.data, "default_branch"),
            visibility=_visibility(answer.data),
            scopes=None if scopes is None else frozenset(_words(scopes)),
            enterprise=answer.headers.get("x-github-enterprise-version", ""),
            date=_date(answer.headers),
        )

    def branch_rules(self, branch: str) -> BranchRules:
        """Rulesets and classic protection together; `is_whole` False where the latter was not shown."""
        what = f"reading the rules of the branch {branch}"
        segments = branch.split("/")
        at = self._connection.in_repository("rules", "branches", *segments)
        rules = _together([_of_rule(rule) for rule in self._connection.items(at, what=what)])
        shown = self._connection.get(self._connection.in_repository("branches", *segments), what=what)
        if not flag(shown.data, "protected"):
            return rules
        classic = self._classic(segments, what=f"reading the protection of the branch {branch}")
        if classic is None:
            return replace(rules, is_whole=False)
        return _together([rules, classic])

    def _classic(self, segments: list[str], *, what: str) -> BranchRules | None:
        """The classic protection, nothing at all where there is none, None where it is not shown."""
        at = self._connection.in_repository("branches", *segments, "protection")
        try:
            answer = self._connection.get(at, what=what, accept={HTTPStatus.NOT_FOUND})
        except PromoterError as error:
            if error.reason is ReasonCode.PERMISSION_DENIED:
                return None
            raise
        if answer.status == HTTPStatus.NOT_FOUND:
            return BranchRules() if answer.said == _PROVEN_ABSENT else None
        return _of_protection(record(answer.data))

    def environment(self, name: str) -> Environment | None:
        """An environment and the branches it is limited to; None where there is none of that name."""
        what = f"reading the environment {name}"
        at = self._connection.in_repository("environments", name)
        answer = self._connection.get(at, what=what, accept={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        limit = record(answer.data).get("deployment_branch_policy")
        if limit is None:
            return Environment(name=name)
        if flag(limit, "protected_branches"):
            return Environment(name=name, branches=frozenset(), protected_branches=True)
        return Environment(name=name, branches=frozenset(self._patterns(name, what=what)))

    def _patterns(self, name: str, *, what: str) -> Iterator[str]:
        at = self._connection.in_repository("environments", name, "deployment-branch-policies")
        page, seen = 1, 0
        while True:
            parameters = {"per_page": "100", "page": str(page)}
            answer = self._connection.get(at, what=what, parameters=parameters)
            policies = records(answer.data, "branch_policies")
            yield from (_pattern(policy) for policy in policies)
            page, seen = page + 1, seen + len(policies)
            if not policies or seen >= number(answer.data, "total_count"):
                return

    def workflow_settings(self) -> WorkflowSettings:
        """What workflows' tokens may do; needs `administration: read`."""
        answer = self._permissions("workflow", what="reading the settings of workflows")
        return WorkflowSettings(
            token_writes=text(answer.data, "default_workflow_permissions") == "write",
            may_approve=flag(answer.data, "can_approve_pull_request_reviews"),
        )

    def sha_pinning(self) -> bool:
        """Whether actions have to be pinned by commit; needs `administration: read`. Old servers know no such
        setting: False."""
        answer = self._permissions(what="reading which actions are allowed")
        return record(answer.data).get("sha_pinning_required") is True

    def fork_approval(self) -> str:
        """For whose forks a run of workflows waits for approval; needs `administration: read`."""
        answer = self._permissions("fork-pr-contributor-approval", what="reading who may start workflows")
        return text(answer.data, "approval_policy")

    def _permissions(self, *segments: str, what: str) -> Answer:
        at = self._connection.in_repository("actions", "permissions", *segments)
        return self._connection.get(at, what=what)

    def code_owners_errors(self, commit: str) -> tuple[tuple[int, str], ...]:
        """The lines of CODEOWNERS that GitHub does not take, at a commit; (line, what is wrong)."""
        at = self._connection.in_repository("codeowners", "errors")
        answer = self._connection.get(
            at, what="reading what is wrong in CODEOWNERS", parameters={"ref": commit}
        )
        return tuple(
            (number(error, "line"), f"{text(error, 'kind')}: {text(error, 'source').strip()}")
            for error in records(answer.data, "errors")
        )


@dataclass(frozen=True)
class _Reader:
    """The fields of one rule; what a server leaves out does not hold."""

    data: Mapping[str, object]

    def holds(self, *keys: str) -> bool:
        value: object = self.data
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value is True

    def count(self, key: str) -> int:
        return number(self.data, key) if self.data.get(key) is not None else 0


def _of_rule(rule: Record) -> BranchRules:
    """What one rule of a ruleset asks for."""
    kind = text(rule, "type")
    given = rule.get("parameters")
    fields = _Reader(record(given) if given is not None else {})
    checks = records(fields.data, kind) if kind == "required_status_checks" else []
    return BranchRules(
        is_protected=kind in _NO_DIRECT_PUSH,
        approvals=fields.count("required_approving_review_count"),
        dismisses_stale=fields.holds("dismiss_stale_reviews_on_push"),
        last_push_needs_approval=fields.holds("require_last_push_approval"),
        code_owners_review=fields.holds("require_code_owner_review"),
        refuses_force_push=kind == "non_fast_forward",
        has_merge_queue=kind == "merge_queue",
        required_checks=frozenset(text(one, "context") for one in checks),
        sourced_checks=_sourced(checks, "integration_id"),
    )


def _of_protection(protection: Record) -> BranchRules:
    """What classic protection asks for."""
    asked = protection.get("required_pull_request_reviews")
    reviews = _Reader(record(asked) if asked is not None else {})
    checks = protection.get("required_status_checks")
    restricted = protection.get("restrictions") is not None
    return BranchRules(
        is_protected=restricted or asked is not None or checks is not None,
        approvals=reviews.count("required_approving_review_count"),
        dismisses_stale=reviews.holds("dismiss_stale_reviews"),
        last_push_needs_approval=reviews.holds("require_last_push_approval"),
        code_owners_review=reviews.holds("require_code_owner_reviews"),
        refuses_force_push=not _Reader(protection).holds("allow_force_pushes", "enabled"),
        required_checks=frozenset(_contexts(record(checks))) if checks is not None else frozenset(),
        sourced_checks=_sourced(_listed(record(checks)), "app_id") if checks is not None else frozenset(),
    )


def _contexts(checks: Record) -> Iterator[str]:
    contexts = checks.get("contexts")
    yield from (one for one in contexts if isinstance(one, str)) if isinstance(contexts, list) else ()
    yield from (text(one, "context") for one in _listed(checks))


def _listed(checks: Record) -> list[Record]:
    return records(checks, "checks") if checks.get("checks") is not None else []


def _sourced(checks: list[Record], key: str) -> frozenset[str]:
    """The checks that name the app which has to report them; none, null and -1 mean any."""
    apps = ((text(one, "context"), one.get(key)) for one in checks)
    return frozenset(context for context, app in apps if isinstance(app, int) and app > 0)


def _together(rules: list[BranchRules]) -> BranchRules:
    """Rules add up: of each thing the strictest holds."""
    return reduce(_both, rules, BranchRules())


def _both(one: BranchRules, other: BranchRules) -> BranchRules:
    return BranchRules(
        is_whole=one.is_whole and other.is_whole,
        is_protected=one.is_protected or other.is_protected,
        approvals=max(one.approvals, other.approvals),
        dismisses_stale=one.dismisses_stale or other.dismisses_stale,
        last_push_needs_approval=one.last_push_needs_approval or other.last_push_needs_approval,
        code_owners_review=one.code_owners_review or other.code_owners_review,
        refuses_force_push=one.refuses_force_push or other.refuses_force_push,
        has_merge_queue=one.has_merge_queue or other.has_merge_queue,
        required_checks=one.required_checks | other.required_checks,
        sourced_checks=one.sourced_checks | other.sourced_checks,
    )


def _pattern(policy: Record) -> str:
    """A pattern for tags is no branch of that name."""
    name = text(policy, "name")
    return f"refs/tags/{name}" if maybe_text(policy, "type") == "tag" else name


def _visibility(data: object) -> Visibility:
    told = maybe_text(data, "visibility")
    if told is not None and told in set(Visibility):
        return Visibility(told)
    return Visibility.PRIVATE if flag(data, "private") else Visibility.PUBLIC


def _words(header: str) -> Iterator[str]:
    yield from (word.strip() for word in header.split(",") if word.strip())


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
