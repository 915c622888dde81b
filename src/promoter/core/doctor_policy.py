"""The doctor's rules about the policy, the requests and the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from promoter.core.doctor import Facts, Found, Rights, Rule, Severity, found
from promoter.core.doctor_jobs import has_own_token
from promoter.core.layers import Strictness
from promoter.core.policy import Checks, Inverted, Mode, ModelRule
from promoter.core.policy import Severity as Weight
from promoter.core.prompt import Kind
from promoter.core.schema import FileKind
from promoter.core.schema_files import SCHEMAS, stale_words
from promoter.text import quote

_OLDEST_SERVER = (3, 10, 0)
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def _rules(facts: Facts) -> tuple[ModelRule, ...]:
    return facts.policy.models if facts.policy else ()


def _policy_missing(facts: Facts) -> Iterator[Found]:
    if not facts.has_policy:
        yield found("there is no policy at ", quote(facts.policy_path))


def _policy_invalid(facts: Facts) -> Iterator[Found]:
    if facts.has_policy and facts.policy is None and facts.policy_problem.parts:
        yield found(*facts.policy_problem.parts, path=facts.policy_path)


def can_fail(checks: Checks) -> bool:
    """Whether any check can reject: each that is asked for does, unless it only warns or measures."""
    always = (
        checks.description,
        checks.tags,
        checks.lineage,
        checks.signature,
        checks.artifacts,
        checks.inference,
        checks.business_value,
        checks.negative_flips,
        checks.prompt,
    )
    metrics = (*checks.metrics, *(metric for one in checks.slices for metric in one.metrics))
    weights = (*(one.severity for one in metrics), *(one.severity for one in checks.custom))
    return any(rule is not None for rule in always) or Weight.FAIL in weights


def _checks_only_warn(facts: Facts) -> Iterator[Found]:
    for rule in _rules(facts):
        if not can_fail(rule.checks):
            yield found("no check of ", quote(rule.match), " can reject", path=facts.policy_path)


def _nothing_enforced(facts: Facts) -> Iterator[Found]:
    rules = _rules(facts)
    if rules and all(rule.mode is not Mode.ENFORCE for rule in rules):
        yield found("every entry is `dry_run` or `disabled`", path=facts.policy_path)


def _approvals_zero(facts: Facts) -> Iterator[Found]:
    if facts.policy and facts.policy.approvals.minimum == 0:
        yield found("`approvals.minimum` is 0", path=facts.policy_path)


def _author_counts(facts: Facts) -> Iterator[Found]:
    if facts.policy and facts.policy.approvals.author_counts:
        yield found("`approvals.allow_author` is true", path=facts.policy_path)


def _team_unreadable(facts: Facts) -> Iterator[Found]:
    teams = [one for one in facts.policy.approvals.approvers if "/" in one] if facts.policy else []
    for use in facts.running("apply") if teams else ():
        if has_own_token(use):
            yield found(
                "the job's own token cannot read who is in ",
                quote(", ".join(teams)),
                path=use.workflow.path,
                line=use.step.line,
            )


def _unsafe_setting(facts: Facts) -> Iterator[Found]:
    for rule in _rules(facts):
        value = rule.checks.business_value
        if rule.unsafe_sandbox is not Strictness.REQUIRED:
            yield found("`unsafe_sandbox` is used for ", quote(rule.match), path=facts.policy_path)
        if value is not None and value.unsafe_inverted_values is not Inverted.REFUSED:
            yield found("`unsafe_inverted_values` is used for ", quote(rule.match), path=facts.policy_path)


def _rule_matches_nothing(facts: Facts) -> Iterator[Found]:
    for rule in _rules(facts):
        names, called = _named(facts, rule.kind)
        if names is not None and not any(fnmatchcase(name, rule.match) for name in names):
            yield found(f"no {called} matches ", quote(rule.match), path=facts.policy_path)


def _named(facts: Facts, kind: Kind) -> tuple[frozenset[str] | None, str]:
    if kind is Kind.PROMPT:
        return facts.prompts, "prompt"
    return facts.models, "registered model"


def _request_without_rule(facts: Facts) -> Iterator[Found]:
    for request in facts.requests if facts.policy else ():
        rule = facts.policy.rule_for(request.model, request.kind) if facts.policy else None
        if rule is None or rule.mode is Mode.DISABLED or request.alias not in rule.aliases:
            what = quote("@".join(request.key))
            yield found("the policy allows no request for ", what, path=request.path, line=1)
        elif not rule.sources.allow(request.source):
            asked = quote(str(request.source))
            message = ("the policy lets no request copy ", asked, " to ", quote(request.model))
            yield found(*message, path=request.path, line=1)


def _requests_invalid(facts: Facts) -> Iterator[Found]:
    for one in facts.request_problems:
        message = (*one.found.parts, ". ", *one.write.parts)
        yield found(*message, path=one.path, line=one.line)


def _requests_absent(facts: Facts) -> Iterator[Found]:
    if not facts.has_requests:
        yield found("no file matches ", quote(facts.requests_glob))


def _schema_stale(facts: Facts) -> Iterator[Found]:
    for kind in facts.stale_schemas:
        yield found(*stale_words(FileKind(kind)).parts, path=SCHEMAS[kind])


def _registry_writable(facts: Facts) -> Iterator[Found]:
    if facts.rights is Rights.WRITE:
        yield found("with the credentials of this run an alias can be set")


def _registry_open(facts: Facts) -> Iterator[Found]:
    if facts.rights is Rights.OPEN:
        yield found("the server answers whoever asks, without credentials")


def _registry_old(facts: Facts) -> Iterator[Found]:
    match = _VERSION.match(facts.server_version or "")
    if match and tuple(int(number) for number in match.groups()) < _OLDEST_SERVER:
        yield found("the server runs MLflow ", quote(facts.server_version))


POLICY_RULES = (
    Rule(
        id="policy_missing",
        severity=Severity.ERROR,
        why="Without a policy every request is refused.",
        fix="Add one by a pull request of its own; `examples/promotion-policy.yaml` is a start.",
        look=_policy_missing,
    ),
    Rule(
        id="policy_invalid",
        severity=Severity.ERROR,
        why="A policy that cannot be read refuses every request.",
        fix="Correct it; `docs/policy.md` shows every key.",
        look=_policy_invalid,
    ),
    Rule(
        id="checks_only_warn",
        severity=Severity.WARNING,
        why="Every version passes: its figures are shown, and decide nothing.",
        fix="Give at least one metric or custom check `severity: fail`, or add another check.",
        paste="severity: fail",
        look=_checks_only_warn,
    ),
    Rule(
        id="nothing_enforced",
        severity=Severity.WARNING,
        why="No alias is ever moved.",
        fix="Set the mode where you trust the checks.",
        paste="mode: enforce",
        look=_nothing_enforced,
    ),
    Rule(
        id="approvals_zero",
        severity=Severity.WARNING,
        why="Whoever may merge may promote: the branch's protection alone asks for a review.",
        fix="Ask for at least one approval.",
        paste="approvals: {minimum: 1}",
        look=_approvals_zero,
    ),
    Rule(
        id="author_counts",
        severity=Severity.WARNING,
        why="Whoever wrote a change may be its approver.",
        fix="Remove the line.",
        look=_author_counts,
    ),
    Rule(
        id="team_unreadable",
        severity=Severity.ERROR,
        why="Apply cannot tell who may approve, and ends with `permission_denied`.",
        fix="List people, or give the step a GitHub App's token with `members: read`.",
        paste="with:\n  github-token: ${{ steps.app-token.outputs.token }}",
        look=_team_unreadable,
    ),
    Rule(
        id="unsafe_setting",
        severity=Severity.WARNING,
        why="It is what it says: a defence is off.",
        fix="Remove the line, or write down beside it why it is there.",
        look=_unsafe_setting,
    ),
    Rule(
        id="rule_matches_nothing",
        severity=Severity.WARNING,
        why="A name that was mistyped leaves the model to a later, wider entry. (These credentials may "
        "also not "
        "be shown the model.)",
        fix="Correct `match:`; names are exact, capitals too.",
        look=_rule_matches_nothing,
    ),
    Rule(
        id="request_without_rule",
        severity=Severity.ERROR,
        why="The next change of this file is refused with `alias_not_allowed`.",
        fix="Add the model and the alias to the policy, or delete the request.",
        look=_request_without_rule,
    ),
    Rule(
        id="requests_invalid",
        severity=Severity.ERROR,
        why="One wrong file on the default branch stops every apply.",
        fix="Correct the file.",
        look=_requests_invalid,
    ),
    Rule(
        id="requests_absent",
        severity=Severity.WARNING,
        why="Either nothing was asked for yet, or the glob looks in the wrong place, and requests are not "
        "seen.",
        fix="Check the input `requests`; it is `promotions/**/*.yaml` unless given.",
        look=_requests_absent,
    ),
    Rule(
        id="schema_stale",
        severity=Severity.WARNING,
        why="Editors go by it: they underline what Promoter reads, or pass what it refuses.",
        fix="Write it anew, in a pull request without promotion requests.",
        look=_schema_stale,
    ),
)
REGISTRY_RULES = (
    Rule(
        id="registry_writable",
        severity=Severity.ERROR,
        why="Doctor is to be run with validate's credentials. If these are validate's, whoever may push a "
        "branch "
        "can move every alias past Promoter.",
        fix="Make a user with READ on the models for validate; keep the one with EDIT in apply's "
        "environment.",
        look=_registry_writable,
    ),
    Rule(
        id="registry_open",
        severity=Severity.WARNING,
        why="Everybody who reaches the server can move every alias: Promoter then only says what should be.",
        fix="Start the server with authentication, `mlflow server --app-name basic-auth`, or behind one.",
        paste="mlflow server --app-name basic-auth",
        look=_registry_open,
    ),
    Rule(
        id="registry_old",
        severity=Severity.WARNING,
        why="Before 3.10.0 any user of the server could overwrite the files of other people's models "
        "(CVE-2026-2651).",
        fix="Upgrade the server to MLflow 3.10.0 or newer.",
        look=_registry_old,
    ),
)
