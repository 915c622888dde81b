"""Issues as GitHub's JSON; pull requests too, which it lists among them."""

from promoter.demo.github.model import Issue, PullRequest
from promoter.demo.github.show_pulls import show_pull
from promoter.demo.github.show_repository import Json, association, node_id, show_user, timestamp
from promoter.demo.github.view import View

_COLOUR = "ededed"
_EMPTY = ("assignee", "milestone", "active_lock_reason", "performed_via_github_app")
# What a pull request says of itself that an issue says in the same words.
_SHARED = ("title", "user", "body", "state", "created_at", "updated_at", "closed_at", "author_association")


def show_issue(view: View, issue: Issue | PullRequest) -> Json:
    """An issue, alone or in a list."""
    address = f"{view.repository}/issues/{issue.number}"
    own = _of_pull(view, issue) if isinstance(issue, PullRequest) else _of_issue(view, issue)
    return {
        "url": address,
        "repository_url": view.repository,
        **{f"{name}_url": f"{address}/{name}" for name in ("comments", "events", "timeline")},
        "labels_url": f"{address}/labels{{/name}}",
        "number": issue.number,
        "locked": False,
        **dict.fromkeys(_EMPTY),
        "assignees": list[object](),
        "comments": len(view.state.comments_on(issue.number)),
        **own,
    }


def _of_issue(view: View, issue: Issue) -> Json:
    return {
        "id": issue.id,
        "node_id": node_id("Issue", issue.id),
        "html_url": f"{view.page}/issues/{issue.number}",
        "title": issue.title,
        "body": issue.body or None,
        "user": show_user(view, view.state.users[issue.author]),
        "labels": [_show_label(view, name) for name in issue.labels],
        "state": "open" if issue.is_open else "closed",
        "state_reason": issue.closed or None,
        "created_at": timestamp(issue.created_at),
        "updated_at": timestamp(issue.updated_at),
        "closed_at": timestamp(issue.closed_at) if issue.closed_at else None,
        "author_association": association(view, issue.author),
    }


def _of_pull(view: View, pull: PullRequest) -> Json:
    shown = show_pull(view, pull)
    links = {name: shown[name] for name in ("url", "html_url", "diff_url", "patch_url", "merged_at")}
    return {
        **{name: shown[name] for name in _SHARED},
        "id": pull.id + 1,
        "node_id": shown["node_id"],
        "html_url": shown["html_url"],
        "labels": list[object](),
        "state_reason": None,
        "draft": pull.is_draft,
        "pull_request": links,
    }


def _show_label(view: View, name: str) -> Json:
    label = view.state.labels[name.lower()]
    return {
        "id": label.id,
        "node_id": node_id("Label", label.id),
        "url": f"{view.repository}/labels/{label.name}",
        "name": label.name,
        "description": None,
        "color": _COLOUR,
        "default": False,
    }
