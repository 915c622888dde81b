"""Every call to MLflow goes through here: inside the deadline, its failures in our words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_errors import explain, failures, is_absence, is_race
from promoter.text import Message

_T = TypeVar("_T")


class Calls:
    """Calls to one registry.

    Errors are raised after MLflow's own was let go: its text and its traceback may hold a password.
    """

    def __init__(self, *, addresses: Addresses, deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline

    def ask(self, call: Callable[[], _T], *, doing: Message) -> _T:
        """The call's answer. Raises REGISTRY_UNAVAILABLE, PERMISSION_DENIED, VERSION_NOT_FOUND (absence),
        REQUEST_INVALID or DEADLINE_EXCEEDED."""
        try:
            return self._deadline.run(call, what=str(doing))
        except failures() as error:
            failure = explain(error, doing=doing, addresses=self._addresses)
        raise failure

    def find(self, call: Callable[[], _T], *, doing: Message) -> _T | None:
        """The same, but None where MLflow itself said that there is no such thing."""
        try:
            return self._deadline.run(call, what=str(doing))
        except failures() as error:
            if is_absence(error):
                return None
            failure = explain(error, doing=doing, addresses=self._addresses)
        raise failure

    def write(self, call: Callable[[], object], *, doing: Message) -> bool:
        """Whether the write went through; False when another client wrote the same row at that moment."""
        try:
            self._deadline.run(call, what=str(doing))
        except failures() as error:
            if is_race(error):
                return False
            failure = explain(error, doing=doing, addresses=self._addresses)
        else:
            return True
        raise failure
