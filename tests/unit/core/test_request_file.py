from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from promoter.core.request import PromotionRequest
from promoter.core.request_file import parse_request
from promoter.core.schema import FileKind, schema
from promoter.errors import ExitCode, PromoterError, ReasonCode
from tests.builders import BLOB_ID, a_request
from tests.corpus_files import corpus_files, expected_messages
from tests.markdown_blocks import yaml_blocks
from tests.mutations import mutated
from tests.yaml_1_2 import as_an_editor

DOCS = Path(__file__).parents[3] / "docs" / "promotion-request.md"
EXPECTED = expected_messages("request")
SMALLEST = b"model: churn\nalias: champion\nversion: 7\n"


def refusal(data: bytes, path: str = "f.yaml") -> PromoterError:
    with pytest.raises(PromoterError) as caught:
        parse_request(data, path=path)
    return caught.value


def read_or_refused(data: bytes) -> PromotionRequest | PromoterError:
    try:
        return parse_request(data, path="f.yaml")
    except PromoterError as error:
        return error


def test_a_request_carries_where_it_stands() -> None:
    data = b'# Q3\nmodel: "churn"\nalias: champion\nversion: 7\nreason: >\n  Retrained,\n  JIRA-1234\n'
    assert parse_request(data, path="promotions/churn.yaml", blob_id=BLOB_ID) == PromotionRequest(
        path="promotions/churn.yaml",
        model="churn",
        alias="champion",
        version="7",
        reason="Retrained, JIRA-1234",
        version_line=4,
        blob_id=BLOB_ID,
    )


def test_a_reason_may_be_left_out() -> None:
    assert parse_request(SMALLEST, path="f.yaml") == a_request(
        path="f.yaml", model="churn", alias="champion", version="7", reason="", version_line=3, blob_id=""
    )


def test_windows_line_ends_are_taken() -> None:
    data = SMALLEST.replace(b"\n", b"\r\n")
    assert parse_request(data, path="f.yaml") == parse_request(SMALLEST, path="f.yaml")


@pytest.mark.parametrize("file", corpus_files("request", "valid"), ids=lambda file: file.stem)
def test_the_valid_corpus_is_read(file: Path) -> None:
    request = parse_request(file.read_bytes(), path=file.name)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert ("from" if request.source else "version") in lines[request.version_line - 1]


@pytest.mark.parametrize("file", corpus_files("request", "invalid"), ids=lambda file: file.stem)
def test_the_invalid_corpus_is_refused_with_place_and_whole_text(file: Path) -> None:
    error = refusal(file.read_bytes(), path=file.name)
    assert [str(problem) for problem in error.problems] == EXPECTED[file.stem]


def test_every_message_belongs_to_a_file() -> None:
    assert sorted(EXPECTED) == [file.stem for file in corpus_files("request", "invalid")]


def test_a_refusal_names_the_file_and_what_to_do() -> None:
    error = refusal(b"model: churn\n", path="promotions/churn.yaml")
    assert error.reason is ReasonCode.REQUEST_INVALID
    assert error.exit_code is ExitCode.WRONG_INPUT
    assert str(error) == "the promotion request `promotions/churn.yaml` cannot be read as one"
    assert str(error.hint) == "Correct the file; docs/promotion-request.md shows every key."
    assert {problem.path for problem in error.problems} == {"promotions/churn.yaml"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf" + SMALLEST,
        SMALLEST.decode().encode("utf-16"),
        SMALLEST + b"\x00",
        SMALLEST.replace(b"\n", b"\r"),
        SMALLEST + b"reason: \xff\n",
        SMALLEST + b"#" * 65_536,
        SMALLEST.replace(b"7", b"9" * 10_000),
        SMALLEST.replace(b"7", b"2024-99-99"),
        SMALLEST + b'reason: "\\UFFFFFFFF"\n',
    ],
)
def test_hostile_bytes_are_an_invalid_request_and_nothing_else(data: bytes) -> None:
    assert refusal(data).reason is ReasonCode.REQUEST_INVALID


# facts/mlflow.md and trust.md T31: what MLflow itself takes, or takes for something else
@pytest.mark.parametrize(
    "alias",
    [
        "champion\\n",
        " champion",
        "\\u0441hampion",
        "\\u00e9",
        "-x",
        "42",
        "Latest",
        "V3",
        "a.b",
        "a b",
        "\\uff41",
        "_a",
    ],
)
def test_an_alias_is_ascii_and_matched_to_its_end(alias: str) -> None:
    error = refusal(f'model: churn\nalias: "{alias}"\nversion: 7\n'.encode())
    assert [(problem.line, problem.column) for problem in error.problems] == [(2, 8)]


@pytest.mark.parametrize(
    "version", ["07", "+7", "7.0", "-1", "0", "1_0", "0x7", "7e0", "\u0667", "latest", "7 8", "~"]
)
def test_a_version_is_digits_without_zeros_in_front(version: str) -> None:
    error = refusal(f"model: churn\nalias: champion\nversion: {version}\n".encode())
    assert [(problem.line, problem.column) for problem in error.problems] == [(3, 10)]


# trust.md T34: nothing here may say where the registry is, how it judges, or what runs
@pytest.mark.parametrize(
    "key",
    [
        "tracking_uri",
        "registry_uri",
        "MLFLOW_TRACKING_URI",
        "source",
        "headers",
        "policy",
        "checks",
        "command",
        "env",
    ],
)
def test_a_request_says_only_what_to_promote(key: str) -> None:
    error = refusal(SMALLEST + f"{key}: x\n".encode())
    (problem,) = error.problems
    assert str(problem).startswith(f"f.yaml:4:1: found the unknown key `{key}`. ")
    assert str(problem).endswith("A request says what to promote; how it is judged stands in the policy")


def test_every_block_of_the_docs_is_a_request() -> None:
    blocks = yaml_blocks(DOCS)
    assert blocks
    for block in blocks:
        assert parse_request(block.encode(), path=DOCS.name).model


@settings(max_examples=300)
@given(mutated([file.read_bytes() for file in corpus_files("request", "valid")]))
@example(b"? - - -\n: x")
def test_whatever_is_done_to_a_request_it_is_read_or_refused(data: bytes) -> None:
    outcome = read_or_refused(data)
    if isinstance(outcome, PromoterError):
        assert outcome.reason is ReasonCode.REQUEST_INVALID
        assert outcome.problems
    else:
        assert outcome.version.isascii()
        assert Draft7Validator(schema(FileKind.REQUEST)).is_valid(as_an_editor(data))


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=12), st.text(max_size=60))
def test_accepted_values_are_in_the_allow_lists(model: str, alias: str, version: str, reason: str) -> None:
    data = f"model: {model}\nalias: {alias}\nversion: {version}\nreason: {reason}\n"
    outcome = read_or_refused(data.encode("utf-8", "replace"))
    if isinstance(outcome, PromotionRequest):
        assert f"{outcome.model}{outcome.alias}{outcome.version}".isascii()
        assert outcome.alias.islower()
        assert outcome.version.isdigit()
