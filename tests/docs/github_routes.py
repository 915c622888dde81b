"""Which of GitHub's routes Promoter calls, what for, and in which commands: the list of docs/github-calls.md.

It is held from both sides. At the end of every test run whatever Promoter asked of GitHub, in whatever test,
is in this list or the run fails (`tests/contract/github_recorded.py`); and `tests/e2e/test_github_routes.py`
runs every command and finds it asking for nothing but what stands here for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from promoter.demo.github.routes import ROUTES


class Asker(StrEnum):
    """What asks, in the order of the document."""

    VALIDATE = "validate"
    APPLY = "apply"
    DRIFT = "drift"
    PROPOSE = "propose"
    DOCTOR = "doctor"
    HISTORY = "history"
    REQUEST = "request"


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """Why a route is called, and by what. `permission`: in words, where the route's own is not all of it."""

    what: str
    askers: frozenset[Asker]
    permission: str = ""


_R = "/repos/{owner}/{repo}"
_NUMBER = "{number:int}"
_V, _A, _D, _P = Asker.VALIDATE, Asker.APPLY, Asker.DRIFT, Asker.PROPOSE
_X, _H, _Q = Asker.DOCTOR, Asker.HISTORY, Asker.REQUEST


def _for(what: str, *askers: Asker, permission: str = "") -> Purpose:
    return Purpose(what=what, askers=frozenset(askers), permission=permission)


ROUTES_WE_CALL: Mapping[str, Purpose] = {
    # files and history
    f"GET {_R}": _for("its default branch, whether it is public", *Asker),
    f"GET {_R}/git/ref/{{ref*}}": _for("where a branch points now", _V, _A, _D, _P, _X, _Q),
    f"GET {_R}/git/trees/{{tree_sha*}}": _for("which files a commit has", *Asker),
    f"GET {_R}/git/blobs/{{sha}}": _for(
        "a file, where GraphQL does not give it: binary, large, switched off", *Asker
    ),
    "POST /graphql": _for(
        "many files, and the histories of many, in one request; whose token it is",
        *Asker,
        permission="`contents: read`",
    ),
    f"GET {_R}/commits": _for(
        "the changes of one file; where the branch stood before", _V, _A, _D, _P, _H, _Q
    ),
    f"GET {_R}/compare/{{basehead*}}": _for("the newest commit that two have", _V, _A, _P, _H, _Q),
    # pull requests and people
    f"GET {_R}/pulls/{_NUMBER}": _for("one pull request as it stands", _V, _A, _D, _H),
    f"GET {_R}/pulls/{_NUMBER}/files": _for("what it changes", _V, _A, _D, _H),
    f"GET {_R}/pulls/{_NUMBER}/commits": _for("who wrote it: they do not approve it", _V, _A, _P, _H, _Q),
    f"GET {_R}/pulls/{_NUMBER}/reviews": _for("who approved what", _V, _A, _H),
    f"GET {_R}/pulls": _for("the open ones; ours, by branch", _V, _A, _P, _H, _Q),
    f"GET {_R}/commits/{{sha}}/pulls": _for("which pull request brought a commit", _V, _A, _D, _H),
    f"GET {_R}/activity": _for("when a branch was moved: what was pushed after the approval", _V, _A, _H),
    f"GET {_R}/collaborators/{{login}}/permission": _for("whether who approves may write", _V, _A, _H),
    "GET /orgs/{org}/teams/{team_slug}/memberships/{login}": _for(
        "whether who approves is in a team that the policy names", _V, _A, _H
    ),
    "GET /orgs/{org}/teams/{team_slug}/members": _for(
        "whether the token may see that team at all, before *no* is believed", _V, _A, _H
    ),
    "GET /user": _for("whose token it is, where GraphQL does not say", _V, _A, _D, _P, _Q),
    # the one comment
    f"GET {_R}/issues/{_NUMBER}/comments": _for("our comment, over all pages", _V, _A),
    f"POST {_R}/issues/{_NUMBER}/comments": _for("write it", _V, _A),
    f"PATCH {_R}/issues/comments/{{comment_id:int}}": _for("change it", _V, _A),
    f"DELETE {_R}/issues/comments/{{comment_id:int}}": _for(
        "the later of two that were written at once gives way", _V, _A
    ),
    # deployments, where the input `deployments` asks for them
    f"GET {_R}/deployments": _for("the newest of an alias", _A),
    f"POST {_R}/deployments": _for("a move, as a deployment", _A),
    f"GET {_R}/deployments/{{id:int}}/statuses": _for("whether it was told already", _A),
    f"POST {_R}/deployments/{{id:int}}/statuses": _for("that it succeeded", _A),
    # drift's issues
    f"GET {_R}/issues": _for("our open ones, by label", _D),
    f"POST {_R}/issues": _for("open one", _D),
    f"PATCH {_R}/issues/{_NUMBER}": _for("bring it up to date, close it", _D),
    # proposals
    f"GET {_R}/git/commits/{{sha}}": _for("the tree that a new commit starts from", _P, _Q),
    f"POST {_R}/git/blobs": _for("a request file", _P, _Q),
    f"POST {_R}/git/trees": _for("the files with it", _P, _Q),
    f"POST {_R}/git/commits": _for("a commit of them", _P, _Q),
    f"POST {_R}/git/refs": _for("a branch `promoter/…`", _P, _Q),
    f"PATCH {_R}/git/refs/{{ref*}}": _for("move that branch forward, never by force", _P),
    f"DELETE {_R}/git/refs/{{ref*}}": _for("delete that branch when the proposal is closed", _P),
    f"POST {_R}/pulls": _for("open the pull request", _P, _Q),
    f"PATCH {_R}/pulls/{_NUMBER}": _for("change its words, close it", _P, _Q),
    # the doctor
    f"GET {_R}/rules/branches/{{branch*}}": _for("rulesets of the default branch", _X),
    f"GET {_R}/branches/{{branch*}}": _for("whether it has classic protection", _X),
    f"GET {_R}/branches/{{branch*}}/protection": _for("what that asks for", _X),
    f"GET {_R}/environments/{{environment_name}}": _for("an environment that a workflow names", _X),
    f"GET {_R}/environments/{{environment_name}}/deployment-branch-policies": _for(
        "which branches it lets in", _X
    ),
    f"GET {_R}/actions/permissions": _for("whether actions have to be pinned", _X),
    f"GET {_R}/actions/permissions/workflow": _for("what jobs' own tokens may do", _X),
    f"GET {_R}/actions/permissions/fork-pr-contributor-approval": _for("whose forks may start jobs", _X),
    f"GET {_R}/codeowners/errors": _for("lines of CODEOWNERS that do not count", _X),
}


def permission_of(route: str) -> str:
    """What the token has to be allowed, as a workflow's `permissions:` writes it; any one is enough."""
    (needs,) = [one.needs for one in ROUTES if f"{one.method} {one.template}" == route]
    # Whoever sees a repository may read its metadata: there is no such line to write.
    asked = [need for need in needs if need != "metadata=read"]
    written = [f"`{need.replace('_', '-').replace('=', ': ')}`" for need in asked]
    return ROUTES_WE_CALL[route].permission or " or ".join(written) or "none"


def shown(route: str) -> str:
    """The route as GitHub's own pages write it, below the API's root."""
    return re.sub(r"\{(\w+)(?::int|\*)\}", r"{\1}", route)


def calls_table() -> str:
    """All of it, one route a row."""
    rows = (
        f"| `{shown(route)}` | {purpose.what} | {permission_of(route)} | {_askers(purpose)} |"
        for route, purpose in ROUTES_WE_CALL.items()
    )
    head = ["| call | what for | permission | by |", "|---|---|---|---|"]
    return "\n" + "\n".join([*head, *rows]) + "\n"


def _askers(purpose: Purpose) -> str:
    return "all" if purpose.askers == set(Asker) else ", ".join(a for a in Asker if a in purpose.askers)
