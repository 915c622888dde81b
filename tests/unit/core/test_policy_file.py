from __future__ import annotations

import re
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator

from promoter.core.layers import Strictness
from promoter.core.policy import (
    Approvals,
    BusinessValueRule,
    Checks,
    DescriptionRule,
    Environment,
    Evaluation,
    InferenceRule,
    LineageRule,
    MetricRule,
    Mode,
    ModelRule,
    NegativeFlipsRule,
    OnMissingChampion,
    Policy,
    Severity,
    SignatureRule,
    SliceRule,
    Source,
    Statistics,
    TagsRule,
    Task,
    Test,
)
from promoter.core.policy_file import parse_policy
from promoter.core.schema import FileKind, schema
from promoter.errors import ExitCode, PromoterError, ReasonCode
from tests.corpus_files import CORPUS, corpus_files, expected_messages
from tests.markdown_blocks import yaml_blocks
from tests.mutations import mutated
from tests.yaml_1_2 import as_an_editor

DOCS = Path(__file__).parents[3] / "docs" / "policy.md"
EXPECTED = expected_messages("policy")

SMALLEST = (
    b"version: 1\nmodels:\n- match: churn\n  aliases: [champion]\n  checks: {description: {min_length: 40}}\n"
)


def refusal(data: bytes, path: str = "p.yaml") -> PromoterError:
    with pytest.raises(PromoterError) as caught:
        parse_policy(data, path=path)
    return caught.value


def read_or_refused(data: bytes) -> Policy | PromoterError:
    try:
        return parse_policy(data, path="p.yaml")
    except PromoterError as error:
        return error


def test_what_is_left_out_has_the_documented_default() -> None:
    assert parse_policy(SMALLEST, path="p.yaml") == Policy(
        path="p.yaml",
        digest=sha256(SMALLEST).hexdigest(),
        approvals=Approvals(minimum=1, approvers=(), author_counts=False),
        models=(
            ModelRule(
                match="churn",
                aliases=("champion",),
                mode=Mode.ENFORCE,
                on_missing_champion=OnMissingChampion.BLOCK,
                task=None,
                checks=Checks(description=DescriptionRule(min_length=40)),
            ),
        ),
    )


def test_every_key_of_this_version_is_read() -> None:
    data = (CORPUS / "policy" / "valid" / "all_of_this_version.yaml").read_bytes()
    policy = parse_policy(data, path="p.yaml")
    assert policy.approvals == Approvals(minimum=2, approvers=("alice", "my-org/risk-ml"), author_counts=True)
    first, second = policy.models
    assert first == ModelRule(
        match="prod.ml.*",
        aliases=("champion", "shadow"),
        mode=Mode.DRY_RUN,
        on_missing_champion=OnMissingChampion.BOOTSTRAP,
        task=Task.BINARY,
        checks=Checks(
            description=DescriptionRule(min_length=40),
            tags=TagsRule(required={"owner": re.compile(".+"), "cost centre": re.compile("[0-9]{4}")}),
            lineage=LineageRule(run_status="FINISHED", git_commit=True, dataset=True),
            signature=SignatureRule(compatible_with_champion=True),
            metrics=(
                MetricRule(
                    name="f1_score",
                    greater_is_better=True,
                    threshold=0.6,
                    min_absolute_change=0.0,
                    min_relative_change=0.05,
                    max_absolute_degradation=0.01,
                    max_relative_degradation=0.02,
                    severity=Severity.WARN,
                ),
                MetricRule(name="log_loss", greater_is_better=False, max_absolute_degradation=0.0015),
            ),
        ),
        evaluation=Evaluation(source=Source.RUN_METRICS),
    )
    assert second.mode is Mode.DISABLED
    assert second.evaluation is None


def valid_rule(stem: str) -> ModelRule:
    """The only rule of a file of the valid corpus."""
    file = CORPUS / "policy" / "valid" / f"{stem}.yaml"
    (rule,) = parse_policy(file.read_bytes(), path=file.name).models
    return rule


def test_every_key_of_inference_is_read() -> None:
    rule = valid_rule("all_of_inference")
    assert rule.task is Task.BINARY
    assert rule.evaluation == Evaluation(
        source=Source.INFERENCE,
        data="s3://bucket/holdout.parquet",
        sha256="0123456789abcdef" * 4,
        target="churn",
        positive_label="Yes",
        group="household_id",
        environment=Environment.IMAGE,
    )
    assert rule.statistics == Statistics(confidence_level=0.99, resamples=5000)
    recall = MetricRule(
        name="recall_score",
        greater_is_better=True,
        max_absolute_degradation=0.02,
        test=Test.NO_REGRESSION,
    )
    floor = MetricRule(name="f1_score", greater_is_better=True, threshold=0.5, severity=Severity.WARN)
    assert rule.checks == Checks(
        inference=InferenceRule(
            max_p95_latency_ms=50, max_load_seconds=0.5, max_memory_mb=2048, max_size_mb=100
        ),
        metrics=(
            MetricRule(
                name="f1_score",
                greater_is_better=True,
                threshold=0.6,
                max_absolute_degradation=0.01,
                test=Test.NON_INFERIORITY,
            ),
            MetricRule(name="log_loss", greater_is_better=False, test=Test.NO_REGRESSION),
        ),
        slices=(
            SliceRule(by=("contract", "region"), metrics=(recall,), min_rows=50),
            SliceRule(by=("contract",), metrics=(floor,), min_rows=200),
        ),
        business_value=BusinessValueRule(
            unit="USD",
            values={
                "true_positive": 1500,
                "false_positive": -500,
                "false_negative": -2000,
                "true_negative": 0,
            },
            test=Test.SUPERIORITY,
            min_absolute_change=10,
            max_absolute_degradation=500,
        ),
        negative_flips=NegativeFlipsRule(max_rate=0.03),
    )


def test_slices_are_named_by_a_label_for_each_column() -> None:
    alone, together = valid_rule("slices_named").checks.slices
    assert (alone.by, alone.values) == (
        ("contract",),
        (("Two year",), ("Month-to-month",), ("1",), ("2.5",), ("true",)),
    )
    assert together.values == (("Two year", "North"), ("Two year, North", "1"))
    assert valid_rule("all_of_inference").checks.slices[0].values == ()


def test_the_least_of_inference_has_the_documented_defaults() -> None:
    rule = valid_rule("inference_smallest")
    assert rule.evaluation == Evaluation(source=Source.INFERENCE, data="holdout.csv", target="price")
    assert rule.statistics == Statistics(confidence_level=0.95, resamples=10_000)


def test_every_key_of_predictions_is_read() -> None:
    assert valid_rule("all_of_predictions").evaluation == Evaluation(
        source=Source.PREDICTIONS,
        data="data/holdout.parquet",
        sha256="0" * 64,
        target="churn",
        positive_label="Yes",
        id="customer_id",
        group="household",
        predictions="tables/holdout.csv",
        prediction_columns=("No", "Yes"),
        reference="3",
    )


def test_the_least_of_predictions_has_the_documented_defaults() -> None:
    evaluation = valid_rule("predictions_smallest").evaluation
    assert evaluation is not None
    assert evaluation.predictions == "predictions.parquet"
    assert evaluation.prediction_columns == ()
    assert evaluation.reference is None


def test_a_reference_is_its_digits_with_quotes_or_without() -> None:
    found = [valid_rule(stem).evaluation for stem in ("all_of_predictions", "reference_in_quotes")]
    assert [one.reference for one in found if one] == ["3", "12"]


def test_a_check_that_asks_no_limit_is_not_a_check_left_out() -> None:
    assert valid_rule("inference_of_many_classes").checks.inference == InferenceRule()
    assert valid_rule("tests_without_a_margin").checks.inference is None


def test_a_test_without_a_margin_is_kept_as_a_test() -> None:
    checks = valid_rule("tests_without_a_margin").checks
    assert [rule.test for rule in checks.metrics] == [
        Test.SUPERIORITY,
        Test.NON_INFERIORITY,
        Test.NO_REGRESSION,
    ]
    assert checks.business_value is not None
    assert checks.business_value.test is Test.NO_REGRESSION


@pytest.mark.parametrize(
    ("file", "label"), [("label_a_number", "1"), ("label_a_flag", "true"), ("all_of_inference", "Yes")]
)
def test_a_label_is_text_as_the_data_has_it(file: str, label: str) -> None:
    evaluation = valid_rule(file).evaluation
    assert evaluation is not None
    assert evaluation.positive_label == label


def test_the_digest_is_of_the_bytes_not_of_what_they_say() -> None:
    commented = b"# a comment\n" + SMALLEST
    assert parse_policy(SMALLEST, path="p").models == parse_policy(commented, path="p").models
    assert parse_policy(SMALLEST, path="p").digest != parse_policy(commented, path="p").digest


def test_how_strict_the_sandbox_is_is_said_for_each_entry() -> None:
    file = CORPUS / "policy" / "valid" / "unsafe_sandbox.yaml"
    trusted, others = parse_policy(file.read_bytes(), path=file.name).models
    assert (trusted.unsafe_sandbox, others.unsafe_sandbox) == (Strictness.BEST_EFFORT, Strictness.REQUIRED)
    assert valid_rule("smallest").unsafe_sandbox is Strictness.REQUIRED, (
        "nothing is run unless it is confined"
    )


@pytest.mark.parametrize("file", corpus_files("policy", "valid"), ids=lambda file: file.stem)
def test_the_valid_corpus_is_read(file: Path) -> None:
    assert parse_policy(file.read_bytes(), path=file.name).models


@pytest.mark.parametrize("file", corpus_files("policy", "invalid"), ids=lambda file: file.stem)
def test_the_invalid_corpus_is_refused_with_place_and_whole_text(file: Path) -> None:
    error = refusal(file.read_bytes(), path=file.name)
    assert [str(problem) for problem in error.problems] == EXPECTED[file.stem]


def test_every_message_belongs_to_a_file() -> None:
    assert sorted(EXPECTED) == [file.stem for file in corpus_files("policy", "invalid")]


def test_a_refusal_names_the_file_and_what_to_do() -> None:
    error = refusal(b"version: 1\n", path=".github/promotion-policy.yaml")
    assert error.reason is ReasonCode.POLICY_INVALID
    assert error.exit_code is ExitCode.WRONG_INPUT
    assert str(error) == "the policy `.github/promotion-policy.yaml` cannot be read as one"
    assert str(error.hint) == "Correct the file; docs/policy.md shows every key."


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf" + SMALLEST, SMALLEST + b"\x00", b"\xff", SMALLEST * 700]
)
def test_hostile_bytes_are_an_invalid_policy_and_nothing_else(data: bytes) -> None:
    assert refusal(data).reason is ReasonCode.POLICY_INVALID


def test_the_whole_contract_is_read() -> None:
    data = (CORPUS / "policy" / "of_the_contract.yaml").read_bytes()
    (rule,) = parse_policy(data, path="p").models
    assert rule.evaluation is not None
    assert rule.evaluation.id == "customer_id"


def test_every_block_of_the_docs_is_a_policy() -> None:
    blocks = yaml_blocks(DOCS)
    assert blocks
    for block in blocks:
        assert parse_policy(block.encode(), path=DOCS.name).models


FOR_PROMPTS = "version: 1\nmodels:\n  - match: greet\n    kind: prompt\n    aliases: [production]\n"
EXAMPLE = re.compile(r"^\| (?:\[`(\w+)`\]\(checks\.md#(\w+)\))? ?\| `(\w+): (.+?)` \|", re.MULTILINE)


def test_every_check_has_an_example_in_the_docs_that_is_read() -> None:
    rows = EXAMPLE.findall(DOCS.read_text(encoding="utf-8"))
    assert len(rows) > len(fields(Checks))
    assert {key for _, _, key, _ in rows} == {field.name for field in fields(Checks)}
    whole = (CORPUS / "policy" / "valid" / "all_of_inference.yaml").read_text(encoding="utf-8")
    base = whole.partition("    checks:")[0]
    for name, anchor, key, lines in rows:
        assert (name, anchor) in {(key, key), ("", "")}
        # A template is asked of prompts only, which have nothing to evaluate.
        head = FOR_PROMPTS if key == "prompt" else base
        assert parse_policy(f"{head}    checks:\n      {key}: {lines}\n".encode(), path=key).models


def test_a_rule_that_proposes_and_whose_aliases_are_all_refused_is_refused() -> None:
    found = read_or_refused(
        b"version: 1\nmodels:\n  - match: churn\n    aliases: [*champion]\n"
        b"    propose: {from_alias: challenger}\n    checks: {description: {min_length: 40}}\n"
    )
    assert isinstance(found, PromoterError)
    assert found.reason is ReasonCode.POLICY_INVALID
    assert ["champion" in str(problem) for problem in found.problems] == [True]


@settings(max_examples=300)
@given(mutated([file.read_bytes() for file in corpus_files("policy", "valid")]))
def test_whatever_is_done_to_a_policy_it_is_read_or_refused(data: bytes) -> None:
    outcome = read_or_refused(data)
    if isinstance(outcome, PromoterError):
        assert outcome.reason is ReasonCode.POLICY_INVALID
        assert outcome.problems
    else:
        assert outcome.models
        assert Draft7Validator(schema(FileKind.POLICY)).is_valid(as_an_editor(data))
