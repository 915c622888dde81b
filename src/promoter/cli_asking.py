"""Questions on a terminal: plain lines, with what Enter means in brackets. Scripts are never asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from promoter.errors import PromoterError, ReasonCode
from promoter.text import say

_YES, _NO = frozenset({"y", "yes"}), frozenset({"n", "no"})


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who answers: `given` is read, questions go to `shown`. Without `is_person`, answers are the
    defaults."""

    given: TextIO
    shown: TextIO
    is_person: bool

    def text(self, question: str, default: str) -> str:
        """What was typed, without white space at its ends; the default for an empty line."""
        if not self.is_person:
            return default
        return self._line(f"{question} [{default}]: " if default else f"{question}: ") or default

    def agrees(self, question: str) -> bool:
        """Whether the answer is yes, which an empty line and nobody to ask mean too."""
        return not self.is_person or self._word(f"{question} [Y/n]: ") not in _NO

    def insists(self, question: str) -> bool:
        """Whether the answer is yes, which an empty line and nobody to ask do not mean."""
        return self.is_person and self._word(f"{question} [y/N]: ") in _YES

    def _word(self, question: str) -> str:
        while (word := self._line(question).casefold()) and word not in _YES | _NO:
            self.shown.write("Please answer y or n.\n")
        return word

    def _line(self, question: str) -> str:
        self.shown.write(question)
        self.shown.flush()
        line = self.given.readline()
        if not line:
            self.shown.write("\n")
            raise PromoterError(
                ReasonCode.USAGE_INVALID,
                say("there was no answer, so nothing was written"),
                hint=say("Answer the question, or use `--yes` and flags for what is asked."),
            )
        return line.strip()
