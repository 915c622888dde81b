"""Looking back over HTTP: real registry, real git, a stand-in for GitHub."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from promoter.cli import Terminal, run
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, TOKEN, House

pytestmark = pytest.mark.integration


@dataclass
class Desk:
    """A person with a clone, a token and a registry."""

    house: House
    unpushed: str = ""
    err: str = ""
    out: str = ""

    def type(self, *arguments: str, **environ: str) -> ExitCode:
        """Run one command in a fresh clone."""
        folder = self.house.folder / f"clone-{uuid4().hex[:6]}"
        self.house.world.git.run("clone", "--quiet", ".", str(folder))
        if self.unpushed:
            (folder / self.house.path).write_bytes(self.house.request(self.unpushed))
            who = ("-c", "user.name=Dora", "-c", "user.email=dora@example.org")
            commit = ("commit", "--quiet", "--all", "--message", "Mine")
            self.house.world.git.run("-C", str(folder), *who, *commit)
        given = {
            "PATH": os.environ["PATH"],
            "MLFLOW_TRACKING_URI": self.house.registry,
            "GITHUB_API_URL": self.house.standin.api_url,
            "GITHUB_SERVER_URL": self.house.standin.web_url,
            "GITHUB_REPOSITORY": "acme/models",
            "GITHUB_TOKEN": TOKEN,
        }
        out, err = io.StringIO(), io.StringIO()
        where = (*arguments, "--directory", str(folder))
        exit_code = run(where, Terminal(environ={**given, **environ}, out=out, err=err))
        self.out, self.err = out.getvalue(), err.getvalue()
        return exit_code

    def history(self, *arguments: str, **environ: str) -> list[dict[str, Any]]:
        """The JSON of this model's champion."""
        exit_code = self.type("history", self.house.model, "champion", "--json", *arguments, **environ)
        assert exit_code is ExitCode.DONE, self.err
        found: list[dict[str, Any]] = json.loads(self.out)
        return found

    def status(self, *arguments: str) -> dict[str, Any]:
        """The JSON of this test's models."""
        self.type("status", "--json", "--models", self.house.model, *arguments)
        found: dict[str, Any] = json.loads(self.out)
        return found


@pytest.fixture
def lived(house: House) -> House:
    """1 adopted, 2 promoted, back to 1 by a revert, renamed, 3 merged and never applied."""
    first, second, third = (house.version(score) for score in (0.80, 0.85, 0.90))
    house.land({POLICY: POLICY_TEXT.replace('match: "*"', f'match: "{house.model}"').encode()})
    house.adopt(first)
    number = house.ask_for(second)
    house.approve(number)
    assert house.apply(house.merge(number)).outputs["reason-code"] == "applied"
    back = house.world.open_pull_request(house.world.revert(number, by="dora"), author="dora", title="Back")
    house.approve(back.number)
    assert house.apply(house.merge(back.number)).outputs["reason-code"] == "applied"
    house.land({house.path: None, f"promotions/{house.model}/renamed.yaml": house.request(first)})
    never = house.propose({f"promotions/{house.model}/renamed.yaml": house.request(third)})
    house.merge(never)
    return house


def test_the_whole_life_of_an_alias(lived: House) -> None:
    entries = Desk(lived).history()
    assert [(one["version"], one["kind"], one["registry"]["reached"]) for one in entries] == [
        ("3", "promotion", "never"),
        ("1", "renamed", "applied"),
        ("1", "rollback", "applied"),
        ("2", "promotion", "applied"),
        ("1", "first", "applied"),
    ]
    assert entries[0]["live"] == {"state": "held", "version": "1"}
    assert [one["registry"]["took_from"] for one in entries[2:4]] == ["2", "1"]
    pull = entries[3]["pull_request"]
    assert (pull["told_by"], pull["author"], pull["approved_by"]) == ("github", "dora", ["alice"])
    assert entries[3]["registry"]["tags"]["approved_by"] == "alice"
    assert (entries[3]["asked_by"], entries[0]["pull_request"]["approved_by"]) == ("dora", [])


def test_a_commit_that_was_not_pushed_is_a_note(house: House) -> None:
    first, second = house.version(0.80), house.version(0.85)
    house.land({POLICY: POLICY_TEXT.replace('match: "*"', f'match: "{house.model}"').encode()})
    house.adopt(first)
    number = house.ask_for(second)
    house.approve(number)
    house.merge(number)
    desk = Desk(house, unpushed=first)
    assert desk.type("history", house.model, "champion") is ExitCode.DONE, desk.err
    assert "is not on GitHub yet" in desk.out
    entries = desk.history()
    assert [one["version"] for one in entries] == [first, second, first]
    assert entries[0]["pull_request"] is None
    assert (entries[1]["pull_request"]["told_by"], entries[1]["pull_request"]["number"]) == ("github", number)


def test_each_day(lived: House) -> None:
    entries = Desk(lived).history()
    for one in entries:
        (answer,) = Desk(lived).history("--as-of", one["since"])
        newest = next(other for other in entries if other["since"] <= one["since"])
        assert (answer["version"], answer["commit"]) == (newest["version"], newest["commit"])
    (now,) = Desk(lived).history("--as-of", "2999-01-01")
    assert (now["version"], now["as_of"]["applied_version"], now["as_of"]["certainty"]) == ("3", "1", "dated")
    assert Desk(lived).history("--as-of", "2001-01-01") == []


def test_without_github_and_registry_git_still_tells(lived: House) -> None:
    entries = Desk(lived).history("--no-registry", GITHUB_TOKEN="")
    assert [one["version"] for one in entries] == ["3", "1", "1", "2", "1"]
    assert {one["registry"]["reached"] for one in entries} == {"not_asked"}
    assert entries[3]["pull_request"]["told_by"] == "commit"


def test_a_page_is_written_besides(lived: House) -> None:
    page = lived.folder / "pages" / "champion.html"
    desk = Desk(lived)
    assert desk.type("history", lived.model, "champion", "--html", str(page)) is ExitCode.DONE
    assert "never applied: it was merged, and never held the alias" in desk.out
    assert desk.out.startswith("✗ ")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "<svg" in text


def test_a_move_by_hand_is_come_upon(house: House) -> None:
    first, second, third = (house.version(score) for score in (0.80, 0.85, 0.90))
    house.adopt(first)
    house.set_alias(second)
    number = house.propose({house.path: house.request(second)})
    house.approve(number)
    house.apply(house.merge(number))
    (newest, oldest) = Desk(house).history()
    # What git asked for was there already: somebody had been quicker.
    assert (newest["registry"]["reached"], oldest["kind"]) == ("applied", "first")
    house.set_alias(third)
    desk = Desk(house)
    desk.type("history", house.model, "champion")
    assert "but the registry says: version `3`" in desk.out.splitlines()[0]


def test_a_registry_that_does_not_answer_is_exit_4_and_git_is_told(lived: House) -> None:
    desk = Desk(lived)
    environ = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    exit_code = desk.type("history", lived.model, "champion", "--deadline", "0.2", **environ)
    assert exit_code is ExitCode.UNDECIDED
    assert "the registry could not be asked" in desk.out
    assert desk.out.count("version 1  ") == 3
    assert desk.type("status", "--deadline", "0.2", **environ) is ExitCode.UNDECIDED


def test_status_of_a_fleet(lived: House) -> None:
    lived.set_alias("2", "shadow")
    number = lived.propose({f"promotions/{lived.model}/renamed.yaml": lived.request("2")})
    desk = Desk(lived)
    found = desk.status()
    rows = {one["alias"]: one for one in found["aliases"]}
    assert (found["schema_version"], found["phase"]) == (1, "status")
    # Merged just now, so its apply may still be on its way.
    assert (rows["champion"]["state"], rows["champion"]["version"], rows["champion"]["now"]) == (
        "waiting",
        "3",
        "1",
    )
    assert rows["champion"]["pending"] == [number]
    assert (rows["shadow"]["state"], rows["shadow"]["now"]) == ("unmanaged", "2")
    assert desk.type("status", "--exit-code", "--models", lived.model) is ExitCode.DONE
    lived.land(
        {POLICY: POLICY_TEXT.replace("version: 1\n", "version: 1\ndrift: {grace_minutes: 0}\n").encode()}
    )
    assert desk.type("status", "--models", lived.model, "--only", "drifted") is ExitCode.DONE
    assert "was merged and never applied" in desk.out
    assert desk.type("status", "--models", lived.model, "--exit-code") is ExitCode.NO


def test_a_page_of_the_fleet(lived: House, tmp_path: Path) -> None:
    desk = Desk(lived)
    page = tmp_path / "fleet.html"
    desk.type("status", "--models", lived.model, "--html", str(page))
    assert lived.model in page.read_text(encoding="utf-8")
