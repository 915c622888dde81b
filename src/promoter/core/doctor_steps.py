"""The doctor's rules about workflows: what starts them, and which steps stand beside Promoter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promoter.core.doctor import Facts, Found, Rule, Severity, found
from promoter.core.doctor_workflow import Job, Use, Workflow, WorkflowStep
from promoter.text import quote

_DANGEROUS = frozenset({"pull_request_target", "workflow_run", "issue_comment"})
_JUDGED = frozenset({"pull_request", "pull_request_target", "merge_group"})
_PATH_FILTERS = frozenset({"paths", "paths-ignore"})
_ACTOR = re.compile(r"github\.(?:triggering_)?actor\s*[!=]=|[!=]=\s*github\.(?:triggering_)?actor\b")
_PINNED = re.compile(r"[^@]+@[0-9a-f]{40}|docker://[^@]+@sha256:[0-9a-f]{64}|\./.*")
_PULLS_CODE = re.compile(r"pull_request\.head|github\.head_ref|refs/pull/|pull_request\.merge_commit_sha")
_SELF_HOSTED = "self-hosted"
_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-[\w.-]+")


def _workflows(facts: Facts) -> tuple[Workflow, ...]:
    """Those in which Promoter runs, each once."""
    return tuple({use.workflow.path: use.workflow for use in facts.uses}.values())


def _jobs(facts: Facts) -> tuple[tuple[Workflow, Job], ...]:
    """The jobs in which Promoter runs, each once."""
    found_jobs = {(use.workflow.path, use.job.id): (use.workflow, use.job) for use in facts.uses}
    return tuple(found_jobs.values())


def _checkouts(job: Job) -> Iterator[WorkflowStep]:
    yield from (step for step in job.steps if step.uses.partition("@")[0].casefold() == "actions/checkout")


def _validate_missing(facts: Facts) -> Iterator[Found]:
    if not facts.running("validate") and not facts.unread_workflows:
        yield found("no workflow on the default branch validates")


def _apply_missing(facts: Facts) -> Iterator[Found]:
    if not facts.running("apply") and not facts.unread_workflows:
        yield found("no workflow on the default branch applies")


def _workflow_unread(facts: Facts) -> Iterator[Found]:
    for path in facts.unread_workflows:
        yield found("this workflow names Promoter and cannot be read for certain", path=path)


def _event_dangerous(facts: Facts) -> Iterator[Found]:
    for workflow in _workflows(facts):
        for trigger in workflow.triggers:
            if trigger.name in _DANGEROUS:
                yield found("it runs on ", quote(trigger.name), path=workflow.path, line=trigger.line)


def _validate_filtered(facts: Facts) -> Iterator[Found]:
    seen = {use.workflow.path: use.workflow for use in facts.running("validate")}
    for workflow in seen.values():
        for trigger in workflow.triggers:
            if trigger.name.startswith("pull_request") and trigger.filters & _PATH_FILTERS:
                yield found(
                    "validate runs on some paths only (",
                    quote(", ".join(sorted(trigger.filters & _PATH_FILTERS))),
                    ")",
                    path=workflow.path,
                    line=trigger.line,
                )


def _validate_conditional(facts: Facts) -> Iterator[Found]:
    for use in facts.running("validate"):
        judged = {one.name for one in use.workflow.triggers} & _JUDGED
        if use.job.condition and not (use.job.only_on and judged <= use.job.only_on):
            yield found(
                "the job that validates is skipped unless ",
                quote(use.job.condition),
                path=use.workflow.path,
                line=use.job.line,
            )


def _actor_believed(facts: Facts) -> Iterator[Found]:
    for workflow in _workflows(facts):
        for line, condition in workflow.conditions:
            if _ACTOR.search(condition):
                yield found("it asks ", quote(condition), path=workflow.path, line=line)


def _action_unpinned(facts: Facts) -> Iterator[Found]:
    for workflow, job in _jobs(facts):
        for step in job.steps:
            if step.uses and not _PINNED.fullmatch(step.uses):
                yield found(quote(step.uses), " is no commit", path=workflow.path, line=step.line)


def _checkout_keeps_token(facts: Facts) -> Iterator[Found]:
    for workflow, job in _jobs(facts):
        for step in _checkouts(job):
            if step.given.get("persist-credentials", "true").casefold() != "false":
                yield found(
                    "the checkout leaves its token where model code runs", path=workflow.path, line=step.line
                )


def _untrusted_checkout(facts: Facts) -> Iterator[Found]:
    for workflow, job in _jobs(facts):
        for step in _checkouts(job):
            wanted = f"{step.given.get('ref', '')} {step.given.get('repository', '')}"
            if _PULLS_CODE.search(wanted):
                yield found(
                    "it fetches the pull request's own code: ",
                    quote(wanted.strip()),
                    path=workflow.path,
                    line=step.line,
                )


def _self_hosted(facts: Facts) -> Iterator[Found]:
    for workflow, job in _jobs(facts):
        own = [name for name in job.runs_on if not _HOSTED.fullmatch(name) or name == _SELF_HOSTED]
        if own:
            yield found("the job runs on ", quote(", ".join(own)), path=workflow.path, line=job.line)


def _differing_places(facts: Facts) -> Iterator[Found]:
    def places(use: Use) -> tuple[str, str]:
        given = use.step.given
        return (
            (given.get("requests") or facts.requests_glob).removeprefix("./"),
            (given.get("policy") or facts.policy_path).removeprefix("./"),
        )

    for use in facts.uses:
        if places(use) != (facts.requests_glob, facts.policy_path):
            yield found(
                "this step reads ",
                quote(" and ".join(places(use))),
                ", another or this run ",
                quote(f"{facts.requests_glob} and {facts.policy_path}"),
                path=use.workflow.path,
                line=use.step.line,
            )


_COPY = "Copy it from `examples/workflows/`."
RULES = (
    Rule(
        id="validate_missing",
        severity=Severity.ERROR,
        why="Nothing judges a request before it is merged.",
        fix=_COPY,
        look=_validate_missing,
    ),
    Rule(
        id="apply_missing",
        severity=Severity.WARNING,
        why="Nothing moves an alias after a merge, unless somebody runs `promoter apply`.",
        fix=_COPY,
        look=_apply_missing,
    ),
    Rule(
        id="workflow_unread",
        severity=Severity.WARNING,
        why="None of the other rules looked at it: it holds YAML that two readers may take differently "
        "(anchors, "
        "tags, doubled keys), or is very large.",
        fix="Write it in plain YAML.",
        look=_workflow_unread,
    ),
    Rule(
        id="event_dangerous",
        severity=Severity.ERROR,
        why="These events run with the repository's secrets on something that anybody may start. Promoter "
        "refuses to run models or to apply on them; other steps of the job may be less careful.",
        fix="Start validate on `pull_request` and `merge_group`, apply on `push`.",
        paste="on:\n  pull_request:\n  merge_group:",
        look=_event_dangerous,
    ),
    Rule(
        id="validate_filtered",
        severity=Severity.ERROR,
        why="A required check that a filter skips stays pending for good, or counts as passed.",
        fix="Remove the filter: on a change without requests the job ends at once, and is green.",
        look=_validate_filtered,
    ),
    Rule(
        id="validate_conditional",
        severity=Severity.ERROR,
        why="A job that is skipped counts as a required check that passed.",
        fix="Remove the job's `if:`.",
        look=_validate_conditional,
    ),
    Rule(
        id="actor_believed",
        severity=Severity.WARNING,
        why="The actor is whoever caused this run, not who wrote the change: others can make a bot the "
        "actor.",
        fix="Ask `github.event.pull_request.user.login`, or nothing.",
        look=_actor_believed,
    ),
    Rule(
        id="action_unpinned",
        severity=Severity.WARNING,
        why="Tags move. Whoever owns the action, or takes it over, decides what runs beside the credentials.",
        fix="Pin the commit, with the version as a comment.",
        paste="uses: your-org/promoter@<commit, 40 digits> # v1.0.0",
        look=_action_unpinned,
    ),
    Rule(
        id="checkout_keeps_token",
        severity=Severity.WARNING,
        why="The checkout keeps the job's token in a file beside the models that run later in the job.",
        fix="Remove the checkout, Promoter needs none; else tell it not to keep the token.",
        paste="with:\n  persist-credentials: false",
        look=_checkout_keeps_token,
    ),
    Rule(
        id="untrusted_checkout",
        severity=Severity.ERROR,
        why="Files of a pull request, written by whoever opened it, then lie in a job that holds "
        "credentials.",
        fix="Remove the checkout: Promoter reads requests by API, and never from disk.",
        look=_untrusted_checkout,
    ),
    Rule(
        id="self_hosted_runner",
        severity=Severity.WARNING,
        why="What a model leaves on a machine that lives on, the next job meets, outside of any sandbox.",
        fix="Use GitHub's runners, or ephemeral ones that are made anew for each job.",
        paste="runs-on: ubuntu-24.04",
        look=_self_hosted,
    ),
    Rule(
        id="places_differ",
        severity=Severity.ERROR,
        why="Requests that validate never sees are applied, or are judged by another policy.",
        fix="Give every step the same `requests` and `policy`, doctor's too.",
        look=_differing_places,
    ),
)
