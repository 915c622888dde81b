"""An error for programs."""

from __future__ import annotations

import json

from promoter.errors import PromoterError, ReasonCode
from promoter.render.error_json import error_json
from promoter.text import quote, say
from tests.builders import a_problem


def test_it_says_what_the_terminal_says() -> None:
    error = PromoterError(
        ReasonCode.REQUEST_INVALID,
        say("the file ", quote("a\nb"), " is wrong"),
        hint=say("Correct it."),
        problems=(a_problem(),),
    )
    told = json.loads(error_json(error))
    assert (told["schema_version"], told["exit_code"], told["reason_code"]) == (1, 2, "request_invalid")
    assert (told["message"], told["hint"]) == ("the file `a\\nb` is wrong", "Correct it.")
    assert [problem["line"] for problem in told["problems"]] == [a_problem().line]
