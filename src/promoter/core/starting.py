"""What `promoter init` would write, beside what is there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from promoter.text import Message


class Part(StrEnum):
    """Which pull request a file belongs to: a request may not come with the rules it is judged by."""

    RULES = "rules"
    REQUESTS = "requests"


class Step(StrEnum):
    """What is asked to be written."""

    ALL = "all"
    POLICY = "policy"
    REQUESTS = "requests"

    @property
    def parts(self) -> frozenset[Part]:
        """The files that belong to it."""
        return _PARTS[self]


_PARTS = {
    Step.ALL: frozenset(Part),
    Step.POLICY: frozenset({Part.RULES}),
    Step.REQUESTS: frozenset({Part.REQUESTS}),
}


class FileState(StrEnum):
    """What became of a file, or would become of it."""

    NEW = "new"
    UNCHANGED = "unchanged"
    DIFFERS = "differs"


class Done(StrEnum):
    """What was done about it. WOULD_…: nothing is written in a dry run."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    KEPT = "kept"
    WOULD_CREATE = "would_create"
    WOULD_REPLACE = "would_replace"


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A file's new bytes; `before` are those it has (None: there is none)."""

    path: str
    data: bytes
    part: Part
    before: bytes | None = None

    @property
    def state(self) -> FileState:
        """How the two compare."""
        if self.before is None:
            return FileState.NEW
        return FileState.UNCHANGED if self.before == self.data else FileState.DIFFERS


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """An alias that is left out, and why."""

    model: str
    alias: str
    why: Message


@dataclass(frozen=True, kw_only=True)
class InitPlan:
    """Everything `promoter init` found out. `adopted` counts the aliases that requests ask for."""

    files: tuple[PlannedFile, ...]
    adopted: int
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DoneFile:
    """One file of the plan, and what was done about it."""

    file: PlannedFile
    done: Done


@dataclass(frozen=True, kw_only=True)
class InitResult:
    """What `promoter init` did. `pending` are the paths that the default branch does not hold like this;
    `places` the globs that the code owners should own."""

    plan: InitPlan
    files: tuple[DoneFile, ...]
    branch: str
    pending: frozenset[str] = frozenset()
    places: Sequence[str] = ()

    def to_merge(self, part: Part) -> tuple[str, ...]:
        """What a pull request still has to bring, sorted."""
        paths = (one.file.path for one in self.files if one.file.part is part)
        return tuple(sorted(path for path in paths if path in self.pending))
