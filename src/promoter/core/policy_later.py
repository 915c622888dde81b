"""Keys of a policy that a later version will read. Their form is checked, and their use refused.

Ignoring one would let a policy promise a check that nobody runs.
"""

from __future__ import annotations

from promoter.core.scalars import Anything, Text
from promoter.core.shape import ListOf, Map, later, required

_REMOVE = "Delete it; what it asks for is not checked yet"

_text = Text(
    about="", write="Write a text, in quotes where it is not plain", pattern=r"[\s\S]+", longest=1_000
)
_texts = ListOf(about="", write="Write a list of texts", item=_text)

_custom = Map(
    about="",
    write="Write `name` and `command` below it",
    fields=(
        required("name", _text, write="Write `name:` and the check's name"),
        required("command", _texts, write="Write `command:` and a list of words"),
    ),
    build=lambda record: record,
)

CHECKS = (later("custom", ListOf(about="", write="Write a list of checks", item=_custom), write=_REMOVE),)

EVALUATION = (
    later("id", _text, write="Delete it: rows are not joined, both models predict the same ones"),
    later("reference", Anything(), write="Delete it: only champion and challenger are compared"),
)

ANYWHERE = (
    later("propose", Anything(), write="Delete it; open promotion requests by hand"),
    later("drift", Anything(), write="Delete it; apply reports what moved outside git"),
    later("override", Anything(), write="Delete it: no failed check can be overridden"),
    later("overrides", Anything(), write="Delete it: no failed check can be overridden"),
)
