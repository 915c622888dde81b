"""What the documents take from the code is what the code says now."""

from __future__ import annotations

import re

import pytest
import yaml

from promoter.checks.catalog import CATALOG
from promoter.core.evidence import Outcome
from promoter.render.words import worst_outcome
from tests.docs.check_cases import EXAMPLES, Example
from tests.docs.generate import PARTS, ROOT, inputs_table, names_in, results_of, shown, with_parts

AGAIN = "run `python -m tests.docs.generate` and read the difference"


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", PARTS)
def test_a_document_has_what_the_code_says(document: str) -> None:
    text = text_of(document)
    assert sorted(names_in(text)) == sorted(PARTS[document]), "each part once, and no other"
    assert with_parts(text, PARTS[document]) == text, AGAIN


def test_every_part_that_is_marked_is_generated() -> None:
    marked = {path for path in (ROOT / "docs").rglob("*.md") if "<!-- generated:" in path.read_text("utf-8")}
    assert {path.relative_to(ROOT).as_posix() for path in marked} == set(PARTS)


def test_hand_written_text_around_a_part_stays() -> None:
    text = "# T\n\n<!-- generated: a -->\nold\n<!-- end of generated -->\n\nby hand\n"
    assert with_parts(text, {"a": lambda: "new"}) == text.replace("old", "new")


# --- checks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.block)
def test_each_case_ends_as_it_is_called(example: Example) -> None:
    for case in example.cases:
        assert worst_outcome(results_of(example, case.evidence)) is case.outcome, case.what


@pytest.mark.parametrize("check", CATALOG, ids=lambda check: check.id)
def test_every_check_has_an_example_that_passes_and_one_that_fails(check: object) -> None:
    name = getattr(check, "id")  # noqa: B009 - its type has a parameter of its own
    outcomes = {case.outcome for one in EXAMPLES if one.check == name for case in one.cases}
    assert {Outcome.PASSED, Outcome.FAILED} <= outcomes


@pytest.mark.parametrize("check", [one.id for one in CATALOG])
def test_the_examples_stand_below_the_heading_of_their_check(check: str) -> None:
    sections = re.split(r"^## ", text_of("docs/checks.md"), flags=re.MULTILINE)
    (section,) = [one for one in sections if one.startswith(f"`{check}`\n")]
    assert set(names_in(section)) == {one.block for one in EXAMPLES if one.check == check}


def test_what_a_reader_sees_is_what_the_comment_says() -> None:
    (example,) = [one for one in EXAMPLES if one.block == "description"]
    assert shown(example) == (
        "\n```yaml\ndescription: {min_length: 40}\n```\n\n"
        "- **Passed**, a sentence:\n"
        "    - ✅ `description`: The description has 60 characters, the policy asks for at least 40.\n"
        "- **Failed**, two words:\n"
        "    - ❌ `description`: The description has 13 characters, the policy asks for at least 40.\n"
    )


# --- inputs and outputs ---------------------------------------------------------------------------


def rows_of(text: str, heading: str) -> dict[str, str]:
    """The first column of the table below a heading → its second."""
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \|", section, flags=re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return dict(rows)


def declared(kind: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load(text_of("action.yml"))[kind]
    return found


# What the README says of a default that is no plain value.
IN_WORDS = {
    "github-token": "the job's token",
    "tracking-uri": "`MLFLOW_TRACKING_URI`",
    "registry-uri": "`MLFLOW_REGISTRY_URI`",
    "report-directory": "the runner's temp folder",
    "wheel-cache": "empty",
}


def test_the_readmes_table_of_inputs_has_their_names_and_defaults() -> None:
    expected = {name: IN_WORDS.get(name, f"`{one['default']}`") for name, one in declared("inputs").items()}
    assert rows_of(text_of("README.md"), "Inputs") == expected


def test_only_defaults_that_are_no_plain_value_are_put_into_words() -> None:
    plain = {n for n, one in declared("inputs").items() if one["default"] and "${{" not in one["default"]}
    assert plain.isdisjoint(IN_WORDS)


def test_the_readmes_table_of_outputs_has_their_names() -> None:
    assert list(rows_of(text_of("README.md"), "Outputs")) == list(declared("outputs"))


def test_the_generated_table_has_each_input_once() -> None:
    names = re.findall(r"^\| `([^`]+)` \|", inputs_table(), flags=re.MULTILINE)
    assert names == list(declared("inputs"))
