"""Routes by which pull requests are opened, reworded and closed."""

from dataclasses import replace

from promoter.demo.github.exchange import Answer, Call, Refusal, json_answer, not_found
from promoter.demo.github.model import Permission, PullRequest, TokenKind
from promoter.demo.github.show_pulls import show_full_pull
from promoter.demo.github.show_repository import Json
from promoter.demo.github.state import ACTIONS_BOT
from promoter.demo.github.world import NotAllowed

BODY_LIMIT = 65_536
TITLE_LIMIT = 256


def add_pull(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/pulls: one for a branch; the jobs' own token only where settings say so."""
    asked, world = call.body(), call.world
    if call.caller.login == ACTIONS_BOT and not world.settings.actions_approve:
        raise Refusal(403, "GitHub Actions is not permitted to create or approve pull requests.")
    head, base = str(asked.get("head", "")), str(asked.get("base", ""))
    branch = head.removeprefix(f"{world.repository.owner}:")
    title, body = _words(asked, before=("", ""))
    if any(one.is_open and (one.head_ref, one.base_ref) == (branch, base) for one in world.pulls.values()):
        raise _invalid(f"A pull request already exists for {world.repository.owner}:{branch}.")
    try:
        opened = world.open_pull_request(head, base, author=call.caller.login, title=title, body=body)
    except NotAllowed as error:
        raise _invalid(str(error)) from error
    shown = show_full_pull(call.view, opened)
    return json_answer(shown, status=201, headers={"Location": str(shown["url"])})


def edit_pull(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/pulls/{number}: words, and whether it is open."""
    found, asked, world = _own(call), call.body(), call.world
    title, body = _words(asked, before=(found.title, found.body))
    state = asked.get("state", "open" if found.is_open else "closed")
    if state not in {"open", "closed"} or (state == "open" and found.merge is not None):
        raise _invalid(f"{state} is not possible")
    world.pulls[found.number] = replace(found, title=title, body=body, updated_at=world.now())
    if found.is_open and state == "closed":
        world.close(found.number)
    elif not found.is_open and state == "open":
        world.pulls[found.number] = replace(world.pulls[found.number], closed_at=None)
    return json_answer(show_full_pull(call.view, world.pulls[found.number]))


def _own(call: Call) -> PullRequest:
    """The pull request, if the caller may change it."""
    found = call.world.pulls.get(int(call.named["number"]))
    if found is None:
        raise not_found()
    may_write = call.world.users[call.caller.login].permission.allows(Permission.WRITE)
    if not (may_write or call.caller.kind is TokenKind.INSTALLATION or found.author == call.caller.login):
        raise Refusal(403, "Must have admin rights to Repository.")
    return found


def _words(asked: Json, *, before: tuple[str, str]) -> tuple[str, str]:
    title, body = asked.get("title", before[0]), asked.get("body", before[1]) or ""
    if not isinstance(title, str) or not 0 < len(title.strip()) <= TITLE_LIMIT:
        raise _invalid(f"title is missing or too long (maximum is {TITLE_LIMIT} characters)")
    if not isinstance(body, str) or len(body) > BODY_LIMIT:
        raise _invalid(f"body is too long (maximum is {BODY_LIMIT} characters)")
    return title.strip(), body


def _invalid(message: str) -> Refusal:
    error: Json = {"resource": "PullRequest", "code": "custom", "message": message}
    return Refusal(422, "Validation Failed", errors=[error])
