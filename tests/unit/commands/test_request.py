"""request: which file is edited, what validate says before anything is written, and the pull request."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.commands.overlay import PROPOSED, Overlay
from promoter.commands.request import Asked, branch_of, edit, judged, may_be_written, opened, requests_at
from promoter.commands.validate import Change
from promoter.core.files import FileEntry
from promoter.core.names import ALIAS, MODEL
from promoter.core.proposal import Draft, Proposal
from promoter.core.request_file import parse_request
from promoter.errors import PromoterError, ReasonCode
from tests.builders import a_file_entry
from tests.fakes.team import PLACES, REQUEST, SHADOW, Team, request


class InMemoryProposals:
    """`Proposals` as far as a request needs them."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Draft]] = []
        self.there: list[Proposal] = []

    def opened(self) -> tuple[Proposal, ...]:
        """See `Proposals`."""
        return tuple(self.there)

    def listed(self, branch: str) -> tuple[Proposal, ...]:
        """See `Proposals`."""
        return tuple(one for one in self.there if one.branch == branch)

    def create(self, draft: Draft) -> Proposal:
        """See `Proposals`."""
        self.made.append(("create", draft))
        self.there.append(_proposal(draft, number=len(self.there) + 1))
        return self.there[-1]

    def change(self, proposal: Proposal, draft: Draft) -> Proposal:
        """See `Proposals`."""
        self.made.append(("change", draft))
        return _proposal(draft, number=proposal.number)

    def close(self, proposal: Proposal, *, body: str) -> None:
        """See `Proposals`."""
        self.there = [replace(one, state="closed") if one == proposal else one for one in self.there]


def _proposal(draft: Draft, *, number: int) -> Proposal:
    return Proposal(
        number=number, branch=draft.branch, title=draft.title, body=draft.body, url="u", head_commit="h"
    )


def a_file(data: bytes, path: str = REQUEST) -> tuple[FileEntry, bytes]:
    return a_file_entry(path=path), data


ASKED = Asked(model="churn", alias="champion", version="7", reason="better")


# --- which file -----------------------------------------------------------------------------------


def test_the_alias_s_own_file_is_edited_wherever_it_is() -> None:
    data = b"# mine\n" + request("6")
    found = edit(
        [a_file(data, "promotions/any.yaml"), a_file(request("6", alias="shadow"))], ASKED, places=PLACES
    )
    assert (found.path, found.before) == ("promotions/any.yaml", data)
    assert found.data == b"# mine\n" + request("7")
    assert found.notes == ()


def test_without_one_there_is_a_new_one() -> None:
    taken = a_file(request("6", alias="shadow"), REQUEST.upper().replace("PROMOTIONS", "promotions"))
    found = edit([], ASKED, places=PLACES)
    assert (found.path, found.before) == (REQUEST, None)
    assert found.data.endswith(b"model: churn\nalias: champion\nversion: 7\nreason: better\n")
    beside = edit([a_file(taken[1], REQUEST)], ASKED, places=PLACES)
    assert beside.path.startswith("promotions/churn-")


def test_a_new_one_names_the_schema_that_the_repository_has() -> None:
    schema = ".github/promoter/promotion-request.schema.json"
    made = edit([], replace(ASKED, schema=schema), places=PLACES)
    first, rest = made.data.decode().split("\n", 1)
    assert first == f"# yaml-language-server: $schema=../../{schema}"
    assert rest == edit([], ASKED, places=PLACES).data.decode()
    assert parse_request(made.data, path=made.path).version == "7"
    there = edit([a_file(request("6"))], replace(ASKED, schema=schema), places=PLACES)
    assert there.data == request("7")


def test_a_reason_that_stays_is_told() -> None:
    found = edit([a_file(request("6"))], replace(ASKED, reason=None), places=PLACES)
    assert [str(note) for note in found.notes] == ["its reason is still that of version `6`: give `--reason`"]
    again = edit([a_file(request("7"))], replace(ASKED, reason=None), places=PLACES)
    assert (again.data, again.notes) == (again.before, ())


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (replace(ASKED, alias="Champion"), ReasonCode.REQUEST_INVALID),
        (replace(ASKED, version="v7"), ReasonCode.REQUEST_INVALID),
        (replace(ASKED, model="../x"), ReasonCode.REQUEST_INVALID),
        (replace(ASKED, model="x\nalias: evil"), ReasonCode.REQUEST_INVALID),
        (replace(ASKED, reason="hidden \u202e"), ReasonCode.REQUEST_INVALID),
    ],
)
def test_what_no_file_may_hold(asked: Asked, reason: ReasonCode) -> None:
    with pytest.raises(PromoterError) as refused:
        edit([], asked, places=PLACES)
    assert refused.value.reason is reason


def test_a_glob_without_room() -> None:
    with pytest.raises(PromoterError) as refused:
        edit([], ASKED, places=replace(PLACES, requests="one.yaml"))
    assert refused.value.reason is ReasonCode.USAGE_INVALID


def test_files_that_cannot_be_read() -> None:
    with pytest.raises(PromoterError) as refused:
        edit([a_file(b"x", "promotions/other.yaml")], ASKED, places=PLACES)
    assert refused.value.reason is ReasonCode.REQUEST_INVALID


# --- what validate says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "reason", "is_written"),
    [
        ("7", ReasonCode.VALIDATED, True),
        ("5", ReasonCode.CHECKS_FAILED, True),
        ("99", ReasonCode.VERSION_NOT_FOUND, False),
        ("6", ReasonCode.ALREADY_APPLIED, True),
    ],
)
def test_judged_before_it_is_written(version: str, reason: ReasonCode, is_written: bool) -> None:
    team = Team()
    team.version("5", 0.4)
    world = replace(team.validate_world(), pull_requests=None)
    there = requests_at(world.repository, team.main, places=PLACES)
    found = edit(there, replace(ASKED, version=version, reason="new words"), places=PLACES)
    report = judged(world, found, change=Change(head=team.main, base=team.main))
    assert [one.reason for one in report.requests] == [reason]
    assert may_be_written(report) == is_written
    assert report.head_commit == ""
    assert team.registry.writes == []


def test_an_overlay_changes_what_is_proposed_and_nothing_else() -> None:
    team = Team()
    inner = team.validate_world().repository
    overlay = Overlay(inner, team.main, files={REQUEST: b"new", SHADOW: b"shadow"})
    patterns = (PLACES.requests,)
    assert overlay.files(team.main, patterns) == inner.files(team.main, patterns)
    entries = overlay.files(PROPOSED, patterns)
    assert [entry.path for entry in entries] == [REQUEST, SHADOW]
    contents = overlay.contents(entries)
    assert [contents[entry.blob_id] for entry in entries] == [b"new", b"shadow"]
    assert [overlay.data(entry) for entry in entries] == [b"new", b"shadow"]
    old = inner.files(team.main, patterns)
    assert overlay.contents(old)[old[0].blob_id] == request("6")
    ids = overlay.blob_ids([(PROPOSED, REQUEST), (team.main, REQUEST), (PROPOSED, "none")])
    assert ids == {
        (PROPOSED, REQUEST): entries[0].blob_id,
        (team.main, REQUEST): old[0].blob_id,
        (PROPOSED, "none"): None,
    }


# --- pull request ---------------------------------------------------------------------------------


def test_one_pull_request_for_one_alias() -> None:
    proposals = InMemoryProposals()
    found = edit([a_file(request("6"))], ASKED, places=PLACES)
    for _ in range(2):
        made = opened(proposals, ASKED, edited=found, base="main", report=None)
        assert made.number == 1
    assert [verb for verb, _ in proposals.made] == ["create", "change"]
    draft = proposals.made[0][1]
    assert (draft.branch, draft.base) == ("promoter/request-churn-champion-e0f23a56d5", "main")
    assert draft.title == "Promote churn 7 as champion"
    assert draft.files == {REQUEST: found.data}
    proposals.close(proposals.there[0], body="")
    opened(proposals, ASKED, edited=found, base="main", report=None)
    assert proposals.made[-1][0] == "create"


_HOSTILE = [
    "a..b",
    "a.lock",
    ".",
    "-",
    "@{",
    "a b",
    "a//b",
    "HEAD",
    "x" * 255,
    "~^:?*[\\",
    "\ud800",
    "ä\n",
    "",
]
_NAMES = st.sampled_from(_HOSTILE) | st.from_regex(MODEL.pattern, fullmatch=True) | st.text(max_size=80)
_KEYS = st.tuples(_NAMES, _NAMES | st.from_regex(ALIAS.pattern, fullmatch=True))


@settings(max_examples=60, deadline=None)
@given(_KEYS, st.sampled_from(["request", "rollback"]))
def test_git_takes_the_branch_of_whatever_name(key: tuple[str, str], verb: str) -> None:
    branch = branch_of(verb, key)
    subprocess.run(["git", "check-ref-format", "--branch", branch], check=True, capture_output=True)
    assert re.fullmatch(rf"promoter/{verb}-[a-z0-9-]{{0,48}}-[0-9a-f]{{10}}", branch)


@given(_KEYS, _KEYS)
def test_two_aliases_never_share_a_branch(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (branch_of("request", one) == branch_of("request", other)) is (one == other)


@given(_NAMES, _NAMES, _NAMES)
def test_a_dash_joins_no_two_aliases_to_one_branch(first: str, middle: str, last: str) -> None:
    assert branch_of("request", (f"{first}-{middle}", last)) != branch_of(
        "request", (first, f"{middle}-{last}")
    )


def test_the_comparison_stands_in_the_body() -> None:
    team, proposals = Team(), InMemoryProposals()
    world = replace(team.validate_world(), pull_requests=None)
    found = edit(requests_at(world.repository, team.main, places=PLACES), ASKED, places=PLACES)
    report = judged(world, found, change=Change(head=team.main, base=team.main))
    body = opened(proposals, ASKED, edited=found, base="main", report=report).body
    assert body.startswith("<!-- promoter request -->\n### ")
    assert "f1_score" in body
    assert "Opened with `promoter request`" in body
