from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from promoter.core.evidence import Outcome
from promoter.core.plan import Step
from promoter.core.report import Phase
from promoter.core.verdict import Verdict
from promoter.errors import ExitCode, ReasonCode
from promoter.render import words
from promoter.render.words import REASONS, Tone
from tests.builders import a_check_result


@pytest.mark.parametrize(
    ("mapping", "members"),
    [
        (words.TONE_ICONS, Tone),
        (words.TONE_SIGNS, Tone),
        (words.OUTCOME_ICONS, Outcome),
        (words.OUTCOME_SIGNS, Outcome),
        (words.OUTCOME_COUNTS, Outcome),
        (words.STEP_WORDS, Step),
        (words.REASONS, ReasonCode),
        (words.OVERVIEW, Phase),
        (words.ROLLBACK_LEADS, Phase),
    ],
)
def test_every_member_has_its_words(mapping: dict[Any, object], members: type[Enum]) -> None:
    assert set(mapping) == set(members)
    assert all(mapping.values())


def test_every_verdict_and_none_has_its_words() -> None:
    assert set(words.VERDICT_WORDS) == {*Verdict, None}


@pytest.mark.parametrize("mapping", [words.LEADS, words.TONE_COUNTS])
def test_every_tone_has_its_words_in_both_phases(mapping: dict[tuple[Phase, Tone], str]) -> None:
    assert set(mapping) == {(phase, tone) for phase in Phase for tone in Tone}


@pytest.mark.parametrize("reason", ReasonCode)
def test_tone_agrees_with_the_exit_code(reason: ReasonCode) -> None:
    tone = REASONS[reason].tone
    if reason.exit_code is ExitCode.DONE:
        assert not tone.blocks
    elif reason is ReasonCode.SUPERSEDED:
        assert tone is Tone.QUIET  # a newer run speaks
    else:
        assert tone.blocks
    if reason.exit_code in {ExitCode.UNDECIDED, ExitCode.BUG, ExitCode.INTERRUPTED}:
        assert tone is Tone.UNSURE


def test_titles_fit_into_a_sentence() -> None:
    for one in REASONS.values():
        assert not one.title.endswith(".")
        assert one.title[:1].islower() or one.title.startswith(("GitHub", "Promoter"))


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([], ""),
        ([Outcome.PASSED] * 3, "3 passed"),
        ([Outcome.PASSED, Outcome.SKIPPED, Outcome.WARNED], "1 passed, 1 warned, 1 skipped"),
        ([Outcome.FAILED, Outcome.PASSED], "1 of 2 failed"),
        ([Outcome.INCONCLUSIVE, Outcome.FAILED], "1 of 2 failed, 1 undecided"),
        ([Outcome.ERROR, Outcome.PASSED], "1 of 2 could not be checked"),
    ],
)
def test_tally_tells_what_decides(outcomes: list[Outcome], said: str) -> None:
    assert words.tally([a_check_result(outcome=outcome) for outcome in outcomes]) == said


def test_worst_comes_first_and_the_rest_keeps_its_order() -> None:
    given = [
        a_check_result(check="a"),
        a_check_result(check="b", outcome=Outcome.WARNED),
        a_check_result(check="c", outcome=Outcome.FAILED),
        a_check_result(check="d"),
    ]
    assert [result.check for result in words.worst_first(given)] == ["c", "b", "a", "d"]
    assert words.worst_outcome(given) is Outcome.FAILED
    assert words.worst_outcome([]) is None


def test_small_words() -> None:
    assert words.capital("the mLflow run") == "The mLflow run"
    assert words.capital("") == ""
    assert (words.count(1, "problem"), words.count(2, "problem")) == ("1 problem", "2 problems")
