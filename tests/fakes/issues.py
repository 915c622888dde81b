"""The issues of a repository in memory, with the contract of `ports.Issues`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from promoter.core.issue import Issue
from promoter.errors import PromoterError


@dataclass
class InMemoryIssues:
    """`open` and `closed` by number; `writes` says what was done, in order. `fail` has a method raise."""

    open: dict[int, Issue] = field(default_factory=dict)
    closed: dict[int, Issue] = field(default_factory=dict)
    writes: list[tuple[str, int]] = field(default_factory=list)
    failures: dict[str, PromoterError] = field(default_factory=dict)

    def fail(self, method: str, error: PromoterError) -> None:
        """Have a method raise from now on."""
        self.failures[method] = error

    def opened(self) -> tuple[Issue, ...]:
        """Newest first, as GitHub lists them."""
        self._fail_if_told("opened")
        return tuple(sorted(self.open.values(), key=lambda issue: -issue.number))

    def create(self, *, title: str, body: str) -> str:
        """See `Issues`."""
        self._fail_if_told("create")
        number = len(self.open) + len(self.closed) + 1
        url = f"https://github.example/acme/models/issues/{number}"
        marker = body.partition("\n")[0]
        self.open[number] = Issue(number=number, marker=marker, title=title, body=body, url=url)
        self.writes.append(("create", number))
        return url

    def change(self, issue: Issue, *, title: str, body: str) -> None:
        """See `Issues`."""
        self._fail_if_told("change")
        if (issue.title, issue.body) != (title, body):
            self.open[issue.number] = replace(issue, title=title, body=body)
            self.writes.append(("change", issue.number))

    def close(self, issue: Issue, *, body: str) -> None:
        """See `Issues`."""
        self._fail_if_told("close")
        self.closed[issue.number] = replace(self.open.pop(issue.number), body=body)
        self.writes.append(("close", issue.number))

    def _fail_if_told(self, method: str) -> None:
        if method in self.failures:
            raise self.failures[method]
