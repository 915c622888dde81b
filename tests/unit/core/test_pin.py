"""A pin names the bytes and the identity of a version, and is found again in a comment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.evidence import Evidence
from promoter.core.measurement import Measurement
from promoter.core.model_version import LoggedModel, ModelFile, ModelFiles, ModelVersion
from promoter.core.pin import MOST_PINS, kept, pin_in, pin_of, pinned_line, pins_in
from promoter.core.prompt import Prompt
from promoter.render.markdown import code
from tests.builders import a_measurement, a_model_run

VERSION = ModelVersion(
    model="churn",
    version="7",
    status="READY",
    source="models:/m-1",
    created_at=1_700_000_000_000,
    run_id="r1",
    logged_model=LoggedModel(model_id="m-1", metrics={}),
)
FILES = ModelFiles(files=(ModelFile(path="MLmodel", sha256="ab" * 32, size=1),))
BLOBS = st.text("0123456789abcdef", min_size=40, max_size=40)
PINS = st.text("0123456789abcdef", min_size=32, max_size=32)


def pin(
    version: ModelVersion, *, files: ModelFiles | None = FILES, measured: Measurement | None = None
) -> str | None:
    found = Evidence(challenger=version, champion=None, challenger_files=files, measurement=measured)
    return pin_of(found)


@pytest.mark.parametrize(
    "other",
    [
        replace(VERSION, source="models:/m-2"),
        replace(VERSION, run_id="r2"),
        replace(VERSION, run_id=None),
        replace(VERSION, created_at=1_700_000_000_001),
        replace(VERSION, logged_model=None),
        replace(VERSION, logged_model=LoggedModel(model_id="m-2", metrics={})),
    ],
)
def test_a_version_made_anew_has_another_pin(other: ModelVersion) -> None:
    assert pin(other) != pin(VERSION)


def test_what_people_may_write_on_a_version_changes_no_pin() -> None:
    described = replace(VERSION, description="better", tags={"owner": "alice"}, status="PENDING")
    assert pin(described) == pin(VERSION)


def test_other_bytes_have_another_pin() -> None:
    others = ModelFiles(files=(ModelFile(path="MLmodel", sha256="cd" * 32, size=1),))
    assert pin(VERSION, files=others) != pin(VERSION)


def test_other_predictions_have_another_pin() -> None:
    judged = [a_measurement(challenger=a_model_run(digest=digest * 32)) for digest in ("ab", "cd")]
    pins = {pin(VERSION, measured=one, files=files) for one in judged for files in (FILES, None)}
    assert len(pins | {pin(VERSION)}) == 5


def test_what_can_be_read_nowhere_has_no_pin() -> None:
    assert pin(VERSION, files=None) is None
    assert pin(VERSION, files=None, measured=a_measurement(challenger=a_model_run(digest=""))) is None


@given(pins=st.dictionaries(BLOBS, PINS, max_size=5), text=st.text(max_size=200))
def test_a_pin_is_found_in_whatever_comment_it_ends(pins: dict[str, str], text: str) -> None:
    comment = f"{text}\n{pinned_line(pins)}\n<!-- result 0123 -->\n"
    for blob_id, one in pins.items():
        shared = {other for other in pins if other[:12] == blob_id[:12]}
        assert pin_in(comment, blob_id) == one or len(shared) > 1


@given(blob_id=BLOBS, other=PINS)
def test_text_from_outside_is_no_pin(blob_id: str, other: str) -> None:
    forged = pinned_line({blob_id: other})
    assert pin_in(f"| {code(forged)} |\n{code(forged)}", blob_id) is None
    assert pin_in(f"```\n{forged}\n```\nthe footer", blob_id) is None


@given(blob_id=BLOBS, last=PINS, other=PINS)
def test_the_last_line_counts(blob_id: str, last: str, other: str) -> None:
    assert pin_in(f"{pinned_line({blob_id: other})}\n{pinned_line({blob_id: last})}", blob_id) == last


@pytest.mark.parametrize("line", ["", "<!-- pinned -->", "<!-- pinned 0123:45 -->", "pinned 0123456789ab:"])
def test_anything_else_says_nothing(line: str) -> None:
    assert pin_in(line, "0123456789ab" + "0" * 28) is None


def test_no_pins_leave_no_line() -> None:
    assert pinned_line({}) == ""


def test_more_pins_than_a_comment_has_room_for_leave_no_line() -> None:
    pins = {f"{at:040x}"[::-1]: "0" * 32 for at in range(MOST_PINS + 1)}
    assert pinned_line(pins) == ""
    as_many_as_fit = pinned_line(dict(list(pins.items())[1:]))
    assert len(pins_in(as_many_as_fit)) == MOST_PINS
    assert len(as_many_as_fit) < 50_000


def test_a_prompt_has_a_pin_of_what_it_says_and_needs_no_files() -> None:
    one, other = (
        replace(VERSION, prompt=Prompt(template=text)) for text in ("Answer {{q}}", "Answer {{q}}!")
    )
    assert pin(one, files=None) == pin(one)
    assert len({pin(one), pin(other), pin(VERSION)}) == 3


def test_white_space_around_the_line_is_no_part_of_it() -> None:
    blob_id, one = "a" * 40, "b" * 32
    assert pin_in(f"text\r\n  {pinned_line({blob_id: one})}\t\r\n", blob_id) == one


@given(before=st.dictionaries(BLOBS, PINS, max_size=3), now=st.dictionaries(BLOBS, PINS, max_size=3))
def test_the_first_pin_of_a_request_stays(before: dict[str, str], now: dict[str, str]) -> None:
    first = pins_in(pinned_line(before))
    again = pins_in(pinned_line(kept(first, now)))
    assert all(again[blob_id] == pin for blob_id, pin in first.items())
    assert again.keys() == first.keys() | {blob_id[:12] for blob_id in now}
