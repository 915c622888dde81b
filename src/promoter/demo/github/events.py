"""The event files a workflow would be started with."""

from collections.abc import Sequence

from promoter.demo.github.git import ZERO_SHA, Signature
from promoter.demo.github.model import MergeGroup, PullRequest, Push, Review
from promoter.demo.github.show_pulls import show_full_pull, show_pull, show_review
from promoter.demo.github.show_repository import Json, show_repository, show_user, timestamp
from promoter.demo.github.view import View

# A push knows three words; a renamed file is removed under one name and added under the other.
_PUSHED_AS = {"added": "added", "renamed": "added", "copied": "added", "removed": "removed"}


def pull_request_event(view: View, number: int, *, action: str, sender: str | None = None) -> Json:
    """A `pull_request` event: `opened`, `synchronize`, `reopened`, `ready_for_review`, `closed`, …

    `GITHUB_SHA` of such an event is `merge_commit_sha` of the pull request in it, the test merge.
    """
    with view.state.lock:
        view.state.sync()
        pull = view.state.pulls[number]
        event: Json = {"action": action, "number": number}
        if action == "synchronize":
            event |= {"before": view.state.git.commit(pull.head_sha).parents[0], "after": pull.head_sha}
        if action == "edited":
            event["changes"] = {}
        event["pull_request"] = show_full_pull(view, pull)
        return {**event, **_about(view, sender or pull.author)}


def pull_request_review_event(view: View, review: Review, *, action: str) -> Json:
    """A `pull_request_review` event: `submitted` or `dismissed`."""
    with view.state.lock:
        view.state.sync()
        pull: PullRequest = view.state.pulls[review.number]
        shown = show_review(view, review)
        shown["state"] = str(review.state).lower()
        return {
            "action": action,
            "review": shown,
            "pull_request": show_pull(view, pull),
            **_about(view, review.author),
        }


def push_event(view: View, push: Push) -> Json:
    """A `push` event. Its commits end at 2,048, oldest first."""
    with view.state.lock:
        is_new, is_gone = push.before == ZERO_SHA, push.after == ZERO_SHA
        page = view.page
        commits = [_pushed_commit(view, sha) for sha in _pushed(view, push)]
        return {
            "ref": push.ref,
            "before": push.before,
            "after": push.after,
            "created": is_new,
            "deleted": is_gone,
            "forced": not is_new and not is_gone and not view.state.git.is_ancestor(push.before, push.after),
            "base_ref": None,
            "compare": f"{page}/compare/{push.before[:12]}...{push.after[:12]}",
            "commits": commits,
            "head_commit": None if is_gone else _pushed_commit(view, push.after),
            "pusher": {"name": push.by, "email": view.state.users[push.by].email},
            **_about(view, push.by, repository=_pushed_repository(view)),
        }


def merge_group_event(view: View, group: MergeGroup, *, sender: str) -> Json:
    """A `merge_group` event: `checks_requested`."""
    with view.state.lock:
        commit = view.state.git.commit(group.head_sha)
        described = {
            "head_sha": group.head_sha,
            "head_ref": group.head_ref,
            "base_sha": group.base_sha,
            "base_ref": group.base_ref,
            "head_commit": {
                "id": commit.sha,
                "tree_id": commit.tree,
                "message": commit.message,
                "timestamp": timestamp(commit.committer.when),
                "author": {"name": commit.author.name, "email": commit.author.email},
                "committer": {"name": commit.committer.name, "email": commit.committer.email},
            },
        }
        return {
            "action": "checks_requested",
            "merge_group": described,
            **_about(view, sender),
        }


def schedule_event(view: View, *, schedule: str) -> Json:
    """What a scheduled workflow gets: GitHub publishes no schema for it."""
    return {
        "repository": show_repository(view),
        "schedule": schedule,
        "workflow": ".github/workflows/promoter.yml",
    }


def _about(view: View, sender: str, *, repository: Json | None = None) -> Json:
    return {
        "repository": repository or show_repository(view),
        "sender": show_user(view, view.state.users[sender]),
    }


def _pushed_repository(view: View) -> Json:
    """A push tells of its repository with times as numbers and two fields under older names as well."""
    shown = show_repository(view)
    owner = view.state.users[view.state.repository.owner]
    return {
        **shown,
        "owner": {"name": owner.login, "email": owner.email, **show_user(view, owner)},
        "url": view.page,
        "created_at": int(view.state.created_at.timestamp()),
        "pushed_at": int(view.state.now().timestamp()),
        "stargazers": 0,
        "master_branch": view.state.repository.default_branch,
    }


def _pushed(view: View, push: Push) -> Sequence[str]:
    if push.after == ZERO_SHA:
        return []
    if push.before != ZERO_SHA:
        return view.state.git.shas("--reverse", "--topo-order", f"{push.before}..{push.after}")[-2048:]
    default = view.state.tip(view.state.repository.default_branch)
    is_default = push.ref == view.state.branch_ref(view.state.repository.default_branch)
    known = [f"^{default}"] if default and not is_default else []
    return view.state.git.shas("--reverse", "--topo-order", push.after, *known)[-2048:]


def _pushed_commit(view: View, sha: str) -> Json:
    commit = view.state.git.commit(sha)
    changed: dict[str, list[str]] = {"added": [], "removed": [], "modified": []}
    for change in view.state.commit_changes(sha):
        if change.status == "renamed" and change.previous_path:
            changed["removed"].append(change.previous_path)
        changed[_PUSHED_AS.get(change.status, "modified")].append(change.path)
    return {
        "id": sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": timestamp(commit.author.when),
        "url": f"{view.page}/commit/{sha}",
        "author": _person(view, commit.author),
        "committer": _person(view, commit.committer),
        **changed,
    }


def _person(view: View, signature: Signature) -> Json:
    shown: Json = {"name": signature.name, "email": signature.email}
    user = view.state.user_of(signature)
    return {**shown, "username": user.login} if user else shown
