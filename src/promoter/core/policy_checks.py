"""The part of a policy that says what a challenger must pass."""

from __future__ import annotations

from promoter.core import policy_rows
from promoter.core.bounded_pattern import BoundedPattern
from promoter.core.names import TAG_KEY
from promoter.core.policy import Checks, DescriptionRule, LineageRule, SignatureRule, TagsRule
from promoter.core.policy_artifacts import ARTIFACTS
from promoter.core.policy_custom import CUSTOM
from promoter.core.policy_metrics import METRIC_RULE
from promoter.core.policy_prompt import PROMPT
from promoter.core.policy_slices import SLICES
from promoter.core.policy_value import BUSINESS_VALUE
from promoter.core.scalars import Choice, Count, Flag
from promoter.core.shape import ListOf, Map, MapOf, defaulted, optional, required
from promoter.core.shape_rules import AsksForSomething

_min_length = required(
    "min_length",
    Count(
        about="The fewest characters of the model version's description, without white space at its ends.",
        write="Write a whole number from 1 to 100000, such as `40`",
        minimum=1,
        maximum=100_000,
    ),
    write="Write `min_length:` and a number of characters",
)
_DESCRIPTION = Map(
    about="The model version has a description.",
    write="Write `min_length` below it",
    fields=(_min_length,),
    build=lambda record: DescriptionRule(min_length=record[_min_length]),
)

_required_tags = required(
    "required",
    MapOf(
        about="Tag key → regular expression that the whole value must match.",
        write='Write at least one key with a pattern, such as `owner: ".+"`',
        key=TAG_KEY,
        value=BoundedPattern(
            about="A regular expression, as Python's `re` knows it, for the whole value.",
            write="Write a simple pattern, such as `.+` or `(red|green)`, in quotes",
        ),
    ),
    write="Write `required:` and the tags below it",
)
_TAGS = Map(
    about="The model version carries tags with certain values.",
    write="Write `required` below it",
    fields=(_required_tags,),
    build=lambda record: TagsRule(required=record[_required_tags]),
)

_run_status = optional(
    "run_status",
    Choice(about="The status the training run must have ended with.", options=("FINISHED",)),
)
_git_commit = defaulted(
    "git_commit",
    Flag(about="Whether the run must say which git commit it was started from."),
    default=False,
)
_dataset = defaulted("dataset", Flag(about="Whether the run must have logged its dataset."), default=False)
_LINEAGE = Map(
    about="Where the model version comes from is known.",
    write="Write `run_status`, `git_commit` or `dataset` below it",
    fields=(_run_status, _git_commit, _dataset),
    build=lambda record: LineageRule(
        run_status=record[_run_status],
        git_commit=record[_git_commit],
        dataset=record[_dataset],
    ),
    rules=(
        AsksForSomething(
            names=("run_status", "git_commit", "dataset"),
            found="a `lineage` that asks for nothing",
            write="Write at least one of `run_status: FINISHED`, `git_commit: true` and `dataset: true`",
        ),
    ),
)

_compatible = required(
    "compatible_with_champion",
    Flag(
        about="Whether the challenger must also accept what the champion accepts, and answer alike.",
    ),
    write="Write `compatible_with_champion: true`; `false` asks only that there is a signature",
)
_SIGNATURE = Map(
    about="The challenger was logged with a signature; whoever calls the champion can call the challenger.",
    write="Write `compatible_with_champion: true` below it",
    fields=(_compatible,),
    build=lambda record: SignatureRule(compatible_with_champion=record[_compatible]),
)

_description = optional("description", _DESCRIPTION)
_tags = optional("tags", _TAGS)
_lineage = optional("lineage", _LINEAGE)
_prompt = optional("prompt", PROMPT)
_signature = optional("signature", _SIGNATURE)
_artifacts = optional("artifacts", ARTIFACTS)
_metrics = defaulted(
    "metrics",
    ListOf(
        about="Metrics with their rules, on the figures that `evaluation` names.",
        write="Write a list of metrics, each with `name`, `greater_is_better` and a limit",
        item=METRIC_RULE,
        distinct=lambda rule: rule.name,
    ),
    default=(),
)
_inference = optional("inference", policy_rows.INFERENCE)
_slices = defaulted("slices", SLICES, default=())
_business_value = optional("business_value", BUSINESS_VALUE)
_negative_flips = optional("negative_flips", policy_rows.NEGATIVE_FLIPS)
_custom = defaulted("custom", CUSTOM, default=())
_CHECKS = (
    _description,
    _tags,
    _lineage,
    _prompt,
    _signature,
    _artifacts,
    _inference,
    _metrics,
    _slices,
    _business_value,
    _negative_flips,
    _custom,
)
CHECKS = Map(
    about="What a challenger must pass. An empty set of checks would pass anything, and is refused.",
    write="Write at least one check below it: an empty set of checks would pass anything",
    fields=_CHECKS,
    build=lambda record: Checks(
        description=record[_description],
        tags=record[_tags],
        lineage=record[_lineage],
        prompt=record[_prompt],
        signature=record[_signature],
        artifacts=record[_artifacts],
        metrics=record[_metrics],
        inference=record[_inference],
        slices=record[_slices],
        business_value=record[_business_value],
        negative_flips=record[_negative_flips],
        custom=record[_custom],
    ),
    rules=(
        AsksForSomething(
            names=tuple(field.name for field in _CHECKS),
            found="an empty set of checks, which would pass anything",
            write="Write at least one check, such as `description: {min_length: 40}`",
        ),
    ),
)
