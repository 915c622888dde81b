"""Who had a hand in a pull request's commits. Somebody missed here could approve their own change."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from promoter.adapters.github_answers import Record, flag, garbage, maybe_text, number, records, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.core.pull_request import Contributor
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say

# Where GitHub's list of a pull request's commits ends, however many pages are asked for
MOST_COMMITS = 250
# Commits made on the site are committed by this account; it is nobody.
_SITE = "web-flow"
_TRAILER = re.compile(r"^[ \t]*co-authored-by[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")
_AUTHORS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    commits(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { commit { authors(first: 100) { nodes { email user { login } } } } }
    }
  } }
}
"""


class GitHubContributors:
    """Authors, committers and co-authors, from the commits' own data."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._listed: dict[int, list[Record]] = {}

    def of(self, pull: int, *, expected: int | None) -> tuple[Contributor, ...]:
        """Everybody once, in a stable order; `expected` is how many commits there are, where that is known.

        Raises TOO_MANY_FILES when GitHub does not list all commits.
        """
        commits = self._commits(pull, expected=expected)
        people = {person for commit in commits for person in _writers(commit)}
        partners = {
            address for commit in commits for address in co_authors(text(commit, "commit", "message"))
        }
        if _unresolved(partners, people):
            people |= set(self._resolved(pull))
        people |= {Contributor(login=None, email=address) for address in partners}
        return tuple(sorted(people, key=lambda person: (person.login or "", person.email)))

    def commits(self, pull: int, *, expected: int | None) -> frozenset[str]:
        """The commits' ids. Raises TOO_MANY_FILES when GitHub does not list all of them."""
        return frozenset(text(commit, "sha") for commit in self._commits(pull, expected=expected))

    def _commits(self, pull: int, *, expected: int | None) -> list[Record]:
        if pull not in self._listed:
            self._listed[pull] = self._asked(pull, expected=expected)
        return self._listed[pull]

    def _asked(self, pull: int, *, expected: int | None) -> list[Record]:
        at = self._connection.in_repository("pulls", str(pull), "commits")
        commits = list(self._connection.items(at, what=f"listing the commits of pull request {pull}"))
        if expected is None and len(commits) >= MOST_COMMITS:
            expected = self._count(pull)
        if expected is not None and expected != len(commits):
            raise _not_all_listed(pull, listed=len(commits), commits=expected)
        return commits

    def _count(self, pull: int) -> int:
        what = f"counting the commits of pull request {pull}"
        answer = self._connection.get(self._connection.in_repository("pulls", str(pull)), what=what)
        return number(answer.data, "commits")

    def _resolved(self, pull: int) -> Iterator[Contributor]:
        """The accounts behind co-authors' addresses: only GitHub knows them, and only GraphQL says them."""
        after: str | None = None
        while True:
            variables = {
                "owner": self._connection.owner,
                "name": self._connection.name,
                "number": pull,
                "after": after,
            }
            what = f"reading the co-authors of pull request {pull}"
            data = self._connection.query(_AUTHORS, variables, what=what)
            if data is None:
                raise garbage(what, "the accounts of co-authors are not told")
            for node in records(data, "repository", "pullRequest", "commits", "nodes"):
                for author in records(node, "commit", "authors", "nodes"):
                    yield Contributor(
                        login=maybe_text(author, "user", "login"), email=maybe_text(author, "email") or ""
                    )
            page = ("repository", "pullRequest", "commits", "pageInfo")
            if not flag(data, *page, "hasNextPage"):
                return
            after = text(data, *page, "endCursor")


def _writers(commit: Record) -> Iterator[Contributor]:
    for role in ("author", "committer"):
        login = maybe_text(commit, role, "login")
        email = maybe_text(commit, "commit", role, "email") or ""
        if login != _SITE and (login or email):
            yield Contributor(login=login, email=email)


def co_authors(message: str) -> Sequence[str]:
    """The addresses in a commit message's `Co-authored-by:` lines, wherever in it they stand."""
    lines = (match[1] for match in _TRAILER.finditer(message.replace("\r", "\n")))
    return [address for line in lines for address in _ADDRESS.findall(line)]


def _unresolved(addresses: Collection[str], people: Collection[Contributor]) -> set[str]:
    """Addresses whose account is not known yet. Of authors and committers GitHub has said already whether
    there is one; a noreply address carries its login."""
    answered = {person.email.casefold() for person in people}
    asked = {address.casefold() for address in addresses} - answered
    return {one for one in asked if not one.rpartition("@")[2].startswith("users.noreply.")}


def _not_all_listed(pull: int, *, listed: int, commits: int) -> PromoterError:
    return PromoterError(
        ReasonCode.TOO_MANY_FILES,
        say(f"pull request {pull} has {commits:,} commits, and GitHub lists {listed:,} of them"),
        hint=say(
            "Who wrote the others cannot be known, so nobody's approval can be counted. "
            "Squash the branch, or move the request to a pull request of its own."
        ),
    )
