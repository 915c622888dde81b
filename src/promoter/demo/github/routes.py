"""The table of routes: what each is for, and which permission it needs."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from promoter.demo.github import (
    access,
    graphql,
    routes_activity,
    routes_deployments,
    routes_git,
    routes_git_writing,
    routes_issues,
    routes_people,
    routes_pulls,
    routes_pulls_writing,
    routes_settings,
)
from promoter.demo.github.exchange import Answer, Call, Refusal, Request, not_found
from promoter.demo.github.view import View
from promoter.demo.github.world import World

Act = Callable[[Call], Answer]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method and path; any one of `needs` is enough, none means that a valid token is."""

    method: str
    template: str
    act: Act
    needs: tuple[str, ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as an expression: `{name}` is one segment, `{name:int}` digits, `{name*}` the rest."""
        kinds = {"": "[^/]+", ":int": "[0-9]+", "*": ".*"}
        return re.compile(
            re.sub(r"\{(\w+)(:int|\*|)\}", lambda m: f"(?P<{m[1]}>{kinds[m[2]]})", self.template) + r"\Z"
        )


_REPOSITORY = "/repos/{owner}/{repo}"
_METADATA = ("metadata=read",)
_CONTENTS = ("contents=read",)
_CONTENTS_WRITE = ("contents=write",)
_PULLS = ("pull_requests=read",)
_PULLS_WRITE = ("pull_requests=write",)
_ISSUES = ("issues=read",)
_TALK = ("issues=read", "pull_requests=read")
_WRITE = ("issues=write", "pull_requests=write")
_ADMINISTRATION = ("administration=read",)
_ACTIONS = ("actions=read",)
_DEPLOYMENTS = f"{_REPOSITORY}/deployments"
_DEPLOYMENTS_READ = ("deployments=read",)
_DEPLOYMENTS_WRITE = ("deployments=write",)
_ENVIRONMENT = f"{_REPOSITORY}/environments/{{environment_name}}"
_ALLOWED = f"{_REPOSITORY}/actions/permissions"
_TABLE: tuple[tuple[str, str, Act, tuple[str, ...]], ...] = (
    ("GET", "/rate_limit", access.rate_limit, ()),
    ("GET", "/user", routes_people.own_account, ()),
    ("GET", "/users/{login}", routes_people.account, ()),
    ("GET", "/orgs/{org}/teams/{team_slug}/members", routes_people.team_members, ("members=read",)),
    (
        "GET",
        "/orgs/{org}/teams/{team_slug}/memberships/{login}",
        routes_people.team_membership,
        ("members=read",),
    ),
    ("POST", "/graphql", graphql.answer, ()),
    ("GET", _REPOSITORY, routes_people.repository, _METADATA),
    ("GET", f"{_REPOSITORY}/activity", routes_activity.activities, _CONTENTS),
    ("GET", f"{_REPOSITORY}/collaborators/{{login}}/permission", routes_people.permission, _METADATA),
    ("GET", f"{_REPOSITORY}/pulls", routes_pulls.pulls, _PULLS),
    ("POST", f"{_REPOSITORY}/pulls", routes_pulls_writing.add_pull, _PULLS_WRITE),
    ("GET", f"{_REPOSITORY}/pulls/{{number:int}}", routes_pulls.pull, _PULLS),
    ("PATCH", f"{_REPOSITORY}/pulls/{{number:int}}", routes_pulls_writing.edit_pull, _PULLS_WRITE),
    ("GET", f"{_REPOSITORY}/pulls/{{number:int}}/files", routes_pulls.files, _PULLS),
    ("GET", f"{_REPOSITORY}/pulls/{{number:int}}/commits", routes_pulls.commits, _PULLS),
    ("GET", f"{_REPOSITORY}/pulls/{{number:int}}/reviews", routes_pulls.reviews, _PULLS),
    ("GET", f"{_REPOSITORY}/issues", routes_issues.issues, _ISSUES),
    ("POST", f"{_REPOSITORY}/issues", routes_issues.add_issue, ("issues=write",)),
    ("GET", f"{_REPOSITORY}/issues/{{number:int}}", routes_issues.issue, _TALK),
    ("PATCH", f"{_REPOSITORY}/issues/{{number:int}}", routes_issues.edit_issue, _WRITE),
    ("GET", f"{_REPOSITORY}/issues/{{number:int}}/comments", routes_pulls.comments, _TALK),
    ("POST", f"{_REPOSITORY}/issues/{{number:int}}/comments", routes_pulls.add_comment, _WRITE),
    ("GET", f"{_REPOSITORY}/issues/comments/{{comment_id:int}}", routes_pulls.comment, _TALK),
    ("PATCH", f"{_REPOSITORY}/issues/comments/{{comment_id:int}}", routes_pulls.edit_comment, _WRITE),
    ("DELETE", f"{_REPOSITORY}/issues/comments/{{comment_id:int}}", routes_pulls.delete_comment, _WRITE),
    ("GET", f"{_REPOSITORY}/commits", routes_git.commits, _CONTENTS),
    ("GET", f"{_REPOSITORY}/commits/{{sha}}/pulls", routes_pulls.pulls_of_commit, _PULLS),
    ("GET", f"{_REPOSITORY}/commits/{{ref*}}", routes_git.commit, _CONTENTS),
    ("GET", f"{_REPOSITORY}/git/trees/{{tree_sha*}}", routes_git.tree, _CONTENTS),
    ("GET", f"{_REPOSITORY}/git/blobs/{{sha}}", routes_git.blob, _CONTENTS),
    ("GET", f"{_REPOSITORY}/git/commits/{{sha}}", routes_git.git_commit, _CONTENTS),
    ("GET", f"{_REPOSITORY}/git/ref/{{ref*}}", routes_git.ref, _CONTENTS),
    ("POST", f"{_REPOSITORY}/git/blobs", routes_git_writing.add_blob, _CONTENTS_WRITE),
    ("POST", f"{_REPOSITORY}/git/trees", routes_git_writing.add_tree, _CONTENTS_WRITE),
    ("POST", f"{_REPOSITORY}/git/commits", routes_git_writing.add_commit, _CONTENTS_WRITE),
    ("POST", f"{_REPOSITORY}/git/refs", routes_git_writing.add_ref, _CONTENTS_WRITE),
    ("PATCH", f"{_REPOSITORY}/git/refs/{{ref*}}", routes_git_writing.edit_ref, _CONTENTS_WRITE),
    ("DELETE", f"{_REPOSITORY}/git/refs/{{ref*}}", routes_git_writing.delete_ref, _CONTENTS_WRITE),
    ("GET", f"{_REPOSITORY}/rules/branches/{{branch*}}", routes_settings.branch_rules, _METADATA),
    ("GET", f"{_REPOSITORY}/branches/{{branch*}}/protection", routes_settings.protection, _ADMINISTRATION),
    ("GET", _ENVIRONMENT, routes_settings.environment, _ACTIONS),
    ("GET", f"{_ENVIRONMENT}/deployment-branch-policies", routes_settings.branch_policies, _ACTIONS),
    ("GET", _ALLOWED, routes_settings.actions, _ADMINISTRATION),
    ("GET", f"{_ALLOWED}/workflow", routes_settings.workflow_permissions, _ADMINISTRATION),
    (
        "GET",
        f"{_ALLOWED}/fork-pr-contributor-approval",
        routes_settings.fork_approval,
        _ADMINISTRATION,
    ),
    ("GET", f"{_REPOSITORY}/codeowners/errors", routes_settings.code_owners_errors, _CONTENTS),
    ("GET", _DEPLOYMENTS, routes_deployments.deployments, _DEPLOYMENTS_READ),
    ("POST", _DEPLOYMENTS, routes_deployments.add_deployment, _DEPLOYMENTS_WRITE),
    ("GET", f"{_DEPLOYMENTS}/{{id:int}}/statuses", routes_deployments.statuses, _DEPLOYMENTS_READ),
    ("POST", f"{_DEPLOYMENTS}/{{id:int}}/statuses", routes_deployments.add_status, _DEPLOYMENTS_WRITE),
    ("GET", f"{_REPOSITORY}/branches/{{branch*}}", routes_git.branch, _CONTENTS),
    ("GET", f"{_REPOSITORY}/contents", routes_git.contents, _CONTENTS),
    ("GET", f"{_REPOSITORY}/contents/{{path*}}", routes_git.contents, _CONTENTS),
    ("GET", f"{_REPOSITORY}/compare/{{basehead*}}", routes_git.comparison, _CONTENTS),
)
ROUTES = tuple(Route(method=m, template=t, act=act, needs=needs) for m, t, act, needs in _TABLE)
_COMPILED = tuple((route, route.pattern) for route in ROUTES)


def find(request: Request) -> tuple[Route, dict[str, str]]:
    """The route of a request, and what its path names."""
    for route, pattern in _COMPILED:
        match = pattern.match(request.path)
        if match and route.method == request.method:
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    # Not 404, which means a thing is missing: whoever asks must learn that the route is.
    raise Refusal(501, f"This stand-in for GitHub does not serve {request.method} {request.path}")


def respond(world: World, request: Request, *, view: View) -> Answer:
    """Answer one request."""
    with world.lock:
        limits: dict[str, str] = {}
        try:
            caller = access.caller_of(world, request.headers)
            access.charge(world, request, caller=caller)
            limits = access.limit_headers(world, caller)
            route, named = find(request)
            call = Call(world=world, request=request, caller=caller, view=view, named=named)
            answer = _act(call, route)
        except Refusal as refusal:
            answer = refusal.answer()
    return Answer(status=answer.status, body=answer.body, headers={**limits, **answer.headers})


def _act(call: Call, route: Route) -> Answer:
    if "repo" in call.named:
        full_name = f"{call.named['owner']}/{call.named['repo']}"
        if not access.can_see(call.world, call.caller, full_name=full_name):
            raise not_found()
    access.refuse_unless_granted(call.caller, route.needs)
    call.world.sync()
    answer = route.act(call)
    headers = {**access.accepted(route.needs), **answer.headers}
    return Answer(status=answer.status, body=answer.body, headers=headers)
