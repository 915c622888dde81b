"""What people and jobs do with issues."""

from collections.abc import Sequence
from dataclasses import replace

from promoter.demo.github.model import Issue, Label
from promoter.demo.github.state import State


def open_issue(state: State, title: str, *, author: str, body: str = "", labels: Sequence[str] = ()) -> Issue:
    """Open an issue; labels that are not there yet are made."""
    with state.lock:
        now = state.now()
        for name in labels:
            state.labels.setdefault(name.lower(), Label(id=state.new_id(), name=name))
        issue = Issue(
            id=state.new_id(),
            number=state.next_number(),
            title=title,
            body=body,
            author=author,
            labels=tuple(dict.fromkeys(state.labels[name.lower()].name for name in labels)),
            created_at=now,
            updated_at=now,
        )
        state.issues[issue.number] = issue
        return issue


def change_issue(state: State, number: int, *, title: str, body: str) -> Issue:
    """Change an issue's words."""
    with state.lock:
        changed = replace(state.issues[number], title=title, body=body, updated_at=state.now())
        state.issues[number] = changed
        return changed


def close_issue(state: State, number: int, *, reason: str = "completed") -> Issue:
    """Close an issue, for a reason."""
    with state.lock:
        now = state.now()
        changed = replace(state.issues[number], closed_at=now, closed=reason, updated_at=now)
        state.issues[number] = changed
        return changed


def reopen_issue(state: State, number: int) -> Issue:
    """Open an issue again."""
    with state.lock:
        changed = replace(state.issues[number], closed_at=None, closed="", updated_at=state.now())
        state.issues[number] = changed
        return changed
