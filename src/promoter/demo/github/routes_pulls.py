"""Routes about pull requests and their conversations."""

from collections.abc import Sequence

from promoter.demo.github.exchange import Answer, Call, Refusal, json_answer, listing, not_found
from promoter.demo.github.model import Comment, Permission, PullRequest, TokenKind, Visibility
from promoter.demo.github.show_git import show_change, show_commit
from promoter.demo.github.show_pulls import show_comment, show_full_pull, show_pull, show_review

FILES_LIMIT = 3000
COMMITS_LIMIT = 250
COMMENT_LIMIT = 65_536


def pulls(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls."""
    return listing(call, _matching(call), show=lambda pull: show_pull(call.view, pull))


def _matching(call: Call) -> Sequence[PullRequest]:
    """The pull requests a list asks for, newest first unless the query says otherwise."""
    query = call.request.query
    wanted = query.get("state", "open")
    head, base = query.get("head"), query.get("base")
    found = [
        pull
        for pull in call.world.pulls.values()
        if (wanted == "all" or pull.is_open == (wanted == "open"))
        and (not head or ":" not in head or head.lower() == f"{pull.head_owner}:{pull.head_ref}".lower())
        and (not base or base == pull.base_ref)
    ]
    by_update = query.get("sort") == "updated"
    found.sort(key=lambda pull: (pull.updated_at if by_update else pull.created_at, pull.number))
    return found if query.get("direction", "desc") == "asc" else found[::-1]


def pull(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{number}."""
    return json_answer(show_full_pull(call.view, _pull(call)))


def files(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{number}/files: silently ends at 3,000."""
    wanted = _pull(call)
    changes = call.world.pull_changes(wanted)[:FILES_LIMIT]
    return listing(
        call,
        changes,
        show=lambda change: show_change(call.view, change, at=wanted.head_sha),
    )


def commits(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{number}/commits: oldest first, silently ends at 250."""
    wanted = _pull(call)
    span = f"{wanted.base_sha}..{wanted.head_sha}"
    found = call.world.git.commits("--reverse", "--topo-order", span)[:COMMITS_LIMIT]
    return listing(call, found, show=lambda commit: show_commit(call.view, commit))


def reviews(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/pulls/{number}/reviews: the whole history, oldest first."""
    number = _pull(call).number
    found = [review for review in call.world.reviews if review.number == number]
    return listing(call, found, show=lambda review: show_review(call.view, review))


def pulls_of_commit(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/commits/{sha}/pulls."""
    sha = call.world.known_commit(call.named["sha"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.named['sha']}")
    found = call.world.pulls_with(sha)
    return listing(call, found, show=lambda pull: show_pull(call.view, pull))


def comments(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/issues/{number}/comments."""
    found = call.world.comments_on(_pull(call).number)
    return listing(call, found, show=lambda comment: show_comment(call.view, comment))


def add_comment(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/issues/{number}/comments."""
    number = _pull(call).number
    comment = call.world.add_comment(number, author=call.caller.login, body=_text(call))
    shown = show_comment(call.view, comment)
    return json_answer(shown, status=201, headers={"Location": str(shown["url"])})


def edit_comment(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}."""
    comment = _own_comment(call)
    changed = call.world.edit_comment(comment.id, _text(call))
    return json_answer(show_comment(call.view, changed))


def comment(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/issues/comments/{comment_id}."""
    return json_answer(show_comment(call.view, _comment(call)))


def delete_comment(call: Call) -> Answer:
    """DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}."""
    call.world.delete_comment(_own_comment(call).id)
    return Answer(status=204)


def _pull(call: Call) -> PullRequest:
    found = call.world.pulls.get(int(call.named["number"]))
    if found is None:
        raise not_found()
    return found


def _comment(call: Call) -> Comment:
    found = call.world.comments.get(int(call.named["comment_id"]))
    if found is None:
        raise not_found()
    return found


def _own_comment(call: Call) -> Comment:
    """The comment, if the caller may change it: everybody their own, whoever can write all of them."""
    found = _comment(call)
    caller = call.world.users[call.caller.login]
    is_app = call.caller.kind is TokenKind.INSTALLATION
    if not (is_app or found.author == caller.login or caller.permission.allows(Permission.WRITE)):
        is_public = call.world.repository.visibility is Visibility.PUBLIC
        raise Refusal(403, "Must have admin rights to Repository.") if is_public else not_found()
    return found


def _text(call: Call) -> str:
    body = call.body().get("body")
    if not isinstance(body, str) or not body.strip():
        raise _invalid("body cannot be blank")
    if len(body) > COMMENT_LIMIT:
        raise _invalid(f"body is too long (maximum is {COMMENT_LIMIT} characters)")
    return body


def _invalid(message: str) -> Refusal:
    error: dict[str, object] = {
        "resource": "IssueComment",
        "code": "unprocessable",
        "field": "data",
        "message": message,
    }
    return Refusal(422, "Validation Failed", errors=[error])
