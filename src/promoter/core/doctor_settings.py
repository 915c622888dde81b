"""The doctor's rules about environments, GitHub's settings for Actions, the token and this machine."""

from __future__ import annotations

from collections.abc import Iterator

from promoter.core.doctor import Environment, Facts, Found, Rule, Severity, Visibility, found
from promoter.text import quote

_MOST_SKEW_SECONDS = 60
_SETTINGS = "Settings → Actions → General"
_LIMIT = (
    "Settings → Environments → the environment → Deployment branches and tags → Selected branches and tags → "
    "add a rule for the default branch, and no other."
)
# What a person's own tools ask for; whatever goes beyond lets a leaked token do harm elsewhere.
_USUAL_SCOPES = frozenset(
    {"repo", "public_repo", "repo:status", "read:org", "read:user", "user:email", "gist", "workflow"}
)


def _environment_unnamed(facts: Facts) -> Iterator[Found]:
    for use in facts.running("apply"):
        if not use.job.environment:
            yield found(
                "the job ",
                quote(use.job.id),
                " applies, and names no environment",
                path=use.workflow.path,
                line=use.job.line,
            )


def _used(facts: Facts) -> Iterator[tuple[str, Environment | None, Found]]:
    """Each environment of a job that applies, as far as it was looked at."""
    for use in facts.running("apply"):
        name = use.job.environment
        if name in facts.environments:
            place = found(path=use.workflow.path, line=use.job.line)
            yield name, facts.environments[name], place


def _environment_unknown(facts: Facts) -> Iterator[Found]:
    for name, environment, at in _used(facts):
        if environment is None:
            yield found("there is no environment ", quote(name), path=at.path, line=at.line)


def _environment_open(facts: Facts) -> Iterator[Found]:
    for name, environment, at in _used(facts):
        if environment is None or environment.protected_branches or facts.about is None:
            continue
        if environment.branches is None:
            yield found("every branch may use the environment ", quote(name), path=at.path, line=at.line)
        for pattern in sorted((environment.branches or frozenset()) - {facts.about.default_branch}):
            yield found(
                "branches that match ",
                quote(pattern),
                " may use the environment ",
                quote(name),
                path=at.path,
                line=at.line,
            )


def _environment_protected_branches(facts: Facts) -> Iterator[Found]:
    for name, environment, at in _used(facts):
        if environment is not None and environment.protected_branches:
            yield found(
                "whatever branch is protected may use the environment ",
                quote(name),
                path=at.path,
                line=at.line,
            )


def _actions_may_approve(facts: Facts) -> Iterator[Found]:
    if facts.workflow_settings and facts.workflow_settings.may_approve:
        yield found("GitHub Actions may create and approve pull requests")


def _default_token_writes(facts: Facts) -> Iterator[Found]:
    if facts.workflow_settings and facts.workflow_settings.token_writes:
        yield found("a workflow that says nothing of `permissions:` gets a token that may write")


def _pinning_optional(facts: Facts) -> Iterator[Found]:
    if facts.sha_pinning is False:
        yield found("workflows may use actions by tag or branch")


def _fork_runs_unasked(facts: Facts) -> Iterator[Found]:
    is_public = facts.about is not None and facts.about.visibility is Visibility.PUBLIC
    if is_public and facts.fork_approval not in {None, "all_external_contributors"}:
        yield found("workflows of forks start without approval for ", quote(f"not {facts.fork_approval}"))


def _figures_are_public(facts: Facts) -> Iterator[Found]:
    if facts.about is not None and facts.about.visibility is Visibility.PUBLIC:
        yield found("everybody can read the comments: names of models, versions, figures")


def _token_too_wide(facts: Facts) -> Iterator[Found]:
    scopes = facts.about.scopes if facts.about else None
    if scopes is not None and scopes - _USUAL_SCOPES:
        yield found("the token also carries ", quote(", ".join(sorted(scopes - _USUAL_SCOPES))))


def _queue_on_enterprise(facts: Facts) -> Iterator[Found]:
    if facts.about is None or not facts.about.enterprise:
        return
    for workflow in facts.workflows:
        lines = {one.line for job in workflow.jobs for one in job.concurrency if one.queue}
        for line in sorted(lines):
            yield found(
                "`queue:` is not known to GitHub Enterprise Server ",
                quote(facts.about.enterprise),
                path=workflow.path,
                line=line,
            )


def _clock_skew(facts: Facts) -> Iterator[Found]:
    if facts.about is None or facts.about.date is None:
        return
    seconds = (facts.now - facts.about.date).total_seconds()
    if abs(seconds) > _MOST_SKEW_SECONDS:
        ahead = "ahead of" if seconds > 0 else "behind"
        yield found(f"the clock of this machine is {abs(seconds):,.0f} s {ahead} GitHub's")


def _sandbox_incomplete(facts: Facts) -> Iterator[Found]:
    for layer, why in (facts.gone_layers or {}).items():
        yield found("the layer ", quote(layer), " of the sandbox does not hold here: ", quote(why))


RULES = (
    Rule(
        id="environment_unnamed",
        severity=Severity.ERROR,
        why="Without an environment the writing credential is a secret of the whole repository: anybody "
        "who may "
        "push a branch can print it from a workflow of their own.",
        fix="Name an environment in the job that applies, move the credential's secrets into it, and "
        "limit it to "
        "the default branch.",
        paste="environment: model-registry-write",
        look=_environment_unnamed,
    ),
    Rule(
        id="environment_unknown",
        severity=Severity.ERROR,
        why="GitHub makes an environment that is not there at its first use, without any limit.",
        fix=f"Create it, and limit it: {_LIMIT}",
        look=_environment_unknown,
    ),
    Rule(
        id="environment_open",
        severity=Severity.ERROR,
        why="A pull request that edits a workflow can use the environment, and so the writing credential.",
        fix=_LIMIT,
        look=_environment_open,
    ),
    Rule(
        id="environment_protected_branches",
        severity=Severity.WARNING,
        why="A branch becomes protected by any rule whose pattern matches it, also one made for other "
        "reasons.",
        fix=_LIMIT,
        look=_environment_protected_branches,
    ),
    Rule(
        id="actions_may_approve",
        severity=Severity.WARNING,
        why="A workflow can then fulfil the branch's required approval. Promoter does not count it; "
        "changes of "
        "policy and workflows are merged by it.",
        fix=f"{_SETTINGS} → Workflow permissions → clear “Allow GitHub Actions to create and approve pull "
        "requests”. (The command propose needs it, or a GitHub App's token: then use the App.)",
        look=_actions_may_approve,
    ),
    Rule(
        id="default_token_writes",
        severity=Severity.WARNING,
        why="Every workflow somebody adds without thinking of it can write to contents and pull requests.",
        fix=f"{_SETTINGS} → Workflow permissions → Read repository contents and packages permissions.",
        look=_default_token_writes,
    ),
    Rule(
        id="pinning_optional",
        severity=Severity.INFO,
        why="A tag can be moved to other code by whoever owns the action; a commit cannot.",
        fix=f"{_SETTINGS} → Actions permissions → Require actions to be pinned to a full-length commit SHA.",
        look=_pinning_optional,
    ),
    Rule(
        id="fork_runs_unasked",
        severity=Severity.INFO,
        why="Promoter judges no request of a fork. Other workflows of the repository may be less careful.",
        fix=f"{_SETTINGS} → Approval for running fork pull request workflows → all external contributors.",
        look=_fork_runs_unasked,
    ),
    Rule(
        id="figures_are_public",
        severity=Severity.INFO,
        why="The repository is public, and so is what Promoter writes into it.",
        fix="Keep requests in a private repository if figures are not for everybody; `comment: never` leaves "
        "the job's log and summary, which are public too.",
        look=_figures_are_public,
    ),
    Rule(
        id="token_too_wide",
        severity=Severity.WARNING,
        why="A classic token is good for everything its owner can reach. Whoever gets hold of it has all "
        "that.",
        fix="Use the job's own token (leave `github-token` out), a GitHub App's, or a fine-grained one.",
        look=_token_too_wide,
    ),
    Rule(
        id="queue_on_enterprise",
        severity=Severity.WARNING,
        why="A key that the server does not know makes the whole workflow invalid: nothing is applied.",
        fix="Remove the line `queue: max`; the newest run makes good what older ones left.",
        look=_queue_on_enterprise,
    ),
    Rule(
        id="clock_skew",
        severity=Severity.WARNING,
        why="Dates in tags and reports are wrong, and signed requests to stores may be refused.",
        fix="Set the machine's clock by NTP.",
        look=_clock_skew,
    ),
    Rule(
        id="sandbox_incomplete",
        severity=Severity.WARNING,
        why="Model code does not run here: with `source: inference` the answer is `check_unavailable`.",
        fix="As a Docker action: Linux 5.13 or newer and an engine that lets Landlock in; as an ordinary "
        "user "
        "Linux 6.12. GitHub's own runners have both.",
        look=_sandbox_incomplete,
    ),
)
