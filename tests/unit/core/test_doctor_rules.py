"""Every rule of the doctor's, by its own examples in docs/doctor.md: one fails it, the other does not."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pytest

from promoter.core.doctor import Environment, Facts, Rule
from promoter.core.doctor_catalog import RULES, examine
from tests.unit.core.doctor_facts import ROOT, sound, with_blocks

BY_ID = {rule.id: rule for rule in RULES}


@dataclass(frozen=True)
class Section:
    """What the document says of one rule."""

    severity: str
    text: str
    fails: str
    passes: str


def sections() -> dict[str, Section]:
    found = {}
    document = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    for part in re.split(r"^### ", document, flags=re.MULTILINE)[1:]:
        name, _, text = part.partition("\n")
        examples = {
            kind: match[1]
            for kind in ("Fails", "Passes")
            if (match := re.search(rf"^{kind}:\n\n```text\n(.*?)\n```", text, re.DOTALL | re.MULTILINE))
        }
        found[name.strip()] = Section(text.split()[0], text, examples["Fails"], examples["Passes"])
    return found


SECTIONS = sections()


def ids(facts: Facts) -> set[str]:
    return {one.rule.id for one in examine(facts)}


def test_the_document_has_each_rule_once_and_in_order() -> None:
    assert list(SECTIONS) == [rule.id for rule in RULES]
    assert len(BY_ID) == len(RULES)


def test_nothing_is_found_where_all_is_set_up_as_the_documents_say() -> None:
    assert examine(sound()) == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_document_says_what_the_rule_says(rule: Rule) -> None:
    section = SECTIONS[rule.id]
    words = " ".join(section.text.split())
    assert section.severity == rule.severity.value
    assert f"Why: {rule.why}" in words
    assert f"Fix: {rule.fix}" in words
    assert " ".join(rule.paste.split()) in words


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_failing_example_fails(rule: Rule) -> None:
    facts = with_blocks(sound(), SECTIONS[rule.id].fails)
    found = list(rule.look(facts))
    assert found
    assert all(one.message.parts for one in found)
    assert rule.id in ids(facts)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_passing_example_passes(rule: Rule) -> None:
    assert list(rule.look(with_blocks(sound(), SECTIONS[rule.id].passes))) == []


def test_an_environment_that_is_not_there_is_told_once() -> None:
    facts = replace(sound(), environments={"model-registry-write": None})
    assert {"environment_unknown", "environment_open"} & ids(facts) == {"environment_unknown"}


def test_an_environment_without_any_limit_is_open() -> None:
    name = "model-registry-write"
    facts = replace(sound(), environments={name: Environment(name=name)})
    assert [str(one.found.message) for one in examine(facts) if one.rule.id == "environment_open"] == [
        "every branch may use the environment `model-registry-write`"
    ]
