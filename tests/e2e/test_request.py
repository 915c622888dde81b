"""`promoter request`: into a clone's file, or as a pull request on the stand-in."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from promoter.cli import Terminal, run
from promoter.core.request_file import parse_request
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House
from tests.git_clone import GitClone

pytestmark = pytest.mark.integration


OWN_GRANTS = {"metadata": "read", "contents": "write", "pull_requests": "write"}


class Person:
    """dora at her own machine, with a clone whose main holds the policy and a request for version 1."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.clone = GitClone(folder)
        self.first, self.better = house.version(0.80), house.version(0.90)
        self.worse = house.version(0.50)
        house.adopt(self.first)
        self.text = (
            f"# whose: team growth\nmodel: {house.model}\nalias: champion\nversion: '{self.first}'  # now\n"
            "reason: |\n  the first\n  one\n"
        )
        files = {POLICY: POLICY_TEXT, house.path: self.text}
        house.land({path: text.encode() for path, text in files.items()})
        self.clone.commit(files, "Adopt")
        self.out, self.err = "", ""

    @property
    def file(self) -> Path:
        """The request in the clone."""
        return self.clone.folder / self.house.path

    def asks(self, version: str, *arguments: str, token: str = "") -> ExitCode:
        """`promoter request`; an empty version is left out."""
        environ = {
            "PATH": os.environ["PATH"],
            "MLFLOW_TRACKING_URI": self.house.registry,
            "GITHUB_API_URL": self.house.standin.api_url,
            "GITHUB_SERVER_URL": self.house.standin.web_url,
            **({"GITHUB_TOKEN": token} if token else {}),
        }
        out, err = io.StringIO(), io.StringIO()
        where = ["--directory", str(self.clone.folder)]
        given = [*where, *arguments]
        if "--alias" not in arguments:
            given += ["--alias", "champion"]
        named = [self.house.model, *([version] if version else [])]
        code = run(["request", *named, *given], Terminal(environ=environ, out=out, err=err))
        self.out, self.err = out.getvalue(), err.getvalue()
        return code


@pytest.fixture
def person(house: House, tmp_path: Path) -> Person:
    return Person(house, tmp_path / "clone")


def test_a_better_version_is_written_and_validated(person: Person) -> None:
    assert person.asks(person.better, "--reason", "better: on everything") == ExitCode.DONE, person.out
    assert person.file.read_text() == (
        f"# whose: team growth\nmodel: {person.house.model}\nalias: champion\n"
        f"version: '{person.better}'  # now\nreason: \"better: on everything\"\n"
    )
    assert f"Changed {person.house.path}\n" in person.out
    assert "f1_score" in person.out
    assert f"git add -- {person.house.path}\n" in person.out
    assert person.asks(person.better, "--reason", "better: on everything") == ExitCode.DONE
    assert person.out.startswith("Unchanged: ")


def test_what_the_checks_refuse_is_written_and_said(person: Person) -> None:
    assert person.asks(person.worse) == ExitCode.NO
    assert f"version: '{person.worse}'" in person.file.read_text()
    assert "its reason is still that of version `1`" in person.out
    assert "✗" in person.out


def test_a_version_that_is_not_there_is_not_written(person: Person) -> None:
    for version, arguments in (("99", ()), (person.better, ("--alias", "other")), ("v2", ())):
        assert person.asks(version, *arguments) == ExitCode.WRONG_INPUT, (version, arguments)
    assert person.file.read_text() == person.text
    assert person.clone.git("status", "--porcelain") == ""


def test_a_new_alias_gets_a_file_of_its_own(person: Person) -> None:
    person.house.set_alias(person.first, "shadow")
    code = person.asks(person.better, "--alias", "shadow", "--no-validate", "--json")
    told = json.loads(person.out)
    path = f"promotions/{person.house.model}/shadow.yaml"
    assert (code, told["path"], told["changed"], told["validate"]) == (ExitCode.DONE, path, True, None)
    found = parse_request((person.clone.folder / path).read_bytes(), path=path)
    assert (found.alias, found.version) == ("shadow", person.better)


SCHEMA = ".github/promoter/promotion-request.schema.json"


def test_a_new_file_names_the_schema_that_the_clone_or_github_has(person: Person) -> None:
    person.house.set_alias(person.first, "shadow")
    asked = ("--alias", "shadow", "--no-validate", "--json")
    assert person.asks(person.better, *asked) == ExitCode.DONE
    path = json.loads(person.out)["path"]
    assert "$schema" not in (person.clone.folder / path).read_text()
    (person.clone.folder / path).unlink()

    person.clone.commit({SCHEMA: "{}"}, "Schema")
    assert person.asks(person.better, *asked) == ExitCode.DONE
    line = f"# yaml-language-server: $schema=../../{SCHEMA}\n"
    assert (person.clone.folder / path).read_text().startswith(line)

    house = person.house
    house.world.add_token("doras-own", "dora", grants=OWN_GRANTS)
    house.land({SCHEMA: b"{}"})
    on_github = (*asked, "--pull-request", "--repository", "acme/models")
    assert person.asks(person.better, *on_github, token="doras-own") == ExitCode.DONE, person.err
    assert json.loads(person.out)["content"].startswith(line)


def test_an_outage_is_written_and_undecided(person: Person) -> None:
    person.house.registry = "http://127.0.0.1:9"
    assert person.asks(person.better, "--deadline", "0.05") == ExitCode.UNDECIDED
    assert f"version: '{person.better}'" in person.file.read_text()


def test_a_pull_request_with_the_comparison(person: Person) -> None:
    house = person.house
    house.world.add_token("doras-own", "dora", grants=OWN_GRANTS)
    arguments = ("--pull-request", "--repository", "acme/models", "--reason", "better")
    assert person.asks(person.better, *arguments, token="doras-own") == ExitCode.DONE, person.err + person.out
    (pull,) = [one for one in house.world.pulls.values() if one.head_ref.startswith("promoter/")]
    assert pull.title == f"Promote {house.model} {person.better} as champion"
    assert "f1_score" in pull.body
    assert "Opened with `promoter request`" in pull.body
    assert f"Pull request {pull.number} asks for it: " in person.out
    assert person.file.read_text() == person.text
    assert house.validate(pull.number).outputs["reason-code"] == "validated"
    # Again, with another version: the same pull request
    newest = house.version(0.95)
    assert person.asks(newest, *arguments, token="doras-own") == ExitCode.DONE, person.err
    assert len([one for one in house.world.pulls.values() if one.head_ref.startswith("promoter/")]) == 1
    assert house.world.pulls[pull.number].title == f"Promote {house.model} {newest} as champion"
    house.approve(pull.number)
    assert house.apply(house.merge(pull.number)).outputs["reason-code"] == "applied"
    assert house.champion() == newest


def test_a_pull_request_needs_a_token(person: Person) -> None:
    assert person.asks(person.better, "--pull-request") == ExitCode.WRONG_INPUT
    assert "GITHUB_TOKEN" in person.err
    assert person.file.read_text() == person.text


def test_what_was_typed_wrong_is_not_written(person: Person) -> None:
    assert person.asks(person.better, "--base", "nonsense") == ExitCode.WRONG_INPUT
    assert "no base revision `nonsense`" in person.err
    assert "Nothing was written" in person.err
    assert person.file.read_text() == person.text
