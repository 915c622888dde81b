from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.checks import signature
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.model_version import Column, Signature
from promoter.core.policy import SignatureRule
from tests.builders import a_column, a_signature, an_evidence

COMPATIBLE = SignatureRule(compatible_with_champion=True)
PRESENT_ONLY = SignatureRule(compatible_with_champion=False)
TENSOR = "tensor(float64, [-1, 4])"
WIDER_TENSOR = "tensor(float64, [-1, 8])"


def judge(evidence: Evidence, rule: SignatureRule = COMPATIBLE) -> dict[str, CheckResult]:
    return {result.subject: result for result in signature.run(rule, evidence)}


def compare(challenger: Signature, champion: Signature) -> CheckResult:
    evidence = an_evidence(challenger_signature=challenger, champion_signature=champion)
    return judge(evidence)[signature.COMPATIBLE]


def columns(text: str) -> tuple[Column, ...]:
    """`a:long b:string?`: name, type, and a question mark where it is optional."""
    found = (part.rstrip("?").partition(":") for part in text.split())
    return tuple(
        Column(name=name, kind=kind, required=not part.endswith("?"))
        for part, (name, _, kind) in zip(text.split(), found, strict=True)
    )


def takes(text: str) -> Signature:
    return a_signature(inputs=columns(text))


def gives(text: str) -> Signature:
    return a_signature(outputs=columns(text))


# --- is there one --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [COMPATIBLE, PRESENT_ONLY])
@pytest.mark.parametrize("champion_signature", [None, a_signature()])
def test_a_challenger_without_signature_fails(rule: SignatureRule, champion_signature: object) -> None:
    results = judge(an_evidence(challenger_signature=None, champion_signature=champion_signature), rule)
    assert {subject: result.outcome for subject, result in results.items()} == {"present": Outcome.FAILED}
    assert str(results["present"].message) == "the challenger was logged without a signature"


@pytest.mark.parametrize("champion_signature", [None, a_signature(), takes("other:string")])
def test_present_is_all_that_is_asked(champion_signature: object) -> None:
    results = judge(an_evidence(champion_signature=champion_signature), PRESENT_ONLY)
    assert {subject: result.outcome for subject, result in results.items()} == {"present": Outcome.PASSED}
    assert str(results["present"].message) == "the challenger has a signature (inputs: 2, outputs: 1)"


def test_a_first_promotion_is_compared_with_nothing() -> None:
    results = judge(an_evidence(champion=None, champion_signature=None))
    assert {subject: result.outcome for subject, result in results.items()} == {
        "present": Outcome.PASSED,
        "compatible_with_champion": Outcome.SKIPPED,
    }


@pytest.mark.parametrize("evidence", [an_evidence(), an_evidence(champion=None, champion_signature=None)])
def test_a_signature_without_inputs_promises_nothing(evidence: Evidence) -> None:
    silent = an_evidence(
        champion=evidence.champion,
        champion_signature=evidence.champion_signature,
        challenger_signature=takes(""),
    )
    results = judge(silent)
    assert {subject: result.outcome for subject, result in results.items()} == {"present": Outcome.FAILED}
    assert "does not say what it accepts" in str(results["present"].message)


@pytest.mark.parametrize(
    ("champion_signature", "why"),
    [
        (None, "the champion was logged without a signature, so nothing can be compared"),
        (takes(""), "the champion's signature does not say what it accepts"),
        (gives(""), "the champion's signature does not say what it returns"),
    ],
)
def test_a_champion_that_says_nothing_leaves_it_undecided(champion_signature: object, why: str) -> None:
    result = judge(an_evidence(champion_signature=champion_signature))[signature.COMPATIBLE]
    assert result.outcome is Outcome.INCONCLUSIVE
    way_out = (
        "`compatible_with_champion: false` in a reviewed change of the policy lets one promotion through"
    )
    assert str(result.message) == f"{why}; {way_out}"


def test_what_can_be_compared_is_even_when_the_rest_cannot() -> None:
    result = compare(takes("a:long b:long"), Signature(inputs=columns("a:long"), outputs=()))
    assert result.outcome is Outcome.FAILED


# --- does it accept what the champion accepts ----------------------------------------------------

CHAMPION = "tenure:long contract:string note:string?"


@pytest.mark.parametrize(
    "challenger",
    [
        CHAMPION,
        "note:string? contract:string tenure:long",
        "tenure:long contract:string",
        "contract:string",
        "tenure:long? contract:string note:string?",
        f"{CHAMPION} new:double?",
    ],
)
def test_columns_may_be_dropped_become_optional_or_change_places(challenger: str) -> None:
    result = compare(takes(challenger), takes(CHAMPION))
    assert result.outcome is Outcome.PASSED
    assert str(result.message) == "the challenger accepts what the champion accepts, and returns the same"


@pytest.mark.parametrize(
    ("challenger", "difference"),
    [
        (f"{CHAMPION} new:double", "input `new` is new and required"),
        ("Tenure:long contract:string", "input `Tenure` is new and required"),
        ("note:string", "input `note` was optional and is required now"),
        ("tenure:integer", "input `tenure` was `long` and is `integer`"),
        ("tenure:integer?", "input `tenure` was `long` and is `integer`"),
        (
            "note:long",
            "input `note` was optional and is required now; input `note` was `string` and is `long`",
        ),
        (":long :string :string", "its inputs go by position, the champion's by name"),
        ("tenure:long tenure:long", "its inputs go by position, the champion's by name"),
    ],
)
def test_a_new_required_column_or_a_narrower_one_fails(challenger: str, difference: str) -> None:
    result = compare(takes(challenger), takes(CHAMPION))
    assert result.outcome is Outcome.FAILED
    assert str(result.message) == f"not compatible with the champion: {difference}"


KINDS = [
    "boolean",
    "integer",
    "long",
    "float",
    "double",
    "string",
    "binary",
    "datetime",
    "array(long)",
    TENSOR,
]
WIDENS = {("integer", "long"), ("integer", "double"), ("float", "double")}


@pytest.mark.parametrize(("before", "now"), list(product(KINDS, repeat=2)))
def test_a_type_widens_as_mlflow_widens_it(before: str, now: str) -> None:
    challenger, champion = (a_signature(inputs=(a_column(kind=kind),)) for kind in (now, before))
    accepted = compare(challenger, champion).outcome is Outcome.PASSED
    assert accepted == (before == now or (before, now) in WIDENS)


@pytest.mark.parametrize(
    ("challenger", "champion", "outcome"),
    [
        ([TENSOR], [TENSOR], Outcome.PASSED),
        ([WIDER_TENSOR], [TENSOR], Outcome.FAILED),
        ([TENSOR, WIDER_TENSOR], [WIDER_TENSOR, TENSOR], Outcome.FAILED),
        ([TENSOR], [TENSOR, TENSOR], Outcome.FAILED),
        ([TENSOR, TENSOR], [TENSOR], Outcome.FAILED),
        (["double"], ["integer"], Outcome.PASSED),
    ],
)
@pytest.mark.parametrize("names", [["", ""], ["0", "1"]], ids=["empty", "numbered"])
def test_inputs_without_names_go_by_position(
    challenger: list[str], champion: list[str], outcome: Outcome, names: list[str]
) -> None:
    now, before = (
        a_signature(
            inputs=tuple(a_column(name=name, kind=kind) for name, kind in zip(names, kinds, strict=False))
        )
        for kinds in (challenger, champion)
    )
    assert compare(now, before).outcome is outcome


def test_differences_by_position_are_told_by_position() -> None:
    champion = a_signature(inputs=(a_column(name="", kind=TENSOR),))
    changed = a_signature(inputs=(a_column(name="", kind=WIDER_TENSOR),))
    longer = a_signature(inputs=(a_column(name="", kind=TENSOR),) * 2)
    assert str(compare(changed, champion).message).endswith(
        f": input number 1 was `{TENSOR}` and is `{WIDER_TENSOR}`"
    )
    assert str(compare(longer, champion).message).endswith(": it has 2 inputs without names, the champion 1")
    assert str(compare(a_signature(), champion).message).endswith(
        ": its inputs go by name, the champion's by position"
    )


# --- does it return the same ---------------------------------------------------------------------

RETURNS = "label:string score:double"


@pytest.mark.parametrize(
    ("challenger", "differences"),
    [
        (RETURNS, None),
        ("score:double label:string", None),
        ("label:string", "output `score` is gone"),
        ("", "output `label` is gone; output `score` is gone"),
        (f"{RETURNS} why:string?", "output `why` is new"),
        ("label:string score:float", "output `score` was `double` and is `float`"),
        ("label:string score:double?", "output `score` is optional now"),
        (
            ":string :double",
            "output `label` is gone; output `score` is gone; output number 1 is new; output number 2 is new",
        ),
    ],
)
def test_outputs_stay_the_same(challenger: str, differences: str | None) -> None:
    result = compare(gives(challenger), gives(RETURNS))
    assert result.outcome is (Outcome.FAILED if differences else Outcome.PASSED)
    if differences:
        assert str(result.message) == f"not compatible with the champion: {differences}"


def test_an_output_that_was_optional_may_not_become_certain() -> None:
    assert str(compare(gives("a:long"), gives("a:long?")).message).endswith(
        ": output `a` is always there now"
    )


def test_two_models_that_both_leave_their_outputs_unsaid_return_the_same() -> None:
    assert compare(gives(""), gives("")).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("outputs", "outcome"), [((TENSOR,), Outcome.PASSED), ((TENSOR, TENSOR), Outcome.FAILED)]
)
def test_outputs_without_names_go_by_position(outputs: tuple[str, ...], outcome: Outcome) -> None:
    champion = a_signature(outputs=(a_column(name="", kind=TENSOR),))
    challenger = a_signature(outputs=tuple(a_column(name="", kind=kind) for kind in outputs))
    assert compare(challenger, champion).outcome is outcome


# --- the message ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "ending"), [(5, "`c4` is new and required"), (6, "; and 1 more"), (99, "; and 94 more")]
)
def test_at_most_five_differences_are_listed(count: int, ending: str) -> None:
    many = a_signature(inputs=tuple(a_column(name=f"c{number}") for number in range(count)))
    text = str(compare(many, takes("old:long")).message)
    assert text.endswith(ending)
    assert text.count("is new and required") == 5


def test_names_and_types_are_text_from_outside() -> None:
    hostile = a_signature(inputs=(a_column(name="a\n::error::`x`", kind="<b>"),))
    text = str(compare(hostile, takes("old:long")).message)
    assert "\n" not in text
    assert "::" not in text


_columns = st.lists(
    st.builds(Column, name=st.sampled_from("abcd"), kind=st.sampled_from(KINDS), required=st.booleans()),
    min_size=1,
    unique_by=lambda column: column.name,
).map(tuple)


@settings(deadline=None)
@given(_columns, _columns)
def test_what_is_accepted_once_stays_accepted_with_more_optional_columns(
    challenger: tuple[Column, ...], champion: tuple[Column, ...]
) -> None:
    more = (*challenger, a_column(name="new", required=False))
    first, second = (
        compare(a_signature(inputs=inputs), a_signature(inputs=champion)) for inputs in (challenger, more)
    )
    assert first.outcome is second.outcome


@settings(deadline=None)
@given(_columns)
def test_every_signature_is_compatible_with_itself(inputs: tuple[Column, ...]) -> None:
    same = a_signature(inputs=inputs, outputs=inputs)
    assert compare(same, same).outcome is Outcome.PASSED
