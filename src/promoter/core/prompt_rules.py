"""What a policy may ask of a prompt version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Variables(StrEnum):
    """How the variables of the challenger must be to those of the champion."""

    SAME = "same"
    SUBSET = "subset"


class ResponseFormat(StrEnum):
    """How the response format of the challenger must be to that of the champion."""

    SAME = "same"


@dataclass(frozen=True, kw_only=True)
class PromptRule:
    """None and empty mean not asked. `max_length` is in characters of all messages; `required_text` must be
    found in them, `forbidden_text` must not."""

    variables: Variables | None = None
    max_length: int | None = None
    required_text: tuple[re.Pattern[str], ...] = ()
    forbidden_text: tuple[re.Pattern[str], ...] = ()
    response_format: ResponseFormat | None = None
