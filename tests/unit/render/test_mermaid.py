"""Every chart of a comment is one that GitHub's Mermaid reads: by our own grammar, and by Mermaid itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.render import interval_chart, value_bars
from promoter.render.comment import comment
from promoter.render.intervals import plot
from tests.builders import a_value
from tests.golden.cases import CASES, MARKER
from tests.unit.render.reports import EXAMPLES, measured

ROOT = Path(__file__).parents[3]
PARSER = Path(__file__).with_name("mermaid_parse.mjs")
BLOCK = re.compile(r"^```mermaid\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
NUMBERS = rf"\[{NUMBER}(?:, {NUMBER})*\]"
# All that our charts may be made of: fewer marks than Mermaid knows, so that none of them is a surprise.
GRAMMAR = re.compile(
    r"---\nconfig:\n"
    r"  xyChart: \{width: [0-9]+, height: [0-9]+, [\w:,{} ]+\}\n"
    r"  themeVariables: \{xyChart: \{[\w:,#\" ]+\}\}\n"
    r"---\n"
    r"xychart-beta horizontal\n"
    r"  title \"[\w %:,.]+\"\n"
    r"  x-axis \[(\"[\w .·-]+\"(?:, \"[\w .·-]+\")*)\]\n"
    rf"  y-axis ({NUMBER}) --> ({NUMBER})\n"
    rf"((?:  (?:bar|line) {NUMBERS}\n?)+)"
)


def blocks_of(text: str) -> list[str]:
    return BLOCK.findall(text)


GOLDEN = {
    f"{name} {number}": text
    for name, make in CASES.items()
    if name.endswith(".md")
    for number, text in enumerate(blocks_of(make()))
}


def is_ours(text: str) -> bool:
    """Whether a chart is in our grammar, has a figure for each name, and an axis that goes upwards."""
    found = GRAMMAR.fullmatch(text)
    if found is None:
        return False
    names, begin, end, series = found.groups()
    width = len(re.findall(r'"[^"]+"', names))
    return float(begin) < float(end) and all(
        len(line.split(",")) == width for line in series.strip().splitlines()
    )


def parsed(texts: list[str]) -> list[str | None]:
    """What Mermaid says of each; skips where there is no Mermaid to ask."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "mermaid").is_dir():
        pytest.skip("needs node, and `npm install --no-save --ignore-scripts mermaid@11` in the repository")
    done = subprocess.run(
        [node, PARSER, ROOT], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    answers: list[str | None] = json.loads(done.stdout)
    return answers


def charts_of_values() -> list[str]:
    amounts = ((8_120.0, 9_030.0), (-100.0, 50.0), (-3e6, -2e6), (0.001, 1e11))
    return [
        value_bars.chart(a_value(champion=one, challenger=other, predict_all=None)) for one, other in amounts
    ]


def test_there_are_charts_to_look_at() -> None:
    assert len(GOLDEN) >= 5


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_every_golden_chart_is_in_our_grammar(name: str) -> None:
    assert is_ours(GOLDEN[name])


def test_mermaid_itself_reads_every_golden_chart() -> None:
    texts = [*GOLDEN.values(), *(chart for text in charts_of_values() for chart in blocks_of(text))]
    assert parsed(texts) == [None] * len(texts)


def test_what_is_no_chart_is_found_out() -> None:
    good = next(iter(GOLDEN.values()))
    for broken in (good.replace("y-axis", "y-axiz"), good.replace("-->", ">"), good + '\n  click a "x"'):
        assert not is_ours(broken)


def test_mermaid_itself_finds_out_what_is_no_chart() -> None:
    good = next(iter(GOLDEN.values()))
    (answer,) = parsed([good.replace("y-axis", "y-axiz")])
    assert answer is not None
    assert "Parse error" in answer


@given(
    st.lists(st.none() | st.floats(-1e12, 1e12, allow_subnormal=False), min_size=5, max_size=5),
)
def test_whatever_the_amounts_the_chart_is_in_our_grammar(amounts: list[float | None]) -> None:
    names = ("champion", "challenger", "predict_all", "predict_none", "perfect")
    text = value_bars.chart(a_value(**dict(zip(names, amounts, strict=True))))
    assert not text or (all(is_ours(one) for one in blocks_of(text)) and blocks_of(text))


def test_the_chart_of_intervals_is_the_one_in_the_comment() -> None:
    one = plot(measured().requests[0])
    assert one is not None
    assert interval_chart.chart(one) in comment(EXAMPLES["measured"](), marker=MARKER)
