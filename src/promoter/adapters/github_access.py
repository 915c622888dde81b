"""Which GitHub we talk to, and where its token may go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

PER_PAGE = 100
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class GitHubAccess:
    """Which GitHub, which repository (`owner/name`), and with whose token."""

    api_url: str
    repository: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        """Raise USAGE_INVALID for an address the token must not go to, and for anything that is malformed."""
        _check_address(self.api_url)
        names = self.repository.split("/")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository, re.ASCII) or {".", ".."} & set(names):
            raise unusable(
                say("the repository is ", quote(self.repository)), say("It is called `owner/name`.")
            )
        if not re.fullmatch(r"[!-~]+", self.token):
            raise unusable(
                say("the GitHub token is empty, or has characters that no token has"),
                say("Give the input `github-token`; its default is the job's own token."),
            )


def _check_address(api_url: str) -> None:
    try:
        url = urlsplit(api_url)
        there = bool(url.hostname) and url.port != 0
    except ValueError:
        there = False
    if not there or url.username is not None or url.password is not None or url.query or url.fragment:
        raise unusable(
            say("GITHUB_API_URL is no address of an API"),
            say("It looks like `https://api.github.com` or `https://github.example/api/v3`."),
        )
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _OWN_MACHINE):
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
