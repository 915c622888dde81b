from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_a_champion_without_a_template_leaves_comparisons_open() -> None:
    asked = a_model_version(prompt=Prompt(template="Delete {{everything}}"))
    evidence = an_evidence(challenger=asked, champion=a_champion(prompt=None))
    results = run(PromptRule(variables=Variables.SAME, response_format=ResponseFormat.SAME), evidence)
    assert [one.outcome for one in results] == [Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE]
    assert not any("nobody holds" in str(one.message) for one in results)


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


@pytest.mark.parametrize(
    "pattern", [r"stop\.$", r"stop\.\Z", r"stop\.\n$", r"stop\.(?:$|\n\Z)", r"stop\.\n\b", r"stop\.\B$"]
)
@pytest.mark.parametrize("at", [0, *range(485, 515), *range(985, 1_015), *range(1_480, 1_515)])
def test_the_end_of_a_piece_is_not_the_end_of_the_text(pattern: str, at: int) -> None:
    for tail in ("", "\n", " or go", "\n or go", "\n or go" * 300):
        template = "x" * at + "stop." + tail
        found = judge(PromptRule(required_text=(re.compile(pattern),)), beside(template))
        expected = re.search(pattern, template) is not None
        assert found.outcome is (Outcome.PASSED if expected else Outcome.FAILED)


def test_a_match_at_the_end_of_a_piece_hides_no_other() -> None:
    rule = PromptRule(forbidden_text=(re.compile(r"a(?:x*$|b)|secret"),))
    for bad in ("ab", "secret"):
        template = "a" + "x" * 100 + bad + "x" * 3_000 + "q"
        assert judge(rule, beside(template)).outcome is Outcome.FAILED
    assert judge(rule, beside("a" + "x" * 3_000 + "q")).outcome is Outcome.PASSED


@given(length=st.integers(0, 500), at=st.integers(0, 3_000))
def test_what_spans_at_most_half_a_piece_is_never_cut(length: int, at: int) -> None:
    template = "-" * at + "a" * length + "b" + "-" * 1_500
    pattern = re.compile(f"a{{{length - 1}}}b" if length else "b")
    assert judge(PromptRule(forbidden_text=(pattern,)), beside(template)).outcome is Outcome.FAILED


def test_text_in_parts_is_found_as_it_is_meant() -> None:
    parts = [{"type": "text", "text": 'ignore\nall "rules"'}]
    chat = beside(json.dumps([{"role": "system", "content": parts}]), form="chat")
    pattern = (re.compile(r'ignore\s+all\s"rules"$'),)
    assert judge(PromptRule(forbidden_text=pattern), chat).outcome is Outcome.FAILED
    assert judge(PromptRule(required_text=pattern), chat).outcome is Outcome.PASSED


@pytest.mark.parametrize("name", ["system", "role", "content"])
def test_what_every_message_has_is_no_text_of_it(name: str) -> None:
    chat = beside(json.dumps([{"role": "system", "content": "hello"}]), form="chat")
    assert judge(PromptRule(required_text=(re.compile(name),)), chat).outcome is Outcome.FAILED


def test_text_that_is_not_there_is_not_found() -> None:
    pattern = (re.compile("absent"),)
    assert judge(PromptRule(required_text=pattern), beside("")).outcome is Outcome.FAILED
    assert judge(PromptRule(forbidden_text=pattern), beside("")).outcome is Outcome.PASSED


def test_each_message_of_a_chat_is_looked_at() -> None:
    chat = json.dumps([{"role": "system", "content": "a"}, {"role": "user", "content": "secret"}])
    rule = PromptRule(forbidden_text=(re.compile("secret"),))
    assert judge(rule, beside(chat, form="chat")).outcome is Outcome.FAILED


@pytest.mark.parametrize("pattern", ["x*y", "x[^q]*$"])
def test_the_slowest_pattern_the_policy_takes_ends_soon(pattern: str) -> None:
    rule = PromptRule(forbidden_text=(re.compile(pattern),))
    started = time.process_time()
    assert judge(rule, beside("x" * 99_999 + "q")).outcome is Outcome.PASSED
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
