"""`docs/tour.md` is true: everything it does is done, and prints what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.tour import TOUR, Printed, Step, steps, touring

STATIONS = (
    "promoter init",
    "Promoter proposes",
    "Promoter validates",
    "alice approves",
    "alice merges",
    "Promoter applies",
    "promoter history churn champion --as-of",
    "promoter rollback",
    "Promoter looks for drift",
    "promoter doctor",
)


@pytest.mark.integration
def test_the_tour_is_true(tmp_path: Path) -> None:
    with touring(tmp_path) as tour:
        for step in steps(TOUR.read_text(encoding="utf-8")):
            printed = tour.do(step)
            assert printed.is_as_shown, f"line {step.line}: {step.asked}\n{printed.text}"
        assert tour.client.get_registered_model("churn").aliases["champion"] == "2"


def test_the_tour_teaches_the_whole_life_of_an_alias_on_few_lines() -> None:
    text = TOUR.read_text(encoding="utf-8")
    typed = "\n".join(step.asked for step in steps(text))
    assert [one for one in STATIONS if one not in typed] == []
    assert text.count("\n") <= 150


def shown(asked: str, printed: str) -> bool:
    """Whether a block's first step prints what stands below it."""
    (step,) = steps(f"```console\n$ promoter\n{asked}\n```\n")
    return Printed(step=step, text=printed).is_as_shown


@pytest.mark.parametrize(
    ("asked", "printed"),
    [
        ("one\ntwo", "one  \ntwo\n\n"),
        ("one\n…\nfour", "one\ntwo\nthree\nfour"),
        ("one\n…\nfour", "one\nfour"),
        ("one\n…", "one\ntwo\n\nthree"),
        ("…\nlast", "one\ntwo\nlast"),
        ("a … c", "a b c"),
        ("since 2026-03-02", "since 2031-12-24"),
        ("at 2026-03-02T12:00:00Z", "at 2026-11-22T13:14:15Z"),
        ("at 2026-03-02 12:00 UTC", "at 2026-11-22 13:14 UTC"),
        ("Judged 601420df5b57 ·", "Judged 0a1b2c3d4e5f ·"),
        ("f(x) [1]", "f(x) [1]"),
    ],
)
def test_what_is_shown_may_be_cut_and_is_of_another_day(asked: str, printed: str) -> None:
    assert shown(asked, printed)


@pytest.mark.parametrize(
    ("asked", "printed"),
    [
        ("one\ntwo", "one"),
        ("one", "one\ntwo"),
        ("one\n…\nfour", "one\ntwo"),
        ("version 2", "version 3"),
        ("since 2026-03-02", "since yesterday"),
        ("Judged 601420df5b57", "Judged nothing"),
        ("commit 601420df5b57", "commit 601420"),
        ("f1_score 0.8600", "f1_score 0.8000"),
    ],
)
def test_another_text_is_not_what_is_shown(asked: str, printed: str) -> None:
    assert not shown(asked, printed)


def test_a_step_is_a_line_with_what_follows_it() -> None:
    text = (
        "# T\n\n```console\n$ git pull\n$ promoter drift\nfine\n\nvery\n```\n\n<!-- now: noon -->\n\n"
        "```github\nalice merges #1\nPromoter applies\nmoved\n```\n\n```yaml\nnot: run\n```\n"
    )
    assert list(steps(text)) == [
        Step(kind="console", line=4, asked="git pull"),
        Step(kind="console", line=5, asked="promoter drift", expected=("fine", "", "very")),
        Step(kind="now", line=11, asked="noon"),
        Step(kind="github", line=14, asked="alice merges #1"),
        Step(kind="github", line=15, asked="Promoter applies", expected=("moved",)),
    ]


@pytest.mark.parametrize("block", ["console\npromoter drift", "github\nalice sleeps", "console\n"])
def test_a_block_that_begins_with_nothing_to_do_is_refused(block: str) -> None:
    with pytest.raises(ValueError, match="begins with nothing"):
        list(steps(f"```{block}\n```\n"))
