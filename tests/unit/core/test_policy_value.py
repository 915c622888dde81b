"""The three forms of `business_value`; what is refused is in the corpus of policies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from promoter.core.policy import BusinessValueRule, Inverted
from promoter.core.policy_file import parse_policy
from promoter.core.schema import FileKind, schema
from promoter.errors import PromoterError
from tests.corpus_files import CORPUS
from tests.yaml_1_2 import as_an_editor

WORTH = st.integers(-20, 20) | st.floats(-2, 2).map(lambda worth: round(worth, 3))


def rule_of(data: bytes) -> BusinessValueRule:
    """The rule of a policy with one model."""
    (model,) = parse_policy(data, path="p.yaml").models
    assert model.checks.business_value is not None
    return model.checks.business_value


def of_corpus(stem: str) -> BusinessValueRule:
    return rule_of((CORPUS / "policy" / "valid" / f"business_value_{stem}.yaml").read_bytes())


def test_many_labels_have_a_matrix() -> None:
    assert of_corpus("of_many_labels") == BusinessValueRule(
        unit="USD",
        matrix={
            "cat": {"cat": 10.0, "dog": -5.0, "No": -1.0},
            "dog": {"dog": 8.0, "cat": -5.0, "No": -1.0},
            "No": {"cat": -1.0, "dog": -1.0, "No": 0.0},
        },
        max_absolute_degradation=500,
    )
    assert set(of_corpus("of_labels_that_are_numbers").matrix) == {"0", "1", "true"}


def test_a_regression_has_worths_of_errors() -> None:
    assert of_corpus("of_errors") == BusinessValueRule(
        unit="USD",
        values={"under_prediction": -2.0, "over_prediction": -0.5},
        max_absolute_degradation=500,
    )


@pytest.mark.parametrize(
    ("stem", "inverted"),
    [
        ("inverted_and_unsafe", Inverted.ALLOWED),
        ("of_errors_inverted_and_unsafe", Inverted.ALLOWED),
        ("of_many_labels_inverted_and_unsafe", Inverted.ALLOWED),
        ("of_labels_that_are_numbers", Inverted.REFUSED),  # `false`
        ("of_errors", Inverted.REFUSED),
    ],
)
def test_inverted_values_are_allowed_by_a_key_of_their_own(stem: str, inverted: Inverted) -> None:
    assert of_corpus(stem).unsafe_inverted_values is inverted


def a_policy(task: str, value: str) -> bytes:
    positive = ", positive_label: a" if task == "binary_classification" else ""
    return f"""\
version: 1
models:
  - match: m
    aliases: [champion]
    task: {task}
    evaluation: {{source: inference, data: d.csv, target: t{positive}}}
    checks:
      business_value: {{unit: USD, test: superiority, {value}}}
""".encode()


def is_read(data: bytes) -> bool:
    """Whether it is a policy; if so, an editor with the schema is content with it."""
    try:
        rule_of(data)
    except PromoterError:
        return False
    assert Draft7Validator(schema(FileKind.POLICY)).is_valid(as_an_editor(data))
    return True


@given(rows=st.lists(st.lists(WORTH, min_size=3, max_size=3), min_size=3, max_size=3))
def test_a_matrix_is_read_when_the_right_label_pays_most_in_every_row(rows: list[list[float]]) -> None:
    lines = [
        f"{truth}: {{{', '.join(f'{label}: {worth}' for label, worth in zip('abc', row, strict=True))}}}"
        for truth, row in zip("abc", rows, strict=True)
    ]
    matrix = f"matrix: {{{', '.join(lines)}}}"
    pays = all(row[at] > max(row[:at] + row[at + 1 :]) for at, row in enumerate(rows))
    assert is_read(a_policy("multiclass_classification", matrix)) == pays
    assert is_read(a_policy("multiclass_classification", f"{matrix}, unsafe_allow_inverted_values: true"))
    assert not is_read(a_policy("regression", matrix))


@given(under=WORTH, over=WORTH)
def test_errors_are_read_when_both_cost(under: float, over: float) -> None:
    values = f"values: {{under_prediction: {under}, over_prediction: {over}}}"
    assert is_read(a_policy("regression", values)) == (under < 0 and over < 0)
    assert is_read(a_policy("regression", f"{values}, unsafe_allow_inverted_values: true"))
    assert not is_read(a_policy("binary_classification", values))
    assert not is_read(a_policy("multiclass_classification", values))


@given(worths=st.tuples(WORTH, WORTH, WORTH, WORTH))
def test_outcomes_are_read_when_right_pays_more_than_wrong(worths: tuple[float, ...]) -> None:
    hit, alarm, miss, quiet = worths
    values = (
        f"values: {{true_positive: {hit}, false_positive: {alarm}, false_negative: {miss}, "
        f"true_negative: {quiet}}}"
    )
    assert is_read(a_policy("binary_classification", values)) == (hit > miss and quiet > alarm)
    assert is_read(a_policy("binary_classification", f"{values}, unsafe_allow_inverted_values: true"))
    assert not is_read(a_policy("regression", values))
