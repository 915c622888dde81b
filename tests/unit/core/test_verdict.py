from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.core.evidence import Outcome
from promoter.core.verdict import Verdict, decide
from tests.builders import a_check_result

PASSED, FAILED, WARNED = Outcome.PASSED, Outcome.FAILED, Outcome.WARNED
INCONCLUSIVE, SKIPPED, ERROR = Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.ERROR


def verdict_of(*outcomes: Outcome) -> Verdict:
    return decide([a_check_result(outcome=outcome) for outcome in outcomes])


def test_the_words_are_those_of_the_contract() -> None:
    assert " ".join(Outcome) == "passed failed warned inconclusive skipped error"
    assert " ".join(Verdict) == "promote reject inconclusive error"


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], Verdict.INCONCLUSIVE),
        ([SKIPPED], Verdict.INCONCLUSIVE),
        ([SKIPPED, SKIPPED], Verdict.INCONCLUSIVE),
        ([PASSED], Verdict.PROMOTE),
        ([WARNED], Verdict.PROMOTE),
        ([PASSED, SKIPPED], Verdict.PROMOTE),
        ([FAILED], Verdict.REJECT),
        ([PASSED, FAILED], Verdict.REJECT),
        ([INCONCLUSIVE, FAILED], Verdict.REJECT),
        ([INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([PASSED, PASSED, INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([ERROR], Verdict.ERROR),
        ([PASSED, ERROR], Verdict.ERROR),
        ([ERROR, FAILED, INCONCLUSIVE], Verdict.ERROR),
    ],
)
def test_the_worst_outcome_decides(outcomes: list[Outcome], expected: Verdict) -> None:
    assert verdict_of(*outcomes) is expected


@pytest.mark.parametrize("others", list(product(Outcome, repeat=2)))
@pytest.mark.parametrize("against", [FAILED, INCONCLUSIVE, ERROR])
def test_nothing_outweighs_a_no_or_a_doubt(against: Outcome, others: tuple[Outcome, Outcome]) -> None:
    assert verdict_of(against, *others) is not Verdict.PROMOTE


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(Outcome), max_size=6).flatmap(
        lambda all_: st.tuples(st.just(all_), st.permutations(all_))
    )
)
def test_neither_order_nor_repetition_counts(both: tuple[list[Outcome], list[Outcome]]) -> None:
    outcomes, shuffled = both
    assert verdict_of(*outcomes) is verdict_of(*shuffled) is verdict_of(*outcomes, *shuffled)


@settings(deadline=None)
@given(st.lists(st.sampled_from(Outcome), max_size=6))
def test_promote_needs_somebody_in_favour_and_nobody_against(outcomes: list[Outcome]) -> None:
    promotes = verdict_of(*outcomes) is Verdict.PROMOTE
    assert promotes == (
        set(outcomes) <= {PASSED, WARNED, SKIPPED} and any(outcome is not SKIPPED for outcome in outcomes)
    )
