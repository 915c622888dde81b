"""The oracle must recognise what a runner recognises, or it would prove nothing."""

from __future__ import annotations

import pytest

from tests.oracles import RunnerCommand, runner_command, runner_commands, unprintable


@pytest.mark.parametrize(
    "line",
    [
        "::error::boom",
        "  ::error::boom",
        "\u3000\xa0::error::boom",
        "::ERROR::boom",
        "\u200b::error::boom",
        "text ##[error]boom",
        "#\u200b##[error]boom",
    ],
)
def test_runner_carries_it_out(line: str) -> None:
    assert runner_command(line) == RunnerCommand("error", "boom")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "text ::error::boom",
        ":error::boom",
        "::error",
        "::unknown::x",
        "##[error",
        "##[unknown]x",
        ":\u200b:error::x",
        "#\u200b#[error]x",
        ": :x::",
    ],
)
def test_runner_prints_it(line: str) -> None:
    assert runner_command(line) is None


def test_properties_and_data_are_read_as_the_runner_reads_them() -> None:
    line = "::error file=a%3Ab%2Cc.yaml,line=3,title=x%25,empty::one%0Atwo, three"
    properties = {"file": "a:b,c.yaml", "line": "3", "title": "x%"}
    assert runner_command(line) == RunnerCommand("error", "one\ntwo, three", properties)


def test_every_line_break_starts_a_line() -> None:
    assert [one.name for one in runner_commands("a\n::debug::\r::notice::\r\n::warning::")] == [
        "debug",
        "notice",
        "warning",
    ]


def test_unprintable_characters_are_found() -> None:
    assert unprintable("a\n\u202e\x00é ") == {"\u202e", "\x00"}
