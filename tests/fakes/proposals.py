"""Our own pull requests in memory, with the contract of `ports.Proposals`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from promoter.core.proposal import BRANCHES, Draft, Proposal
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say


@dataclass
class InMemoryProposals:
    """`pulls` by number; `files` what each branch changes; `writes` says what was done, in order.

    `fail` has a method raise. Of people, `take` is a commit, `settle` a close or merge.
    """

    pulls: dict[int, Proposal] = field(default_factory=dict)
    files: dict[str, Mapping[str, bytes | None]] = field(default_factory=dict)
    writes: list[tuple[str, int]] = field(default_factory=list)
    failures: dict[str, PromoterError] = field(default_factory=dict)

    def fail(self, method: str, error: PromoterError) -> None:
        """Have a method raise from now on."""
        self.failures[method] = error

    def take(self, number: int, by: str) -> None:
        """Somebody commits to the branch."""
        self.pulls[number] = replace(self.pulls[number], people=(by,))

    def settle(self, number: int, state: str) -> None:
        """Somebody closes or merges it."""
        self.pulls[number] = replace(self.pulls[number], state=state, people=())

    def opened(self) -> tuple[Proposal, ...]:
        """See `Proposals`."""
        self._fail_if_told("opened")
        return tuple(one for one in self._newest_first() if one.state == "open")

    def listed(self, branch: str) -> tuple[Proposal, ...]:
        """See `Proposals`."""
        self._fail_if_told("listed")
        return tuple(one for one in self._newest_first() if one.branch == branch)

    def create(self, draft: Draft) -> Proposal:
        """See `Proposals`."""
        self._fail_if_told("create")
        assert draft.branch.startswith(BRANCHES)
        there = next((one for one in self.opened() if one.branch == draft.branch), None)
        if there is not None:
            return self.change(there, draft)
        number = len(self.pulls) + 1
        self.pulls[number] = Proposal(
            number=number,
            branch=draft.branch,
            title=draft.title,
            body=draft.body.rstrip(),
            url=f"https://github.example/acme/models/pull/{number}",
            head_commit=f"{number:040x}",
        )
        self.files[draft.branch] = dict(draft.files)
        self.writes.append(("create", number))
        return self.pulls[number]

    def change(self, proposal: Proposal, draft: Draft) -> Proposal:
        """See `Proposals`."""
        self._fail_if_told("change")
        if proposal.people:
            raise PromoterError(ReasonCode.CONFLICT, say(quote(draft.branch), " is theirs"))
        changed = replace(proposal, title=draft.title, body=draft.body.rstrip())
        if self.files.get(draft.branch) != dict(draft.files):
            self.files[draft.branch] = dict(draft.files)
            changed = replace(changed, head_commit=f"{len(self.writes) + 1000:040x}")
        if changed != proposal:
            self.pulls[proposal.number] = changed
            self.writes.append(("change", proposal.number))
        return changed

    def close(self, proposal: Proposal, *, body: str) -> None:
        """See `Proposals`."""
        self._fail_if_told("close")
        self.pulls[proposal.number] = replace(proposal, body=body.rstrip(), state="closed", people=())
        if not proposal.people:
            self.files.pop(proposal.branch, None)
        self.writes.append(("close", proposal.number))

    def _newest_first(self) -> list[Proposal]:
        return sorted(self.pulls.values(), key=lambda one: -one.number)

    def _fail_if_told(self, method: str) -> None:
        if method in self.failures:
            raise self.failures[method]
