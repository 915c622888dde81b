from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator

from promoter.core.policy import (
    Approvals,
    Checks,
    DescriptionRule,
    LineageRule,
    MetricRule,
    Mode,
    ModelRule,
    OnMissingChampion,
    Policy,
    Severity,
    SignatureRule,
    TagsRule,
    Task,
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
    )
    assert second.mode is Mode.DISABLED


def test_the_digest_is_of_the_bytes_not_of_what_they_say() -> None:
    commented = b"# a comment\n" + SMALLEST
    assert parse_policy(SMALLEST, path="p").models == parse_policy(commented, path="p").models
    assert parse_policy(SMALLEST, path="p").digest != parse_policy(commented, path="p").digest


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


def test_the_whole_contract_is_read_but_for_what_is_not_available() -> None:
    data = (CORPUS / "policy" / "of_the_contract.yaml").read_bytes()
    found = [str(problem.found) for problem in refusal(data).problems]
    assert len(found) == 16
    assert all(words.endswith(", which is not available in this version") for words in found)


def test_every_block_of_the_docs_is_a_policy() -> None:
    blocks = yaml_blocks(DOCS)
    assert blocks
    for block in blocks:
        assert parse_policy(block.encode(), path=DOCS.name).models


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
