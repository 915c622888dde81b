"""The part of a policy that says what a prompt version must pass, and what no prompt can be asked."""

from __future__ import annotations

from promoter.core.bounded_pattern import BoundedSearch
from promoter.core.prompt import LONGEST_TEMPLATE, Kind
from promoter.core.prompt_rules import PromptRule, ResponseFormat, Variables
from promoter.core.scalars import Choice, Count
from promoter.core.shape import ListOf, Map, Rule, defaulted, optional
from promoter.core.shape_rules import AsksForSomething, Holds, Needs, NotBeside

# Each pattern is searched for in the whole template.
_MOST_PATTERNS = 10

KIND = defaulted(
    "kind",
    Choice(
        about="What this rule is for: registered models, or prompts, which MLflow keeps beside them.",
        options=tuple(Kind),
    ),
    default=Kind.MODEL,
)

_variables = optional(
    "variables",
    Choice(
        about="How the variables in `{{ }}` must be to the champion's. subset: whoever fills those of the "
        "champion can call the challenger. same: it also uses all of them.",
        options=tuple(Variables),
    ),
)
_max_length = optional(
    "max_length",
    Count(
        about="The most characters that all messages of the template may have.",
        write=f"Write a whole number from 1 to {LONGEST_TEMPLATE}, such as `4000`",
        minimum=1,
        maximum=LONGEST_TEMPLATE,
    ),
)
_PATTERN = BoundedSearch(
    about="A regular expression, as Python's `re` knows it, to be found anywhere in one message. What it "
    "matches may span 500 characters.",
    write="Write a simple pattern, such as `Answer in \\{\\{ ?language ?\\}\\}`, in quotes",
)
_required_text = defaulted(
    "required_text",
    ListOf(
        about="Patterns of which each must be found in the template.",
        write=f"Write a list of at most {_MOST_PATTERNS} patterns, in quotes",
        item=_PATTERN,
        distinct=lambda pattern: pattern.pattern,
        most=_MOST_PATTERNS,
    ),
    default=(),
)
_forbidden_text = defaulted(
    "forbidden_text",
    ListOf(
        about="Patterns of which none may be found in the template.",
        write=f"Write a list of at most {_MOST_PATTERNS} patterns, in quotes",
        item=_PATTERN,
        distinct=lambda pattern: pattern.pattern,
        most=_MOST_PATTERNS,
    ),
    default=(),
)
_response_format = optional(
    "response_format",
    Choice(
        about="How the response format must be to the champion's: whoever reads its answers reads these.",
        options=tuple(ResponseFormat),
    ),
)
_FIELDS = (_variables, _max_length, _required_text, _forbidden_text, _response_format)

PROMPT = Map(
    about="What the template of a prompt version holds; for rules of `kind: prompt`.",
    write="Write `variables`, `max_length`, `required_text`, `forbidden_text` or `response_format` below it",
    fields=_FIELDS,
    build=lambda record: PromptRule(
        variables=record[_variables],
        max_length=record[_max_length],
        required_text=record[_required_text],
        forbidden_text=record[_forbidden_text],
        response_format=record[_response_format],
    ),
    rules=(
        AsksForSomething(
            names=tuple(field.name for field in _FIELDS),
            found="a `prompt` that asks for nothing",
            write="Write at least one rule, such as `variables: subset`",
        ),
    ),
)

_OF_MODELS = (
    *(("signature",), ("artifacts",), ("inference",), ("metrics",), ("slices",)),
    *(("business_value",), ("negative_flips",)),
)
_OF_PROMPTS = Holds(path=("kind",), words=(str(Kind.PROMPT),))

BETWEEN_KINDS: tuple[Rule, ...] = (
    NotBeside(
        when=_OF_PROMPTS,
        refused=tuple(("checks", *check) for check in _OF_MODELS),
        found="`{}` beside `kind: prompt`",
        write="Delete it: a prompt is text, and nothing of it is run. Its checks are `description`, `tags`, "
        "`lineage`, `prompt` and `custom`",
    ),
    NotBeside(
        when=_OF_PROMPTS,
        refused=(("task",), ("evaluation",), ("statistics",), ("sources",)),
        found="`{}` beside `kind: prompt`",
        write="Delete it: a prompt predicts nothing that Promoter could measure, and is not copied",
    ),
    NotBeside(
        when=_OF_PROMPTS,
        refused=(("log_report",),),
        found="`{}` beside `kind: prompt`",
        write="Delete it: a prompt comes from no training run that could keep a report",
    ),
    Needs(
        when=("checks", "prompt"),
        then=("kind",),
        then_is=(str(Kind.PROMPT),),
        found="`prompt` without `kind: prompt`",
        write="Write `kind: prompt` beside `match`, or delete the check: a model has no template",
    ),
)
