from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from promoter.core.schema import FileKind, schema
from tests.corpus_files import corpus_files
from tests.yaml_1_2 import EditorError, as_an_editor

# What JSON Schema cannot say, so that an editor is content and the reader is not.
BEYOND_A_SCHEMA = {
    FileKind.REQUEST: {
        # YAML, gone before a schema sees the value
        "anchor",
        "directive",
        "unknown_directive",
        "yaml_tag",
        "zero_width_in_a_comment",
        # text in YAML 1.2, something else in YAML 1.1: the reader wants quotes
        "alias_read_as_a_flag",
        "reason_a_date",
        # one number, many spellings
        "version_a_fraction",
        "version_hexadecimal",
        "version_with_a_zero_first",
        # what two values say to each other
        "from_the_model_itself",
        "from_with_another_version",
        # a day that no calendar has
        "override_until_no_day",
        "override_of_an_alias",
        # what characters look like
        "reason_escaped_zero_width",
        "reason_mixes_alphabets",
        "reason_right_to_left",
        # Python's `$` matches before a last line feed; JavaScript's, and so an editor's, does not
        "alias_with_a_line_feed",
    },
    FileKind.POLICY: {
        "anchor_and_alias",
        "tags_key_read_as_a_flag",
        "version_a_fraction",
        "lineage_flag_upper_case",
        "metric_threshold_endless",
        "metric_threshold_infinite",
        "metric_threshold_nan",
        "metric_threshold_octal",
        "metric_threshold_overflows",
        "metric_threshold_without_a_zero",
        # one number, many spellings
        "positive_label_with_a_zero_first",
        # text in YAML 1.2, something else in YAML 1.1: the reader wants quotes
        "business_value_matrix_of_a_word_of_yaml",
        "positive_label_a_word_of_yaml",
        # two numbers, compared
        "business_value_inverted",
        "business_value_matrix_inverted",
        # two names, compared
        "propose_from_its_own_alias",
        "propose_to_another",
        "id_is_the_target",
        "prediction_columns_with_the_id",
        # keys, compared
        "business_value_matrix_not_square",
        "statistics_surer_than_any_resamples",
        "statistics_surer_than_its_resamples",
        "statistics_surer_than_the_usual_resamples",
        # items that differ, but not in what must be unique
        "slices_metric_twice",
        "slices_named_twice_in_two_forms",
        "slices_twice",
        "custom_twice",
        "approvals_from_twice",
        "metrics_twice",
        "metrics_twice_by_another_name",
        # whether a regular expression is one, and what it costs
        "tags_pattern_back_reference",
        "tags_pattern_broken",
        "tags_pattern_look_ahead",
        "tags_pattern_many_stars",
        "tags_pattern_nested",
    },
}
VALID = [(kind, file) for kind in FileKind for file in corpus_files(kind, "valid")]
INVALID = [(kind, file) for kind in FileKind for file in corpus_files(kind, "invalid")]
NOT_AVAILABLE: dict[FileKind, set[str]] = {
    FileKind.REQUEST: set(),
    FileKind.POLICY: set(),
}


def is_content(kind: FileKind, file: Path) -> bool:
    """Whether an editor with the schema underlines nothing."""
    try:
        value = as_an_editor(file.read_bytes())
    except EditorError:
        return False
    return Draft7Validator(schema(kind)).is_valid(value)


def objects(part: object) -> Iterator[dict[str, object]]:
    """Every JSON object of a schema, itself first."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from objects(value)
    if isinstance(part, list):
        for item in part:
            yield from objects(item)


@pytest.mark.parametrize("kind", FileKind)
def test_it_is_json_schema_draft_7(kind: FileKind) -> None:
    whole = schema(kind)
    Draft7Validator.check_schema(whole)
    assert whole["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert json.loads(json.dumps(whole)) == whole


def test_it_is_asked_for_by_the_word_of_the_command_line() -> None:
    assert schema(FileKind("request"))["title"] == "Promotion request"
    assert schema(FileKind("policy"))["title"] == "Promotion policy"


@pytest.mark.parametrize("kind", FileKind)
def test_every_key_has_a_title_and_a_description_and_every_mapping_is_closed(kind: FileKind) -> None:
    for part in objects(schema(kind)):
        properties = part.get("properties")
        if part.get("type") != "object" or not isinstance(properties, dict):
            continue
        assert part["additionalProperties"] is False
        for key, value in properties.items():
            assert value["title"], key
            assert value["description"].endswith((".", "`")), key


@pytest.mark.parametrize("kind", FileKind)
def test_what_is_not_available_is_not_offered(kind: FileKind) -> None:
    offered = {key for part in objects(schema(kind)) for key in part}
    assert not offered & NOT_AVAILABLE[kind]


@pytest.mark.parametrize(("kind", "file"), VALID, ids=lambda part: getattr(part, "stem", part))
def test_what_the_reader_accepts_is_valid_under_the_schema(kind: FileKind, file: Path) -> None:
    assert is_content(kind, file)


@pytest.mark.parametrize(("kind", "file"), INVALID, ids=lambda part: getattr(part, "stem", part))
def test_what_the_reader_refuses_the_schema_refuses_but_for_a_list(kind: FileKind, file: Path) -> None:
    assert is_content(kind, file) == (file.stem in BEYOND_A_SCHEMA[kind])


@pytest.mark.parametrize("kind", FileKind)
def test_the_list_names_files_that_are_there(kind: FileKind) -> None:
    assert {file.stem for file in corpus_files(kind, "invalid")} >= BEYOND_A_SCHEMA[kind]
