"""Accounts and the repository as GitHub's JSON."""

import base64
from datetime import UTC, datetime

from promoter.demo.github.model import Permission, Token, User, UserKind, Visibility
from promoter.demo.github.view import View

Json = dict[str, object]

_USER_ADDRESSES = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_ADDRESSES = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}
# What nobody here has any of.
_NOTHING: Json = {
    "description": None,
    "homepage": None,
    "size": 0,
    "stargazers_count": 0,
    "watchers_count": 0,
    "watchers": 0,
    "language": None,
    "forks_count": 0,
    "forks": 0,
    "mirror_url": None,
    "license": None,
    "topics": [],
    "custom_properties": {},
    "archived": False,
    "disabled": False,
    "is_template": False,
    "allow_forking": True,
    "web_commit_signoff_required": False,
    "has_issues": True,
    "has_projects": True,
    "has_downloads": True,
    "has_wiki": True,
    "has_pages": False,
    "has_discussions": False,
}


def timestamp(when: datetime) -> str:
    """A time as GitHub writes it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int | str) -> str:
    """A GraphQL identifier: opaque, and the same for the same thing."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def show_user(view: View, user: User) -> Json:
    """An account as it appears inside other answers."""
    address = f"{view.api}/users/{user.login}"
    page = f"apps/{user.login.removesuffix('[bot]')}" if user.kind is UserKind.BOT else user.login
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node_id(user.kind, user.id),
        "avatar_url": f"{view.web}/avatars/u/{user.id}?v=4",
        "gravatar_id": "",
        "url": address,
        "html_url": f"{view.web}/{page}",
        **{name: address + suffix for name, suffix in _USER_ADDRESSES.items()},
        "type": str(user.kind),
        "site_admin": False,
    }


def show_profile(view: View, user: User) -> Json:
    """An account's own page."""
    nothing = ("company", "location", "email", "hireable", "bio", "twitter_username")
    return {
        **show_user(view, user),
        **dict.fromkeys(nothing),
        "user_view_type": "public",
        "name": user.login,
        "blog": "",
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
        "created_at": timestamp(view.state.created_at),
        "updated_at": timestamp(view.state.created_at),
    }


def show_repository(view: View, *, owner: str | None = None) -> Json:
    """The repository, or somebody's fork of it, as it appears inside other answers."""
    repository = view.state.repository
    holder = view.state.users[owner or repository.owner]
    is_fork = holder.login != repository.owner
    full_name = f"{holder.login}/{repository.name}"
    address, page = f"{view.api}/repos/{full_name}", f"{view.web}/{full_name}"
    number = 700_000_000 + holder.id
    opened = sum(pull.is_open for pull in view.state.pulls.values())
    opened += sum(issue.is_open for issue in view.state.issues.values())
    return {
        "id": number,
        "node_id": node_id("Repository", number),
        "name": repository.name,
        "full_name": full_name,
        "private": repository.visibility is Visibility.PRIVATE,
        "visibility": str(repository.visibility),
        "owner": show_user(view, holder),
        "html_url": page,
        "fork": is_fork,
        "url": address,
        **{name: address + suffix for name, suffix in _REPOSITORY_ADDRESSES.items()},
        "created_at": timestamp(view.state.created_at),
        "updated_at": timestamp(view.state.created_at),
        "pushed_at": timestamp(view.state.now()),
        "git_url": f"{page.replace('http', 'git', 1)}.git",
        "ssh_url": f"git@{view.web.split('//')[-1].split(':')[0]}:{full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        **_NOTHING,
        "open_issues_count": opened,
        "open_issues": opened,
        "default_branch": repository.default_branch,
    }


def show_full_repository(view: View, caller: Token) -> Json:
    """The repository's own page, with what the caller may do."""
    role = Permission.WRITE if caller.login.endswith("[bot]") else view.state.users[caller.login].permission
    return {
        **show_repository(view),
        "network_count": 0,
        "subscribers_count": 0,
        "permissions": show_permissions(role),
    }


def show_permissions(role: Permission) -> Json:
    """A role as the five switches."""
    switches = {
        "pull": Permission.READ,
        "triage": Permission.TRIAGE,
        "push": Permission.WRITE,
        "maintain": Permission.MAINTAIN,
        "admin": Permission.ADMIN,
    }
    return {name: role.allows(needed) for name, needed in switches.items()}


def association(view: View, login: str) -> str:
    """What somebody is to the repository."""
    if login == view.state.repository.owner:
        return "OWNER"
    if any(login in team.members for team in view.state.teams):
        return "MEMBER"
    user = view.state.user(login)
    return "COLLABORATOR" if user and user.permission is not Permission.NONE else "NONE"
