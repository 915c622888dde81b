"""Who held an alias and when, as git tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from promoter.adapters.local_repository import LocalRepository
from promoter.commands.history import as_of, history
from promoter.core.history import Held
from promoter.errors import PromoterError, ReasonCode
from tests.fakes.team import PLACES, REQUEST, request
from tests.git_clone import GitClone

PATH = "/usr/bin:/bin"


def held(version: str | None, when: str) -> Held:
    return Held(version=version, commit="c" * 40, when=when, author="Ada", subject="s", reason="")


ENTRIES = (
    held("8", "2026-03-01T12:00:00+01:00"),
    held(None, "2026-02-01T00:00:00Z"),
    held("7", "2026-01-10T23:30:00-05:00"),
)


@pytest.mark.parametrize(
    ("date", "version"),
    [
        ("2026-03-02", "8"),
        ("2026-03-01", "8"),
        ("2026-03-01T11:00:00", "8"),
        ("2026-03-01T10:59:59", None),
        ("2026-03-01T12:00:00+01:00", "8"),
        ("2026-02-28", None),
        ("2026-01-31", "7"),
        ("2026-01-11", "7"),
        ("2026-01-11T04:30:00Z", "7"),
    ],
)
def test_what_was_in_force(date: str, version: str | None) -> None:
    found = as_of(ENTRIES, date)
    assert found is not None
    assert found.version == version


@pytest.mark.parametrize("date", ["2026-01-10", "2025-12-31", "0001-01-01"])
def test_before_the_first_there_was_nothing(date: str) -> None:
    assert as_of(ENTRIES, date) is None


@pytest.mark.parametrize(
    "date", ["yesterday", "", "2026-13-01", "01/02/2026", "2026-03-01 12:00", "2026-02-30"]
)
def test_a_date_that_is_none(date: str) -> None:
    with pytest.raises(PromoterError) as refused:
        as_of(ENTRIES, date)
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert "2026-03-01" in str(refused.value.hint)


@pytest.fixture
def clone(tmp_path: Path) -> GitClone:
    return GitClone(tmp_path / "clone")


def told(clone: GitClone, alias: str = "champion", model: str = "churn") -> tuple[Held, ...]:
    repository = LocalRepository(clone.folder, environ={"PATH": PATH})
    return history(repository, PLACES, commit=repository.tip("HEAD"), key=(model, alias))


def test_every_change_of_the_request_newest_first(clone: GitClone) -> None:
    first = clone.commit({REQUEST: request("6").decode()}, "Begin")
    clone.commit({"README.md": "x"}, "Unrelated")
    clone.commit({REQUEST: "broken: [\n"}, "Break it")
    clone.git("rm", "-q", REQUEST)
    clone.commit({}, "Delete it")
    clone.commit({REQUEST: request("7").decode()}, "Promote 7")
    entries = told(clone)
    assert [(one.version, one.subject, one.reason) for one in entries] == [
        ("7", "Promote 7", "better"),
        (None, "Delete it", ""),
        (None, "Break it", "the file could not be read"),
        ("6", "Begin", "better"),
    ]
    assert (entries[-1].commit, entries[-1].author) == (first, "Ada")


def test_what_a_file_asked_of_another_alias_is_not_this_ones_history(clone: GitClone) -> None:
    clone.commit({REQUEST: request("3", model="fraud").decode()}, "Another model")
    clone.commit({REQUEST: request("7").decode()}, "Promote 7")
    assert [one.version for one in told(clone)] == ["7", None]


def test_an_alias_that_nothing_asks_for(clone: GitClone) -> None:
    clone.commit({REQUEST: request("6").decode()}, "Begin")
    with pytest.raises(PromoterError) as refused:
        told(clone, "shadow")
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert "`churn@shadow`" in str(refused.value.message)
    assert "promotions/" in str(refused.value.hint)


def test_requests_that_cannot_be_read(clone: GitClone) -> None:
    clone.commit({REQUEST: "model: x\n"}, "Wrong")
    with pytest.raises(PromoterError) as refused:
        told(clone)
    assert refused.value.reason is ReasonCode.REQUEST_INVALID
