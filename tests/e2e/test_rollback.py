"""`promoter rollback`: into a clone's file, or as a pull request that is judged, merged and applied."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from promoter.cli import Terminal, run
from promoter.errors import ExitCode
from tests.e2e.house import House, result_of

pytestmark = pytest.mark.integration

OWN_TOKEN = "doras-own"
OWN_GRANTS = {"metadata": "read", "contents": "write", "pull_requests": "write"}


@dataclass
class Person:
    """dora at her own machine; 1 was adopted, 2 and 3 were promoted by pull requests."""

    house: House
    versions: tuple[str, str, str]
    numbers: tuple[int, int]
    clones: Iterator[int]
    out: str = ""
    err: str = ""
    folder: Path = Path()
    edited: bytes = b""
    """What the request in the clone holds before the command; empty: what is committed."""

    def rolls_back(self, *arguments: str) -> ExitCode:
        """`promoter rollback` in a fresh clone."""
        self.folder = self.house.folder / f"clone-{next(self.clones)}"
        self.house.world.git.run("clone", "--quiet", ".", str(self.folder))
        if self.edited:
            (self.folder / self.house.path).write_bytes(self.edited)
        environ = {
            "PATH": os.environ["PATH"],
            "MLFLOW_TRACKING_URI": self.house.registry,
            "GITHUB_API_URL": self.house.standin.api_url,
            "GITHUB_SERVER_URL": self.house.standin.web_url,
            "GITHUB_REPOSITORY": "acme/models",
            "GITHUB_TOKEN": OWN_TOKEN,
        }
        out, err = io.StringIO(), io.StringIO()
        given = ("rollback", self.house.model, "champion", "--directory", str(self.folder), *arguments)
        code = run(given, Terminal(environ=environ, out=out, err=err))
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    @property
    def file(self) -> bytes:
        """The request in the clone."""
        return (self.folder / self.house.path).read_bytes()


@pytest.fixture
def person(house: House) -> Person:
    house.world.add_token(OWN_TOKEN, "dora", grants=OWN_GRANTS)
    first, second, third = (house.version(score) for score in (0.80, 0.85, 0.90))
    house.adopt(first)
    numbers = []
    for version in (second, third):
        numbers.append(house.ask_for(version))
        house.approve(numbers[-1])
        assert house.apply(house.merge(numbers[-1])).outputs["reason-code"] == "applied"
    return Person(house, (first, second, third), (numbers[0], numbers[1]), count())


def test_the_file_goes_back_to_the_version_before(person: Person) -> None:
    first, second, third = person.versions
    assert person.rolls_back("--reason", "Too many alarms") == ExitCode.DONE, person.err
    assert f"version: {second}\nreason: Too many alarms\n".encode() in person.file
    assert f"back from version `{third}` to version `{second}`" in person.out
    assert f"version `{third}` took its place (pull request #{person.numbers[1]})" in person.out
    assert person.rolls_back("--to", first, "--dry-run", "--json") == ExitCode.DONE, person.err
    told = json.loads(person.out)
    assert (told["from"], told["to"], told["changed"]) == (third, first, False)
    assert told["left"]["version"] == second
    assert f"version: {third}\n".encode() in person.file


def test_a_version_that_never_held_the_alias_is_refused(person: Person) -> None:
    first, second, third = person.versions
    newest = person.house.version(0.95)
    assert person.rolls_back("--to", newest) == ExitCode.WRONG_INPUT
    assert f"Those that did: `{second}, {first}`" in person.err
    assert f"version: {third}\n".encode() in person.file


def test_an_edit_that_is_not_committed_stays(person: Person) -> None:
    person.edited = person.house.request("99")
    for arguments in ((), ("--dry-run",)):
        assert person.rolls_back(*arguments) == ExitCode.WRONG_INPUT
        assert "the working tree asks for version `99`" in person.err
        assert person.file == person.edited


def test_a_pull_request_rolls_back_with_its_approval(person: Person) -> None:
    house, (_, second, third) = person.house, person.versions
    assert person.rolls_back("--pull-request", "--reason", "Too many alarms") == ExitCode.DONE, person.err
    (pull,) = [one for one in house.world.pulls.values() if one.head_ref.startswith("promoter/rollback-")]
    assert pull.title == f"Roll back {house.model} champion from {third} to {second}"
    assert "Too many alarms" in pull.body
    assert f"took its place (pull request #{person.numbers[1]})" in pull.body.replace("&#35;", "#")
    assert f"version: {third}\n".encode() in person.file

    validated = house.validate(pull.number)
    assert validated.outputs["reason-code"] == "rollback_validated", validated.log
    assert result_of(validated)[0]["step"] == "rollback"
    (comment,) = house.comments(pull.number)
    assert "held this alias before from 20" in comment.body
    assert f"pull request #{person.numbers[0]})" in comment.body.replace("\\#", "#")

    push = house.merge(pull.number)
    assert house.apply(push).outputs["reason-code"] == "approval_missing"
    house.approve(pull.number)
    assert house.apply(push).outputs["reason-code"] == "applied"
    assert house.champion() == second
    # Now the version that was rolled back is the one before.
    assert person.rolls_back("--json", "--dry-run") == ExitCode.DONE, person.err
    assert json.loads(person.out)["to"] == third
