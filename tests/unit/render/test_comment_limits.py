"""Whatever a report holds, its comment fits, nothing in it stays open, and the least important goes first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promoter.core.report import Phase, Report, RequestReport
from promoter.render.comment import comment
from promoter.render.layout import Limit, Rank, fit, in_bytes, in_utf16
from promoter.render.sections import blocks, footer
from promoter.render.summary import summary
from promoter.render.words import count
from promoter.text import quote, say
from tests.builders import a_problem, a_report
from tests.golden.cases import MARKER
from tests.unit.render.reports import (
    EXAMPLES,
    SHORT_DESCRIPTION,
    WORSE_F1,
    good_request,
    measured,
    measured_rejected,
    measured_undecided,
    rejected_request,
)

# What our contract allows, and what GitHub refuses: https://docs.github.com/rest/issues/comments says nothing
# of the unit, so UTF-16 units are held to the limit, of which there are never fewer than characters.
CONTRACT = 60_000
KINDS: Mapping[str, Callable[[], RequestReport]] = {
    "good": good_request,
    "rejected": rejected_request,
    **{
        make.__name__: lambda make=make: make().requests[0]  # type: ignore[misc]
        for make in (measured, measured_rejected, measured_undecided)
    },
}
_GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False})
_TITLES = (
    "**Measured by Promoter**",
    "**Claimed at training, not measured**",
    "Change in % of the champion: right of 0",
    "<summary>Where the versions come from</summary>",
)


def closed(text: str) -> None:
    """Every fence ends, every table is whole, and folds are balanced, outside code and in order."""
    depth = 0
    for token in _GFM.parse(text):
        if token.type == "html_block":
            depth += token.content.count("<details>") - token.content.count("</details>")
            assert depth >= 0
        if token.type == "fence":
            assert token.map is not None
            last = text.splitlines()[token.map[1] - 1]
            assert re.fullmatch(r"`{3,}", last), last
    assert depth == 0
    for row in re.findall(r"^\|.*$", text, flags=re.MULTILINE):
        assert row.endswith("|")


def well_made(text: str) -> None:
    assert in_utf16(text) <= CONTRACT
    assert len(text) <= CONTRACT
    assert text.splitlines()[0] == MARKER
    assert text.endswith("</sub>\n")
    closed(text)


def written(report: Report) -> str:
    return comment(report, marker=MARKER)


SIZES = st.sampled_from([0, 1, 3, 30, 300])


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How much there is of everything: short to print where a report is not."""

    letters: str
    length: int
    kinds: tuple[str, ...]
    times: int
    results: int
    notes: int
    problems: int
    phase: Phase


RECIPES = st.builds(
    Recipe,
    letters=st.sampled_from(["x", "漢", "😀", "`", "|", "<details>", "```\n", "\u202e", "&"]),
    length=st.sampled_from([1, 50, 5_000]),
    kinds=st.lists(st.sampled_from(sorted(KINDS)), max_size=3).map(tuple),
    times=st.sampled_from([1, 7, 40]),
    results=SIZES,
    notes=SIZES,
    problems=SIZES,
    phase=st.sampled_from(list(Phase)),
)


def made(recipe: Recipe) -> Report:
    """The report of a recipe."""
    long = quote(recipe.letters * recipe.length)
    one = tuple(_request(KINDS[kind](), recipe) for kind in recipe.kinds)
    return a_report(
        phase=recipe.phase,
        requests=one * recipe.times,
        problems=(a_problem(),) * recipe.problems if not one else (),
        notes=(say("of the run ", long),) * recipe.notes,
        message=say("why ", long),
    )


def _request(base: RequestReport, recipe: Recipe) -> RequestReport:
    long = quote(recipe.letters * recipe.length)
    more = tuple(
        replace((SHORT_DESCRIPTION, WORSE_F1)[number % 2], message=say("found ", *[long] * (number % 4)))
        for number in range(recipe.results)
    )
    asked = replace(base.request, model=f"m{long.value[:60]}", reason=long.value[:1_000])
    return replace(
        base,
        request=asked,
        results=(*base.results, *more),
        notes=(say("note ", long),) * recipe.notes,
        hint=say("do ", long),
    )


@settings(deadline=None, max_examples=40)
@given(RECIPES)
def test_a_comment_fits_and_is_whole_whatever_the_report(recipe: Recipe) -> None:
    well_made(written(made(recipe)))


@settings(deadline=None, max_examples=8)
@given(RECIPES)
def test_a_summary_fits_and_is_whole_whatever_the_report(recipe: Recipe) -> None:
    text = summary(made(recipe))
    assert in_bytes(text) <= 900 * 1024
    closed(text)


@settings(deadline=None, max_examples=25)
@given(RECIPES, st.integers(2_000, 60_000))
def test_nothing_is_left_out_while_something_less_important_stays(recipe: Recipe, size: int) -> None:
    report = made(recipe)
    limit = Limit(size=size, measure=in_utf16, pointer="the POINTER")
    numbered = [
        replace(block, text=f"{block.text}\n\nBLOCK {number}.")
        for number, block in enumerate(blocks(report, limit))
    ]
    text = fit(numbered, limit, footer=footer(report))
    is_there = [f"\n\nBLOCK {number}.\n" in text for number in range(len(numbered))]
    stays = [block.rank for block, there in zip(numbered, is_there, strict=True) if there]
    gone = [block.rank for block, there in zip(numbered, is_there, strict=True) if not there]
    assert Rank.HEAD not in gone
    assert not gone or max(stays) <= min(gone)
    pointed = f"{count(len(gone), 'section')} w" in text.replace(",", "") and "see the POINTER." in text
    assert pointed is bool(gone)
    closed(text)


def test_what_goes_goes_in_its_order() -> None:
    """The drawn chart, then where versions come from, then figures; why it is refused stays to the last."""
    request = measured_rejected().requests[0]
    seen: list[tuple[str, ...]] = []
    for lines in range(0, 320, 20):
        notes = tuple(say(quote(f"{number} " + "x" * 190)) for number in range(lines))
        report = a_report(requests=(request,), reason=request.reason, notes=notes)
        limit = Limit(size=60_000 - lines * 180, measure=in_utf16, pointer="p")
        text = fit(blocks(report, limit), limit, footer=footer(report)) if limit.size > 3_000 else ""
        seen.append(tuple(title for title in _TITLES if title in text))
        if text:
            assert "**What stands against it:**" in text
    wholes = [set(one) for one in seen]
    assert all(later <= earlier for earlier, later in pairwise(wholes))
    assert _TITLES[2] in wholes[0]
    assert any(_TITLES[0] in one and not {_TITLES[2], _TITLES[3]} & one for one in wholes)


@pytest.mark.parametrize("number", [20, 100])
@pytest.mark.parametrize("make", [good_request, rejected_request])
def test_of_many_requests_the_table_comes_first_and_the_rest_is_folded(
    make: Callable[[], RequestReport], number: int
) -> None:
    one = make()
    report = a_report(
        requests=tuple(
            replace(one, request=replace(one.request, model=f"model-{index:03}")) for index in range(number)
        ),
        reason=one.reason,
    )
    text = written(report)
    well_made(text)
    assert all(f"`model-{index:03}`" in text for index in range(number))
    table, fold = text.index("| Model @ alias |"), text.index("<details>")
    assert table < fold
    outside = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    assert "| Metric |" not in outside
    assert "```mermaid" not in text


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_is_whole(name: str) -> None:
    well_made(written(EXAMPLES[name]()))
