"""The event files a workflow would be started with."""

from collections.abc import Sequence

from promoter.demo.github.addresses import Addresses
from promoter.demo.github.git import ZERO_SHA, Signature
from promoter.demo.github.model import MergeGroup, PullRequest, Push, Review
from promoter.demo.github.show_pulls import show_full_pull, show_pull, show_review
from promoter.demo.github.show_repository import Json, show_repository, show_user, timestamp
from promoter.demo.github.state import State

# A push knows three words; a renamed file is removed under one name and added under the other.
_PUSHED_AS = {"added": "added", "renamed": "added", "copied": "added", "removed": "removed"}


def pull_request_event(
    state: State, number: int, *, action: str, addresses: Addresses, sender: str | None = None
) -> Json:
    """A `pull_request` event: `opened`, `synchronize`, `reopened`, `ready_for_review`, `closed`, …

    `GITHUB_SHA` of such an event is `merge_commit_sha` of the pull request in it, the test merge.
    """
    with state.lock:
        state.sync()
        pull = state.pulls[number]
        event: Json = {"action": action, "number": number}
        if action == "synchronize":
            event |= {"before": state.git.commit(pull.head_sha).parents[0], "after": pull.head_sha}
        if action == "edited":
            event["changes"] = {}
        event["pull_request"] = show_full_pull(state, pull, addresses)
        return {**event, **_about(state, addresses, sender or pull.author)}


def pull_request_review_event(state: State, review: Review, *, action: str, addresses: Addresses) -> Json:
    """A `pull_request_review` event: `submitted` or `dismissed`."""
    with state.lock:
        state.sync()
        pull: PullRequest = state.pulls[review.number]
        shown = show_review(state, review, addresses)
        shown["state"] = str(review.state).lower()
        return {
            "action": action,
            "review": shown,
            "pull_request": show_pull(state, pull, addresses),
            **_about(state, addresses, review.author),
        }


def push_event(state: State, push: Push, *, addresses: Addresses) -> Json:
    """A `push` event. Its commits end at 2,048, oldest first."""
    with state.lock:
        is_new, is_gone = push.before == ZERO_SHA, push.after == ZERO_SHA
        page = addresses.site(state.repository)
        commits = [_pushed_commit(state, sha, addresses) for sha in _pushed(state, push)]
        return {
            "ref": push.ref,
            "before": push.before,
            "after": push.after,
            "created": is_new,
            "deleted": is_gone,
            "forced": not is_new and not is_gone and not state.git.is_ancestor(push.before, push.after),
            "base_ref": None,
            "compare": f"{page}/compare/{push.before[:12]}...{push.after[:12]}",
            "commits": commits,
            "head_commit": None if is_gone else _pushed_commit(state, push.after, addresses),
            "pusher": {"name": push.by, "email": state.users[push.by].email},
            **_about(state, addresses, push.by, repository=_pushed_repository(state, addresses)),
        }


def merge_group_event(state: State, group: MergeGroup, *, addresses: Addresses, sender: str) -> Json:
    """A `merge_group` event: `checks_requested`."""
    with state.lock:
        commit = state.git.commit(group.head_sha)
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
            **_about(state, addresses, sender),
        }


def schedule_event(state: State, *, schedule: str, addresses: Addresses) -> Json:
    """What a scheduled workflow gets: GitHub publishes no schema for it."""
    return {
        "repository": show_repository(state, addresses),
        "schedule": schedule,
        "workflow": ".github/workflows/promoter.yml",
    }


def _about(state: State, addresses: Addresses, sender: str, *, repository: Json | None = None) -> Json:
    repository = repository or {**show_repository(state, addresses), "custom_properties": {}}
    return {"repository": repository, "sender": show_user(state.users[sender], addresses)}


def _pushed_repository(state: State, addresses: Addresses) -> Json:
    """A push tells of its repository with times as numbers and two fields under older names as well."""
    shown = show_repository(state, addresses)
    owner = state.users[state.repository.owner]
    return {
        **shown,
        "owner": {"name": owner.login, "email": owner.email, **show_user(owner, addresses)},
        "url": addresses.site(state.repository),
        "created_at": int(state.created_at.timestamp()),
        "pushed_at": int(state.now().timestamp()),
        "stargazers": 0,
        "master_branch": state.repository.default_branch,
        "custom_properties": {},
    }


def _pushed(state: State, push: Push) -> Sequence[str]:
    if push.after == ZERO_SHA:
        return []
    if push.before != ZERO_SHA:
        return state.git.shas("--reverse", "--topo-order", f"{push.before}..{push.after}")[-2048:]
    default = state.tip(state.repository.default_branch)
    is_default = push.ref == state.branch_ref(state.repository.default_branch)
    known = [f"^{default}"] if default and not is_default else []
    return state.git.shas("--reverse", "--topo-order", push.after, *known)[-2048:]


def _pushed_commit(state: State, sha: str, addresses: Addresses) -> Json:
    commit = state.git.commit(sha)
    changed: dict[str, list[str]] = {"added": [], "removed": [], "modified": []}
    for change in state.commit_changes(sha):
        if change.status == "renamed" and change.previous_path:
            changed["removed"].append(change.previous_path)
        changed[_PUSHED_AS.get(change.status, "modified")].append(change.path)
    return {
        "id": sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": timestamp(commit.author.when),
        "url": f"{addresses.site(state.repository)}/commit/{sha}",
        "author": _person(state, commit.author),
        "committer": _person(state, commit.committer),
        **changed,
    }


def _person(state: State, signature: Signature) -> Json:
    shown: Json = {"name": signature.name, "email": signature.email}
    user = state.user_of(signature)
    return {**shown, "username": user.login} if user else shown
