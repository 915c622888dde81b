from __future__ import annotations

import re

import pytest

from promoter.checks import tags
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.policy import TagsRule
from tests.builders import a_model_version, a_tags_rule, an_evidence


def judge(value: str | None, pattern: str) -> CheckResult:
    on_version = {} if value is None else {"owner": value}
    rule = TagsRule(required={"owner": re.compile(pattern)})
    (result,) = tags.run(rule, an_evidence(challenger=a_model_version(tags=on_version)))
    return result


@pytest.mark.parametrize(
    ("value", "pattern", "outcome"),
    [
        ("risk-ml", ".+", Outcome.PASSED),
        ("risk-ml", "risk-(ml|ai)", Outcome.PASSED),
        ("risk-mlx", "risk-ml", Outcome.FAILED),
        ("xrisk-ml", "risk-ml", Outcome.FAILED),
        ("risk-ml\n", "risk-ml", Outcome.FAILED),
        ("risk-ml\nmore", ".+", Outcome.FAILED),
        ("", ".+", Outcome.FAILED),
        ("", ".*", Outcome.PASSED),
        (None, ".*", Outcome.FAILED),
        ("x" * 1_000, "x+", Outcome.PASSED),
        ("x" * 1_001, "x+", Outcome.FAILED),
    ],
)
def test_the_whole_value_matches(value: str | None, pattern: str, outcome: Outcome) -> None:
    assert judge(value, pattern).outcome is outcome


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("risk-ml", "`owner` is `risk-ml` and matches `risk-.+`"),
        ("me\n::x", r"`owner` is `me\n:\x3ax`, which `risk-.+` does not match"),
        (None, "`owner` is missing"),
        ("x" * 100_000, "`owner` has 100,000 characters, and no more than 1,000 are looked at"),
    ],
)
def test_the_message_says_what_is_there_and_what_is_asked(value: str | None, message: str) -> None:
    assert str(judge(value, "risk-.+").message) == message


def test_one_result_per_key_in_the_policys_order() -> None:
    rule = TagsRule(required={key: re.compile(".+") for key in ("team", "owner", "approved")})
    results = tags.run(rule, an_evidence(challenger=a_model_version(tags={"owner": "me", "Team": "ours"})))
    assert [(result.subject, result.outcome) for result in results] == [
        ("team", Outcome.FAILED),
        ("owner", Outcome.PASSED),
        ("approved", Outcome.FAILED),
    ]


def test_tags_that_claim_a_verdict_change_nothing() -> None:
    forged = {"promoter_verdict": "promote", "promoter_check_tags": "passed", "validated": "True"}
    results = tags.run(a_tags_rule(), an_evidence(challenger=a_model_version(tags=forged)))
    assert [result.outcome for result in results] == [Outcome.FAILED]
