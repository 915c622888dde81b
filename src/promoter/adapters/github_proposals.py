"""The pull requests that Promoter opens itself: found by branch and own login, changed, never doubled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from promoter.adapters.github_answers import Record, maybe_text, number, record, text
from promoter.adapters.github_branches import GitHubBranches, theirs
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_own import OwnAccount, check_body, create_once, first_line, plain
from promoter.adapters.github_retry import Call, Effect
from promoter.core.proposal import BRANCHES, Draft, Proposal
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say

MOST_CHARACTERS = 60_000
MOST_TITLE_CHARACTERS = 256


class GitHubProposals:
    """Implements `ports.Proposals`."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._account = OwnAccount(connection)
        self._branches = GitHubBranches(connection, self._account)

    def opened(self) -> tuple[Proposal, ...]:
        """Our own open ones from all our branches, newest first, with who else has committed to them."""
        found = self._own({"state": "open"}, what="listing the open pull requests")
        ours = [one for one in found if text(one, "head", "ref").startswith(BRANCHES)]
        return tuple(self._with_people(one) for one in ours)

    def listed(self, branch: str) -> tuple[Proposal, ...]:
        """Our own ones from the branch, open or closed, newest first, over all pages."""
        wanted = {"state": "all", "head": f"{self._connection.owner}:{branch}"}
        found = self._own(wanted, what=f"listing the pull requests from {branch}")
        # A server that does not know the filter lists them all.
        ours = [one for one in found if text(one, "head", "ref") == branch]
        return tuple(self._with_people(one) for one in ours)

    def create(self, draft: Draft) -> Proposal:
        """Branch, one commit and pull request; one that is open from there already is brought up to date.

        Raises CONFLICT where branch or pull request are somebody else's, PERMISSION_DENIED where the token
        may not open any.
        """
        _check(draft)
        there = self._open_from(draft.branch)
        if there is not None:
            if not self._is_ours(there):
                raise theirs(draft.branch, (maybe_text(there, "user", "login") or "",))
            return self.change(self._with_people(there), draft)
        self._branches.begin(draft)
        call = Call(
            verb="POST",
            address=self._connection.in_repository("pulls"),
            what=f"opening a pull request from {draft.branch}",
            body={"title": draft.title, "body": draft.body, "head": draft.branch, "base": draft.base},
            effect=Effect.ANOTHER,
        )
        try:
            return self._with_people(create_once(self._connection, call, look=lambda: self._after(draft)))
        except PromoterError as error:
            if error.reason is not ReasonCode.PERMISSION_DENIED:
                raise
            raise _may_not_open(error) from error

    def change(self, proposal: Proposal, draft: Draft) -> Proposal:
        """Bring an open one up to date; as it is then. No write where nothing differs."""
        _check(draft)
        if proposal.people:
            raise theirs(proposal.branch, proposal.people)
        head = self._branches.advance(draft, proposal.head_commit)
        changes = {}
        if proposal.title.strip() != draft.title.strip():
            changes["title"] = draft.title
        if plain(proposal.body) != plain(draft.body):
            changes["body"] = draft.body
        if changes:
            changed = self._proposal(self._send(proposal.number, changes), people=())
            # GitHub may need a moment to show the new commit.
            return replace(changed, head_commit=head)
        return replace(proposal, head_commit=head)

    def close(self, proposal: Proposal, *, body: str) -> None:
        """Say why in its body, close it, and delete its branch, unless other people have committed to it."""
        check_body(body, marker=first_line(body), most=MOST_CHARACTERS)
        self._send(proposal.number, {"body": body, "state": "closed"})
        if not proposal.people:
            self._branches.delete(proposal.branch, head=proposal.head_commit)

    def _open_from(self, branch: str) -> Record | None:
        """The open pull request from the branch, whosever it is; GitHub allows one for each base."""
        wanted = {"state": "open", "head": f"{self._connection.owner}:{branch}"}
        found = self._listed(wanted, what=f"looking for a pull request from {branch}")
        from_there = [one for one in found if text(one, "head", "ref") == branch]
        return next((one for one in from_there if self._is_ours(one)), next(iter(from_there), None))

    def _after(self, draft: Draft) -> Record | None:
        """The pull request that an unclear creation made, if it did."""
        found = self._open_from(draft.branch)
        return found if found is not None and self._is_ours(found) else None

    def _is_ours(self, found: Record) -> bool:
        return self._account.wrote(found)

    def _own(self, wanted: Mapping[str, str], *, what: str) -> list[Record]:
        return [one for one in self._listed(wanted, what=what) if self._is_ours(one)]

    def _listed(self, wanted: Mapping[str, str], *, what: str) -> list[Record]:
        """Those from this repository's own branches, whosever they are."""
        at = self._connection.in_repository("pulls")
        listed = self._connection.items(at, what=what, parameters=wanted)
        ours = f"{self._connection.owner}/{self._connection.name}".casefold()
        # By number: what is opened meanwhile pushes others onto the next page, where they are listed again.
        found = {
            number(one, "number"): one
            for one in listed
            if (maybe_text(one, "head", "repo", "full_name") or "").casefold() == ours
        }
        return list(found.values())

    def _with_people(self, found: Record) -> Proposal:
        """Who else has committed is asked for open ones only: the others are changed by nobody any more."""
        if text(found, "state") != "open":
            return self._proposal(found, people=())
        which = number(found, "number")
        at = self._connection.in_repository("pulls", str(which), "commits")
        commits = list(self._connection.items(at, what=f"listing the commits of pull request {which}"))
        return self._proposal(found, people=self._branches.strangers_in(commits))

    def _send(self, which: int, changes: Mapping[str, object]) -> Record:
        at = self._connection.in_repository("pulls", str(which))
        call = Call(verb="PATCH", address=at, what=f"changing pull request {which}", body=changes)
        return record(self._connection.send(call).data)

    def _proposal(self, found: Record, *, people: tuple[str, ...]) -> Proposal:
        is_merged = maybe_text(found, "merged_at") is not None
        return Proposal(
            number=number(found, "number"),
            branch=text(found, "head", "ref"),
            title=text(found, "title"),
            body=plain(maybe_text(found, "body") or ""),
            url=text(found, "html_url"),
            head_commit=text(found, "head", "sha"),
            state="merged" if is_merged else text(found, "state"),
            people=people,
        )


def _check(draft: Draft) -> None:
    """Our own mistakes, not the user's."""
    check_body(draft.body, marker=first_line(draft.body), most=MOST_CHARACTERS)
    if not draft.title.strip() or "\n" in draft.title or len(draft.title) > MOST_TITLE_CHARACTERS:
        raise ValueError(f"a title is one line of at most {MOST_TITLE_CHARACTERS} characters")
    if not draft.branch.startswith(BRANCHES) or not draft.files:
        raise ValueError(f"a proposal comes from a branch {BRANCHES}…, and changes something")


def _may_not_open(error: PromoterError) -> PromoterError:
    """A job's own token opens none unless the repository's settings say so, whatever its permissions."""
    return PromoterError(
        error.reason,
        error.message,
        hint=say(
            *error.hint.parts,
            " Better give a GitHub App's token: what a job's own token opens starts no workflow, so nothing "
            "would judge it; and the setting “Allow GitHub Actions to create and approve pull requests” is "
            "off at first.",
        ),
    )
