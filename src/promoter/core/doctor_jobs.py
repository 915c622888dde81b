"""The doctor's rules about the jobs that run Promoter: permissions, order, secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from promoter.core.doctor import Facts, Found, Rule, Severity, found
from promoter.core.doctor_workflow import Grants, Use
from promoter.text import quote

_LEVELS = {"": 0, "none": 0, "read": 1, "write": 2, "admin": 2}
# The least that each command needs, and what it may have besides for what it does on request.
NEEDED: Mapping[str, Mapping[str, str]] = {
    "validate": {"contents": "read", "pull-requests": "write"},
    "apply": {"contents": "read", "pull-requests": "write"},
    "drift": {"contents": "read", "issues": "write", "pull-requests": "read"},
    "propose": {"contents": "write", "pull-requests": "write"},
    "doctor": {"contents": "read"},
}
_USEFUL: Mapping[str, Mapping[str, str]] = {
    "validate": {"id-token": "write"},
    "apply": {"id-token": "write", "deployments": "write", "issues": "write"},
    "drift": {"id-token": "write", "deployments": "write", "pull-requests": "write"},
    "propose": {"id-token": "write"},
    "doctor": {"id-token": "write", "actions": "read"},
}
# What the input `deployments` needs of the commands that move aliases; drift does where it heals.
_DEPLOYING: Mapping[str, Mapping[str, str]] = {
    "apply": {"deployments": "write"},
    "drift": {"deployments": "write"},
}


def _needed(use: Use) -> dict[str, int]:
    deploys = use.step.given.get("deployments", "").casefold() == "true"
    return _least(use, (NEEDED, _DEPLOYING) if deploys else (NEEDED,))


def _of(grants: Grants, scope: str) -> int:
    return max(_LEVELS.get(grants.scopes.get(scope, ""), 0), _LEVELS.get(grants.everything, 0))


def _least(use: Use, tables: tuple[Mapping[str, Mapping[str, str]], ...]) -> dict[str, int]:
    """Scope → level over all commands that the step may run."""
    levels: dict[str, int] = {}
    for command in use.commands:
        for table in tables:
            for scope, level in table.get(command, {}).items():
                levels[scope] = max(levels.get(scope, 0), _LEVELS[level])
    return levels


def has_own_token(use: Use) -> bool:
    """Whether the step uses the job's own token; another one is not the job's `permissions:` to give."""
    given = use.step.given.get("github-token", "").casefold()
    return not given or "github.token" in given or "secrets.github_token" in given


def _permissions_unset(facts: Facts) -> Iterator[Found]:
    for use in facts.uses:
        if use.job.grants is None:
            yield found("the job says nothing of `permissions:`", path=use.workflow.path, line=use.job.line)


def _permissions_narrow(facts: Facts) -> Iterator[Found]:
    for use in facts.uses:
        grants = use.job.grants
        if grants is None or not has_own_token(use):
            continue
        for scope, level in sorted(_needed(use).items()):
            if _of(grants, scope) < level:
                word = "write" if level == _LEVELS["write"] else "read"
                yield found(
                    f"the job lacks `{scope}: {word}` for ",
                    quote(", ".join(sorted(use.commands))),
                    path=use.workflow.path,
                    line=grants.line,
                )


def _permissions_wide(facts: Facts) -> Iterator[Found]:
    for use in facts.uses:
        grants = use.job.grants
        if grants is None:
            continue
        allowed = _least(use, (NEEDED, _USEFUL))
        wide = [
            f"{name}: {level}"
            for name, level in grants.scopes.items()
            if _LEVELS.get(level, 2) > allowed.get(name, 1)
        ]
        wide += [f"{grants.everything}-all"] if grants.everything in {"read", "write"} else []
        for one in sorted(wide):
            yield found(
                "the job may ",
                quote(one),
                ", which ",
                quote(", ".join(sorted(use.commands))),
                " does not need",
                path=use.workflow.path,
                line=grants.line,
            )


def _apply_cancelled(facts: Facts) -> Iterator[Found]:
    for use in facts.running("apply"):
        for one in use.job.concurrency:
            if one.cancel not in {"", "false"}:
                yield found(
                    "a newer run stops this one: cancel-in-progress is ",
                    quote(one.cancel),
                    path=use.workflow.path,
                    line=one.line,
                )


def _apply_unordered(facts: Facts) -> Iterator[Found]:
    for use in facts.running("apply"):
        groups = [one for one in use.job.concurrency if one.group]
        if not groups:
            yield found("two merges may be applied at once", path=use.workflow.path, line=use.job.line)
        for one in groups:
            if any(part in one.group for part in ("github.run_id", "github.sha", "github.run_number")):
                yield found(
                    "every run has a group of its own: ",
                    quote(one.group),
                    path=use.workflow.path,
                    line=one.line,
                )


def _secret_shared(facts: Facts) -> Iterator[Found]:
    judging = {name for use in facts.running("validate") for name in use.job.secrets}
    for use in facts.running("apply"):
        shared = set() if use.job.environment else judging & use.job.secrets
        if "validate" in use.commands and use.job.secrets:
            shared = set(use.job.secrets)
        for name in sorted(shared):
            yield found(
                "the jobs that validate and that apply both use the secret ",
                quote(name),
                path=use.workflow.path,
                line=use.job.line,
            )


def _reader_in_environment(facts: Facts) -> Iterator[Found]:
    writing = {use.job.environment for use in facts.running("apply") if use.job.environment}
    for use in facts.running("validate"):
        if use.job.environment in writing and "apply" not in use.commands:
            yield found(
                "the job that validates uses the environment ",
                quote(use.job.environment),
                " of the one that applies",
                path=use.workflow.path,
                line=use.job.line,
            )


RULES = (
    Rule(
        id="permissions_unset",
        severity=Severity.WARNING,
        why="The job then gets what the repository's settings say, which may be everything.",
        fix="Name what the job needs.",
        paste="permissions:\n  contents: read\n  pull-requests: write",
        look=_permissions_unset,
    ),
    Rule(
        id="permissions_narrow",
        severity=Severity.ERROR,
        why="The job ends with `permission_denied`: a right that is not named is not given.",
        fix="Add the line to the job's `permissions:`.",
        paste="permissions:\n  contents: read\n  pull-requests: write",
        look=_permissions_narrow,
    ),
    Rule(
        id="permissions_wide",
        severity=Severity.WARNING,
        why="What the token may, everything that runs in the job may.",
        fix="Remove the line, or move what needs it into a job of its own.",
        look=_permissions_wide,
    ),
    Rule(
        id="apply_cancelled",
        severity=Severity.ERROR,
        why="A run that is stopped half-way has moved some aliases and not told of them.",
        fix="Let runs of apply finish.",
        paste="concurrency:\n  group: promoter-apply\n  cancel-in-progress: false",
        look=_apply_cancelled,
    ),
    Rule(
        id="apply_unordered",
        severity=Severity.WARNING,
        why="Two runs that write at once end in conflicts that nobody needs. No alias goes back by it.",
        fix="Give apply one group for one registry.",
        paste="concurrency:\n  group: promoter-apply\n  cancel-in-progress: false",
        look=_apply_unordered,
    ),
    Rule(
        id="secret_shared",
        severity=Severity.ERROR,
        why="The job of a pull request then holds the credential that writes, and so does whoever edits the "
        "workflow on a branch. This undoes everything.",
        fix="Make two credentials; keep the writing one in an environment that only the default branch "
        "may use.",
        look=_secret_shared,
    ),
    Rule(
        id="environment_shared",
        severity=Severity.ERROR,
        why="Either the environment lets pull requests in, and with them anybody who may push a branch, or "
        "validate never runs.",
        fix="Give validate a credential that can only read, as secrets of the repository or of another "
        "environment.",
        look=_reader_in_environment,
    ),
)
