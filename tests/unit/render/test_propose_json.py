"""What a propose run says to programs: whole as a file, and in the step's outputs as far as it fits."""

from __future__ import annotations

import json

from promoter.core.propose_report import Action, Entry, ProposeReport, concluded
from promoter.core.report import Links
from promoter.errors import ReasonCode
from promoter.render.propose_json import propose_json, propose_result
from promoter.render.propose_summary import propose_summary
from promoter.render.propose_words import headline
from promoter.render.words import Tone
from promoter.text import say


def test_what_does_not_fit_the_outputs_is_counted_and_those_with_news_stay() -> None:
    words = say("w" * 1_000)
    quiet = [Entry(key=(f"m{number}", "champion"), action=Action.NONE, why=words) for number in range(400)]
    news = Entry(key=("churn", "champion"), action=Action.OPENED, version="7", number=3, url="https://x")
    undecided = Entry(
        key=("spam", "champion"), action=Action.UNDECIDED, reason=ReasonCode.REGISTRY_UNAVAILABLE
    )
    report = concluded(
        ProposeReport(reason=ReasonCode.PROPOSED, message=say("x"), entries=(*quiet, news, undecided))
    )
    text = propose_result(report)
    told = json.loads(text)
    assert len(text) < 257 * 1024
    assert [(one["model"], one["action"]) for one in told["requests"][:2]] == [
        ("churn", "opened"),
        ("spam", "undecided"),
    ]
    assert told["requests"][1]["reason_code"] == "registry_unavailable"
    assert told["requests_left_out"] == 402 - len(told["requests"]) > 0
    whole = json.loads(propose_json(report))
    assert (len(whole["requests"]), whole["requests_left_out"]) == (402, 0)


def test_the_footer_leads_to_the_job_and_the_commit() -> None:
    links = Links(
        repository="https://github.example/acme/models", run="https://github.example/acme/models/run/7"
    )
    report = ProposeReport(
        reason=ReasonCode.PROPOSED, message=say("x"), head_commit="a" * 40, links=links, tool_version="1"
    )
    footer = propose_summary(report).splitlines()[-1]
    assert "[job log](https://github.example/acme/models/run/7)" in footer
    assert f"/commit/{'a' * 40}" in footer
    assert "job log" not in propose_summary(ProposeReport(reason=ReasonCode.PROPOSED, message=say("x")))


def test_a_run_that_could_not_decide_says_so_first() -> None:
    report = ProposeReport(reason=ReasonCode.REGISTRY_UNAVAILABLE, message=say("no answer"))
    assert headline(report) == (Tone.UNSURE, say("Could not decide: ", "no answer"))
