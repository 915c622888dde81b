"""Every way a run can end: reason code, exit code, and the message a tired person needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from promoter.text import Message, printable, say


class ExitCode(IntEnum):
    """What the process tells the job. See `docs/reason-codes.md`."""

    DONE = 0
    NO = 1
    WRONG_INPUT = 2
    BUG = 3
    UNDECIDED = 4
    INTERRUPTED = 130


class ReasonCode(StrEnum):
    """The closed list of reasons. Values are public contract: add, never rename."""

    NOTHING_TO_PROMOTE = "nothing_to_promote"
    VALIDATED = "validated"
    ROLLBACK_VALIDATED = "rollback_validated"
    APPLIED = "applied"
    ALREADY_APPLIED = "already_applied"
    IN_SYNC = "in_sync"
    SETUP_SOUND = "setup_sound"
    PROPOSED = "proposed"
    PROPOSALS_CURRENT = "proposals_current"
    DRY_RUN = "dry_run"
    PULL_REQUEST_CLOSED = "pull_request_closed"

    CHECKS_FAILED = "checks_failed"
    INCONCLUSIVE = "inconclusive"
    MISSING_CHAMPION = "missing_champion"
    CHAMPION_MOVED = "champion_moved"
    CONFLICT = "conflict"
    FORK_UNSUPPORTED = "fork_unsupported"
    NOT_DEFAULT_BRANCH = "not_default_branch"
    SUPERSEDED = "superseded"
    APPROVAL_MISSING = "approval_missing"
    APPROVAL_STALE = "approval_stale"
    APPROVAL_SELF = "approval_self"
    NO_PULL_REQUEST = "no_pull_request"
    READBACK_MISMATCH = "readback_mismatch"
    MODEL_UNSAFE = "model_unsafe"
    ARTIFACTS_CHANGED = "artifacts_changed"
    DRIFT_FOUND = "drift_found"
    SETUP_UNSAFE = "setup_unsafe"
    OVERRIDE_REFUSED = "override_refused"

    REQUEST_INVALID = "request_invalid"
    POLICY_INVALID = "policy_invalid"
    DUPLICATE_REQUEST = "duplicate_request"
    ALIAS_NOT_ALLOWED = "alias_not_allowed"
    MODEL_NOT_FOUND = "model_not_found"
    VERSION_NOT_FOUND = "version_not_found"
    VERSION_NOT_READY = "version_not_ready"
    POLICY_CHANGED_IN_PULL_REQUEST = "policy_changed_in_pull_request"
    ALL_REQUESTS_DELETED = "all_requests_deleted"
    TOO_MANY_FILES = "too_many_files"
    USAGE_INVALID = "usage_invalid"
    NOT_AVAILABLE = "not_available"

    APPLY_FAILED = "apply_failed"
    REGISTRY_UNAVAILABLE = "registry_unavailable"
    GITHUB_UNAVAILABLE = "github_unavailable"
    DATA_UNAVAILABLE = "data_unavailable"
    CHECK_UNAVAILABLE = "check_unavailable"
    OUTPUT_UNWRITABLE = "output_unwritable"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    PERMISSION_DENIED = "permission_denied"

    INTERNAL_ERROR = "internal_error"
    INTERRUPTED = "interrupted"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that goes with this reason."""
        return _EXIT_CODES[self]


_R = ReasonCode
_DONE = (
    _R.NOTHING_TO_PROMOTE,
    _R.VALIDATED,
    _R.ROLLBACK_VALIDATED,
    _R.APPLIED,
    _R.ALREADY_APPLIED,
    _R.IN_SYNC,
    _R.SETUP_SOUND,
    _R.PROPOSED,
    _R.PROPOSALS_CURRENT,
    _R.DRY_RUN,
    _R.PULL_REQUEST_CLOSED,
)
_NO = (
    _R.CHECKS_FAILED,
    _R.INCONCLUSIVE,
    _R.MISSING_CHAMPION,
    _R.CHAMPION_MOVED,
    _R.CONFLICT,
    _R.FORK_UNSUPPORTED,
    _R.NOT_DEFAULT_BRANCH,
    _R.SUPERSEDED,
    _R.APPROVAL_MISSING,
    _R.APPROVAL_STALE,
    _R.APPROVAL_SELF,
    _R.NO_PULL_REQUEST,
    _R.READBACK_MISMATCH,
    _R.MODEL_UNSAFE,
    _R.ARTIFACTS_CHANGED,
    _R.DRIFT_FOUND,
    _R.SETUP_UNSAFE,
    _R.OVERRIDE_REFUSED,
)
_WRONG_INPUT = (
    _R.REQUEST_INVALID,
    _R.POLICY_INVALID,
    _R.DUPLICATE_REQUEST,
    _R.ALIAS_NOT_ALLOWED,
    _R.MODEL_NOT_FOUND,
    _R.VERSION_NOT_FOUND,
    _R.VERSION_NOT_READY,
    _R.POLICY_CHANGED_IN_PULL_REQUEST,
    _R.ALL_REQUESTS_DELETED,
    _R.TOO_MANY_FILES,
    _R.USAGE_INVALID,
    _R.NOT_AVAILABLE,
)
_UNDECIDED = (
    _R.APPLY_FAILED,
    _R.REGISTRY_UNAVAILABLE,
    _R.GITHUB_UNAVAILABLE,
    _R.DATA_UNAVAILABLE,
    _R.CHECK_UNAVAILABLE,
    _R.OUTPUT_UNWRITABLE,
    _R.DEADLINE_EXCEEDED,
    _R.PERMISSION_DENIED,
)
_EXIT_CODES: dict[ReasonCode, ExitCode] = {
    **dict.fromkeys(_DONE, ExitCode.DONE),
    **dict.fromkeys(_NO, ExitCode.NO),
    **dict.fromkeys(_WRONG_INPUT, ExitCode.WRONG_INPUT),
    **dict.fromkeys(_UNDECIDED, ExitCode.UNDECIDED),
    _R.INTERNAL_ERROR: ExitCode.BUG,
    _R.INTERRUPTED: ExitCode.INTERRUPTED,
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong in a file of the user's. `line` and `column` count from 1."""

    path: str
    line: int
    column: int
    found: Message
    write: Message

    def __str__(self) -> str:
        return f"{printable(self.path)}:{self.line}:{self.column}: {self.found}. {self.write}"


class PromoterError(Exception):
    """An error a user can meet: why it stopped (`message`) and what to do next (`hint`)."""

    def __init__(
        self,
        reason: ReasonCode,
        message: Message,
        *,
        hint: Message | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(str(message))
        self.reason = reason
        self.message = message
        self.hint = hint or say()
        self.problems = problems

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the reason."""
        return self.reason.exit_code


class NotOnGitHub(PromoterError):
    """GitHub has no such commit, as one that was not pushed. Where nobody catches it, it is an outage."""


class Tampered(PromoterError):
    """Something we ran reached what it must not: it ends the whole run, not the one request."""
