"""Routes about issues."""

from collections.abc import Sequence

from promoter.demo.github.exchange import Answer, Call, Refusal, json_answer, listing, not_found
from promoter.demo.github.issues import change_issue, close_issue, open_issue, reopen_issue
from promoter.demo.github.model import Issue, Permission, PullRequest, TokenKind
from promoter.demo.github.show_issues import show_issue
from promoter.demo.github.show_repository import Json

BODY_LIMIT = 65_536
TITLE_LIMIT = 256


def issues(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/issues: newest first, pull requests among them."""
    return listing(call, _matching(call), show=lambda issue: show_issue(call.view, issue))


def _matching(call: Call) -> Sequence[Issue | PullRequest]:
    query = call.request.query
    wanted = query.get("state", "open")
    labels = {name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()}
    creator = query.get("creator", "").lower()
    everything: list[Issue | PullRequest] = [*call.world.issues.values(), *call.world.pulls.values()]
    found = [
        one
        for one in everything
        if (wanted == "all" or one.is_open == (wanted == "open"))
        and labels <= _labels(one)
        and creator in {"", one.author.lower()}
    ]
    found.sort(key=lambda one: (one.created_at, one.number))
    return found if query.get("direction", "desc") == "asc" else found[::-1]


def _labels(one: Issue | PullRequest) -> set[str]:
    return {name.lower() for name in one.labels} if isinstance(one, Issue) else set()


def issue(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/issues/{number}, which may be a pull request."""
    number = int(call.named["number"])
    found = call.world.issues.get(number) or call.world.pulls.get(number)
    if found is None:
        raise not_found()
    return json_answer(show_issue(call.view, found))


def add_issue(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/issues: labels that the caller may not set are dropped."""
    asked = call.body()
    title, body = _title(asked, before=""), _body(asked, before="")
    labels = _named_labels(asked) if _may_label(call) else ()
    made = open_issue(call.world, title, author=call.caller.login, body=body, labels=labels)
    shown = show_issue(call.view, made)
    return json_answer(shown, status=201, headers={"Location": str(shown["url"])})


def edit_issue(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/issues/{number}: words and state."""
    found = _own_issue(call)
    asked = call.body()
    title, body = _title(asked, before=found.title), _body(asked, before=found.body)
    state = asked.get("state", "open" if found.is_open else "closed")
    if state not in {"open", "closed"}:
        raise _invalid("state", f"{state} is not a state")
    changed = change_issue(call.world, found.number, title=title, body=body)
    if found.is_open and state == "closed":
        reason = str(asked.get("state_reason") or "completed")
        changed = close_issue(call.world, found.number, reason=reason)
    elif not found.is_open and state == "open":
        changed = reopen_issue(call.world, found.number)
    return json_answer(show_issue(call.view, changed))


def _own_issue(call: Call) -> Issue:
    """The issue, if the caller may change it."""
    found = call.world.issues.get(int(call.named["number"]))
    if found is None:
        raise not_found()
    if not (_may_label(call) or found.author == call.caller.login):
        raise Refusal(403, "Must have admin rights to Repository.")
    return found


def _may_label(call: Call) -> bool:
    role = call.world.users[call.caller.login].permission
    return call.caller.kind is TokenKind.INSTALLATION or role.allows(Permission.TRIAGE)


def _title(asked: Json, *, before: str) -> str:
    title = asked.get("title", before)
    if not isinstance(title, str) or not title.strip():
        raise _invalid("title", "title can't be blank")
    if len(title) > TITLE_LIMIT:
        raise _invalid("title", f"title is too long (maximum is {TITLE_LIMIT} characters)")
    return title.strip()


def _body(asked: Json, *, before: str) -> str:
    body = asked.get("body", before) or ""
    if not isinstance(body, str) or len(body) > BODY_LIMIT:
        raise _invalid("body", f"body is too long (maximum is {BODY_LIMIT} characters)")
    return body


def _named_labels(asked: Json) -> tuple[str, ...]:
    labels = asked.get("labels") or []
    if not isinstance(labels, list):
        raise _invalid("labels", "labels is not a list")
    return tuple(str(label["name"] if isinstance(label, dict) else label) for label in labels)


def _invalid(field: str, message: str) -> Refusal:
    error: Json = {"resource": "Issue", "code": "custom", "field": field, "message": message}
    return Refusal(422, "Validation Failed", errors=[error])
