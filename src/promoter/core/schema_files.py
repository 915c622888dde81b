"""The schemas that init writes beside the files they describe, and whether they are of this release."""

from __future__ import annotations

import json
from collections.abc import Mapping

from promoter.core.schema import FileKind, schema
from promoter.text import Message, quote, say

SCHEMAS: Mapping[FileKind, str] = {
    FileKind.POLICY: ".github/promoter/promotion-policy.schema.json",
    FileKind.REQUEST: ".github/promoter/promotion-request.schema.json",
}


def is_stale(data: bytes, kind: FileKind) -> bool:
    """Whether this release of Promoter would write the schema otherwise."""
    try:
        return bool(json.loads(data) != schema(kind))
    except ValueError:
        return True


def stale_words(kind: FileKind) -> Message:
    """What is said of a stale one, in whole."""
    path = SCHEMAS[kind]
    fresh = quote(f"promoter schema {kind} > {path}")
    return say(quote(path), " is of another release of Promoter; ", fresh, " renews it")
