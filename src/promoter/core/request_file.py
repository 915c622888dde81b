"""Reads a promotion request: what a file must hold is declared here, once."""

from __future__ import annotations

from promoter.core.names import ALIAS, MODEL, VERSION
from promoter.core.override_shape import OVERRIDE
from promoter.core.problems import Problems
from promoter.core.prompt import Kind
from promoter.core.request import PromotionRequest, SourceVersion
from promoter.core.request_rules import BETWEEN_KEYS
from promoter.core.scalars import Choice, Text
from promoter.core.shape import Map, Record, defaulted, optional, required
from promoter.core.strict_yaml import read_tree
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_model = required("model", MODEL, write="Write `model:` and the registered model's exact name")
_alias = required("alias", ALIAS, write="Write `alias:` and the alias to move, such as `champion`")
_version = optional("version", VERSION)
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
_from = optional(
    "from",
    Text(
        about="A version of another registered model: it is copied, and the copy holds the alias.",
        write="Write a model's name, `/` and a version, such as `dev.ml.churn/7`",
        pattern=rf"{MODEL.pattern}/[1-9][0-9]{{0,9}}",
        longest=300,
    ),
)
_override = optional("override", OVERRIDE)
_kind = defaulted(
    "kind",
    Choice(
        about="What `model` names: a registered model, or a prompt, which MLflow keeps beside them.",
        options=tuple(Kind),
    ),
    default=Kind.MODEL,
)

REQUEST: Map[Record] = Map(
    about="A promotion request: which model version shall hold an alias. One file per registered model and "
    "alias; the file is the desired state, and merging it moves the alias.",
    write="Write `model`, `alias` and `version`, one a line",
    fields=(_model, _alias, _version, _reason, _from, _override, _kind),
    build=lambda record: record,
    rules=BETWEEN_KEYS,
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
    source = SourceVersion.of(record[_from] or "")
    return PromotionRequest(
        path=path,
        model=record[_model],
        alias=record[_alias],
        version=str(source or record[_version]),
        reason=record[_reason].strip(),
        version_line=record.line(_from if source else _version),
        blob_id=blob_id,
        override=record[_override],
        source=source,
        kind=record[_kind],
    )
