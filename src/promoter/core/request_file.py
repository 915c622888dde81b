"""Reads a promotion request: what a file must hold is declared here, once."""

from __future__ import annotations

from promoter.core.names import ALIAS, MODEL, VERSION
from promoter.core.problems import Problems
from promoter.core.request import PromotionRequest
from promoter.core.scalars import Anything, Text
from promoter.core.shape import ListOf, Map, Record, defaulted, later, required
from promoter.core.strict_yaml import read_tree
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_model = required("model", MODEL, write="Write `model:` and the registered model's exact name")
_alias = required("alias", ALIAS, write="Write `alias:` and the alias to move, such as `champion`")
_version = required("version", VERSION, write="Write `version:` and the number of the model version")
_reason = defaulted(
    "reason",
    Text(
        about="Why, for the reviewers and for the history: a sentence, a ticket.",
        write="Write a sentence, or leave `reason` out",
        pattern=r"[\s\S]*\S[\s\S]*",
        longest=1_000,
    ),
    default="",
)
_from = later(
    "from",
    Text(
        about="The version of another registered model to copy.",
        write="Write a model's name, `/` and a version, such as `dev.ml.churn/7`",
        pattern=rf"{MODEL.pattern}/[1-9][0-9]{{0,9}}",
        longest=300,
    ),
    write="Delete it, copy the version with MLflow, and promote the copy",
)
_word = Text(about="", write="Write a word or a sentence", pattern=r"[\s\S]*\S[\s\S]*", longest=1_000)
_override = later(
    "override",
    Map(
        about="Checks whose failure is accepted for this once.",
        write="Write `checks`, `reason` and `expires` below it",
        fields=(
            required(
                "checks",
                ListOf(about="", write="Write a list of check ids, such as `[metrics]`", item=_word),
                write="Write `checks:` and a list of check ids",
            ),
            required("reason", _word, write="Write `reason:` and why"),
            required("expires", Anything(), write="Write `expires:` and a date"),
        ),
        build=lambda record: record,
    ),
    write="Delete it: what the policy asks for holds for every request",
)

REQUEST: Map[Record] = Map(
    about="A promotion request: which model version shall hold an alias. One file per registered model and "
    "alias; the file is the desired state, and merging it moves the alias.",
    write="Write `model`, `alias` and `version`, one a line",
    fields=(_model, _alias, _version, _reason, _from, _override),
    build=lambda record: record,
    outlook=". A request says what to promote; how it is judged stands in the policy",
)


def parse_request(data: bytes, *, path: str, blob_id: str = "") -> PromotionRequest:
    """The request in a file's bytes.

    Raises PromoterError(REQUEST_INVALID) whose `problems` are all that is wrong in it.
    """
    problems = Problems(path)
    root = read_tree(data, problems)
    record = REQUEST.read(root, name="the file", problems=problems) if root else None
    found = problems.all()
    if record is None or found:
        raise PromoterError(
            ReasonCode.REQUEST_INVALID,
            say("the promotion request ", quote(path), " cannot be read as one"),
            hint=say("Correct the file; docs/promotion-request.md shows every key."),
            problems=found,
        )
    return PromotionRequest(
        path=path,
        model=record[_model],
        alias=record[_alias],
        version=record[_version],
        reason=record[_reason].strip(),
        version_line=record.line(_version),
        blob_id=blob_id,
    )
