"""What is not judged at all: refused before any registry is opened and any model is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from promoter.commands.judging import own_rules
from promoter.core.pull_request import PullRequest
from promoter.core.report import Report
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import PullRequests, Repository
from promoter.text import quote, say

_LAST_PULL = re.compile(r"gh-readonly-queue/.+/pr-([0-9]{1,9})-[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class MergeGroup:
    """A merge queue's trial merge: the branch it would land on, and its own, whose name tells the last of its
    pull requests. GitHub says no more of whose it is."""

    branch: str
    name: str


def refuse_strangers(
    group: MergeGroup,
    wanted: Mapping[str, str],
    *,
    pull_requests: PullRequests,
    repository: Repository,
) -> None:
    """Require that each request (path → blob id) is held so by an open pull request of this repository.

    Content is compared, not names: one push of the queue may bring several pull requests. Raises
    FORK_UNSUPPORTED where only a fork holds it, NO_PULL_REQUEST where nobody does.
    """
    unexplained = dict(wanted)
    forks: dict[str, PullRequest] = {}
    last = _LAST_PULL.fullmatch(group.name.removeprefix("refs/heads/"))
    if last is not None:
        _explain(pull_requests, int(last[1]), unexplained=unexplained, repository=repository, forks=forks)
    if unexplained:
        heads = pull_requests.open_heads(group.branch)
        places = [(commit, path) for commit in heads.values() for path in unexplained]
        ids = repository.blob_ids(places)
        for number, commit in heads.items():
            if any(ids[commit, path] == blob_id for path, blob_id in unexplained.items()):
                _explain(pull_requests, number, unexplained=unexplained, repository=repository, forks=forks)
    for path in unexplained:
        raise _of_fork(path, forks[path]) if path in forks else _of_nobody(path)


def _explain(
    pull_requests: PullRequests,
    number: int,
    *,
    unexplained: dict[str, str],
    repository: Repository,
    forks: dict[str, PullRequest],
) -> None:
    """Take out what the pull request asks for; note what a fork asks for.

    Its head must hold the content by its own doing: an old branch still holds what the base held then.
    """
    pull = pull_requests.get(number)
    ids = repository.blob_ids([(pull.head_commit, path) for path in unexplained])
    for path, blob_id in list(unexplained.items()):
        if ids[pull.head_commit, path] != blob_id:
            continue
        if pull.is_from_fork:
            forks[path] = pull
        elif path in pull_requests.changed_paths(pull):
            del unexplained[path]


def _of_fork(path: str, pull: PullRequest) -> PromoterError:
    return PromoterError(
        ReasonCode.FORK_UNSUPPORTED,
        say(
            quote(path),
            f" comes with pull request #{pull.number} from a fork: it is not judged in a merge queue either",
        ),
        hint=say("Push its branch to this repository and open the pull request from there."),
    )


def _of_nobody(path: str) -> PromoterError:
    return PromoterError(
        ReasonCode.NO_PULL_REQUEST,
        say("no open pull request of this merge group holds ", quote(path), " as the group would merge it"),
        hint=say(
            "Both the base and the pull request changed the file, or that one was closed. Bring its branch "
            "up to date, have it approved, and queue it again."
        ),
    )


def refuse_pull_request(pull: PullRequest, default_branch: str) -> None:
    """Raise NOT_DEFAULT_BRANCH or FORK_UNSUPPORTED."""
    if pull.base_branch != default_branch:
        raise PromoterError(
            ReasonCode.NOT_DEFAULT_BRANCH,
            say("this pull request would be merged into ", quote(pull.base_branch)),
            hint=say("Requests count on ", quote(default_branch), " only: change the base branch."),
        )
    if pull.is_from_fork:
        raise PromoterError(
            ReasonCode.FORK_UNSUPPORTED,
            say("this pull request comes from a fork, and forks are given no registry credentials"),
            hint=say(
                "The files are well formed. Push the branch to this repository and open the pull request "
                "from there to have it judged."
            ),
        )


def policy_and_requests(policy: str, group: MergeGroup | None) -> PromoterError:
    """The error where both are in one change, or in one merge group, whoever's they are there."""
    if group is None:
        return own_rules(
            say("this change edits the policy ", quote(policy), " together with promotion requests")
        )
    return PromoterError(
        ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST,
        say("this merge group changes the policy ", quote(policy), " and promotion requests"),
        hint=say(
            "Which policy counts for them is open until it is merged. Queue the pull request with the policy "
            "alone, and the others after it; no pull request may have both."
        ),
    )


def all_deleted(count: int) -> PromoterError:
    """The error where a change leaves no request at all."""
    return PromoterError(
        ReasonCode.ALL_REQUESTS_DELETED,
        say(f"this change deletes all {count} promotion requests at once"),
        hint=say(
            "Check the `requests` input and the folder. To stop managing the last aliases, set "
            "`mode: disabled` for them in the policy and keep the files."
        ),
    )


# Whoever opened it, not `github.actor`: that is somebody else when a person starts the job again.
_WITHOUT_SECRETS = "dependabot[bot]"
_LACKS_CREDENTIALS = frozenset({ReasonCode.USAGE_INVALID, ReasonCode.PERMISSION_DENIED})
_OF_DEPENDABOT = say(
    "Jobs of Dependabot's pull requests get no secret but Dependabot's own, so the registry's reading "
    "credential is missing. Add it under Settings, Secrets and variables, Dependabot, with the same name; or "
    "ask for the promotion in a pull request of a person's."
)


def explained(report: Report, pull: PullRequest | None) -> Report:
    """The report; where credentials are missing because of who opened the pull request, the hints say so."""
    if pull is None or pull.author.casefold() != _WITHOUT_SECRETS:
        return report
    requests = tuple(
        replace(one, hint=_OF_DEPENDABOT) if one.reason in _LACKS_CREDENTIALS else one
        for one in report.requests
    )
    hint = _OF_DEPENDABOT if report.reason in _LACKS_CREDENTIALS else report.hint
    return replace(report, requests=requests, hint=hint)
