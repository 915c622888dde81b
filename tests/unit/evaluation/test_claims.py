"""Numbers of users that two sandboxes want at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, repeat
from pathlib import Path

import pytest

from promoter.evaluation.sandbox import claims, identity
from promoter.evaluation.sandbox.claims import Claim, claim_user

SOURCE = str(Path(claims.__file__).parents[3])
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give users away")
# Beyond those that are given away, so that no sandbox of another test has them.
FREE = identity.LOWEST - 1_000


@contextmanager
def claimed(first: int) -> Iterator[Claim]:
    """The first free user from that number on."""
    claim = claim_user(count(first))
    try:
        yield claim
    finally:
        claim.close()


@needs_root
def test_one_that_another_sandbox_has_is_not_given_twice() -> None:
    with claimed(FREE) as one, claimed(FREE) as two, claimed(FREE) as three:
        assert [one.user, two.user, three.user] == [FREE, FREE + 1, FREE + 2]
    with claimed(FREE) as again:
        assert again.user == FREE, "given back"


@needs_root
def test_of_many_at_once_no_two_have_the_same() -> None:
    """All try the same numbers in the same order."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        found = list(pool.map(lambda _: claim_user(count(FREE + 100)), range(48)))
    for claim in found:
        claim.close()
    assert sorted(claim.user or 0 for claim in found) == list(range(FREE + 100, FREE + 148))


@needs_root
def test_another_run_on_the_machine_is_seen_and_its_end_too() -> None:
    code = (
        f"import sys; sys.path.append({SOURCE!r}); from promoter.evaluation.sandbox import claims; "
        f"print(claims.claim_user([{FREE + 200}]).user, flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-I", "-S", "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert int(other.stdout.readline()) == FREE + 200
        with claimed(FREE + 200) as ours:
            assert ours.user == FREE + 201
        other.kill()
    with claimed(FREE + 200) as ours:
        assert ours.user == FREE + 200, "however it ended"


@needs_root
def test_a_claim_lasts_as_long_as_anybody_who_was_handed_it() -> None:
    claim = claim_user(count(FREE + 300))
    assert claim.held is not None
    with subprocess.Popen(["/bin/sleep", "600"], pass_fds=[claim.held]) as around:
        claim.close()
        with claimed(FREE + 300) as other:
            assert other.user == FREE + 301
        around.kill()


@needs_root
def test_a_user_that_something_runs_as_is_not_free() -> None:
    with subprocess.Popen(["/bin/sleep", "600"], user=FREE + 400) as left:
        with claimed(FREE + 400) as ours:
            assert ours.user == FREE + 401
        left.kill()


@needs_root
def test_when_all_are_taken_that_is_an_error_and_no_descriptor_stays_open() -> None:
    with claimed(FREE + 500):
        before = sorted(Path("/proc/self/fd").iterdir())
        with pytest.raises(OSError, match="no user is free"):
            claim_user(repeat(FREE + 500))
        assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_who_cannot_give_a_user_away_has_none() -> None:
    if os.geteuid() != 0:
        assert claim_user() == Claim()
    Claim().close()
