"""The doctor's rules about the default branch: what has to hold before it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promoter.core.doctor import BranchRules, Facts, Found, Rule, Severity, found
from promoter.text import quote

_PROTECT = "Settings → Rules → Rulesets → New branch ruleset, target: the default branch"


def _lacking(holds: Callable[[BranchRules], bool], *, words: str) -> Callable[[Facts], Iterator[Found]]:
    """A rule that wants something of the branch; where only a part could be read, nothing is concluded."""

    def look(facts: Facts) -> Iterator[Found]:
        rules = facts.branch_rules
        if facts.about and rules and rules.is_whole and not holds(rules):
            yield found("the branch ", quote(facts.about.default_branch), f" {words}")

    return look


def _check_not_required(facts: Facts) -> Iterator[Found]:
    rules = facts.branch_rules
    if rules is None or not rules.is_whole:
        return
    for use in facts.running("validate"):
        if use.job.name not in rules.required_checks:
            yield found(
                "the job ",
                quote(use.job.name),
                " judges requests, and is no required status check",
                path=use.workflow.path,
                line=use.job.line,
            )


def _check_from_anybody(facts: Facts) -> Iterator[Found]:
    rules = facts.branch_rules
    if rules is None or not rules.is_whole:
        return
    for use in facts.running("validate"):
        if use.job.name in rules.required_checks - rules.sourced_checks:
            yield found(
                "the required status check ",
                quote(use.job.name),
                " may come from any source",
                path=use.workflow.path,
                line=use.job.line,
            )


def _merge_queue_unchecked(facts: Facts) -> Iterator[Found]:
    rules = facts.branch_rules
    if rules is None or not rules.has_merge_queue:
        return
    judging = facts.running("validate")
    queued = {trigger.name for use in judging for trigger in use.workflow.triggers}
    for use in judging if "merge_group" not in queued else ():
        yield found(
            "the merge queue is on, and this workflow does not run on `merge_group`", path=use.workflow.path
        )


RULES = (
    Rule(
        id="branch_unprotected",
        severity=Severity.ERROR,
        why="Whoever may push to the default branch sets the policy: it is read from there.",
        fix=f"{_PROTECT}: restrict deletions, block force pushes, require a pull request.",
        look=_lacking(lambda rules: rules.is_protected, words="is not protected"),
    ),
    Rule(
        id="review_not_required",
        severity=Severity.ERROR,
        why="Without a review one person can change the policy and the workflows that judge their own model.",
        fix=f"{_PROTECT}: require a pull request, required approvals: 1 or more.",
        look=_lacking(lambda rules: rules.approvals > 0, words="takes a merge that nobody approved"),
    ),
    Rule(
        id="stale_approvals_kept",
        severity=Severity.WARNING,
        why="A change of the policy or of a workflow that is pushed after the approval is merged unseen. "
        "(Approvals of requests are bound to their content by Promoter itself.)",
        fix=f"{_PROTECT}: require a pull request, dismiss stale pull request approvals on new commits.",
        look=_lacking(lambda rules: rules.dismisses_stale, words="keeps approvals when commits are added"),
    ),
    Rule(
        id="last_push_not_approved",
        severity=Severity.WARNING,
        why="A commit may carry anybody's name, and GitHub does not tell Promoter who pushed it: a reviewer "
        "who pushes under another name approves their own change.",
        fix=f"{_PROTECT}: require a pull request, require approval of the most recent reviewable push.",
        look=_lacking(
            lambda rules: rules.last_push_needs_approval, words="lets whoever pushed last approve it"
        ),
    ),
    Rule(
        id="code_owners_not_asked",
        severity=Severity.WARNING,
        why="CODEOWNERS names who looks after workflows and policy; without this setting it is only a hint.",
        fix=f"{_PROTECT}: require a pull request, require review from Code Owners.",
        look=_lacking(lambda rules: rules.code_owners_review, words="does not ask code owners for a review"),
    ),
    Rule(
        id="force_push_allowed",
        severity=Severity.WARNING,
        why="The branch's history is the record of who held an alias; a force push rewrites it.",
        fix=f"{_PROTECT}: block force pushes.",
        look=_lacking(lambda rules: rules.refuses_force_push, words="may be force-pushed"),
    ),
    Rule(
        id="check_not_required",
        severity=Severity.ERROR,
        why="A rejected request can be merged. Apply judges again and refuses it; git then says one thing "
        "and "
        "the registry another.",
        fix=f"{_PROTECT}: require status checks to pass, and add the job by its name.",
        look=_check_not_required,
    ),
    Rule(
        id="check_from_anybody",
        severity=Severity.WARNING,
        why="Anybody with write permission can report a commit status of that name as passed, whatever the "
        "job said, and merge. Apply judges again and refuses it; git then says one thing and the registry "
        "another.",
        fix=f"{_PROTECT}: require status checks to pass, and choose GitHub Actions as the source of the "
        "check.",
        look=_check_from_anybody,
    ),
    Rule(
        id="merge_queue_unchecked",
        severity=Severity.ERROR,
        why="A merge queue waits for the required check on its own branch: without it nothing is ever "
        "merged, "
        "or it is merged unjudged.",
        fix="Add the event to `on:` of the workflow that validates.",
        paste="on:\n  pull_request:\n  merge_group:",
        look=_merge_queue_unchecked,
    ),
)
