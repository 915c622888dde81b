from __future__ import annotations

import math

import pytest

from promoter.checks import negative_flips
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.text import say
from tests.builders import (
    a_champion,
    a_flips_rule,
    a_measured_evidence,
    a_measurement,
    a_model_run,
    a_model_version,
    an_evidence,
    some_flips,
)

BROKEN = a_model_run(problem=say("it does not load"))


def judge(evidence: Evidence, most: float = 0.01) -> CheckResult:
    (result,) = negative_flips.run(a_flips_rule(max_rate=most), evidence)
    assert (result.check, result.subject, result.comparison) == ("negative_flips", "", None)
    return result


@pytest.mark.parametrize(
    ("rate", "most", "outcome"),
    [
        (0.0, 0.0, Outcome.PASSED),
        (0.01, 0.01, Outcome.PASSED),
        (0.1 + 0.2, 0.3, Outcome.PASSED),
        (0.0101, 0.01, Outcome.FAILED),
        (1.0, 0.01, Outcome.FAILED),
        (math.nan, 1.0, Outcome.FAILED),
        (math.inf, 1.0, Outcome.FAILED),
        (0.0, math.nan, Outcome.FAILED),
    ],
)
def test_the_share_itself_is_held_against_the_limit(rate: float, most: float, outcome: Outcome) -> None:
    measurement = a_measurement(flips=some_flips(rate=rate, lower=0.0, upper=1.0))
    assert judge(a_measured_evidence(measurement=measurement), most).outcome is outcome


def test_the_message_tells_count_share_and_interval() -> None:
    evidence = a_measured_evidence(measurement=a_measurement())
    words = "12 of 1,600 rows turn from right to wrong (0.75 %; interval 0.4 % to 1.3 %)"
    assert str(judge(evidence).message) == f"{words}, and the policy allows at most 1 %"
    assert str(judge(evidence, 0.005).message) == f"{words}, but the policy allows at most 0.5 %"


@pytest.mark.parametrize(
    ("evidence", "outcome", "words"),
    [
        (an_evidence(), Outcome.INCONCLUSIVE, "nothing was measured"),
        (
            a_measured_evidence(measurement=a_measurement(flips=None)),
            Outcome.INCONCLUSIVE,
            "were not counted",
        ),
        (
            a_measured_evidence(measurement=a_measurement(challenger=BROKEN)),
            Outcome.FAILED,
            "because the challenger did not finish",
        ),
        (
            a_measured_evidence(measurement=a_measurement(champion=BROKEN)),
            Outcome.INCONCLUSIVE,
            "the champion, version `6`, did not finish",
        ),
        (
            a_measured_evidence(measurement=a_measurement(champion=None)),
            Outcome.INCONCLUSIVE,
            "the champion, version `6`, was not measured",
        ),
        (a_measured_evidence(champion=None), Outcome.SKIPPED, "no version holds the alias yet"),
        (
            a_measured_evidence(champion=a_champion(source=a_model_version().source)),
            Outcome.INCONCLUSIVE,
            "it is the same model",
        ),
    ],
)
def test_what_was_not_counted_never_passes(evidence: Evidence, outcome: Outcome, words: str) -> None:
    result = judge(evidence, 1.0)
    assert result.outcome is outcome
    assert words in str(result.message)
