"""Which bytes a request was validated with: told in the comment, compared at apply.

MLflow keeps no digest of a version, and whoever may write artifacts may exchange them after the review. A pin
is a brake and nothing else: one that differs keeps an alias from being moved, one that is missing or equal
moves nothing by itself. A comment is never evidence.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from promoter.core.evidence import Evidence

_KEY = 12
_PIN = 32
_LAST_LINES = 2
MOST_PINS = 1_000
_LINE = re.compile(r"<!-- pinned((?: [0-9a-f]{12}:[0-9a-f]{32})+) -->")


def results_marker(repository: str, number: int) -> str:
    """The first line of the one comment with a pull request's results; `repository` is `owner/name`."""
    return f"<!-- promoter results {repository}#{number} -->"


def pin_of(evidence: Evidence) -> str | None:
    """What a challenger is: its files, the predictions it logged where those were judged, and where the
    registry says it came from. None where neither could be read.

    A model deleted and made anew has the same version numbers; its identity tells them apart. A prompt has
    no files: its own digest stands for them. 32 hexadecimal digits of a sha256.
    """
    version, files, measured = evidence.challenger, evidence.challenger_files, evidence.measurement
    judged = measured.challenger.digest if measured is not None else ""
    if version.prompt is None and files is None and not judged:
        return None
    model_id = version.logged_model.model_id if version.logged_model else None
    content = files.digest if files is not None else ""
    made_of = [version.prompt.digest if version.prompt is not None else content, judged]
    identity = [version.source, version.run_id, model_id, version.created_at, *made_of]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:_PIN]


def pinned_line(pins: Mapping[str, str]) -> str:
    """A hidden line of Markdown that holds a pin for each request, by the blob id of its file, or by what
    `pins_in` gives; empty for none, and for more than a comment has room for."""
    pairs = " ".join(f"{blob_id[:_KEY]}:{pin}" for blob_id, pin in sorted(pins.items()))
    return f"<!-- pinned {pairs} -->" if 0 < len(pins) <= MOST_PINS else ""


def pin_in(comment: str, blob_id: str) -> str | None:
    """What the comment's own line says of a request; None where it says nothing."""
    return pins_in(comment).get(blob_id[:_KEY])


def pins_in(comment: str) -> Mapping[str, str]:
    """Every pin of the comment, by the beginning of a blob id.

    Only a whole line at the very end counts, which text from outside never is in our comments.
    """
    last = comment.rstrip().splitlines()[-_LAST_LINES:]
    lines = [found for line in last if (found := _LINE.fullmatch(line.strip()))]
    return dict(_pairs(lines[-1].group(1).split())) if lines else {}


def kept(before: Mapping[str, str], now: Mapping[str, str]) -> Mapping[str, str]:
    """The pins to write where others stand: the first one of a request stays, for that is what was reviewed.

    A later run may find other files, or none that it can read.
    """
    return {**{blob_id[:_KEY]: pin for blob_id, pin in now.items()}, **before}


def _pairs(words: Iterable[str]) -> Iterable[tuple[str, str]]:
    for word in words:
        key, _, pin = word.partition(":")
        yield key, pin
