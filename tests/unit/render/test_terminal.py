from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest

from promoter.core.report import Report
from promoter.render.terminal import Style, terminal
from tests.builders import a_report
from tests.unit.render import reports

_COLOUR = re.compile(r"\x1b\[[0-9]+m")


@pytest.mark.parametrize("name", sorted(reports.EXAMPLES))
def test_colour_changes_no_word(name: str) -> None:
    report = reports.EXAMPLES[name]()
    plain = terminal(report, style=Style.PLAIN)
    coloured = terminal(report, style=Style.COLOUR)
    assert "\x1b" not in plain
    assert _COLOUR.sub("", coloured).splitlines() == plain.splitlines()
    assert plain.endswith("\n")
    assert plain == plain.strip() + "\n"


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def _named(model: str) -> Report:
    request = reports.good_request()
    asked = replace(request.request, model=model)
    return a_report(requests=(replace(request, request=asked), request))


@pytest.mark.parametrize("model", ["churn", "漢字モデル", "x" * 100, "e\u0301tude"])
def test_columns_line_up(model: str) -> None:
    lines = terminal(_named(model), style=Style.PLAIN).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("MODEL @ ALIAS"))
    ends = {
        _columns(unicodedata.normalize("NFC", line[: line.rindex("promotion")]))
        for line in lines[start + 1 : start + 3]
    }
    assert len(ends) == 1


def test_one_request_is_not_announced_twice() -> None:
    assert terminal(reports.promotable(), style=Style.PLAIN).count("Ready to promote") == 1
    assert terminal(reports.all_good(), style=Style.PLAIN).count("Ready to promote") == 3


def test_problem_can_be_clicked() -> None:
    text = terminal(reports.invalid(), style=Style.PLAIN)
    assert "✗ promotions/churn/champion.yaml:3:10: `version` is not a number. Write the digits" in text


def test_footer_leaves_out_what_is_unknown() -> None:
    bare = replace(reports.promotable(), head_commit="", base_commit="", evidence_digest="", tool_version="")
    assert terminal(bare, style=Style.PLAIN).splitlines()[-1] == "Promoter"


def test_nobody_and_unknown_are_told_apart() -> None:
    assert "  nobody  7 " in terminal(reports.first_promotion(), style=Style.PLAIN)
    assert "  \u2013    70 " in terminal(reports.version_missing(), style=Style.PLAIN)
