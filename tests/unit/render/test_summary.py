from __future__ import annotations

from dataclasses import replace

from promoter.render.comment import comment
from promoter.render.layout import in_bytes
from promoter.render.summary import summary
from promoter.text import quote, say
from tests.golden.cases import MARKER
from tests.unit.render.reports import mixed, rejected


def test_two_hundred_requests_are_told_in_full() -> None:
    text = summary(mixed(200))
    assert "left out" not in text
    assert "more, see" not in text
    assert text.count("#### ") == 200
    assert text.count("| `model-") == 0
    assert (
        sum(
            line.startswith(("| ✅\xa0`model-", "| ❌\xa0`model-", "| ⚠️\xa0`model-"))
            for line in text.splitlines()
        )
        == 200
    )


def test_same_content_as_the_comment_where_that_is_whole() -> None:
    assert comment(rejected(), marker=MARKER) == f"{MARKER}\n{summary(rejected())}"


def test_summary_stays_below_the_limit_and_says_what_is_missing() -> None:
    long = say("noted: ", *[quote("漢" * 200)] * 3)
    report = mixed(1_200)
    requests = tuple(replace(request, notes=(long,)) for request in report.requests)
    text = summary(replace(report, requests=requests))
    assert in_bytes(text) <= 900 * 1024
    assert "left out to keep this short, see the HTML report and `evidence.json`." in text
