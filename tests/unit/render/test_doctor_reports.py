"""A diagnosis in every channel; what others wrote is text in all of them."""

from __future__ import annotations

import json

import pytest

from promoter.commands.doctor_telling import tell_diagnosis
from promoter.core.doctor import Diagnosis, Finding, found
from promoter.core.doctor_catalog import NOT_LOOKED_AT, RULES
from promoter.errors import ExitCode, ReasonCode
from promoter.render.doctor_json import doctor_json, doctor_result
from promoter.render.doctor_summary import doctor_annotations, doctor_summary
from promoter.render.doctor_terminal import doctor_terminal
from promoter.render.terminal import Style
from promoter.text import quote, say
from tests.fakes.runner import RecordingRunner
from tests.oracles import runner_commands
from tests.unit.render.structure import markdown_shape

BY_ID = {rule.id: rule for rule in RULES}
UNPINNED = Finding(
    rule=BY_ID["action_unpinned"], found=found(quote("o/promoter@v1"), " is no commit", path="w.yml", line=7)
)
OPEN = Finding(rule=BY_ID["environment_open"], found=found("every branch may use it", path="a.yml", line=3))
HOSTILE = "x\n::error::gone\n##[group]\n<script>[a](http://evil)`@all"


def diagnosis(*findings: Finding, reason: ReasonCode = ReasonCode.SETUP_UNSAFE) -> Diagnosis:
    return Diagnosis(
        reason=reason,
        message=say("1 thing(s) have to be set right"),
        findings=findings,
        rules=len(RULES),
        commit="a" * 40,
        tool_version="1.2.3",
    )


def test_a_terminal_shows_each_rule_once_with_all_it_found() -> None:
    text = doctor_terminal(diagnosis(OPEN, UNPINNED, UNPINNED), style=Style.PLAIN)
    rule = UNPINNED.rule
    assert text == (
        "✗ 1 thing(s) have to be set right (1 error, 2 warnings)\n\n"
        f"✗ error: environment_open\n  a.yml:3: every branch may use it\n  Why: {OPEN.rule.why}\n"
        f"  Fix: {OPEN.rule.fix}\n\n"
        "? warning: action_unpinned\n  w.yml:7: `o/promoter@v1` is no commit\n"
        f"  w.yml:7: `o/promoter@v1` is no commit\n  Why: {rule.why}\n  Fix: {rule.fix}\n    {rule.paste}\n\n"
        f"{len(RULES)} rules · looked at aaaaaaaaaaaa · Promoter 1.2.3\n"
    )


def test_many_places_are_counted() -> None:
    text = doctor_terminal(diagnosis(*[UNPINNED] * 25), style=Style.COLOUR)
    assert "… and 5 more" in text
    assert "\x1b[33m" in text


def test_nothing_found() -> None:
    sound = Diagnosis(reason=ReasonCode.SETUP_SOUND, message=say("nothing was found"), rules=3)
    assert doctor_terminal(sound, style=Style.PLAIN).startswith("✓ Nothing was found (3 rules)\n")
    assert doctor_summary(sound).startswith("### ✅ Nothing was found")
    assert doctor_annotations(sound) == ()
    assert json.loads(doctor_json(sound))["decision"] == "none"


def test_the_summary_has_what_to_paste() -> None:
    text = doctor_summary(diagnosis(UNPINNED))
    assert "**⚠️ warning: `action_unpinned`**" in text
    assert "- `w.yml`, line 7: `o/promoter@v1` is no commit" in text
    assert f"```yaml\n{UNPINNED.rule.paste}\n```" in text


def test_annotations_are_on_the_lines() -> None:
    printed = "\n".join(doctor_annotations(diagnosis(OPEN, UNPINNED)))
    found_lines = [
        (one.name, one.properties["file"], one.properties["line"]) for one in runner_commands(printed)
    ]
    assert found_lines == [("error", "a.yml", "3"), ("warning", "w.yml", "7")]


def test_an_outage_is_annotated() -> None:
    lines = doctor_annotations(diagnosis(reason=ReasonCode.GITHUB_UNAVAILABLE))
    assert len(lines) == 1
    assert "Doctor" in lines[0]


def test_json_has_everything() -> None:
    document = json.loads(doctor_json(diagnosis(OPEN, UNPINNED)))
    assert (document["schema_version"], document["phase"], document["decision"]) == (1, "doctor", "reject")
    assert [one["rule"] for one in document["findings"]] == ["environment_open", "action_unpinned"]
    assert document["findings"][1] == {
        "rule": "action_unpinned",
        "severity": "warning",
        "message": "`o/promoter@v1` is no commit",
        "path": "w.yml",
        "line": 7,
        "why": UNPINNED.rule.why,
        "fix": UNPINNED.rule.fix,
        "paste": UNPINNED.rule.paste,
    }


def test_the_output_stays_small_and_says_what_is_missing() -> None:
    many = diagnosis(*[UNPINNED] * 2_000)
    result = doctor_result(many)
    document = json.loads(result)
    assert len(result) < 300 * 1024
    assert len(document["findings"]) + document["findings_left_out"] == 2_000
    assert document["findings_left_out"] > 0
    assert json.loads(doctor_json(many))["findings_left_out"] == 0


def test_what_others_wrote_is_only_text() -> None:
    finding = Finding(rule=NOT_LOOKED_AT, found=found("it is ", quote(HOSTILE), path=HOSTILE, line=1))
    told = diagnosis(finding)
    assert runner_commands(doctor_terminal(told, style=Style.PLAIN)) == ()
    harmless = diagnosis(Finding(rule=NOT_LOOKED_AT, found=found("it is ", quote("x"), path="x", line=1)))
    assert markdown_shape(doctor_summary(told)) == markdown_shape(doctor_summary(harmless))
    assert all("\n" not in line for line in doctor_annotations(told))
    assert doctor_result(told).isascii()


def test_everything_is_written_into_the_jobs_files() -> None:
    runner = RecordingRunner()
    assert tell_diagnosis(diagnosis(OPEN), runner) is ExitCode.NO
    assert json.loads(runner.files["doctor.json"])["reason_code"] == "setup_unsafe"
    assert (runner.values["report"], runner.values["decision"]) == ("/reports/doctor.json", "reject")
    assert runner.summaries[0].startswith("### ❌")
    assert len(runner.annotated) == 1


@pytest.mark.parametrize("method", ["save", "outputs", "summary"])
def test_what_cannot_be_written_is_logged(method: str) -> None:
    runner = RecordingRunner(unwritable=frozenset({method}))
    assert tell_diagnosis(diagnosis(OPEN), runner) is ExitCode.NO
    assert runner.logged == [f"{method} cannot be written"]
