"""What is promised of a race, held against what was played."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from promoter.core.report import Report
from promoter.errors import ExitCode, ReasonCode
from promoter.render.outputs import outputs
from tests.fakes.team import REQUEST, SHADOW
from tests.faults.interleaving import Played
from tests.faults.interleaving_stage import Race, State

_SET = re.compile(r"setting the alias `(\w+)` of `\w+` to version `(\d+)`")
_READ = re.compile(r"reading the aliases of ")
_ASKED = re.compile(rb"^version: (\d+)$", re.MULTILINE)
GOOD = frozenset({ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED})
LOSERS = frozenset({ReasonCode.CHAMPION_MOVED, ReasonCode.CONFLICT, ReasonCode.READBACK_MISMATCH})


@dataclass(frozen=True, kw_only=True)
class Writing:
    """An alias that a run set: at which step, and at which it had last looked."""

    client: str
    alias: str
    version: str
    at: int
    looked_at: int


def asked(race: Race) -> dict[str, str]:
    """Alias → version, as the tip asks."""
    files = race.team.commits[race.team.main]
    found: dict[str, str] = {}
    for alias, path in (("champion", REQUEST), ("shadow", SHADOW)):
        content = files.get(path)
        if isinstance(content, bytes):
            found[alias] = _ASKED.findall(content)[0].decode()
    return found


def writings(played: Sequence[Played]) -> list[Writing]:
    """Every alias that was set by a run."""
    looked: dict[str, int] = {}
    found: list[Writing] = []
    for at, one in enumerate(played):
        if _READ.match(one.what):
            looked[one.client] = at
        elif match := _SET.match(one.what):
            alias, version = match.groups()
            found.append(
                Writing(client=one.client, alias=alias, version=version, at=at, looked_at=looked[one.client])
            )
    return found


def check(race: Race, played: Sequence[Played]) -> None:
    """Every promise, for a play that has ended; then one more run, and what holds after it."""
    states = _states(played)
    _never_absent(race, states)
    _never_another(race, states)
    _told(race, played)
    _tags(race, played)
    overwritten(race, played)
    last, wanted = race.stage.look().aliases, asked(race)
    if not race.person:
        assert {alias: last.get(alias) for alias in wanted} == wanted, "somebody would have to run again"
    stays = _stays(race, wanted)
    again = race.alone()
    after = race.stage.look().aliases
    if stays:
        assert again.reason is ReasonCode.CONFLICT, (again.reason, str(again.message))
        assert after == last
    else:
        assert again.reason in GOOD, (again.reason, str(again.message))
        assert {alias: after.get(alias) for alias in wanted} == wanted
    assert race.alone().reason is (ReasonCode.ALREADY_APPLIED if again.reason in GOOD else again.reason)
    assert race.stage.look().aliases == after


@contextmanager
def told_on_failure(race: Race, played: Sequence[Played], *, seed: int) -> Iterator[None]:
    """What happened, beside a promise that was not kept."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"seed {seed}")
        for one in played:
            error.add_note(f"{one.client}: {one.what} -> {one.state}")
        for name, report in race.reports.items():
            said = [*(one.message for one in report.requests), *report.notes, report.message]
            error.add_note(f"{name}: {report.reason.value}: {[str(message) for message in said]}")
        raise


def _states(played: Sequence[Played]) -> list[State]:
    return [one.state for one in played if isinstance(one.state, State)]


def _never_absent(race: Race, states: Sequence[State]) -> None:
    """Who held something holds something, unless a person took it away."""
    assert race.before is not None
    held = set(race.before.aliases)
    for state in states:
        if None not in race.person:
            assert held <= set(state.aliases)
        held = set(state.aliases)


def _never_another(race: Race, states: Sequence[State]) -> None:
    """At every moment a version that was approved, or a person's."""
    for alias, path in (("champion", REQUEST), ("shadow", SHADOW)):
        approved = {"6"} if race.before and race.before.aliases.get(alias) == "6" else set()
        for files in race.team.commits.values():
            content = files.get(path)
            approved |= {
                one.decode() for one in _ASKED.findall(content if isinstance(content, bytes) else b"")
            }
        allowed = approved | {version for version in race.person if version}
        assert {state.aliases[alias] for state in states if alias in state.aliases} <= allowed


def _told(race: Race, played: Sequence[Played]) -> None:
    """Exit codes are the reasons'; who says that it moved an alias has, and who says it was there saw it."""
    for name, report in race.reports.items():
        assert {one.reason for one in report.requests} <= GOOD | LOSERS, report
        assert report.reason.exit_code is (
            ExitCode.DONE if all(one.reason in GOOD for one in report.requests) else ExitCode.NO
        )
        assert outputs(report, comment_url="", report_path="")["reason-code"] == report.reason.value
        _told_by(name, report, played)


def _told_by(name: str, report: Report, played: Sequence[Played]) -> None:
    own = [one for one in writings(played) if one.client == name]
    seen = [one.state for one in played if one.client == name and isinstance(one.state, State)]
    for one in report.requests:
        alias, version = one.request.alias, one.request.version
        wrote = any((writing.alias, writing.version) == (alias, version) for writing in own)
        if one.reason is ReasonCode.APPLIED:
            assert wrote
        elif one.reason is ReasonCode.ALREADY_APPLIED:
            assert any(state.aliases.get(alias) == version for state in seen)
        else:
            assert one.reason is ReasonCode.READBACK_MISMATCH or not wrote or report.notes


def _tags(race: Race, played: Sequence[Played]) -> None:
    """A version that says it was applied held the alias; one that a run says it moved says so itself."""
    end = race.stage.look()
    held = {
        (version, alias)
        for state in (race.before, *_states(played))
        if state is not None
        for alias, version in state.aliases.items()
    }
    assert set(end.applied) <= held
    for report in race.reports.values():
        for one in report.requests:
            if one.reason is ReasonCode.APPLIED:
                told = end.applied[one.request.version, one.request.alias]
                assert told.split(" ")[0] == str(one.pull_request)


def overwritten(race: Race, played: Sequence[Played]) -> list[Writing]:
    """Where a run set the champion after a person had moved it."""
    at = next((index for index, one in enumerate(played) if one.client == "person"), None)
    before = played[at - 1].state if at else race.before
    if at is None or before == played[at].state:
        return []
    later = [writing for writing in writings(played) if writing.alias == "champion" and writing.at > at]
    for writing in later:
        assert writing.looked_at < at, "a person's move was taken back by a run that could see it"
    return later


def _stays(race: Race, wanted: Mapping[str, str]) -> bool:
    """Whether what a person left is for people to settle: any other version than git had before, and that one
    too where a run has noted that it was taken away from it."""
    end = race.stage.look()
    live, version = end.aliases.get("champion"), wanted["champion"]
    return live != version and (live != "6" or (version, "champion") in end.applied)
