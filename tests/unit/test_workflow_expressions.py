"""The tests' own evaluator of GitHub's expressions: what it takes, and that it refuses the rest."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow_expressions import ExpressionError, Scope, decides, evaluate, interpolated

EVENT: dict[str, Any] = {"pull_request": {"number": 7, "draft": False}, "labels": []}
GITHUB = {"event": EVENT, "event_name": "pull_request", "ref": "refs/pull/7/merge", "token": "ghs"}
SCOPE = Scope(contexts={"github": GITHUB, "vars": {"HOST": "https://h"}, "steps": {"app": {"outputs": {}}}})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.token", "ghs"),
        ("github.event.pull_request.number", 7.0),
        ("github.event.pull_request.draft", False),
        ("github.event.merge_group.head_ref", None),
        ("github.event.merge_group.head_ref || github.ref", "refs/pull/7/merge"),
        ("github.event.pull_request.number || github.ref", 7.0),
        ("'it''s'", "it's"),
        ("-1.5", -1.5),
        ("null", None),
        ("true && 'yes'", "yes"),
        ("'' && 'yes'", ""),
        ("0 || false || 'last'", "last"),
        ("!''", True),
        ("!(1 == 1)", False),
        ("github.event_name == 'PULL_request'", True),
        ("github.event_name != 'push'", True),
        ("'1' == 1", True),
        ("'' == 0", True),
        ("null == false", True),
        ("'x' == 1", False),
        ("false || true && false", False),
        ("1 == 2 || 2 == 2", True),
    ],
)
def test_values(text: str, value: object) -> None:
    assert evaluate(text, SCOPE) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vars.HSOT", "there is no `vars.HSOT`"),
        ("github.actor", "there is no `github.actor`"),
        ("steps.ap.outputs.token", "there is no `steps.ap`"),
        ("env.X", "there is no context `env`"),
        ("contains('a', 'b')", "`\\)` is missing"),
        ("hashFiles()", "the function `hashFiles` is not known"),
        ("github.event.labels", "is a list"),
        ("github.event == 1", "objects are not compared"),
        ("github.event.labels[0]", r"`\[0\]` is nothing that is known"),
        ("1 +", "nothing that is known"),
        ("1 2", "`2` is too much"),
        ("1 ==", "ends too early"),
        ("== 1", "stands where a value"),
        ('"double"', "nothing that is known"),
    ],
)
def test_what_is_not_known_is_refused(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        evaluate(text, SCOPE)


def test_a_text_has_its_holes_filled() -> None:
    text = "group-${{ github.event.pull_request.number || github.ref }}-${{vars.HOST}}${{ null }}${{ true }}"
    assert interpolated(text, SCOPE) == "group-7-https://htrue"
    with pytest.raises(ExpressionError, match="object"):
        interpolated("${{ github.event }}", SCOPE)


@pytest.mark.parametrize(
    ("condition", "after_success", "after_failure"),
    [
        ("always()", True, True),
        ("success()", True, False),
        ("failure()", False, True),
        ("cancelled()", False, False),
        ("true", True, False),
        ("${{ true }}", True, False),
        ("github.event_name == 'push'", False, False),
        ("failure() || github.event_name == 'pull_request'", True, True),
        ("'always()'", True, False),
    ],
)
def test_an_if_waits_for_success_unless_it_asks_for_the_status(
    condition: str, after_success: bool, after_failure: bool
) -> None:
    failed = Scope(contexts=SCOPE.contexts, has_failed=True)
    assert (decides(condition, SCOPE), decides(condition, failed)) == (after_success, after_failure)


def test_an_if_is_one_expression() -> None:
    with pytest.raises(ExpressionError, match="one expression"):
        decides("${{ true }} && ${{ false }}", SCOPE)
