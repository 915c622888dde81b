"""What GitHub's refusals and a broken network mean to the person who reads the log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from promoter.adapters.github_answers import Answer
from promoter.errors import NotOnGitHub, PromoterError, ReasonCode
from promoter.text import Message, Part, quote, say

_LONGEST_REMARK = 200
_NO_COMMIT = "No commit found for SHA"
_AGAIN = say("Nothing was decided; run the job again when GitHub answers: https://www.githubstatus.com.")

_SWITCHED_OFF = say(
    "The repository does not have this any more. Look at its settings: issues are switched on under Features."
)


class TroubleKind(StrEnum):
    """How an attempt ended without an answer that can be used."""

    NOT_REACHED = "could not be reached"
    CUT_OFF = "broke the connection off"
    TIMED_OUT = "did not answer in time"
    GARBAGE = "answered something that cannot be read"
    REDIRECTED = "sent us elsewhere"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """An attempt without a usable answer; `remark` is the client's own words, without secrets."""

    kind: TroubleKind
    remark: str


class UnclearError(PromoterError):
    """GITHUB_UNAVAILABLE after a request that creates something: GitHub may have acted on it.

    `may_still_act` says that the server may not even be done with it.
    """

    def __init__(self, error: PromoterError, outcome: Answer | Trouble) -> None:
        super().__init__(error.reason, error.message, hint=error.hint)
        self.may_still_act = isinstance(outcome, Trouble) and outcome.kind is TroubleKind.TIMED_OUT


def remark_of(said: str, *, secret: str) -> str:
    """A server's or client's words, short and without the token or anybody's password in an address."""
    open_words = said.replace(secret, "***") if secret else said
    return re.sub(r"//[^/@\s]+@", "//***@", open_words)[:_LONGEST_REMARK]


def unreached(trouble: Trouble, *, what: str) -> PromoterError:
    """The error when no attempt brought an answer."""
    hint = _AGAIN
    if trouble.kind is TroubleKind.REDIRECTED:
        hint = say(
            "The token goes to no other address. Was the repository renamed or moved, or is GITHUB_API_URL "
            "not this GitHub's own? Start a new run instead of re-running an old one."
        )
    return PromoterError(
        ReasonCode.GITHUB_UNAVAILABLE,
        say(f"GitHub {trouble.kind.value} while ", quote(what), ": ", quote(trouble.remark)),
        hint=hint,
    )


def refused(answer: Answer, *, what: str, said: str) -> PromoterError:
    """The error for a status of 400 or more; `said` is `answer.said` without secrets."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return _denied(
            say("GitHub refused the token while ", quote(what), *_remark(said)),
            say("Check the input `github-token`. A job's own token ends with the job."),
        )
    if answer.status == HTTPStatus.NOT_FOUND:
        return _denied(
            say("GitHub has no such thing, or does not show it to this token, while ", quote(what)),
            say("Check that it exists. ", *permission_hint(answer).parts),
        )
    if answer.status == HTTPStatus.FORBIDDEN and not limit_is_reached(answer):
        return _denied(
            say("GitHub does not allow this token ", quote(what), *_remark(said)), permission_hint(answer)
        )
    why = "its rate limit is reached" if limit_is_reached(answer) else f"status {answer.status}"
    has_no_commit = answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and answer.said.startswith(_NO_COMMIT)
    return (NotOnGitHub if has_no_commit else PromoterError)(
        ReasonCode.GITHUB_UNAVAILABLE,
        say("GitHub refused ", quote(what), f" ({why})", *_remark(said)),
        hint=_SWITCHED_OFF if answer.status == HTTPStatus.GONE else _AGAIN,
    )


def _denied(message: Message, hint: Message) -> PromoterError:
    return PromoterError(ReasonCode.PERMISSION_DENIED, message, hint=hint)


def _remark(said: str) -> tuple[Part, ...]:
    return (". It said: ", quote(said)) if said else ()


def limit_is_reached(answer: Answer) -> bool:
    """Whether a refusal means "too many requests": GitHub says so with 429 or with 403."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if answer.status != HTTPStatus.FORBIDDEN:
        return False
    words = answer.said.casefold()
    return (
        "retry-after" in answer.headers
        or answer.headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in words
        or "abuse detection" in words
    )


_PERMISSION = re.compile(r"\s*([a-z_]+)=(read|write|admin)\s*")
# Those a workflow can ask for its own token; the others need an App or a person's token.
_OF_WORKFLOWS = frozenset(
    {
        "actions",
        "checks",
        "contents",
        "deployments",
        "issues",
        "packages",
        "pages",
        "pull-requests",
        "statuses",
    }
)


def permission_hint(answer: Answer) -> Message:
    """What to paste, from `X-Accepted-GitHub-Permissions`: `a=read,b=write; c=write` means (a and b) or c."""
    header = answer.headers.get("x-accepted-github-permissions", "")
    ways = [_permissions(way) for way in header.split(";")]
    known = [way for way in ways if way and _of_workflow(way)]
    if known:
        return say("Add to the job's `permissions:` in the workflow: ", _joined(known), ".")
    if any(ways):
        needed = _joined([way for way in ways if way])
        return say("A workflow's own token cannot have ", needed, ": use a GitHub App's token that has it.")
    return say("Check the workflow's `permissions:` and that the input `github-token` is meant for this.")


def _permissions(way: str) -> list[tuple[str, str]]:
    found = [_PERMISSION.fullmatch(item) for item in way.split(",")]
    pairs = [(match[1].replace("_", "-"), match[2]) for match in found if match]
    # `metadata` comes with every token: nobody has to ask for it.
    return [pair for pair in pairs if pair[0] != "metadata"] if len(pairs) == len(found) else []


def _of_workflow(way: list[tuple[str, str]]) -> bool:
    return all(name in _OF_WORKFLOWS for name, _ in way)


def _joined(ways: list[list[tuple[str, str]]]) -> str:
    return " or ".join(" and ".join(f"`{name}: {level}`" for name, level in way) for way in ways)
