"""What differs between two templates, line by line: per message of a chat, and in what goes with it.

Nothing is left out here but lines that are the same: what a reviewer is not shown, nobody has reviewed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice, zip_longest

from promoter.core.evidence import Evidence
from promoter.core.prompt import Prompt, PromptMessage

# A longer line is shown in several pieces.
LONGEST_PIECE = 160
# Of longer texts each line is shown: what is the same would have to be searched for too long.
_MOST_COMPARED = 1_000
_HEAD = "@"


@dataclass(frozen=True, kw_only=True)
class DiffLine:
    """One line: `sign` is `+` (the challenger's), `-` (the champion's), a space (both), or `@` for a title of
    our own, in which only `text` is from outside."""

    sign: str
    text: str = ""
    title: str = ""


def template_diff(evidence: Evidence | None) -> tuple[DiffLine, ...]:
    """What the challenger's template would change; all of it where there is no champion. Empty for a model,
    and where nothing differs."""
    if evidence is None or evidence.challenger.prompt is None:
        return ()
    champion = evidence.champion.prompt if evidence.champion is not None else None
    return tuple(_lines(champion, evidence.challenger.prompt))


def counted(lines: tuple[DiffLine, ...]) -> tuple[int, int]:
    """How many lines are added, and how many removed."""
    return sum(line.sign == "+" for line in lines), sum(line.sign == "-" for line in lines)


def _lines(champion: Prompt | None, challenger: Prompt) -> Iterator[DiffLine]:
    held = champion or Prompt(template="", form=challenger.form)
    before = champion.messages if champion is not None else ()
    pairs = zip_longest(before, challenger.messages)
    for number, (old, new) in enumerate(pairs, 1):
        yield from _message(number, old, new=new)
    yield from _part("response format", held.response_format, new=challenger.response_format)
    yield from _part("model config", held.model_config, new=challenger.model_config)
    if held.form != challenger.form:
        yield DiffLine(sign=_HEAD, title="type of prompt")
        yield DiffLine(sign="-", text=held.form)
        yield DiffLine(sign="+", text=challenger.form)


def _message(number: int, old: PromptMessage | None, *, new: PromptMessage | None) -> Iterator[DiffLine]:
    """One message; None where only the other prompt has so many."""
    changes = [*_roles(old, new), *_changes(_content(old), _content(new))]
    either = new or old
    if either is not None and (changes or old is None or new is None):
        title = f"message {number}" if either.role else "text"
        yield DiffLine(sign=_HEAD, title=title, text=either.role)
        yield from changes


def _content(message: PromptMessage | None) -> str:
    return message.content if message is not None else ""


def _roles(old: PromptMessage | None, new: PromptMessage | None) -> Iterator[DiffLine]:
    if old is not None and new is not None and old.role != new.role:
        yield DiffLine(sign="-", text=f"role: {old.role}")
        yield DiffLine(sign="+", text=f"role: {new.role}")


def _part(title: str, old: str, *, new: str) -> Iterator[DiffLine]:
    changes = list(_changes(_pretty(old), _pretty(new)))
    if changes:
        yield DiffLine(sign=_HEAD, title=title)
        yield from changes


def _changes(old: str, new: str) -> Iterator[DiffLine]:
    if old == new:
        return
    # Only a line feed ends a line: whatever else might is shown as what it is.
    before, after = old.split("\n") if old else [], new.split("\n") if new else []
    if max(len(before), len(after)) > _MOST_COMPARED:
        found = (*(f"-{line}" for line in before), *(f"+{line}" for line in after))
    else:
        # Behind the two names; where a piece begins stands in lines that begin with `@`.
        found = tuple(islice(unified_diff(before, after, lineterm=""), 2, None))
    for line in found:
        if not line.startswith("@"):
            yield from _pieces(line)


def _pieces(line: str) -> Iterator[DiffLine]:
    sign, text = line[0], line[1:]
    for start in range(0, max(len(text), 1), LONGEST_PIECE):
        yield DiffLine(sign=sign, text=text[start : start + LONGEST_PIECE])


def _pretty(text: str) -> str:
    """JSON over several lines, in one order; what is none, as it stands."""
    try:
        return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
