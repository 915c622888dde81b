from __future__ import annotations

import math
import sys
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.checks import metrics
from promoter.core.evidence import CheckResult, Evidence, MetricComparison, Outcome
from promoter.core.policy import MetricRule, Severity
from tests.builders import (
    a_champion,
    a_champion_run,
    a_dataset,
    a_logged_model,
    a_metric_rule,
    a_model_version,
    a_run,
    an_evidence,
)

F1 = "f1_score"
MISSING = object()
LIMITS = (
    "min_absolute_change",
    "min_relative_change",
    "max_absolute_degradation",
    "max_relative_degradation",
)
PASSED, FAILED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE


def figures(challenger: object, champion: object) -> Evidence:
    """Evidence in which both runs claim these figures."""
    now, before = ({} if value is MISSING else {F1: value} for value in (challenger, champion))
    return an_evidence(
        challenger=a_model_version(run=a_run(metrics=now)),
        champion=a_champion(run=a_champion_run(metrics=before)),
    )


def rule(**parts: object) -> MetricRule:
    """A rule on F1 that asks only what is given."""
    return a_metric_rule(**{"threshold": None, "max_absolute_degradation": None, **parts})


def judge(asked: MetricRule, evidence: Evidence) -> CheckResult:
    (result,) = metrics.run((asked,), evidence)
    return result


def outcome_of(asked: MetricRule, challenger: object, champion: object) -> Outcome:
    return judge(asked, figures(challenger, champion)).outcome


def compared(result: CheckResult) -> MetricComparison:
    assert result.comparison is not None
    return result.comparison


# --- every odd value, operator, direction and role (T73) -----------------------------------------

NO_FIGURE = (math.nan, math.inf, -math.inf, sys.float_info.max, True, "0.9", None, MISSING)
OPERATORS = ("threshold", *LIMITS)


@pytest.mark.parametrize(
    "value", NO_FIGURE, ids=["nan", "inf", "-inf", "max", "True", "str", "None", "missing"]
)
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("greater", [True, False])
@pytest.mark.parametrize("severity", Severity)
def test_what_is_no_figure_never_passes(
    value: object, operator: str, greater: bool, severity: Severity
) -> None:
    asked = rule(**{operator: 0.0, "greater_is_better": greater, "severity": severity})
    for champion in (0.9, value):
        assert outcome_of(asked, value, champion) is FAILED
    result = judge(asked, figures(0.0, value))
    if operator == "threshold":
        assert result.outcome is PASSED
    else:
        assert result.outcome is INCONCLUSIVE
    assert compared(result).champion is None
    assert compared(result).change is None


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize(
    ("operator", "greater", "as_challenger", "as_champion"),
    [
        ("threshold", True, PASSED, PASSED),
        ("threshold", False, PASSED, FAILED),
        ("min_absolute_change", True, FAILED, PASSED),
        ("min_absolute_change", False, PASSED, FAILED),
        ("min_relative_change", True, FAILED, INCONCLUSIVE),
        ("min_relative_change", False, PASSED, INCONCLUSIVE),
        ("max_absolute_degradation", True, FAILED, PASSED),
        ("max_absolute_degradation", False, PASSED, FAILED),
        ("max_relative_degradation", True, FAILED, INCONCLUSIVE),
        ("max_relative_degradation", False, PASSED, INCONCLUSIVE),
    ],
)
def test_zero_is_a_figure_with_either_sign(
    zero: float, operator: str, greater: bool, as_challenger: Outcome, as_champion: Outcome
) -> None:
    asked = rule(**{operator: 0.0, "greater_is_better": greater})
    assert outcome_of(asked, zero, 0.9) is as_challenger
    assert outcome_of(asked, 0.9, zero) is as_champion


# A loss without limit is left out: it says what it says.
NO_LIMIT = [
    *product(OPERATORS, [math.nan], [True, False]),
    *product(LIMITS[:2], [math.inf], [True, False]),
    ("threshold", math.inf, True),
    ("threshold", -math.inf, False),
]


@pytest.mark.parametrize(("operator", "limit", "greater"), NO_LIMIT)
def test_a_limit_that_is_no_number_never_passes(operator: str, limit: float, greater: bool) -> None:
    assert outcome_of(rule(**{operator: limit, "greater_is_better": greater}), 0.9, 0.9) is FAILED


def test_a_change_beyond_any_float_never_passes() -> None:
    result = judge(rule(min_absolute_change=0.0), figures(1.7e308, -1.7e308))
    assert result.outcome is FAILED
    assert compared(result).change is None


# --- the limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("greater", "threshold", "value", "outcome"),
    [
        (True, 0.6, 0.6, PASSED),
        (True, 0.6, 0.61, PASSED),
        (True, 0.6, 0.59, FAILED),
        (True, 0.6, 0.599999, FAILED),
        (True, 0.1 + 0.2, 0.3, PASSED),
        (True, -0.5, -0.4, PASSED),
        (True, -0.5, -0.6, FAILED),
        (False, 0.6, 0.6, PASSED),
        (False, 0.6, 0.59, PASSED),
        (False, 0.6, 0.61, FAILED),
        (False, 0.3, 0.1 + 0.2, PASSED),
        (False, 0.0, 0.0, PASSED),
    ],
)
@pytest.mark.parametrize("champion", [0.9, MISSING])
def test_a_threshold_holds_in_the_metrics_direction(
    greater: bool, threshold: float, value: float, outcome: Outcome, champion: object
) -> None:
    assert outcome_of(rule(threshold=threshold, greater_is_better=greater), value, champion) is outcome


@pytest.mark.parametrize(
    ("limit", "size", "challenger", "champion", "outcome"),
    [
        ("min_absolute_change", 0.1, 0.3, 0.2, PASSED),
        ("min_absolute_change", 0.1, 0.29, 0.2, FAILED),
        ("min_absolute_change", 0.0, 0.3, 0.1 + 0.2, PASSED),
        ("min_absolute_change", 0.0, 0.2999, 0.3, FAILED),
        ("min_relative_change", 0.1, 0.22, 0.2, PASSED),
        ("min_relative_change", 0.1, 0.21, 0.2, FAILED),
        ("min_relative_change", 0.1, -0.18, -0.2, PASSED),
        ("min_relative_change", 0.1, -0.19, -0.2, FAILED),
        ("min_relative_change", 0.1, 1.0, 1e-13, INCONCLUSIVE),
        ("min_relative_change", 0.1, 1.0, 1e-12, PASSED),
        ("max_absolute_degradation", 0.01, 0.89, 0.9, PASSED),
        ("max_absolute_degradation", 0.01, 0.88, 0.9, FAILED),
        ("max_absolute_degradation", 0.1, 0.2, 0.3, PASSED),
        ("max_absolute_degradation", 0.0, 0.9, 0.9, PASSED),
        ("max_relative_degradation", 0.1, 0.18, 0.2, PASSED),
        ("max_relative_degradation", 0.1, 0.17, 0.2, FAILED),
        ("max_relative_degradation", 0.1, 0.0, 0.0, INCONCLUSIVE),
    ],
)
def test_a_change_keeps_its_limit_or_not(
    limit: str, size: float, challenger: float, champion: float, outcome: Outcome
) -> None:
    assert outcome_of(rule(**{limit: size}), challenger, champion) is outcome
    mirrored = rule(**{limit: size, "greater_is_better": False})
    assert outcome_of(mirrored, -challenger, -champion) is outcome


@pytest.mark.parametrize(
    ("parts", "challenger", "champion", "outcome"),
    [
        ({"threshold": 0.6, "max_absolute_degradation": 0.01}, 0.7, 0.7, PASSED),
        ({"threshold": 0.6, "max_absolute_degradation": 0.01}, 0.5, 0.5, FAILED),
        ({"threshold": 0.6, "max_absolute_degradation": 0.01}, 0.7, 0.8, FAILED),
        ({"threshold": 0.6, "min_relative_change": 0.01}, 0.7, 0.0, INCONCLUSIVE),
        ({"threshold": 0.6, "min_relative_change": 0.01}, 0.5, 0.0, FAILED),
        ({"min_absolute_change": 0.1, "min_relative_change": 0.5}, 0.3, 0.2, PASSED),
        ({"min_absolute_change": 0.1, "min_relative_change": 0.5}, 0.6, 0.5, FAILED),
        ({}, 0.9, 0.1, Outcome.SKIPPED),
    ],
)
def test_every_part_of_a_rule_is_kept(
    parts: dict[str, float], challenger: float, champion: float, outcome: Outcome
) -> None:
    assert outcome_of(rule(**parts), challenger, champion) is outcome


# --- no champion, the same champion, other data ----------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "value", "outcome"),
    [
        ({"threshold": 0.6}, 0.7, PASSED),
        ({"threshold": 0.6}, 0.5, FAILED),
        ({"threshold": 0.6, "min_absolute_change": 0.0}, 0.7, PASSED),
        ({"threshold": 0.6, "min_absolute_change": 0.0}, 0.5, FAILED),
        ({"min_absolute_change": 0.0}, 0.7, Outcome.SKIPPED),
        ({"min_absolute_change": 0.0}, math.nan, FAILED),
        ({"min_absolute_change": 0.0}, MISSING, FAILED),
    ],
)
def test_without_a_champion_floors_apply_and_comparisons_do_not(
    parts: dict[str, float], value: object, outcome: Outcome
) -> None:
    challenger = figures(value, 0.9).challenger
    assert judge(rule(**parts), an_evidence(challenger=challenger, champion=None)).outcome is outcome


SAME = a_model_version(source="models:/m-1"), a_champion(source="models:/m-1")
OTHER_DATA = a_model_version(run=a_run(datasets=(a_dataset(digest="other"),))), a_champion()


@pytest.mark.parametrize(("challenger", "champion"), [SAME, OTHER_DATA], ids=["same model", "other data"])
def test_what_cannot_be_compared_is_not(challenger: object, champion: object) -> None:
    evidence = an_evidence(challenger=challenger, champion=champion)
    for limit in LIMITS:
        result = judge(rule(**{limit: 0.0}), evidence)
        assert result.outcome is INCONCLUSIVE
        assert compared(result).change is None
    assert judge(rule(threshold=0.6), evidence).outcome is PASSED
    assert judge(rule(threshold=0.99, min_absolute_change=0.0), evidence).outcome is FAILED


# --- severity ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("challenger", "champion", "outcome"),
    [
        (0.9, 0.8, PASSED),
        (0.5, 0.8, Outcome.WARNED),
        (0.5, MISSING, INCONCLUSIVE),
        (0.9, MISSING, INCONCLUSIVE),
        (MISSING, 0.8, FAILED),
    ],
)
def test_a_rule_may_only_warn(challenger: object, champion: object, outcome: Outcome) -> None:
    result = judge(a_metric_rule(severity=Severity.WARN), figures(challenger, champion))
    assert result.outcome is outcome
    assert ("warning only" in str(result.message)) == (outcome is Outcome.WARNED)


def test_a_rule_that_compares_nothing_needs_no_figure_of_the_champion() -> None:
    asked = rule(threshold=0.6, severity=Severity.WARN)
    assert outcome_of(asked, 0.5, MISSING) is Outcome.WARNED


def test_what_is_skipped_is_not_warned_of() -> None:
    asked = rule(min_absolute_change=0.0, severity=Severity.WARN)
    assert judge(asked, an_evidence(champion=None)).outcome is Outcome.SKIPPED


# --- what the reader sees --------------------------------------------------------------------------


def test_one_result_per_metric_in_the_policys_order() -> None:
    asked = (a_metric_rule(name="recall"), a_metric_rule())
    results = metrics.run(asked, an_evidence())
    assert [(result.check, result.subject, result.outcome) for result in results] == [
        ("metrics", "recall", FAILED),
        ("metrics", "f1_score", PASSED),
    ]


def test_the_comparison_holds_both_figures_the_rule_and_where_they_are_from() -> None:
    assert compared(judge(a_metric_rule(), figures(0.75, 0.5))) == MetricComparison(
        name="f1_score",
        greater_is_better=True,
        champion=0.5,
        challenger=0.75,
        change=0.25,
        rule="≥ 0.6; at most 0.01 worse",
        source="run",
    )


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({}, ""),
        ({"threshold": 0.6}, "≥ 0.6"),
        ({"threshold": 120.5, "greater_is_better": False}, "≤ 120.5"),
        ({"min_absolute_change": 0.05}, "at least 0.05 better"),
        ({"min_absolute_change": -0.05}, "at most 0.05 worse"),
        ({"min_relative_change": 0.07}, "at least 7 % better"),
        ({"max_relative_degradation": 0.001}, "at most 0.1 % worse"),
        ({"min_absolute_change": 0.0, "max_relative_degradation": 0.0}, "not worse"),
        (
            {"threshold": 1, "min_relative_change": 0.0, "max_absolute_degradation": 1e-5},
            "≥ 1; not worse; at most 1e-05 worse",
        ),
    ],
)
def test_the_rule_in_words(parts: dict[str, float], words: str) -> None:
    assert compared(judge(rule(**parts), figures(1.0, 1.0))).rule == words


@pytest.mark.parametrize(
    ("asked", "challenger", "champion", "message"),
    [
        (
            a_metric_rule(),
            0.91,
            0.88,
            "0.91 as claimed by the run, 0.03 better than the champion's 0.88, "
            "and keeps the rule (≥ 0.6; at most 0.01 worse)",
        ),
        (
            a_metric_rule(greater_is_better=False, threshold=1.0),
            0.91,
            0.88,
            "0.91 as claimed by the run, 0.03 worse than the champion's 0.88, "
            "but the rule asks for at most 0.01 worse",
        ),
        (
            a_metric_rule(max_relative_degradation=0.01),
            0.5,
            0.8,
            "0.5 as claimed by the run, 0.3 (37.5 %) worse than the champion's 0.8, "
            "but the rule asks for ≥ 0.6 and at most 0.01 worse and at most 1 % worse",
        ),
        (
            rule(min_absolute_change=0.0),
            0.1 + 0.2,
            0.3,
            "0.3 as claimed by the run, the same as the champion's 0.3, and keeps the rule (not worse)",
        ),
        (
            rule(min_relative_change=0.1),
            0.5,
            0.0,
            "0.5 as claimed by the run, 0.5 better than the champion's 0; "
            "a change relative to the champion's 0 has no meaning",
        ),
        (
            rule(),
            0.5,
            0.5,
            "0.5 as claimed by the run, the same as the champion's 0.5, and the rule asks nothing of it",
        ),
        (
            a_metric_rule(),
            0.91,
            MISSING,
            "0.91 as claimed by the run, and keeps the rule (≥ 0.6); "
            "`f1_score` is in neither the champion's run nor its logged model",
        ),
    ],
)
def test_the_message_tells_the_figures_and_what_was_asked(
    asked: MetricRule, challenger: object, champion: object, message: str
) -> None:
    assert str(judge(asked, figures(challenger, champion)).message) == f"`f1_score` is {message}"


@pytest.mark.parametrize(
    ("asked", "challenger", "champion", "words"),
    [
        (rule(threshold=0.6), 0.59999, 0.5, "is 0.59999 as"),
        (rule(threshold=0.6), 2 / 3, 0.5, "is 0.6667 as"),
        (rule(threshold=0.6), 0.59999999, 0.5, "is 0.59999999 as"),
        (rule(threshold=0.6), 0.6 - 1e-13, 0.5, "is 0.6 as"),
        (
            rule(threshold=0.5),
            0.800001,
            0.8,
            "is 0.800001 as claimed by the run, 1e-06 better than the champion's 0.8,",
        ),
        (rule(max_absolute_degradation=0.01), 0.889999, 0.9, "0.010001 worse"),
        (rule(max_relative_degradation=0.05), 0.949999, 1.0, "0.05 (5.0001 %) worse"),
        (rule(threshold=0.5), 0.8 + 3e-9, 0.8, "is 0.800000003 as"),
    ],
)
def test_numbers_that_differ_are_shown_to_differ(
    asked: MetricRule, challenger: float, champion: float, words: str
) -> None:
    assert words in str(judge(asked, figures(challenger, champion)).message)


def test_a_challenger_without_the_metric_is_told_so() -> None:
    message = str(judge(a_metric_rule(), figures(MISSING, 0.9)).message)
    assert message == "`f1_score` is in neither the challenger's run nor its logged model"


def test_a_first_promotion_is_told_so() -> None:
    message = str(judge(a_metric_rule(), an_evidence(champion=None)).message)
    assert message == (
        "`f1_score` is 0.91 as claimed by the run, and keeps the rule (≥ 0.6); "
        "no version holds the alias yet, so there is nothing to compare with"
    )


def test_figures_of_the_logged_model_are_called_so() -> None:
    evidence = an_evidence(
        challenger=a_model_version(run=a_run(metrics={}), logged_model=a_logged_model(metrics={F1: 0.9})),
        champion=a_champion(run=a_champion_run(metrics={}), logged_model=a_logged_model(metrics={F1: 0.8})),
    )
    result = judge(a_metric_rule(), evidence)
    assert (result.outcome, compared(result).source) == (PASSED, "logged model")
    assert "0.9 as claimed by the logged model" in str(result.message)


def test_figures_from_two_kinds_of_place_are_both_named() -> None:
    champion = a_champion(run=a_champion_run(metrics={}), logged_model=a_logged_model(metrics={F1: 0.8}))
    result = judge(a_metric_rule(), an_evidence(champion=champion))
    assert (result.outcome, compared(result).source) == (INCONCLUSIVE, "run and logged model")


def test_a_logged_model_that_claims_something_else_is_mentioned() -> None:
    evidence = an_evidence(
        challenger=a_model_version(logged_model=a_logged_model(metrics={F1: 0.85})),
        champion=a_champion(logged_model=a_logged_model(metrics={F1: 0.0})),
    )
    result = judge(a_metric_rule(), evidence)
    assert result.outcome is PASSED
    assert str(result.message).endswith(
        "; its logged model claims 0.85; the champion's logged model claims 0"
    )
    assert str(judge(rule(threshold=0.6), evidence).message).endswith("; its logged model claims 0.85")


NO_DATA = a_model_version(run=a_run(datasets=())), a_champion(run=a_champion_run(datasets=()))


@pytest.mark.parametrize(
    ("challenger", "champion", "who"),
    [
        (NO_DATA[0], a_champion(), "challenger"),
        (a_model_version(), NO_DATA[1], "champion"),
        (*NO_DATA, "challenger and the champion"),
    ],
)
def test_data_that_were_not_logged_are_mentioned_where_it_matters(
    challenger: object, champion: object, who: str
) -> None:
    evidence = an_evidence(challenger=challenger, champion=champion)
    result = judge(a_metric_rule(), evidence)
    assert result.outcome is PASSED
    assert str(result.message).endswith(f"; no dataset was logged for the {who}, so the data may differ")
    assert "dataset" not in str(judge(rule(threshold=0.6), evidence).message)


def test_a_metrics_name_is_text_from_outside() -> None:
    name = "f1\n::error::`x`"
    evidence = an_evidence(challenger=a_model_version(run=a_run(metrics={name: 0.9})))
    for asked in (a_metric_rule(name=name), a_metric_rule(name=name + "!")):
        text = str(judge(asked, evidence).message)
        assert "\n" not in text
        assert "::" not in text


# --- what holds for all figures --------------------------------------------------------------------

_figure = st.floats(min_value=-1e6, max_value=1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)
_size = st.floats(min_value=0, max_value=2)
_rules = st.builds(
    lambda threshold, sizes, greater: rule(
        threshold=threshold, greater_is_better=greater, **dict(zip(LIMITS, sizes, strict=True))
    ),
    st.none() | _figure,
    st.tuples(*([st.none() | _size] * len(LIMITS))),
    st.booleans(),
)


@settings(deadline=None)
@given(_rules, _figure, _figure, st.floats(min_value=1e-3, max_value=1e6))
def test_a_better_challenger_never_fails_where_a_worse_one_passed(
    asked: MetricRule, challenger: float, champion: float, more: float
) -> None:
    better = challenger + more if asked.greater_is_better else challenger - more
    if outcome_of(asked, challenger, champion) is PASSED:
        assert outcome_of(asked, better, champion) is PASSED


@settings(deadline=None)
@given(_rules, _figure, _figure)
def test_turning_the_direction_and_all_signs_changes_nothing(
    asked: MetricRule, challenger: float, champion: float
) -> None:
    threshold = None if asked.threshold is None else -asked.threshold
    sizes = {limit: getattr(asked, limit) for limit in LIMITS}
    mirrored = rule(threshold=threshold, greater_is_better=not asked.greater_is_better, **sizes)
    assert outcome_of(asked, challenger, champion) is outcome_of(mirrored, -challenger, -champion)


@settings(deadline=None)
@given(_rules, _figure, _figure, st.integers(min_value=-8, max_value=8))
def test_a_metrics_unit_changes_nothing(
    asked: MetricRule, challenger: float, champion: float, power: int
) -> None:
    unit = 2.0**power
    scaled = rule(
        greater_is_better=asked.greater_is_better,
        min_relative_change=asked.min_relative_change,
        max_relative_degradation=asked.max_relative_degradation,
        **{
            part: None if getattr(asked, part) is None else getattr(asked, part) * unit
            for part in ("threshold", "min_absolute_change", "max_absolute_degradation")
        },
    )
    assert outcome_of(asked, challenger, champion) is outcome_of(scaled, challenger * unit, champion * unit)


@settings(deadline=None)
@given(_rules, _figure)
def test_the_champions_own_figure_is_never_a_loss(asked: MetricRule, figure: float) -> None:
    allowed = rule(
        greater_is_better=asked.greater_is_better,
        max_absolute_degradation=asked.max_absolute_degradation,
        max_relative_degradation=asked.max_relative_degradation,
    )
    assert outcome_of(allowed, figure, figure) is not FAILED
