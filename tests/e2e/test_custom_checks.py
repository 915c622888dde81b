"""A check of the team's own, from the base commit, through the whole of a pull request."""

from __future__ import annotations

import json

import pytest

from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, TOKEN, House, result_of

pytestmark = pytest.mark.integration

SCRIPT = "checks/own.py"
OWN = "      custom: [{name: own, command: [python, checks/own.py], timeout_seconds: 20}]\n"
ANSWER = """\
import json, os, sys
(request,) = json.load(sys.stdin)["requests"]
seen = " ".join([request["challenger"]["version"], *sorted({one["check"] for one in request["checks"]})])
leaked = [name for name, value in os.environ.items() if "%s" in value or name.startswith(("GITHUB", "INPUT"))]
print(json.dumps({"outcome": "%s", "message": f"version {seen} {leaked}"}))
"""


def script(outcome: str) -> bytes:
    return (ANSWER % (TOKEN, outcome)).encode()


def start(house: House, outcome: str) -> tuple[str, str]:
    """A champion and a better version, in a team with a check of its own."""
    old, new = house.version(0.80), house.version(0.85)
    house.land({POLICY: (POLICY_TEXT + OWN).encode(), SCRIPT: script(outcome)})
    house.adopt(old)
    return old, new


def test_it_decides_before_and_after_the_merge(house: House) -> None:
    old, new = start(house, "passed")
    number = house.ask_for(new)
    validated = house.validate(number)
    assert (validated.exit_code, validated.outputs["reason-code"]) == (ExitCode.DONE, "validated"), (
        validated.log
    )
    assert "asking the custom check `own`" in validated.log
    told = f"version {new} description lineage metrics tags []"
    (comment,) = house.comments(number)
    assert told in comment.body
    (request,) = json.loads((validated.folder / "evidence.json").read_text(encoding="utf-8"))["requests"]
    (answer,) = request["custom"]
    assert {layer.pop("state") for layer in answer.pop("sandbox")} <= {"held", "covered"}
    assert answer == {"name": "own", "subject": "", "outcome": "passed", "message": f"it answered `{told}`"}
    assert "Model code ran confined" in comment.body

    house.approve(number)
    push = house.merge(number)
    house.land({SCRIPT: script("failed")})
    assert house.champion() == old
    applied = house.apply(push)
    assert applied.outputs["reason-code"] == "applied", applied.log
    assert house.tags(new)["promoter_check_custom"] == "passed"


def test_a_pull_request_is_not_judged_by_the_check_it_brings(house: House) -> None:
    old, new = start(house, "failed")
    number = house.propose({house.path: house.request(new), SCRIPT: script("passed")})
    validated = house.validate(number)
    assert (validated.exit_code, validated.outputs["reason-code"]) == (ExitCode.NO, "checks_failed")
    house.approve(number)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == "checks_failed", applied.log
    assert house.champion() == old


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "its command names `checks/own.py`, and there is no such file"),
        (b"import sys\nsys.exit('a lost \\n::error::cause')", "it ended with exit code 1; it printed"),
        (b"print('yes')", "it answered something that is not one JSON document"),
    ],
    ids=["missing", "fails", "no JSON"],
)
def test_a_check_that_gives_no_answer_decides_nothing(house: House, content: bytes | None, said: str) -> None:
    old, new = start(house, "passed")
    house.land({SCRIPT: content})
    number = house.ask_for(new)
    validated = house.validate(number)
    ended = (validated.exit_code, validated.outputs["reason-code"], validated.outputs["decision"])
    assert ended == (ExitCode.UNDECIDED, "check_unavailable", "error"), validated.log
    assert said in house.comments(number)[0].body
    assert "::error::cause" not in validated.log
    (request,) = result_of(validated)
    assert request["verdict"] == "error"
    house.approve(number)
    assert house.apply(house.merge(number)).exit_code is ExitCode.UNDECIDED
    assert house.champion() == old


def test_t13_on_pull_request_target_it_is_not_run_and_the_rest_is_judged(house: House) -> None:
    _, new = start(house, "passed")
    number = house.ask_for(new)
    refused = house.validate(number, event="pull_request_target")
    assert (refused.exit_code, refused.outputs["reason-code"]) == (ExitCode.NO, "model_unsafe"), refused.log
    assert "asking the custom check" not in refused.log
    assert "Start the workflow on" in house.comments(number)[0].body
    house.land({POLICY: POLICY_TEXT.encode()})
    judged = house.validate(number, event="pull_request_target")
    assert (judged.exit_code, judged.outputs["reason-code"]) == (ExitCode.DONE, "validated"), judged.log
