"""What a policy file must hold, declared once for the reader and for the JSON Schema."""

from __future__ import annotations

from dataclasses import replace

from promoter.core.drift_rules import DriftRules
from promoter.core.layers import Strictness
from promoter.core.names import ALIAS
from promoter.core.override_shape import OVERRIDE_RULES
from promoter.core.policy import Approvals, Mode, ModelRule, OnMissingChampion, Statistics, Task
from promoter.core.policy_between import BETWEEN_KEYS
from promoter.core.policy_checks import CHECKS
from promoter.core.policy_drift import DRIFT
from promoter.core.policy_evaluation import EVALUATION
from promoter.core.policy_prompt import BETWEEN_KINDS, KIND
from promoter.core.policy_propose import PROPOSE, PROPOSE_LIMITS, ToIsOneOfTheAliases
from promoter.core.policy_sources import Sources
from promoter.core.policy_statistics import STATISTICS
from promoter.core.propose_rules import ProposeLimits, ProposeRule
from promoter.core.scalars import Choice, Count, Flag, Refusal, Text
from promoter.core.shape import ListOf, Map, Record, defaulted, optional, required
from promoter.core.shape_rules import Needs

# --- approvals -----------------------------------------------------------------------------------

_minimum = defaulted(
    "minimum",
    Count(
        about="How many people must have approved exactly this content. 0: merging needs no approval at all.",
        write="Write a whole number from 0 to 20, without quotes",
        minimum=0,
        maximum=20,
    ),
    default=1,
)
_approvers = defaulted(
    "from",
    ListOf(
        about="Whose approvals count. Left out: those of anyone with write access.",
        write="Write a list, such as `[alice, my-org/risk-ml]`, or leave `from` out to let anyone with "
        "write access approve",
        item=Text(
            about="A login, or a team as `org/team`.",
            write="Write a login, such as `alice`, or a team, such as `my-org/risk-ml`",
            pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:/[A-Za-z0-9_.-]{1,100})?",
            refusals=(
                Refusal(pattern=r"@.*", why="a login without `@` is asked for", write="Delete the `@`"),
                Refusal(
                    pattern=r".*\[bot\]",
                    why="only people can approve",
                    write="Write a person's login, or a team",
                ),
            ),
        ),
        distinct=str.lower,
    ),
    default=(),
)
_allow_author = defaulted(
    "allow_author",
    Flag(about="Whether people who wrote part of the change may approve it."),
    default=False,
)
_APPROVALS = Map(
    about="Who must have approved a request before it is applied.",
    write="Write `minimum`, `from` or `allow_author` below it",
    fields=(_minimum, _approvers, _allow_author),
    build=lambda record: Approvals(
        minimum=record[_minimum],
        approvers=record[_approvers],
        author_counts=record[_allow_author],
    ),
)

# --- models --------------------------------------------------------------------------------------

MODEL_GLOB = Text(
    about="A glob on the registered model's name; case matters, the first rule that matches speaks.",
    write="Write a model's name, or a glob with `*`, `?` or `[a-z]`, such as `churn` or `prod.*`",
    pattern=r"(?:[A-Za-z0-9_. *?-]|\[!?[A-Za-z0-9_-]+\])+",
)
_match = required(
    "match",
    MODEL_GLOB,
    write="Write `match:` and a registered model's name, or a glob in quotes",
)
_aliases = required(
    "aliases",
    ListOf(
        about="The aliases that requests may move.",
        write="Write a list of aliases, such as `[champion]`",
        item=ALIAS,
        distinct=str,
    ),
    write="Write `aliases:` and a list, such as `[champion]`",
)
_mode = defaulted(
    "mode",
    Choice(
        about="enforce: the verdict decides. dry_run: judged and shown, never applied. "
        "disabled: requests are refused.",
        options=tuple(Mode),
    ),
    default=Mode.ENFORCE,
)
_on_missing_champion = defaulted(
    "on_missing_champion",
    Choice(
        about="What to do when no version holds the alias. bootstrap: a first promotion; floors still apply.",
        options=tuple(OnMissingChampion),
    ),
    default=OnMissingChampion.BLOCK,
)
_task = optional("task", Choice(about="What the model predicts.", options=tuple(Task)))
_evaluation = optional("evaluation", EVALUATION)
_statistics = defaulted("statistics", STATISTICS, default=Statistics())
_unsafe_sandbox = defaulted(
    "unsafe_sandbox",
    Choice(
        about="What happens where a layer of the sandbox for code of models and custom checks is missing. "
        "required: nothing is run. best_effort: it is run with the layers there are, and reports say which "
        "were missing.",
        options=tuple(Strictness),
    ),
    default=Strictness.REQUIRED,
)
override = optional("override", OVERRIDE_RULES)
_sources = defaulted(
    "sources",
    ListOf(
        about="Whose versions requests may have copied here with `from`: globs on registered models' names.",
        write="Write a list of names or globs, such as `[dev.ml.*]`, or leave `sources` out",
        item=replace(MODEL_GLOB, about="A registered model's name, or a glob."),
        distinct=str,
    ),
    default=(),
)
_log_report = defaulted(
    "log_report",
    Flag(
        about="Whether apply logs the HTML report and the evidence JSON as artifacts of the training run "
        "whose version it has moved the alias to."
    ),
    default=True,
)
_propose = optional("propose", PROPOSE)
_checks = required(
    "checks",
    CHECKS,
    write="Write `checks:` and at least one check below it: an empty set of checks would pass anything",
)


def _proposing(record: Record) -> ProposeRule | None:
    rule = record[_propose]
    # None is left of aliases that are all refused, which is told anyway.
    return rule and replace(rule, to=rule.to or next(iter(record[_aliases]), ""))


_MODEL_RULE = Map(
    about="How one model, or all that a glob matches, are judged.",
    write="Write `match`, `aliases` and `checks` below it",
    fields=(
        _match,
        KIND,
        _aliases,
        _mode,
        _on_missing_champion,
        _task,
        _evaluation,
        _statistics,
        _unsafe_sandbox,
        override,
        _sources,
        _log_report,
        _propose,
        _checks,
    ),
    build=lambda record: ModelRule(
        match=record[_match],
        kind=record[KIND],
        aliases=record[_aliases],
        mode=record[_mode],
        on_missing_champion=record[_on_missing_champion],
        task=record[_task],
        propose=_proposing(record),
        checks=record[_checks],
        evaluation=record[_evaluation],
        statistics=record[_statistics],
        unsafe_sandbox=record[_unsafe_sandbox],
        override=record[override],
        sources=Sources(globs=record[_sources]),
        log_report=record[_log_report],
    ),
    rules=(
        *BETWEEN_KINDS,
        Needs(
            when=("checks", "metrics"),
            then=("evaluation",),
            found="`metrics` without a source of figures",
            write="Write `evaluation: {source: run_metrics}` beside `checks`",
        ),
        ToIsOneOfTheAliases(),
        *BETWEEN_KEYS,
    ),
)

_version = required(
    "version",
    Count(
        about="The version of the policy's form.",
        write="Write `version: 1`, the only form that this release of Promoter reads",
        minimum=1,
        maximum=1,
    ),
    write="Write `version: 1`",
)
_APPROVALS_DEFAULT = Approvals()
approvals = defaulted("approvals", _APPROVALS, default=_APPROVALS_DEFAULT)
models = required(
    "models",
    ListOf(
        about="The rules: the first whose `match` fits a model speaks for it; without one, no promotion.",
        write="Write a list with at least one rule: without one, every request would be refused",
        item=_MODEL_RULE,
    ),
    write="Write `models:` and a list of rules",
)
drift = defaulted("drift", DRIFT, default=DriftRules())
propose = defaulted("propose", PROPOSE_LIMITS, default=ProposeLimits())

POLICY: Map[Record] = Map(
    about="A promotion policy: how challengers are judged and who must approve. Read from the base commit, "
    "never from the pull request.",
    write="Write `version`, `approvals` and `models`, one a line",
    fields=(_version, approvals, models, drift, override, propose),
    build=lambda record: record,
)
