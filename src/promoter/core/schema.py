"""JSON Schema (draft 7) of the files a user writes, for editors and linters."""

from __future__ import annotations

from enum import StrEnum

from promoter.core.policy_shape import POLICY
from promoter.core.request_file import REQUEST
from promoter.core.schema_hints import OF_A_POLICY, with_hints
from promoter.core.shape import JsonSchema

_DRAFT = "http://json-schema.org/draft-07/schema#"


class FileKind(StrEnum):
    """The files that have a schema."""

    REQUEST = "request"
    POLICY = "policy"


_SHAPES = {
    FileKind.REQUEST: ("Promotion request", REQUEST, {}),
    FileKind.POLICY: ("Promotion policy", POLICY, OF_A_POLICY),
}


def schema(kind: FileKind) -> JsonSchema:
    """The schema of one kind of file, made from the declaration that reads it.

    Whatever the reader accepts is valid under it, and it has examples for editors. A few refusals need more
    than a schema can say, such as two metrics of the same name.
    """
    title, shape, own = _SHAPES[kind]
    return {"$schema": _DRAFT, "title": title, **with_hints(shape.schema(), own=own)}
