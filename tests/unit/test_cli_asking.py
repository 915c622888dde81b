"""Questions: what Enter means, what the end of input means, and that scripts are never asked."""

from __future__ import annotations

import io

import pytest

from promoter.cli_asking import Asking
from promoter.errors import PromoterError, ReasonCode


def a_person(typed: str) -> Asking:
    return Asking(given=io.StringIO(typed), shown=io.StringIO(), is_person=True)


def test_enter_means_the_default() -> None:
    assert a_person("\n").text("Which?", "*") == "*"
    assert a_person(" churn \n").text("Which?", "*") == "churn"


@pytest.mark.parametrize(
    ("typed", "agrees", "insists"),
    [("\n", True, False), ("y\n", True, True), ("NO\n", False, False), ("what\nYes\n", True, True)],
)
def test_yes_and_no(typed: str, agrees: bool, insists: bool) -> None:
    assert a_person(typed).agrees("Write?") == agrees
    assert a_person(typed).insists("Replace?") == insists


def test_a_script_is_not_asked() -> None:
    nobody = Asking(given=io.StringIO(), shown=io.StringIO(), is_person=False)
    assert (nobody.text("Which?", "*"), nobody.agrees("Write?"), nobody.insists("Replace?")) == (
        "*",
        True,
        False,
    )
    assert nobody.shown.getvalue() == ""  # type: ignore[attr-defined]


def test_the_end_of_input_is_no_answer() -> None:
    with pytest.raises(PromoterError) as ended:
        a_person("").agrees("Write?")
    assert ended.value.reason is ReasonCode.USAGE_INVALID
