from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promoter.render.layout import Block, Limit, Rank, block, fit, in_bytes, in_utf16, more, within

FOOTER = "<sub>end</sub>"


def _limit(size: int) -> Limit:
    return Limit(size=size, measure=len, pointer="the summary")


def _texts(*ranks: Rank) -> list[Block]:
    return [Block(text=f"{rank.name}-{number}", rank=rank) for number, rank in enumerate(ranks)]


def test_everything_stays_where_it_fits() -> None:
    blocks = _texts(Rank.HEAD, Rank.DETAILS, Rank.BLOCKING)
    assert fit(blocks, _limit(10_000), footer=FOOTER) == (f"HEAD-0\n\nDETAILS-1\n\nBLOCKING-2\n\n{FOOTER}\n")


def test_least_important_goes_first_and_last_of_its_kind() -> None:
    blocks = [
        Block(text=f"{rank.name}-{number} {'x' * 400}", rank=rank)
        for number, rank in enumerate((Rank.DETAILS, Rank.BLOCKING, Rank.REQUESTS, Rank.REQUESTS))
    ]
    text = fit(blocks, _limit(1_200), footer=FOOTER)
    assert [word for word in text.split() if "-" in word] == ["BLOCKING-1", "REQUESTS-2"]
    assert "… 2 sections were left out to keep this short, see the summary.\n\n<sub>" in text


def test_one_section_left_out() -> None:
    blocks = [*_texts(Rank.HEAD), Block(text="x" * 2_000, rank=Rank.NOTES)]
    assert "… 1 section was left out" in fit(blocks, _limit(500), footer=FOOTER)


def test_head_is_never_left_out() -> None:
    blocks = [Block(text="x" * 500, rank=Rank.HEAD), Block(text="y", rank=Rank.NOTES)]
    text = fit(blocks, _limit(100), footer=FOOTER)
    assert "x" * 500 in text
    assert "y\n" not in text


def test_neighbours_share_a_fold() -> None:
    blocks = [
        Block(text=name, rank=Rank.DETAILS, fold=fold) for name, fold in (("a", "F"), ("b", "F"), ("c", ""))
    ]
    assert fit(blocks, _limit(1_000), footer=FOOTER) == (
        f"<details>\n<summary>F</summary>\n\na\n\nb\n\n</details>\n\nc\n\n{FOOTER}\n"
    )


BLOCKS = st.lists(
    st.builds(
        Block,
        text=st.text("ab😀\n", min_size=1, max_size=80),
        rank=st.sampled_from([rank for rank in Rank if rank is not Rank.HEAD]),
        fold=st.sampled_from(["", "F", "G"]),
    ),
    max_size=40,
)


@given(BLOCKS, st.integers(300, 3_000), st.sampled_from([len, in_utf16, in_bytes]))
def test_page_is_never_longer_than_its_limit(blocks: list[Block], size: int, measure: object) -> None:
    assert callable(measure)
    limit = Limit(size=size, measure=measure, pointer="the summary")
    text = fit(blocks, limit, footer="f" * (size // 2))
    assert measure(text) <= size
    assert text.count("<details>") == text.count("</details>")


def test_lists_are_cut_between_lines() -> None:
    lines = ["12345"] * 10
    limit = _limit(120)
    kept = within(lines, limit, part=4)
    assert kept == ("12345",) * 5
    assert more(lines, kept, limit=limit) == "… and 5 more, see the summary."
    assert more(lines, lines, limit=limit) == ""
    assert within(lines, limit, part=1) == tuple(lines)


def test_empty_text_is_no_block() -> None:
    assert block("", Rank.NOTES) == ()
    assert block("x", Rank.NOTES, fold="F") == (Block(text="x", rank=Rank.NOTES, fold="F"),)


def test_measures() -> None:
    assert (in_utf16("a😀é"), in_bytes("a😀é")) == (4, 7)
    assert in_utf16("\ud800") == 1
