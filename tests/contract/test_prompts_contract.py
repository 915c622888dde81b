"""Prompts in every registry: the fake in memory, MLflow over HTTP, MLflow's SQLite file directly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promoter.adapters.deadline import Deadline
from promoter.core.prompt import Kind, PromptMessage
from promoter.errors import PromoterError, ReasonCode
from tests.mlflow_server import MlflowServer
from tests.registry_worlds import (
    HttpWorld,
    MemoryWorld,
    PromptAsked,
    SqliteWorld,
    VersionAsked,
    World,
    load_fresh,
)

pytestmark = pytest.mark.integration

CHAT = [{"role": "system", "content": "Be {{ tone }}."}, {"role": "user", "content": "{{question}}"}]


@pytest.fixture(params=["memory", "http", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "memory":
        return MemoryWorld()
    server: MlflowServer = request.getfixturevalue("mlflow_server")
    if request.param == "http":
        return HttpWorld(server, deadline=Deadline(60))
    return SqliteWorld(server, deadline=Deadline(60), folder=tmp_path)


def test_the_alias_of_a_prompt_is_read_and_moved(world: World) -> None:
    prompt = world.new_prompt()
    second = world.new_prompt_version(prompt, PromptAsked(template="Good day, {{name}}."))
    assert world.registry.aliases(prompt, kind=Kind.PROMPT) == {"production": "1"}
    world.registry.set_alias(prompt, "production", version=second)
    assert world.registry.aliases(prompt) == {"production": "2"}


@pytest.mark.parametrize("asked", [Kind.MODEL, Kind.PROMPT])
def test_what_is_of_another_kind_is_not_found(world: World, asked: Kind) -> None:
    name = world.new_prompt() if asked is Kind.MODEL else world.new_model()
    assert name
    with pytest.raises(PromoterError) as caught:
        world.registry.aliases(name, kind=asked)
    assert caught.value.reason is ReasonCode.MODEL_NOT_FOUND
    other = Kind.PROMPT if asked is Kind.MODEL else Kind.MODEL
    assert str(other) in str(caught.value)
    assert world.registry.aliases(name, kind=other) is not None


def test_an_unknown_prompt_is_not_found(world: World) -> None:
    with pytest.raises(PromoterError) as caught:
        world.registry.aliases("nobody-registered-this", kind=Kind.PROMPT)
    assert caught.value.reason is ReasonCode.MODEL_NOT_FOUND


def test_a_text_is_read_with_everything_it_was_registered_with(world: World) -> None:
    prompt = world.new_prompt()
    asked = PromptAsked(
        template="Dear {{ name }},\n::error::`hello`\u202e",
        message="second try",
        tags={"owner": "support"},
        response_format={"type": "object"},
    )
    found = world.registry.model_version(prompt, world.new_prompt_version(prompt, asked))
    assert found.prompt is not None
    assert (found.prompt.template, found.prompt.form) == (asked.template, "text")
    assert json.loads(found.prompt.response_format) == {"type": "object"}
    assert (found.description, found.tags["owner"]) == ("second try", "support")
    assert (found.status, found.run_id, found.logged_model) == ("READY", None, None)


def test_a_chat_is_read_message_by_message(world: World) -> None:
    prompt = world.new_prompt()
    found = world.registry.model_version(prompt, world.new_prompt_version(prompt, PromptAsked(template=CHAT)))
    assert found.prompt is not None
    assert found.prompt.messages == (
        PromptMessage(role="system", content="Be {{ tone }}."),
        PromptMessage(role="user", content="{{question}}"),
    )
    assert found.prompt.variables == {"tone", "question"}


def test_a_model_has_no_template(world: World) -> None:
    model = world.new_model()
    found = world.registry.model_version(model, world.new_version(model, VersionAsked()))
    assert found.prompt is None


def test_prompts_and_models_are_listed_apart(world: World) -> None:
    prompt, model = world.new_prompt(), world.new_model()
    prompts, models = world.registry.all_aliases(Kind.PROMPT), world.registry.all_aliases()
    assert prompts[prompt] == {"production": "1"}
    assert (model in prompts, prompt in models, model in models) == (False, False, True)


def test_the_versions_of_a_prompt_are_listed_as_those_of_a_prompt(world: World) -> None:
    prompt, model = world.new_prompt(), world.new_model()
    number = world.new_prompt_version(prompt, PromptAsked(template="Good day, {{name}}."))
    listed = world.registry.versions(prompt, Kind.PROMPT)
    assert [one.version for one in listed] == [number, "1"]
    assert listed[0] == world.registry.model_version(prompt, number)
    with pytest.raises(PromoterError) as caught:
        world.registry.versions(model, Kind.PROMPT)
    assert caught.value.reason is ReasonCode.MODEL_NOT_FOUND


def test_tags_are_written_on_a_prompt_and_its_template_stays(world: World) -> None:
    prompt = world.new_prompt()
    before = world.registry.model_version(prompt, "1").prompt
    world.registry.set_tags(prompt, "1", tags={"promoter_verdict": "promote"})
    found = world.registry.model_version(prompt, "1")
    assert found.tags["promoter_verdict"] == "promote"
    assert found.prompt == before is not None


def test_a_version_that_is_not_there_is_not_found(world: World) -> None:
    prompt = world.new_prompt()
    with pytest.raises(PromoterError) as caught:
        world.registry.model_version(prompt, "2")
    assert caught.value.reason is ReasonCode.VERSION_NOT_FOUND


def test_mlflow_itself_gives_the_version_that_holds_the_alias_now(mlflow_server: MlflowServer) -> None:
    world = HttpWorld(mlflow_server, deadline=Deadline(60))
    prompt = world.new_prompt()
    version = world.new_prompt_version(prompt, PromptAsked(template="Good day, {{name}}."))
    world.registry.set_alias(prompt, "production", version=version)
    loaded = load_fresh(world.client, f"prompts:/{prompt}@production")
    assert loaded is not None
    assert (str(loaded.version), loaded.template) == ("2", "Good day, {{name}}.")


def test_the_digest_is_of_all_that_decides_what_it_says(mlflow_server: MlflowServer) -> None:
    """MLflow lets anybody who may write change a template that was registered: the tag is overwritten."""
    world = HttpWorld(mlflow_server, deadline=Deadline(60))
    prompt = world.new_prompt()
    seen = set()
    for tag in ("", "mlflow.prompt.text", "_mlflow_prompt_model_config", "_mlflow_prompt_response_format"):
        if tag:
            world.registry.set_tags(prompt, "1", tags={tag: '{"now": "another"}'})
        found = world.registry.model_version(prompt, "1").prompt
        assert found is not None
        seen.add(found.digest)
    assert len(seen) == 4
