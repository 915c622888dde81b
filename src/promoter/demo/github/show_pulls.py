"""Pull requests, reviews and comments as GitHub's JSON."""

from promoter.demo.github.model import Comment, PullRequest, Review
from promoter.demo.github.show_repository import (
    Json,
    association,
    node_id,
    show_repository,
    show_user,
    timestamp,
)
from promoter.demo.github.view import View

_EMPTY_LISTS = ("assignees", "requested_reviewers", "requested_teams", "labels")
_LINKED = ("commits", "review_comments", "review_comment", "comments", "statuses")


def show_pull(view: View, pull: PullRequest) -> Json:
    """A pull request as lists show it."""
    links = _links(view, pull)
    return {
        "url": links["self"],
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": links["html"],
        "diff_url": f"{links['html']}.diff",
        "patch_url": f"{links['html']}.patch",
        "issue_url": links["issue"],
        "number": pull.number,
        "state": "open" if pull.is_open else "closed",
        "locked": False,
        "title": pull.title,
        "user": show_user(view, view.state.users[pull.author]),
        "body": pull.body or None,
        "created_at": timestamp(pull.created_at),
        "updated_at": timestamp(pull.updated_at),
        "closed_at": timestamp(pull.closed_at) if pull.closed_at else None,
        "merged_at": timestamp(pull.merge.at) if pull.merge else None,
        "merge_commit_sha": pull.merge.sha if pull.merge else view.state.known_test_merge(pull),
        **dict.fromkeys(("assignee", "milestone", "auto_merge", "active_lock_reason")),
        **{name: list[object]() for name in _EMPTY_LISTS},
        "draft": pull.is_draft,
        **{f"{name}_url": links[name] for name in _LINKED},
        "head": _side(view, pull.head_owner, place=(pull.head_ref, pull.head_sha)),
        "base": _side(view, view.state.repository.owner, place=(pull.base_ref, pull.base_sha)),
        "_links": {name: {"href": address} for name, address in links.items()},
        "author_association": association(view, pull.author),
    }


def _links(view: View, pull: PullRequest) -> dict[str, str]:
    mine, issue = f"{view.repository}/pulls/{pull.number}", f"{view.repository}/issues/{pull.number}"
    return {
        "self": mine,
        "html": f"{view.page}/pull/{pull.number}",
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{mine}/comments",
        "review_comment": f"{view.repository}/pulls/comments{{/number}}",
        "commits": f"{mine}/commits",
        "statuses": f"{view.repository}/statuses/{pull.head_sha}",
    }


def _side(view: View, owner: str, *, place: tuple[str, str]) -> Json:
    ref, sha = place
    gone = owner in view.state.deleted_forks
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": show_user(view, view.state.users[owner]),
        "repo": None if gone else show_repository(view, owner=owner),
    }


def show_full_pull(view: View, pull: PullRequest) -> Json:
    """A pull request's own page: with counts, and with whether it can be merged."""
    tried = view.state.test_merge(pull)
    changes = view.state.pull_changes(pull)
    return {
        **show_pull(view, pull),
        "merged": pull.merge is not None,
        **_mergeability(pull, tried),
        "merged_by": show_user(view, view.state.users[pull.merge.by]) if pull.merge else None,
        "comments": len(view.state.comments_on(pull.number)),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(view.state.pull_commits(pull)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def _mergeability(pull: PullRequest, tried: str | None) -> Json:
    if not pull.is_open:
        return {"mergeable": None, "rebaseable": None, "mergeable_state": "unknown"}
    word = "dirty" if tried is None else "draft" if pull.is_draft else "clean"
    return {"mergeable": tried is not None, "rebaseable": tried is not None, "mergeable_state": word}


def show_review(view: View, review: Review) -> Json:
    """One review of the history."""
    pull = f"{view.repository}/pulls/{review.number}"
    page = f"{view.page}/pull/{review.number}#pullrequestreview-{review.id}"
    return {
        "id": review.id,
        "node_id": node_id("PullRequestReview", review.id),
        "user": show_user(view, view.state.users[review.author]),
        "body": review.body,
        "state": str(review.state),
        "html_url": page,
        "pull_request_url": pull,
        "author_association": association(view, review.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": pull}},
        "submitted_at": timestamp(review.submitted_at),
        "commit_id": review.commit_id,
    }


def show_comment(view: View, comment: Comment) -> Json:
    """One comment of a conversation."""
    api = view.repository
    return {
        "url": f"{api}/issues/comments/{comment.id}",
        "html_url": comment_page(view, comment),
        "issue_url": f"{api}/issues/{comment.number}",
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id),
        "user": show_user(view, view.state.users[comment.author]),
        "created_at": timestamp(comment.created_at),
        "updated_at": timestamp(comment.updated_at),
        "author_association": association(view, comment.author),
        "body": comment.body,
        "performed_via_github_app": None,
    }


def comment_page(view: View, comment: Comment) -> str:
    """Where a reader finds a comment."""
    return f"{view.page}/pull/{comment.number}#issuecomment-{comment.id}"
