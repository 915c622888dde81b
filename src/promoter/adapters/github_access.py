"""Which GitHub we talk to, and where its token may go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote as percent_encoded

from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

PER_PAGE = 100
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, kw_only=True)
class GitHubAccess:
    """Which GitHub, which repository (`owner/name`), and with whose token."""

    api_url: str
    repository: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        """Raise USAGE_INVALID for an address the token must not go to, and for anything that is malformed."""
        _check_address(self.api_url)
        check_repository(self.repository)
        if not re.fullmatch(r"[!-~]+", self.token):
            raise unusable(
                say("the GitHub token is empty, or has characters that no token has"),
                say("Give the input `github-token`; its default is the job's own token."),
            )


def check_repository(repository: str) -> None:
    """Raise USAGE_INVALID for what is no repository's name."""
    names = set(repository.split("/"))
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII) or {".", ".."} & names:
        raise unusable(say("the repository is ", quote(repository)), say("It is called `owner/name`."))


# No user, no query, no fragment: `https://api.github.com@elsewhere.example` leads elsewhere.
_ADDRESS = re.compile(r"https?://([\w.-]+)(?::([0-9]{1,5}))?(/[\w./~-]*)?", re.ASCII)
_LAST_PORT = 65_535


def _check_address(api_url: str) -> None:
    match = _ADDRESS.fullmatch(api_url)
    if match is None or int(match[2] or 0) > _LAST_PORT:
        raise unusable(
            say("GITHUB_API_URL is no address of an API"),
            say("It looks like `https://api.github.com` or `https://github.example/api/v3`."),
        )
    if api_url.startswith("http://") and match[1] not in _OWN_MACHINE:
        raise unusable(
            say("GITHUB_API_URL is ", quote(api_url), ": the token would travel in the open"),
            say("It must begin with `https://`; `http://` is for this machine only (localhost)."),
        )


def unusable(message: Message, hint: Message) -> PromoterError:
    """The error for what cannot be asked at all."""
    return PromoterError(ReasonCode.USAGE_INVALID, message, hint=hint)


def address(*segments: str) -> str:
    """A path below the API's root; each segment stays one, whatever characters it has."""
    for segment in segments:
        # Clients and servers resolve these: the request would go to another place.
        if segment in {"", ".", ".."}:
            raise unusable(
                say("GitHub cannot be asked about ", quote("/".join(segments))),
                say("A name or path in it is empty or made of dots."),
            )
    return "".join(f"/{percent_encoded(segment, safe='')}" for segment in segments)
