"""A job that keeps what it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, say


@dataclass
class RecordingRunner:
    """A job that keeps what is written to it; `unwritable` names methods that fail."""

    unwritable: frozenset[str] = frozenset()
    annotated: list[str] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    logged: list[str] = field(default_factory=list)

    def mask(self, secrets: Sequence[str]) -> None:
        """Not asked here."""

    def log(self, message: Message) -> None:
        self.logged.append(str(message))

    def annotate(self, lines: Sequence[str]) -> None:
        self.annotated.extend(lines)

    def summary(self, text: str) -> None:
        self._write("summary")
        self.summaries.append(text)

    def outputs(self, values: Mapping[str, str]) -> None:
        self._write("outputs")
        self.values.update(values)

    def save(self, name: str, text: str) -> str:
        self._write("save")
        self.files[name] = text
        return f"/reports/{name}"

    def _write(self, method: str) -> None:
        if method in self.unwritable:
            raise PromoterError(ReasonCode.USAGE_INVALID, say(f"{method} cannot be written"))
