from __future__ import annotations

import json
import re
import time

import pytest

from promoter.checks.catalog import report_only
from promoter.checks.prompt import run
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.prompt import Prompt
from promoter.core.prompt_rules import PromptRule, ResponseFormat, Variables
from tests.builders import a_champion, a_model_version, an_evidence

HELD = "Say hello to {{name}} of {{city}}."


def beside(template: str, held: str | None = HELD, **changes: str) -> Evidence:
    champion = a_champion(prompt=Prompt(template=held)) if held is not None else None
    return an_evidence(
        challenger=a_model_version(prompt=Prompt(template=template, **changes)), champion=champion
    )


def judge(rule: PromptRule, evidence: Evidence) -> CheckResult:
    (result,) = run(rule, evidence)
    return result


# --- variables -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "subset", "same"),
    [
        (HELD, Outcome.PASSED, Outcome.PASSED),
        ("{{ city }} and {{ name }}", Outcome.PASSED, Outcome.PASSED),
        ("Hello {{name}}", Outcome.PASSED, Outcome.FAILED),
        ("Hello", Outcome.PASSED, Outcome.FAILED),
        ("Hello {{name}} {{age}}", Outcome.FAILED, Outcome.FAILED),
        ("Hello {{Name}} {{city}}", Outcome.FAILED, Outcome.FAILED),
        ("{% if name %}{{name}}{% endif %}", Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE),
    ],
)
def test_variables(template: str, subset: Outcome, same: Outcome) -> None:
    for rule, outcome in ((Variables.SUBSET, subset), (Variables.SAME, same)):
        assert judge(PromptRule(variables=rule), beside(template)).outcome is outcome


def test_the_message_names_what_callers_do_not_fill() -> None:
    result = judge(PromptRule(variables=Variables.SAME), beside("{{name}} {{age}}"))
    assert str(result.message) == (
        "the champion has no `{{age}}`, so its callers do not fill that; "
        "the challenger no longer uses `{{city}}`"
    )


def test_many_variables_are_counted() -> None:
    template = " ".join(f"{{{{v{number:02}}}}}" for number in range(30))
    message = str(judge(PromptRule(variables=Variables.SUBSET), beside(template)).message)
    assert "`{{v09}}` and 20 more" in message
    assert "v10" not in message


def test_a_first_promotion_compares_with_nothing() -> None:
    rule = PromptRule(variables=Variables.SAME, response_format=ResponseFormat.SAME)
    assert {one.outcome for one in run(rule, beside("{{x}}", held=None))} == {Outcome.SKIPPED}


def test_in_a_rollback_comparisons_only_tell() -> None:
    rule = PromptRule(variables=Variables.SAME, max_length=3)
    told = report_only(run(rule, beside("{{x}} and more")))
    assert [one.outcome for one in told] == [Outcome.WARNED, Outcome.FAILED]


# --- length and text -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "outcome"), [(9, Outcome.PASSED), (10, Outcome.PASSED), (11, Outcome.FAILED)]
)
def test_the_length_counts_to_the_character(length: int, outcome: Outcome) -> None:
    assert judge(PromptRule(max_length=10), beside("é" * length)).outcome is outcome


@pytest.mark.parametrize("at", [0, 1, 499, 500, 999, 1_000, 1_499, 98_000])
def test_text_is_found_wherever_it_stands(at: int) -> None:
    template = "x" * at + "password" + "y" * 1_200
    pattern = (re.compile("pass(?:word|phrase)"),)
    assert judge(PromptRule(required_text=pattern), beside(template)).outcome is Outcome.PASSED
    found = judge(PromptRule(forbidden_text=pattern), beside(template))
    assert (found.outcome, found.subject) == (Outcome.FAILED, "forbidden_text")
    assert "`password`" in str(found.message)


def test_text_that_is_not_there_is_not_found() -> None:
    pattern = (re.compile("absent"),)
    assert judge(PromptRule(required_text=pattern), beside("")).outcome is Outcome.FAILED
    assert judge(PromptRule(forbidden_text=pattern), beside("")).outcome is Outcome.PASSED


def test_each_message_of_a_chat_is_looked_at() -> None:
    chat = json.dumps([{"role": "system", "content": "a"}, {"role": "user", "content": "secret"}])
    rule = PromptRule(forbidden_text=(re.compile("secret"),))
    assert judge(rule, beside(chat, form="chat")).outcome is Outcome.FAILED


def test_the_slowest_pattern_the_policy_takes_ends_soon() -> None:
    rule = PromptRule(forbidden_text=(re.compile("x*y"),))
    started = time.process_time()
    assert judge(rule, beside("x" * 100_000)).outcome is Outcome.PASSED
    assert time.process_time() - started < 10


# --- response format -----------------------------------------------------------------------------

JSON = '{"type": "object", "required": ["a"]}'


@pytest.mark.parametrize(
    ("asked", "held", "outcome"),
    [
        ("", "", Outcome.PASSED),
        (JSON, '{"required": ["a"], "type": "object"}', Outcome.PASSED),
        (JSON, "", Outcome.FAILED),
        ("", JSON, Outcome.FAILED),
        (JSON, '{"type": "object"}', Outcome.FAILED),
        ("not json", "not json", Outcome.PASSED),
    ],
)
def test_the_response_format(asked: str, held: str, outcome: Outcome) -> None:
    evidence = an_evidence(
        challenger=a_model_version(prompt=Prompt(template="a", response_format=asked)),
        champion=a_champion(prompt=Prompt(template="a", response_format=held)),
    )
    rule = PromptRule(response_format=ResponseFormat.SAME)
    assert judge(rule, evidence).outcome is outcome


def test_a_model_has_no_template_to_judge() -> None:
    assert judge(PromptRule(max_length=10), an_evidence()).outcome is Outcome.ERROR
