"""Pull requests, reviews and comments as GitHub's JSON."""

from collections.abc import Sequence

from promoter.demo.github.addresses import Addresses
from promoter.demo.github.model import Comment, PullRequest, Review
from promoter.demo.github.show_repository import (
    Json,
    association,
    node_id,
    show_repository,
    show_user,
    timestamp,
)
from promoter.demo.github.state import State

_EMPTY_LISTS = ("assignees", "requested_reviewers", "requested_teams", "labels")


def show_pull(state: State, pull: PullRequest, addresses: Addresses) -> Json:
    """A pull request as lists show it."""
    api, page = addresses.repository(state.repository), addresses.site(state.repository)
    mine, issue = f"{api}/pulls/{pull.number}", f"{api}/issues/{pull.number}"
    web = f"{page}/pull/{pull.number}"
    links = {
        "self": mine,
        "html": web,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{mine}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "commits": f"{mine}/commits",
        "statuses": f"{api}/statuses/{pull.head_sha}",
    }
    return {
        "url": mine,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue,
        "number": pull.number,
        "state": "open" if pull.is_open else "closed",
        "locked": False,
        "title": pull.title,
        "user": show_user(state.users[pull.author], addresses),
        "body": pull.body or None,
        "created_at": timestamp(pull.created_at),
        "updated_at": timestamp(pull.updated_at),
        "closed_at": timestamp(pull.closed_at) if pull.closed_at else None,
        "merged_at": timestamp(pull.merge.at) if pull.merge else None,
        "merge_commit_sha": pull.merge.sha if pull.merge else state.known_test_merge(pull),
        **dict.fromkeys(("assignee", "milestone", "auto_merge", "active_lock_reason")),
        **{name: list[object]() for name in _EMPTY_LISTS},
        "draft": pull.is_draft,
        **{f"{name}_url": links[name] for name in ("commits", "review_comments", "review_comment")},
        **{f"{name}_url": links[name] for name in ("comments", "statuses")},
        "head": _side(state, addresses, owner=pull.head_owner, place=(pull.head_ref, pull.head_sha)),
        "base": _side(state, addresses, owner=state.repository.owner, place=(pull.base_ref, pull.base_sha)),
        "_links": {name: {"href": address} for name, address in links.items()},
        "author_association": association(state, pull.author),
    }


def _side(state: State, addresses: Addresses, *, owner: str, place: tuple[str, str]) -> Json:
    ref, sha = place
    gone = owner in state.deleted_forks
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": show_user(state.users[owner], addresses),
        "repo": None if gone else show_repository(state, addresses, owner=owner),
    }


def show_full_pull(state: State, pull: PullRequest, addresses: Addresses) -> Json:
    """A pull request's own page: with counts, and with whether it can be merged."""
    tried = state.test_merge(pull)
    changes = state.pull_changes(pull)
    return {
        **show_pull(state, pull, addresses),
        "merged": pull.merge is not None,
        **_mergeability(pull, tried),
        "merged_by": show_user(state.users[pull.merge.by], addresses) if pull.merge else None,
        "comments": len(state.comments_on(pull.number)),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(state.pull_commits(pull)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def _mergeability(pull: PullRequest, tried: str | None) -> Json:
    if not pull.is_open:
        return {"mergeable": None, "rebaseable": None, "mergeable_state": "unknown"}
    word = "dirty" if tried is None else "draft" if pull.is_draft else "clean"
    return {"mergeable": tried is not None, "rebaseable": tried is not None, "mergeable_state": word}


def show_review(state: State, review: Review, addresses: Addresses) -> Json:
    """One review of the history."""
    pull = f"{addresses.repository(state.repository)}/pulls/{review.number}"
    page = f"{addresses.site(state.repository)}/pull/{review.number}#pullrequestreview-{review.id}"
    return {
        "id": review.id,
        "node_id": node_id("PullRequestReview", review.id),
        "user": show_user(state.users[review.author], addresses),
        "body": review.body,
        "state": str(review.state),
        "html_url": page,
        "pull_request_url": pull,
        "author_association": association(state, review.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": pull}},
        "submitted_at": timestamp(review.submitted_at),
        "commit_id": review.commit_id,
    }


def show_comment(state: State, comment: Comment, addresses: Addresses) -> Json:
    """One comment of a conversation."""
    api = addresses.repository(state.repository)
    return {
        "url": f"{api}/issues/comments/{comment.id}",
        "html_url": comment_page(state, comment, addresses),
        "issue_url": f"{api}/issues/{comment.number}",
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id),
        "user": show_user(state.users[comment.author], addresses),
        "created_at": timestamp(comment.created_at),
        "updated_at": timestamp(comment.updated_at),
        "author_association": association(state, comment.author),
        "body": comment.body,
        "performed_via_github_app": None,
    }


def comment_page(state: State, comment: Comment, addresses: Addresses) -> str:
    """Where a reader finds a comment."""
    return f"{addresses.site(state.repository)}/pull/{comment.number}#issuecomment-{comment.id}"


def matching_pulls(state: State, *, query: dict[str, str]) -> Sequence[PullRequest]:
    """The pull requests a list asks for, newest first unless the query says otherwise."""
    wanted = query.get("state", "open")
    head, base = query.get("head"), query.get("base")
    found = [
        pull
        for pull in state.pulls.values()
        if (wanted == "all" or pull.is_open == (wanted == "open"))
        and (not head or ":" not in head or head.lower() == f"{pull.head_owner}:{pull.head_ref}".lower())
        and (not base or base == pull.base_ref)
    ]
    by_update = query.get("sort") == "updated"
    found.sort(key=lambda pull: (pull.updated_at if by_update else pull.created_at, pull.number))
    return found if query.get("direction", "desc") == "asc" else found[::-1]
