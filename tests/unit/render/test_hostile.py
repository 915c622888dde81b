"""10,000 hostile strings through every channel: what they make of the page is what harmless words make."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

import pytest

from promoter.core.report import Report
from promoter.render.annotations import annotations as commands
from promoter.render.comment import comment
from promoter.render.evidence_json import evidence
from promoter.render.html import html
from promoter.render.outputs import outputs
from promoter.render.summary import summary
from promoter.render.terminal import Style, terminal
from tests.oracles import RunnerCommand, runner_commands, unprintable
from tests.unit.render.hostile import everywhere, harmless_texts, hostile_texts
from tests.unit.render.structure import html_shape, markdown_shape

NUMBER = 10_000
HARMLESS = everywhere(harmless_texts())


def _hostile_reports(seed: int) -> Iterator[tuple[Report, ...]]:
    texts = hostile_texts(NUMBER, seed=seed)
    # The last strings fill no whole set of reports; harmless words do.
    source = chain(texts, iter(harmless_texts(), ""))
    used = 0

    def text() -> str:
        nonlocal used
        used += 1
        return next(source)

    while used < NUMBER:
        yield everywhere(text)


def _marked(report: Report) -> str:
    return comment(report, marker="<!-- promoter results acme/models#12 -->")


def _same_shape(render: Callable[[Report], str], shape: Callable[[str], object], *, seed: int) -> int:
    expected = [shape(render(report)) for report in HARMLESS]
    compared = 0
    for reports in _hostile_reports(seed):
        for report, like in zip(reports, expected, strict=True):
            text = render(report)
            assert shape(text) == like
            assert not unprintable(text)
            compared += 1
    return compared


@pytest.mark.parametrize(("render", "seed"), [(_marked, 1), (summary, 2)], ids=["comment", "summary"])
def test_markdown_has_nothing_but_our_template(render: Callable[[Report], str], seed: int) -> None:
    assert _same_shape(render, markdown_shape, seed=seed) >= 100


def test_html_has_nothing_but_our_template() -> None:
    assert _same_shape(html, html_shape, seed=3) >= 100


def test_runner_sees_our_annotations_and_nothing_else() -> None:
    def own(lines: Iterable[str]) -> list[tuple[str, list[str]]]:
        return [_outline(command) for command in runner_commands("\n".join(lines))]

    expected = [own(commands(report)) for report in HARMLESS]
    for reports in _hostile_reports(4):
        for report, like in zip(reports, expected, strict=True):
            assert own(commands(report)) == like
            assert all(len(line.splitlines()) == 1 for line in commands(report))


def _outline(command: RunnerCommand) -> tuple[str, list[str]]:
    return command.name, sorted(command.properties)


@pytest.mark.parametrize("style", [Style.PLAIN, Style.COLOUR])
def test_log_has_one_line_for_each_of_ours_and_no_command(style: Style) -> None:
    render = partial(terminal, style=style)
    for reports in _hostile_reports(5):
        for report, like in zip(reports, HARMLESS, strict=True):
            text = render(report)
            assert runner_commands(text) == ()
            assert len(text.splitlines()) == len(render(like).splitlines())
            assert unprintable(text) <= {"\x1b"}


def test_outputs_are_printable_ascii_on_one_line() -> None:
    for reports in _hostile_reports(6):
        for report in reports:
            values = outputs(report, comment_url="", report_path="r.html")
            assert all(value.isascii() and value.isprintable() for value in values.values())
            told = json.loads(values["result"])["requests"]
            assert [one["model"] for one in told] == [one.request.model for one in report.requests]


def test_evidence_is_ascii_and_keeps_every_text() -> None:
    for reports in _hostile_reports(7):
        for report in reports:
            text = evidence(report)
            assert text.isascii()
            told = {one["path"]: one["reason"] for one in json.loads(text)["requests"]}
            assert told == {one.request.path: one.request.reason for one in report.requests}
