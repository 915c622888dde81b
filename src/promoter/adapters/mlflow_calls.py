"""Every call to MLflow goes through here: inside the deadline, its failures in our words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_errors import explain, failures, is_absence, is_race
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, say

_T = TypeVar("_T")
_OUTAGES = frozenset({ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED})


class Slice:
    """What it spends, however often it is asked, is bounded; the first failure ends it for good."""

    def __init__(self, deadline: Deadline, *, part: float, most: float) -> None:
        self._deadline = deadline
        self._left = min(deadline.remaining() * part, most)
        self._ended: PromoterError | None = None

    def run(self, call: Callable[[], _T], *, doing: Message) -> _T:
        """The call's answer. Raises what the call does, INTERRUPTED, and DEADLINE_EXCEEDED when the slice is
        spent; after an outage that one again, without asking."""
        if self._ended is not None:
            raise self._ended
        before = self._deadline.remaining()
        try:
            return self._deadline.within(1, most=self._left).run(call, what=str(doing))
        except PromoterError as error:
            self._ended = self._spent(error, doing) if error.reason in _OUTAGES else None
            raise self._ended or error from None
        finally:
            self._left -= before - self._deadline.remaining()

    def _spent(self, error: PromoterError, doing: Message) -> PromoterError:
        if error.reason is not ReasonCode.DEADLINE_EXCEEDED:
            return error
        message = say(*doing.parts, " took longer than there is time for what decides nothing")
        return PromoterError(error.reason, message)


class Calls:
    """Calls to one registry.

    Errors are raised after MLflow's own was let go: its text and its traceback may hold a password.
    """

    def __init__(self, *, addresses: Addresses, deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline

    def within(self, part: float, *, most: float) -> Slice:
        """A slice of the run's time, `most` seconds, for what the run can do without."""
        return Slice(self._deadline, part=part, most=most)

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
