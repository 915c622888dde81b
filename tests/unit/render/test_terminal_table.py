"""Tables and sentences on screens of many widths: nothing is wider, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.render.terminal import Style, terminal
from promoter.render.terminal_table import Cell, Paint, folded, page, sentence, table
from tests.unit.render.reports import EXAMPLES

HEAD = ("MODEL", "WHAT")
NARROW = replace(Style.PLAIN, width=30)


def rows(*texts: tuple[str, str]) -> list[tuple[Cell, Cell]]:
    return [(Cell(name, Paint.RED), Cell(what)) for name, what in texts]


def test_what_fits_is_laid_out_as_without_a_screen() -> None:
    cells = rows(("✗ churn", "it differs"))
    wide = replace(Style.COLOUR, width=200)
    assert table(HEAD, cells, style=wide) == table(HEAD, cells, style=Style.COLOUR)


def test_the_widest_column_gives_way_between_words() -> None:
    cells = rows(("✗ churn", "it was moved by somebody outside of git"), ("· fraud", "fine"))
    assert table(HEAD, cells, style=NARROW) == [
        "MODEL    WHAT",
        "✗ churn  it was moved by",
        "         somebody outside of",
        "         git",
        "· fraud  fine",
    ]


def test_a_long_word_is_broken_only_where_nothing_else_helps() -> None:
    cells = rows(("✗ churn-of-customers@champion", "two words"))
    assert table(HEAD, cells, style=NARROW) == [
        "MODEL                    WHAT",
        "✗ churn-of-customers@ch  two",
        "ampion                   words",
    ]


def test_below_the_narrowest_columns_lines_run_on() -> None:
    cells = rows(("a" * 20, "b" * 20))
    lines = table(HEAD, cells, style=replace(Style.PLAIN, width=10))
    assert lines[1] == "aaaaaaaa  bbbbbbbb"


def test_each_line_of_a_cell_has_its_colour() -> None:
    lines = table(HEAD, rows(("first second", "x")), style=replace(Style.COLOUR, width=12))
    assert [line.split("m")[1] for line in lines[1:]] == ["first\x1b[0", "second\x1b[0"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("  short", ["  short"]),
        (
            "  \x1b[31m✗\x1b[0m tags: `owner` is `risk-ml`, not `fraud`",
            ["  \x1b[31m✗\x1b[0m tags: `owner` is", "    `risk-ml`, not `fraud`"],
        ),
        (
            "  What to do: write a description of it",
            ["  What to do: write a", "  description of it"],
        ),
        ("aligned  and so left as it is, however long", ["aligned  and so left as it is, however long"]),
        ("", [""]),
    ],
)
def test_sentences_go_on_below_their_beginning(line: str, told: list[str]) -> None:
    assert sentence(line, style=replace(Style.PLAIN, width=26)) == told
    assert sentence(line, style=Style.PLAIN) == [line]


def test_a_page_has_blocks_and_no_empty_ones() -> None:
    assert page([["one", "two"], [], ["three"]], style=Style.PLAIN) == "one\ntwo\n\nthree\n"


@given(st.text("ab 漢é`✗\u0301", max_size=60), st.integers(2, 30))
def test_folding_loses_nothing(text: str, width: int) -> None:
    lines = folded(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(sum(2 if char == "漢" else char != "\u0301" for char in line) <= width for line in lines)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", ["rejected", "measured-beside-reference", "mixed", "invalid"])
def test_a_report_fits_its_screen(name: str, width: int) -> None:
    shown = terminal(EXAMPLES[name](), style=replace(Style.PLAIN, width=width))
    assert [line for line in shown.splitlines() if len(line) > width and " " in line.strip()] == []


def test_a_narrow_report_says_the_same() -> None:
    report = EXAMPLES["rejected"]()
    narrow = terminal(report, style=replace(Style.PLAIN, width=60)).split()
    assert sorted(narrow) == sorted(terminal(report, style=Style.PLAIN).split())
