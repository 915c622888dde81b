"""Routes about accounts, teams, permissions and limits."""

from promoter.demo.github.exchange import Answer, Call, Refusal, json_answer, listing, not_found
from promoter.demo.github.model import Permission, Team, TokenKind, User, UserKind, Visibility
from promoter.demo.github.show_repository import (
    Json,
    show_full_repository,
    show_permissions,
    show_profile,
    show_user,
)
from promoter.demo.github.world import World

# Collaborators have one of five roles; the older `permission` field knows three of them.
_OLD_WORDS = {Permission.MAINTAIN: Permission.WRITE, Permission.TRIAGE: Permission.READ}


def repository(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}."""
    return json_answer(show_full_repository(call.view, call.caller))


def own_account(call: Call) -> Answer:
    """GET /user: an app's token has no account to show."""
    if call.caller.kind is TokenKind.INSTALLATION:
        raise Refusal(403, "Resource not accessible by integration")
    return json_answer(show_profile(call.view, call.world.users[call.caller.login]))


def account(call: Call) -> Answer:
    """GET /users/{login}."""
    return json_answer(show_profile(call.view, _user(call)))


def permission(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/collaborators/{login}/permission."""
    caller = call.world.users[call.caller.login]
    is_person = call.caller.kind is TokenKind.PERSON
    if is_person and not caller.permission.allows(Permission.WRITE):
        raise Refusal(403, "Must have push access to view collaborator permission.")
    user = _user(call)
    if user.kind is not UserKind.USER:
        raise Refusal(404, f"{user.login} is not a user")
    role = _effective(call.world, user)
    body = {
        "permission": str(_OLD_WORDS.get(role, role)),
        "role_name": str(role),
        "user": {
            **show_user(call.view, user),
            "permissions": show_permissions(role),
            "role_name": str(role),
        },
    }
    return json_answer(body)


def _effective(world: World, user: User) -> Permission:
    """Everybody reads a public repository."""
    is_public = world.repository.visibility is Visibility.PUBLIC
    return Permission.READ if is_public and user.permission is Permission.NONE else user.permission


def team_members(call: Call) -> Answer:
    """GET /orgs/{org}/teams/{team_slug}/members."""
    team = _team(call)
    users = [call.world.users[login] for login in sorted(team.members)]
    return listing(call, users, show=lambda user: show_user(call.view, user))


def team_membership(call: Call) -> Answer:
    """GET /orgs/{org}/teams/{team_slug}/memberships/{login}."""
    team, user = _team(call), _user(call)
    if user.login not in team.members:
        raise not_found()
    address = f"{call.view.api}/organizations/1/team/1/memberships/{user.login}"
    body: Json = {"state": "active", "role": "member", "url": address}
    return json_answer(body)


def _user(call: Call) -> User:
    user = call.world.user(call.named["login"])
    if user is None:
        raise not_found()
    return user


def _team(call: Call) -> Team:
    team = call.world.team(call.named["org"], call.named["team_slug"])
    if team is None:
        raise not_found()
    return team
