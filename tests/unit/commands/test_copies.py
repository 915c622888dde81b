"""`from` in a request: which version is judged, which is its copy, and when a copy is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promoter.commands.apply import apply
from promoter.commands.copies import Copies
from promoter.commands.drift import drift
from promoter.commands.validate import validate
from promoter.core.drift import DriftKind, DriftReport
from promoter.core.model_version import LoggedModel, ModelVersion
from promoter.core.plan import MovedOutside, Step
from promoter.core.report import Report
from promoter.core.request import SourceVersion
from promoter.errors import PromoterError, ReasonCode
from promoter.render.evidence_json import evidence
from promoter.text import say
from tests.fakes.observed import observed
from tests.fakes.registry import Write
from tests.fakes.team import POLICY, REQUEST, SHADOW, Team, policy, request

DEV = "dev.churn"
SOURCES = policy("    mode: enforce", "    mode: enforce\n    sources: ['dev.*']")
OUTAGE = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("it did not answer"))


def asking(version: str, *, alias: str = "champion") -> bytes:
    return f"model: churn\nalias: {alias}\nfrom: {DEV}/{version}\nreason: better\n".encode()


class Across(Team):
    """`dev.churn` has versions of its own, with files that can be exchanged."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.push({POLICY: SOURCES})
        self.registry.add_model(DEV)
        # Tags of Promoter's own speak of the source's aliases, not of the copy's.
        for number, score in (("6", 0.90), ("7", 0.92), ("8", 0.94)):
            self.trained(number, score, tags={"promoter_applied_champion": "12 6"})

    def trained(self, number: str, score: float, **changes: object) -> ModelVersion:
        made = self.version(number, score, model=DEV, **changes)
        self.made_of(made, f"model {number}")
        return made

    def made_of(self, version: ModelVersion, content: str) -> None:
        """Exchange what a version is made of."""
        place = self.folder / f"{version.model}-{version.version}-{content}"
        place.mkdir()
        (place / "MLmodel").write_text(content, encoding="utf-8")
        self.registry.add_files(version, place)

    def copy(self, number: str) -> str:
        """What a run leaves behind that died after the copy."""
        made = self.registry.copy(self.registry.model_version(DEV, number), "churn")
        self.registry.writes.clear()
        return made

    def tried(self, files: Mapping[str, bytes], number: int = 12) -> Report:
        self.propose(number, files)
        return validate(self.validate_world(), self.change(number))

    def done(self, files: Mapping[str, bytes], number: int = 12) -> Report:
        self.ask(files, number)
        return self.applied()

    def applied(self) -> Report:
        return apply(self.apply_world(), branch="main")

    def drifted(self) -> DriftReport:
        return drift(self.drift_world(), branch="main")

    def copied(self) -> list[Write]:
        return [write for write in self.registry.writes if write.method == "copy"]


@pytest.fixture
def team(tmp_path: Path) -> Across:
    return Across(tmp_path)


def notes(report: Report) -> str:
    return " ".join(str(note) for one in report.requests for note in one.notes)


# --- validate ------------------------------------------------------------------------------------


def test_the_source_is_judged_against_the_targets_champion_and_nothing_is_written(team: Across) -> None:
    report = team.tried({REQUEST: asking("7")})
    (found,) = report.requests
    assert (report.reason, found.request.version, found.now) == (ReasonCode.VALIDATED, f"{DEV}/7", "6")
    assert found.evidence is not None
    assert found.evidence.challenger.key == (DEV, "7")
    assert found.evidence.champion is not None
    assert found.evidence.champion.key == ("churn", "6")
    assert found.evidence.own_number == ""
    assert "judged is `dev.churn/7`: apply copies it to `churn`" in notes(report)
    assert team.registry.writes == []


def test_a_challenger_with_its_champions_number_is_another_version(team: Across) -> None:
    (found,) = team.tried({REQUEST: asking("6")}).requests
    assert found.reason is ReasonCode.VALIDATED
    comparison = next(one.comparison for one in found.results if one.comparison)
    assert (comparison.challenger, comparison.champion) == (0.90, 0.88)


def test_the_evidence_names_the_source_and_not_a_number_that_is_not_known_yet(team: Across) -> None:
    before = team.tried({REQUEST: asking("7")})
    team.copy("7")
    after = validate(team.validate_world(), team.change())
    assert after.requests[0].request.version == "8"
    assert '"from": "dev.churn/7"' in evidence(before)
    assert evidence(after) == evidence(before)
    assert "version `8` of `churn` is its copy, file by file" in notes(after)


def test_a_model_that_the_policy_does_not_name_is_not_copied_from(team: Across) -> None:
    team.push({POLICY: policy()})
    for report in (team.tried({REQUEST: asking("7")}), team.done({REQUEST: asking("7")}, 13)):
        assert report.reason is ReasonCode.ALIAS_NOT_ALLOWED
        assert "sources" in str(report.requests[0].hint)
    assert team.registry.writes == []


@pytest.mark.parametrize("gone", ["12", "999999999"])
def test_a_source_that_is_not_there_is_not_found(team: Across, gone: str) -> None:
    assert team.tried({REQUEST: asking(gone)}).reason is ReasonCode.VERSION_NOT_FOUND


def test_a_source_that_is_not_ready_waits(team: Across) -> None:
    team.trained("9", 0.95, status="PENDING_REGISTRATION")
    assert team.tried({REQUEST: asking("9")}).reason is ReasonCode.VERSION_NOT_READY


def test_a_source_whose_files_cannot_be_read_is_not_promoted_blindly(team: Across) -> None:
    team.version("9", 0.95, model=DEV)
    report = team.tried({REQUEST: asking("9")})
    assert report.reason is ReasonCode.DATA_UNAVAILABLE
    assert "dev.churn/9" in str(report.requests[0].message)


# --- apply ---------------------------------------------------------------------------------------


def test_apply_copies_once_reads_back_and_moves(team: Across) -> None:
    report = team.done({REQUEST: asking("7")})
    (found,) = report.requests
    assert (report.reason, found.request.version, team.champion()) == (ReasonCode.APPLIED, "8", "8")
    assert [(one.method, one.key, one.value) for one in team.registry.writes[:2]] == [
        ("copy", f"{DEV}/7", "8"),
        ("set_alias", "champion", "8"),
    ]
    tags = team.registry.model_version("churn", "8").tags
    assert (tags["promoter_copied_from"], tags["promoter_applied_champion"]) == (f"{DEV}/7", "12 6")
    assert "version `8` of `churn` was made as a copy of `dev.churn/7`" in notes(report)
    team.registry.writes.clear()
    assert team.applied().reason is ReasonCode.ALREADY_APPLIED
    assert team.registry.writes == []


def test_what_is_noted_is_what_was_judged(team: Across) -> None:
    report = team.done({REQUEST: asking("7")})
    assert team.registry.model_version("churn", "8").tags["promoter_evidence"] == report.evidence_digest
    assert '"version": null' in evidence(report)


def test_a_copy_that_a_killed_run_left_is_taken(team: Across) -> None:
    left = team.copy("7")
    report = team.done({REQUEST: asking("7")})
    assert (report.reason, team.champion(), team.copied()) == (ReasonCode.APPLIED, left, [])


@pytest.mark.parametrize("failing", ["copy", "copied"])
def test_a_lost_answer_is_followed_by_a_look_and_not_by_a_second_copy(team: Across, failing: str) -> None:
    team.registry.fail(failing, OUTAGE)
    report = team.done({REQUEST: asking("7")})
    assert (report.reason, team.champion(), len(team.copied())) == (ReasonCode.APPLIED, "8", 1)


def test_a_registry_that_makes_no_copy_is_an_outage_and_moves_nothing(team: Across) -> None:
    team.registry.fail("copy", OUTAGE, times=5)
    report = team.done({REQUEST: asking("7")})
    assert (report.reason, team.champion()) == (ReasonCode.REGISTRY_UNAVAILABLE, "6")
    assert "no copy is there" in str(report.message)


def test_whoever_may_not_copy_is_told_so_at_once(team: Across) -> None:
    team.registry.fail("copy", PromoterError(ReasonCode.PERMISSION_DENIED, say("not you")))
    report = team.done({REQUEST: asking("7")})
    assert (report.reason, team.champion(), team.copied()) == (ReasonCode.PERMISSION_DENIED, "6", [])


def test_of_two_copies_the_older_is_taken_and_the_other_told_of(team: Across) -> None:
    older, _ = team.copy("7"), team.copy("7")
    report = team.done({REQUEST: asking("7")})
    assert (report.reason, team.champion()) == (ReasonCode.APPLIED, older)
    assert "1 more version(s) of `churn` are copies" in notes(report)


def test_a_copy_that_holds_the_alias_is_in_place_though_an_older_one_is_there(team: Across) -> None:
    team.copy("7")
    newer = team.copy("7")
    team.registry.set_alias("churn", "champion", version=newer)
    team.registry.writes.clear()
    assert team.done({REQUEST: asking("7")}).reason is ReasonCode.ALREADY_APPLIED
    assert {write.method for write in team.registry.writes} == {"set_tag"}


def test_a_copy_that_is_not_ready_is_no_copy(team: Across) -> None:
    stuck = replace(team.registry.model_version("churn", team.copy("7")), status="PENDING_REGISTRATION")
    team.registry.add_version(stuck)
    assert team.done({REQUEST: asking("7")}).reason is ReasonCode.APPLIED
    assert team.champion() == "9"


def test_a_copy_that_was_made_and_is_not_ready_is_waited_for_by_the_next_run(team: Across) -> None:
    team.ask({REQUEST: asking("7")}, 12)
    registry, calls = observed(team.registry)

    def stuck() -> None:
        made = team.registry.model_version("churn", "8")
        team.registry.add_version(replace(made, status="PENDING_REGISTRATION"))

    calls.after("copy", stuck)
    report = apply(team.apply_world(registry=lambda: registry), branch="main")
    assert (report.reason, team.champion()) == (ReasonCode.VERSION_NOT_READY, "6")
    assert "was made, and is not ready yet" in str(report.message)
    ready = replace(team.registry.model_version("churn", "8"), status="READY")
    team.registry.add_version(ready)
    assert (team.applied().reason, team.champion(), len(team.copied())) == (ReasonCode.APPLIED, "8", 1)


def test_all_of_a_pull_request_share_the_copy_and_move_or_none_does(team: Across) -> None:
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    team.registry.fail("set_alias", PromoterError(ReasonCode.PERMISSION_DENIED, say("not this one")))
    files = {REQUEST: asking("7"), SHADOW: asking("7", alias="shadow")}
    report = team.done(files)
    assert (report.reason.exit_code.value, team.champion(), team.champion("shadow")) == (4, "6", "6")
    assert "was made as a copy" in notes(report)
    assert team.applied().reason is ReasonCode.APPLIED
    assert (team.champion(), team.champion("shadow"), len(team.copied())) == ("8", "8", 1)


def test_where_one_cannot_be_copied_none_of_its_pull_request_moves(team: Across) -> None:
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    team.registry.fail("copy", OUTAGE, times=5)
    report = team.done({REQUEST: request("7"), SHADOW: asking("7", alias="shadow")})
    assert {one.reason for one in report.requests} == {ReasonCode.REGISTRY_UNAVAILABLE}
    assert (team.champion(), team.champion("shadow")) == ("6", "6")


# --- a false copy --------------------------------------------------------------------------------


def forge(team: Across, number: str) -> str:
    forged = team.registry.model_version("churn", team.copy(number))
    team.made_of(forged, "something else")
    return forged.version


def test_a_copy_of_other_files_is_refused_before_and_after_the_merge(team: Across) -> None:
    forge(team, "7")
    for report in (team.tried({REQUEST: asking("7")}), team.done({REQUEST: asking("7")}, 13)):
        assert report.reason is ReasonCode.ARTIFACTS_CHANGED
        assert "is made of other files" in str(report.requests[0].message)
    assert (team.champion(), team.copied()) == ("6", [])


def test_a_false_copy_that_holds_the_alias_is_not_called_in_place(team: Across) -> None:
    team.registry.set_alias("churn", "champion", version=forge(team, "7"))
    assert team.tried({REQUEST: asking("7")}).reason is ReasonCode.ARTIFACTS_CHANGED
    assert team.done({REQUEST: asking("7")}, 13).reason is ReasonCode.ARTIFACTS_CHANGED


def edited(team: Across, number: str, *, model: str = "churn", **changes: object) -> None:
    """Somebody else's hand on a version."""
    given: dict[str, Any] = {**changes}
    team.registry.add_version(replace(team.registry.model_version(model, number), **given))


LOGGED = LoggedModel(model_id="m-1", metrics={})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"run_id": "other", "run": None}, "is of another run (`other`, not `dev.churn-7`)"),
        ({"run_id": None, "run": None}, "is of another run (`none`, not `dev.churn-7`)"),
        ({"logged_model": replace(LOGGED, model_id="m-2")}, "is of another LoggedModel (`m-2`, not `m-1`)"),
        ({"description": "better than it is"}, "has another description"),
        ({"tags": {"owner": "me", "use": "all"}}, "has not its source's tag `owner`"),
        ({"tags": {}}, "has not its source's tag `owner` and 1 more"),
    ],
)
def test_a_copy_of_the_same_files_that_is_another_model_is_refused(
    team: Across, changes: dict[str, Any], told: str
) -> None:
    edited(team, "7", model=DEV, tags={"owner": "risk", "use": "all"}, logged_model=LOGGED)
    edited(team, team.copy("7"), **changes)
    for report in (team.tried({REQUEST: asking("7")}), team.done({REQUEST: asking("7")}, 13)):
        assert report.reason is ReasonCode.ARTIFACTS_CHANGED
        assert told in str(report.requests[0].message)
    assert (team.champion(), team.copied()) == ("6", [])


def test_everything_that_differs_but_the_files_is_told_at_once(team: Across) -> None:
    edited(team, "7", model=DEV, tags={"owner": "risk"})
    edited(team, team.copy("7"), description="x", tags={})
    message = str(team.tried({REQUEST: asking("7")}).requests[0].message)
    assert "has another description, and has not its source's tag `owner`" in message


def test_a_copy_may_have_more_tags_and_lack_a_logged_model(team: Across) -> None:
    edited(team, "7", model=DEV, tags={"owner": "risk", "blank": ""}, logged_model=LOGGED)
    left = team.copy("7")
    edited(team, left, tags={"owner": "risk", "seen by": "audit"}, logged_model=None)
    assert team.done({REQUEST: asking("7")}).reason is ReasonCode.APPLIED
    assert team.champion() == left


@pytest.mark.parametrize("model", ["churn", DEV])
def test_what_is_said_of_a_copy_in_use_or_of_its_source_may_be_edited(team: Across, model: str) -> None:
    edited(team, "7", model=DEV, tags={"owner": "risk"})
    team.done({REQUEST: asking("7")}, 12)
    number = "8" if model == "churn" else "7"
    tags = team.registry.model_version(model, number).tags
    edited(team, number, model=model, description="d" * 50, tags={**tags, "owner": "ops"})
    assert team.applied().reason is ReasonCode.ALREADY_APPLIED
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    assert team.done({SHADOW: asking("7", alias="shadow")}, 13).reason is ReasonCode.APPLIED
    assert team.champion("shadow") == "8"
    team.done({REQUEST: asking("8")}, 14)
    back = team.done({REQUEST: asking("7")}, 15)
    assert (back.requests[0].step, team.champion()) == (Step.ROLLBACK, "8")


def test_a_copy_that_holds_the_alias_is_held_to_its_run_and_not_to_its_words(team: Across) -> None:
    edited(team, "7", model=DEV, tags={"owner": "risk"})
    left = team.copy("7")
    edited(team, left, tags={"owner": "ops"})
    team.registry.set_alias("churn", "champion", version=left)
    assert team.tried({REQUEST: asking("7")}).reason is ReasonCode.ALREADY_APPLIED
    edited(team, left, run_id="other")
    assert team.tried({REQUEST: asking("7")}, 13).reason is ReasonCode.ARTIFACTS_CHANGED
    assert team.done({REQUEST: asking("7")}, 14).reason is ReasonCode.ARTIFACTS_CHANGED


def test_a_tag_alone_makes_no_copy(team: Across) -> None:
    team.version("9", 0.99, tags={"promoter_copied_from": f"{DEV}/7"})
    assert team.done({REQUEST: asking("7")}).reason is ReasonCode.APPLIED
    assert team.champion() == "10"


def test_a_copy_whose_files_change_while_it_is_made_is_not_promoted(team: Across) -> None:
    team.ask({REQUEST: asking("7")})
    target = team.registry

    class Exchanging:
        """Another hand writes to the artifact store right after the copy."""

        def __getattr__(self, name: str) -> object:
            return getattr(target, name)

        def copy(self, source: ModelVersion, model: str) -> str:
            number = target.copy(source, model)
            team.made_of(target.model_version(model, number), "evil")
            return number

    report = apply(team.apply_world(registry=Exchanging), branch="main")
    assert (report.reason, team.champion()) == (ReasonCode.ARTIFACTS_CHANGED, "6")


def test_of_two_runs_that_copy_at_once_both_take_the_older_copy(team: Across) -> None:
    team.ask({REQUEST: asking("7")})
    target = team.registry

    class Beaten:
        """Another run copies between our look and our copy."""

        def __getattr__(self, name: str) -> object:
            return getattr(target, name)

        def copy(self, source: ModelVersion, model: str) -> str:
            target.copy(source, model)
            return target.copy(source, model)

    report = apply(team.apply_world(registry=Beaten), branch="main")
    assert (report.reason, team.champion()) == (ReasonCode.APPLIED, "8")
    assert "version `9` is a copy of `dev.churn/7` too" in notes(report)


# --- what came before ----------------------------------------------------------------------------


def test_going_back_finds_the_earlier_copy_also_when_its_source_is_gone(team: Across) -> None:
    team.done({REQUEST: asking("7")}, 12)
    team.done({REQUEST: asking("8")}, 13)
    assert team.champion() == "9"
    team.registry.delete_version(DEV, "7")
    report = team.tried({REQUEST: asking("7")}, 14)
    assert report.reason is ReasonCode.ROLLBACK_VALIDATED
    assert "its copy, version `8`, is judged instead" in notes(report)
    assert team.done({REQUEST: asking("7")}, 15).reason is ReasonCode.APPLIED
    assert (team.champion(), len(team.copied())) == ("8", 2)


def test_a_copy_whose_source_is_gone_and_that_never_held_the_alias_is_not_taken(team: Across) -> None:
    team.copy("7")
    team.registry.delete_version(DEV, "7")
    report = team.tried({REQUEST: asking("7")})
    assert report.reason is ReasonCode.VERSION_NOT_FOUND
    assert "by its number" in str(report.requests[0].hint)


def test_a_copy_that_holds_its_alias_stays_in_place_when_its_source_is_gone(team: Across) -> None:
    team.done({REQUEST: asking("7")})
    team.registry.delete_version(DEV, "7")
    assert (team.applied().reason, team.champion()) == (ReasonCode.ALREADY_APPLIED, "8")
    again = asking("7").replace(b"better", b"better in other words")
    assert team.tried({REQUEST: again}, 13).reason is ReasonCode.ALREADY_APPLIED


def test_a_source_that_cannot_be_read_is_not_taken_for_one_that_is_gone(team: Across) -> None:
    team.copy("7")
    team.propose(12, {REQUEST: asking("7")})
    registry, calls = observed(team.registry)
    # Its copy is read first.
    calls.fail("model_version", OUTAGE, nth=2)
    report = validate(team.validate_world(registry=lambda: registry), team.change())
    assert calls.asked("model_version")[:2] == ["churn", DEV]
    assert report.reason is ReasonCode.REGISTRY_UNAVAILABLE


def test_a_plain_number_follows_a_copy_and_the_other_way_round(team: Across) -> None:
    assert team.done({REQUEST: asking("7")}, 12).reason is ReasonCode.APPLIED
    team.version("9", 0.96)
    assert team.done({REQUEST: request("9")}, 13).reason is ReasonCode.APPLIED
    back = team.done({REQUEST: request("8")}, 14)
    assert (back.reason, back.requests[0].step) == (ReasonCode.APPLIED, Step.ROLLBACK)
    assert team.champion() == "8"


def test_an_alias_moved_by_hand_after_it_is_a_conflict(team: Across) -> None:
    team.done({REQUEST: asking("7")})
    team.registry.set_alias("churn", "champion", version="7")
    assert team.applied().reason is ReasonCode.CONFLICT


# --- the words of a request ----------------------------------------------------------------------


def reworded(version: str, words: bytes = b"better, see JIRA-1") -> bytes:
    return asking(version).replace(b"better", words)


@pytest.mark.parametrize("second", [reworded("7"), request("8")])
def test_a_record_outlives_new_words_for_the_same_copy(team: Across, second: bytes) -> None:
    team.done({REQUEST: asking("7")}, 12)
    before = dict(team.registry.model_version("churn", "8").tags)
    assert team.done({REQUEST: second}, 13).reason is ReasonCode.ALREADY_APPLIED
    after = team.registry.model_version("churn", "8").tags
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    assert changed == {
        "promoter_applied_champion": "13 6",
        "promoter_pull_request": "13",
        "promoter_commit": team.main,
    }
    team.registry.set_alias("churn", "champion", version="6")
    healed = apply(team.apply_world(outside=MovedOutside.PUT_BACK), branch="main")
    assert (healed.reason, team.champion()) == (ReasonCode.APPLIED, "8")


def test_new_words_leave_the_tag_of_an_override(team: Across) -> None:
    rule = "    mode: enforce\n    sources: ['dev.*']\n    override: {checks: [metrics]}"
    team.push({POLICY: policy("    mode: enforce", rule)})
    team.trained("9", 0.70)
    override = b"override:\n  checks: [metrics]\n  reason: a segment we leave\n  expires: 2026-03-10\n"
    team.done({REQUEST: asking("9") + override}, 12)
    told = team.registry.model_version("churn", "8").tags["promoter_override"]
    assert told.startswith("metrics until 2026-03-10")
    assert team.done({REQUEST: reworded("9") + override}, 13).reason is ReasonCode.ALREADY_APPLIED
    assert team.registry.model_version("churn", "8").tags["promoter_override"] == told


def test_going_back_is_a_rollback_after_new_words_too(team: Across) -> None:
    for number, file in enumerate((asking("7"), reworded("7"), asking("8"), reworded("8")), 12):
        team.done({REQUEST: file}, number)
    assert team.champion() == "9"
    assert team.tried({REQUEST: asking("7")}, 16).reason is ReasonCode.ROLLBACK_VALIDATED


def test_a_copy_found_in_place_again_keeps_what_it_is_a_copy_of(team: Across) -> None:
    team.done({REQUEST: asking("7")}, 12)
    team.done({REQUEST: asking("8")}, 13)
    team.registry.set_alias("churn", "champion", version="8")
    team.done({REQUEST: asking("7")}, 14)
    tags = team.registry.model_version("churn", "8").tags
    assert (tags["promoter_applied_champion"], tags["promoter_verdict"]) == ("14 found", "")
    assert tags["promoter_copied_from"] == f"{DEV}/7"


def test_drift_knows_a_copy_that_was_applied_by_its_old_words(team: Across) -> None:
    team.done({REQUEST: asking("7")}, 12)
    team.registry.set_alias("churn", "champion", version="6")
    team.ask({REQUEST: reworded("7")}, 13)
    assert [one.kind for one in team.drifted().findings] == [DriftKind.MOVED]


# --- drift ---------------------------------------------------------------------------------------


def test_drift_agrees_with_a_copy_that_holds_the_alias(team: Across) -> None:
    team.done({REQUEST: asking("7")})
    found = team.drifted()
    assert (found.reason, found.findings) == (ReasonCode.IN_SYNC, ())


def test_drift_knows_a_copy_that_was_never_made_and_one_that_was_moved_away(team: Across) -> None:
    team.ask({REQUEST: asking("7")})
    (never,) = team.drifted().findings
    assert (never.kind, never.request and never.request.version) == (DriftKind.NEVER_APPLIED, f"{DEV}/7")
    team.applied()
    team.registry.set_alias("churn", "champion", version="6")
    (moved,) = team.drifted().findings
    assert (moved.kind, moved.request and moved.request.version) == (DriftKind.MOVED, "8")


def test_drift_misses_a_source_that_was_never_copied_and_is_gone(team: Across) -> None:
    team.ask({REQUEST: asking("7")})
    team.registry.delete_version(DEV, "7")
    (found,) = team.drifted().findings
    assert found.kind is DriftKind.VERSION_MISSING


def test_drift_leaves_alone_what_the_policy_no_longer_lets_be_copied(team: Across) -> None:
    team.done({REQUEST: asking("7")})
    team.push({POLICY: policy()})
    assert team.drifted().findings == ()


# --- the list ------------------------------------------------------------------------------------


def test_versions_are_listed_once_and_only_where_a_source_is_named(team: Across) -> None:
    team.registry.fail("versions", OUTAGE, times=9)
    copies = Copies(team.registry, "churn")
    assert [copies.number(version, live="6") for version in ("6", "7")] == ["6", "7"]
    with pytest.raises(PromoterError):
        copies.number(f"{DEV}/7", live="6")


def test_a_source_is_told_from_a_number() -> None:
    assert SourceVersion.of("7") is None
    assert SourceVersion.of("dev ml.churn/7") == SourceVersion(model="dev ml.churn", version="7")
    assert SourceVersion(model=DEV, version="7").address == "models:/dev.churn/7"
