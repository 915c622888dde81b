"""Templates as MLflow keeps them, read without running anything."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.pin import pin_of
from promoter.core.prompt import Kind, Prompt, PromptMessage
from promoter.core.request import key_name, named_by
from tests.builders import a_model_version, an_evidence

TEXT = Prompt(template="Dear {{ name }} of {{address.city}}, {{name}}")
CHAT = Prompt(
    template=json.dumps([{"role": "system", "content": "Be {{tone}}"}, {"role": "user", "content": "{{q}}"}]),
    form="chat",
)


def test_a_text_is_one_message_without_a_role() -> None:
    assert TEXT.messages == (PromptMessage(role="", content=TEXT.template),)
    assert TEXT.length == len(TEXT.template)


def test_variables_are_those_that_mlflow_finds() -> None:
    assert TEXT.variables == {"name", "address.city"}
    assert CHAT.variables == {"tone", "q"}
    assert Prompt(template="{name} {{}} {{ 1x }} {{a b}} {{a|upper}} { {a} }").variables == frozenset()


def test_whatever_else_a_message_holds_is_part_of_its_content() -> None:
    items = [{"role": "user", "content": "hello", "tool_calls": [{"id": "1"}]}, {"role": "tool"}]
    first, second = Prompt(template=json.dumps(items), form="chat").messages
    assert first.content.startswith("hello\n")
    assert "tool_calls" in first.content
    assert second == PromptMessage(role="tool", content="{}")


@pytest.mark.parametrize("template", ["", "no json", "[]", "{}", "[1]", '"a"', "[" * 100_000, "9" * 5_000])
def test_a_chat_that_is_none_is_read_as_a_text(template: str) -> None:
    prompt = Prompt(template=template, form="chat")
    assert prompt.messages == (PromptMessage(role="", content=template),)
    assert len(prompt.digest) == 64


def test_texts_have_no_escapes_and_no_roles() -> None:
    parts = [{"type": "text", "text": 'say\n"no"'}, "or\tyes"]
    items = [{"role": "system", "content": parts}, {"role": "user", "content": "hi", "name": "a\nb"}]
    prompt = Prompt(template=json.dumps(items), form="chat")
    contents = tuple(one.content for one in prompt.messages)
    decoded = ("type", "text", 'say\n"no"', "or\tyes", "hi", "name", "a\nb")
    assert prompt.texts == (*contents, *decoded)
    plain = Prompt(template=json.dumps([{"role": "user", "content": "a\nb"}]), form="chat")
    assert plain.texts == ("a\nb",)
    assert TEXT.texts == (TEXT.template,)


@pytest.mark.parametrize(
    "template", ['["a\\nb"]', '"a\\nb"', '{"x": "a\\nb"}', '[{"content": "a"}, ["a\\nb"]]']
)
def test_texts_of_a_chat_that_is_none_are_read_too(template: str) -> None:
    texts = Prompt(template=template, form="chat").texts
    assert texts[0] == template
    assert "a\nb" in texts


@pytest.mark.parametrize("depth", [*range(900, 1_000, 5), 50_000])
def test_no_nesting_is_too_deep(depth: int) -> None:
    nested = '[{"role": "user", "content": ' + "[" * depth + "]" * depth + "}]"
    prompt = Prompt(template=nested, form="chat")
    assert len(prompt.messages) == 1
    assert prompt.texts


@pytest.mark.parametrize(
    ("template", "logic"),
    [
        ("{% for x in xs %}{{x}}{% endfor %}", "{% for x in xs %}"),
        ("a {% if", ""),
        ("%} {%", ""),
        ("{%%}", "{%%}"),
        ("{# comment #}", ""),
    ],
)
def test_logic_is_told(template: str, logic: str) -> None:
    assert Prompt(template=template).logic == logic


@pytest.mark.parametrize("piece", ["{%", "{{", "{{ ", "{{a.", "{{a", "}}", " "])
def test_no_template_takes_long(piece: str) -> None:
    prompt = Prompt(template=(piece * 100_000)[:100_000])
    started = time.process_time()
    assert prompt.variables == frozenset()
    assert prompt.logic == ""
    assert time.process_time() - started < 1


@pytest.mark.parametrize("changed", ["template", "form", "response_format", "model_config"])
def test_everything_that_decides_what_it_says_is_in_the_pin(changed: str) -> None:
    evidence = an_evidence(challenger=a_model_version(prompt=TEXT))
    other = replace(evidence, challenger=a_model_version(prompt=replace(TEXT, **{changed: "another"})))
    pins = {pin_of(evidence), pin_of(other)}
    assert len(pins) == 2
    assert None not in pins


def test_the_pin_of_a_model_is_what_it_was() -> None:
    assert pin_of(an_evidence()) is None


def test_a_half_of_a_surrogate_pair_has_a_digest() -> None:
    assert len(Prompt(template="\ud800").digest) == len(Prompt(template="\ud800").text_digest) == 64


@given(kind=st.sampled_from(Kind), name=st.from_regex(r"[A-Za-z0-9_. -]+", fullmatch=True))
def test_a_name_in_a_key_is_read_back(kind: Kind, name: str) -> None:
    assert named_by(key_name(kind, name)) == (kind, name)
