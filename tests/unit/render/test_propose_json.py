"""What a propose run says to programs: whole as a file, and in the step's outputs as far as it fits."""

from __future__ import annotations

import json

from promoter.core.propose_report import Action, Entry, ProposeReport, concluded
from promoter.errors import ReasonCode
from promoter.render.propose_json import propose_json, propose_result
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
