"""`promoter request --from`: a version of another model, and a prompt's version, in a clone or as a pull
request."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House
from tests.e2e.test_across_models import Across
from tests.e2e.test_prompts import RULES
from tests.e2e.test_request import OWN_GRANTS, Person
from tests.mlflow_server import MlflowServer

pytestmark = pytest.mark.integration


@pytest.fixture
def person(house: House, tmp_path: Path) -> Person:
    return Person(house, tmp_path / "clone")


@pytest.fixture
def across(person: Person, mlflow_server: MlflowServer) -> Across:
    """The same person's, with a model to copy from."""
    made = Across(person.house, mlflow_server)
    rules = POLICY_TEXT.replace("    evaluation", "    sources: ['dev.*']\n    evaluation")
    person.clone.commit({POLICY: rules}, "Let them copy")
    person.house.adopt(person.first)
    return made


def test_a_source_takes_the_place_of_the_number(person: Person, across: Across) -> None:
    source = f"{across.dev}/{across.version(0.85)}"
    assert person.asks("", "--from", source, "--reason", "better") == ExitCode.DONE, person.out + person.err
    text = person.file.read_text()
    assert f"from: '{source}'  # now\n" in text
    assert "version:" not in text
    assert text.startswith("# whose: team growth\n")
    assert "f1_score" in person.out
    assert f"Changed {person.house.path}\n" in person.out
    branch = f"git switch -c promote-champion-{source.replace('.', '-').replace('/', '-')}"
    assert branch in person.out
    newer = f"{across.dev}/{across.version(0.90)}"
    assert person.asks("", "--from", newer) == ExitCode.DONE, person.out
    assert f"from: '{newer}'  # now\n" in person.file.read_text()
    # And back to a number of its own.
    assert person.asks(person.better) == ExitCode.DONE, person.out
    assert f"version: '{person.better}'  # now\n" in person.file.read_text()


def test_a_worse_source_is_written_and_said(person: Person, across: Across) -> None:
    source = f"{across.dev}/{across.version(0.30)}"
    assert person.asks("", "--from", source, "--json") == ExitCode.NO
    told = json.loads(person.out)
    assert (told["changed"], told["validate"]["requests"][0]["from"]) == (True, source)
    assert f"from: '{source}'" in person.file.read_text()


def test_a_source_as_a_pull_request_goes_the_whole_road(person: Person, across: Across) -> None:
    house, number = person.house, across.version(0.85)
    house.world.add_token("doras-own", "dora", grants=OWN_GRANTS)
    arguments = ("--pull-request", "--repository", "acme/models", "--reason", "better")
    code = person.asks("", "--from", f"{across.dev}/{number}", *arguments, token="doras-own")
    assert code == ExitCode.DONE, person.err + person.out
    (pull,) = [one for one in house.world.pulls.values() if one.head_ref.startswith("promoter/")]
    assert pull.title == f"Promote {house.model} {across.dev}/{number} as champion"
    assert person.file.read_text() == person.text
    assert house.validate(pull.number).outputs["reason-code"] == "validated"
    house.approve(pull.number)
    assert house.apply(house.merge(pull.number)).outputs["reason-code"] == "applied"
    assert [house.champion()] == across.copies(number)


def test_sources_that_validate_refuses_are_not_written(person: Person, across: Across) -> None:
    made = across.version(0.85)
    refused = {
        f"{across.dev}/99": "version_not_found",
        f"dev.nobody/{made}": "version_not_found",
        f"other.model/{made}": "alias_not_allowed",
    }
    for source, reason in refused.items():
        assert person.asks("", "--from", source, "--json") == ExitCode.WRONG_INPUT, (source, person.out)
        told = json.loads(person.out)
        assert (told["changed"], told["validate"]["reason_code"]) == (False, reason)
    assert person.file.read_text() == person.text


def test_sources_that_no_request_can_name_are_not_written(person: Person) -> None:
    own = f"{person.house.model}/{person.better}"
    wrong: list[tuple[str, tuple[str, ...], str]] = [
        ("", ("--from", own), "a version of the model itself"),
        ("", ("--from", "dev.churn"), "names no version of another model"),
        ("", ("--from", "dev.churn/latest"), "for `from`"),
        ("", (), "either its number, or with `--from`"),
        (person.better, ("--from", "dev.churn/7"), "either its number, or with `--from`"),
        ("dev.churn/7", (), "To have it copied, write `--from dev.churn/7`"),
    ]
    for version, arguments, said in wrong:
        assert person.asks(version, *arguments) == ExitCode.WRONG_INPUT, (version, arguments, person.out)
        assert said in person.err, (arguments, person.err)
    assert person.file.read_text() == person.text
    assert person.clone.git("status", "--porcelain") == ""


def test_a_prompts_version_by_the_name_that_mlflow_has_for_it(person: Person) -> None:
    house, name = person.house, f"greet-{uuid4().hex[:10]}"
    house.client.register_prompt(name, "Say hello.", commit_message="the first", tags={"owner": "support"})
    made = house.client.register_prompt(
        name, "Say hello, warmly.", commit_message="a warmer one", tags={"owner": "support"}
    )
    house.client.set_prompt_alias(name, "production", 1)
    person.clone.commit({POLICY: RULES, f"promotions/{name}/production.yaml": _request(name, "1")}, "Prompts")
    house.model = f"prompts:/{name}"
    number = str(made.version)
    assert person.asks(number, "--alias", "production", "--json") == ExitCode.DONE, person.out + person.err
    assert json.loads(person.out)["validate"]["reason_code"] == "validated"
    path = person.clone.folder / f"promotions/{name}/production.yaml"
    assert path.read_text() == _request(name, number)
    assert person.asks("9", "--alias", "production") == ExitCode.WRONG_INPUT
    assert person.asks("", "--from", "other/1", "--alias", "production") == ExitCode.WRONG_INPUT
    assert path.read_text() == _request(name, number)


def _request(name: str, version: str) -> str:
    return f"kind: prompt\nmodel: {name}\nalias: production\nversion: {version}\nreason: asked\n"
