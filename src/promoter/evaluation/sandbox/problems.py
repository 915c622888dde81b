"""How a model fails, in a message that can stand in a report."""

from __future__ import annotations

from promoter.errors import PromoterError, ReasonCode
from promoter.text import NOTHING, Message, Part, quote, say

_LONGEST_OUTPUT = 2_000
_LONGEST_LINE = 200
_MOST_LINES = 10
_LONGEST_PREDICTION = 40


def briefly(text: str) -> Part:
    """What a model predicted, in a message: enough to recognise it. Text that is no label may be anything, a
    row of the data among it."""
    cut = text if len(text) <= _LONGEST_PREDICTION else text[: _LONGEST_PREDICTION - 1] + "…"
    return quote(cut)


class ModelProblem(PromoterError):
    """A model that cannot be judged because of what it is or does: its message becomes `ModelRun.problem`.

    CHECKS_FAILED, or MODEL_UNSAFE for what is refused without being tried. Never an outage of ours. The
    message ends with the hint, as a `ModelRun` has no other place for it; `what` is the message alone.
    """

    def __init__(
        self, message: Message, *, reason: ReasonCode = ReasonCode.CHECKS_FAILED, hint: Message = NOTHING
    ) -> None:
        self.what = message
        whole = say(*message.parts, ". ", *hint.parts) if hint.parts else message
        super().__init__(reason, whole, hint=hint)


def printed_lines(text: str) -> tuple[Part, ...]:
    """The last ten lines of text from outside, each quoted; empty when there is none."""
    lines = [line.strip()[:_LONGEST_LINE] for line in text[-_LONGEST_OUTPUT:].splitlines() if line.strip()]
    parts: list[Part] = []
    for line in lines[-_MOST_LINES:]:
        parts += [" / " if parts else "", quote(line)]
    return say(*parts).parts
