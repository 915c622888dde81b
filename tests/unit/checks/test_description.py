from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.checks import description
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.policy import DescriptionRule
from tests.builders import a_model_version, an_evidence


def judge(text: str, min_length: int = 40) -> CheckResult:
    evidence = an_evidence(challenger=a_model_version(description=text))
    (result,) = description.run(DescriptionRule(min_length=min_length), evidence)
    return result


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("x" * 39, Outcome.FAILED),
        ("x" * 40, Outcome.PASSED),
        ("x" * 41, Outcome.PASSED),
        ("é" * 40, Outcome.PASSED),
        ("", Outcome.FAILED),
        (" \n\t" * 40, Outcome.FAILED),
        (" " * 40 + "x" * 39, Outcome.FAILED),
        ("x" * 20 + " " + "x" * 19, Outcome.PASSED),
    ],
)
def test_a_description_is_long_enough_without_the_space_around_it(text: str, outcome: Outcome) -> None:
    assert judge(text).outcome is outcome


def test_the_message_states_the_length_and_the_number_it_was_held_against() -> None:
    expected = "the description has 21 characters, the policy asks for at least 40"
    assert str(judge(" Please add something. ").message) == expected


def test_the_description_itself_is_not_repeated() -> None:
    assert "::error" not in str(judge("::error::x").message)


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(min_value=0, max_value=60))
def test_one_number_decides_and_is_shown(text: str, min_length: int) -> None:
    result = judge(text, min_length)
    length = len(text.strip())
    assert (result.outcome is Outcome.PASSED) == (length >= min_length)
    assert f" {length} " in str(result.message)
    assert str(result.message).endswith(f" {min_length}")
