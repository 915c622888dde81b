from __future__ import annotations

import pytest

from promoter.checks import custom
from promoter.core.evidence import Outcome
from promoter.core.policy import CustomRule, Severity
from promoter.core.verdict import Verdict, decide
from promoter.text import quote, say
from tests.builders import a_custom_answer, a_custom_rule, an_evidence

LENIENT = a_custom_rule(severity=Severity.WARN)


def test_an_answer_is_a_result_of_the_rules_name() -> None:
    (result,) = custom.run((a_custom_rule(),), an_evidence(answers=(a_custom_answer(),)))
    assert (result.check, result.subject, result.outcome) == ("custom", "fairness", Outcome.PASSED)
    assert str(result.message) == "it answered `all alike`"


def test_a_part_of_an_answer_has_its_own_subject() -> None:
    answers = (a_custom_answer(), a_custom_answer(subject="contract", outcome=Outcome.FAILED))
    results = custom.run((a_custom_rule(),), an_evidence(answers=answers))
    assert [(one.subject, one.outcome) for one in results] == [
        ("fairness", Outcome.PASSED),
        ("fairness: contract", Outcome.FAILED),
    ]
    assert decide(results) is Verdict.REJECT


def test_results_stand_in_the_policys_order_and_strangers_are_passed_over() -> None:
    answers = (a_custom_answer(name="b"), a_custom_answer(name="stranger"), a_custom_answer(name="a"))
    rules = (a_custom_rule(name="a"), a_custom_rule(name="b"))
    results = custom.run(rules, an_evidence(answers=answers))
    assert [result.subject for result in results] == ["a", "b"]


@pytest.mark.parametrize("rule", [a_custom_rule(), LENIENT])
def test_a_command_that_was_not_asked_has_not_agreed(rule: CustomRule) -> None:
    (result,) = custom.run((rule,), an_evidence())
    assert (result.outcome, str(result.message)) == (Outcome.ERROR, "it was not asked")


@pytest.mark.parametrize(
    ("outcome", "leniently"),
    [
        (Outcome.PASSED, Outcome.PASSED),
        (Outcome.WARNED, Outcome.WARNED),
        (Outcome.FAILED, Outcome.WARNED),
        (Outcome.INCONCLUSIVE, Outcome.WARNED),
        (Outcome.ERROR, Outcome.ERROR),
    ],
)
def test_a_warning_is_asked_for_and_an_error_stays_one(outcome: Outcome, leniently: Outcome) -> None:
    evidence = an_evidence(answers=(a_custom_answer(outcome=outcome, message=say("it says ", quote("x"))),))
    (strict,) = custom.run((a_custom_rule(),), evidence)
    (lenient,) = custom.run((LENIENT,), evidence)
    assert (strict.outcome, lenient.outcome) == (outcome, leniently)
    assert ("the policy asks for a warning only" in str(lenient.message)) == (outcome is not leniently)
