from __future__ import annotations

from itertools import chain, product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.core.approval import Refusal, approvals, authors, latest_opinions, pushers, weigh
from promoter.core.pull_request import BranchMove, Contributor, Permission, Review, ReviewState
from tests.builders import BLOB_ID, HEAD_COMMIT, a_contributor, a_pull_request, a_review, a_standing

EARLIER_COMMIT = "e" * 40
OTHER_BLOB = "2" * 40
PEOPLE = ("bob", "carl", "dora", "eve")
STATES = {
    "A": ReviewState.APPROVED,
    "R": ReviewState.CHANGES_REQUESTED,
    "C": ReviewState.COMMENTED,
    "D": ReviewState.DISMISSED,
    "P": ReviewState.PENDING,
}


def history(letters: str, reviewer: str = "bob") -> list[Review]:
    """A review history, oldest first: `AC` approved, then commented."""
    return [a_review(reviewer=reviewer, state=STATES[letter]) for letter in letters]


# --- the opinion that stands ---------------------------------------------------------------------

APPROVING = "A AC AP CA PA RA DA AA ACC CAC RCA RAC DAC ADA ARA RDA DRA CRA RCAC PAP CCA AAC ADRA"
NOT_APPROVING = "C P R D AR AD CC RC CR DC ARC ADC RAR RAD ACR ACD AAR AAD DAD CARC PRP RACD ADCC"


@pytest.mark.parametrize("letters", APPROVING.split())
def test_an_approval_stands_until_it_is_replaced(letters: str) -> None:
    assert [review.reviewer for review in approvals(history(letters))] == ["bob"]


@pytest.mark.parametrize("letters", ["", *NOT_APPROVING.split()])
def test_a_withdrawn_or_missing_approval_does_not_count(letters: str) -> None:
    assert approvals(history(letters)) == ()


@pytest.mark.parametrize("length", range(6))
def test_every_sequence_ends_with_its_last_opinion(length: int) -> None:
    for letters in map("".join, product(STATES, repeat=length)):
        opinions = letters.replace("C", "").replace("P", "")
        assert bool(approvals(history(letters))) == opinions.endswith("A"), letters


@pytest.mark.parametrize("comments", [28, 29, 30, 31, 98, 99, 100, 101])
@pytest.mark.parametrize("last", ["", "R", "D"])
def test_a_long_history_is_read_to_its_end(comments: int, last: str) -> None:
    assert bool(approvals(history("A" + "C" * comments + last))) == (last == "")


def test_the_approval_that_stands_is_the_latest_one() -> None:
    again = [a_review(commit_id=EARLIER_COMMIT), a_review(commit_id=HEAD_COMMIT)]
    assert approvals(again) == (a_review(commit_id=HEAD_COMMIT),)


def test_a_comment_on_a_later_commit_does_not_renew_an_approval() -> None:
    reviews = [a_review(commit_id=EARLIER_COMMIT), a_review(state=ReviewState.COMMENTED)]
    assert approvals(reviews) == (a_review(commit_id=EARLIER_COMMIT),)


def test_a_login_is_one_person_in_any_case() -> None:
    assert approvals([*history("A", "Bob"), *history("R", "bob")]) == ()


def test_people_have_their_own_opinions_in_the_order_of_logins() -> None:
    reviews = [*history("A", "dora"), *history("A", "Carl"), *history("R", "bob")]
    assert [review.reviewer for review in approvals(reviews)] == ["Carl", "dora"]
    assert list(latest_opinions(reviews)) == ["dora", "carl", "bob"]


_opinions = st.text(alphabet="ARCDP", max_size=5)


@settings(deadline=None)
@given(
    _opinions,
    st.lists(st.tuples(st.sampled_from(PEOPLE[1:]), st.sampled_from("ARCDP"))),
    st.randoms(),
)
def test_other_reviewers_change_nothing_in_any_order(
    letters: str, others: list[tuple[str, str]], random: Random
) -> None:
    bobs = history(letters)
    everybody = [*bobs, *chain.from_iterable(history(letter, login) for login, letter in others)]
    places = sorted(random.sample(range(len(everybody)), len(bobs)))
    rest = [review for review in everybody if review.reviewer != "bob"]
    random.shuffle(rest)
    for place, review in zip(places, bobs, strict=True):
        rest.insert(place, review)
    assert latest_opinions(rest).get("bob") == latest_opinions(bobs).get("bob")


# --- whose approval counts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "refusal"),
    [
        (Permission.ADMIN, None),
        (Permission.WRITE, None),
        (Permission.READ, Refusal.NO_WRITE_ACCESS),
        (Permission.NONE, Refusal.NO_WRITE_ACCESS),
    ],
)
@pytest.mark.parametrize(
    ("listed", "is_listed"),
    [(None, True), (frozenset({"bob"}), True), (frozenset({"carl"}), False), (frozenset(), False)],
)
def test_only_people_with_write_access_that_the_list_admits(
    permission: Permission, refusal: Refusal | None, listed: frozenset[str] | None, is_listed: bool
) -> None:
    expected = refusal or (None if is_listed else Refusal.NOT_LISTED)
    state = weigh(a_standing(permissions={"bob": permission}, listed=listed), [a_review()])
    assert state.counted == (() if expected else ("bob",))
    assert state.refused == ((("bob", expected),) if expected else ())
    assert state.is_enough == (expected is None)


def test_a_permission_that_nobody_asked_for_is_none() -> None:
    assert weigh(a_standing(permissions={}), [a_review()]).refused == (("bob", Refusal.NO_WRITE_ACCESS),)


@pytest.mark.parametrize(
    ("blob_at", "refused"),
    [
        ({EARLIER_COMMIT: BLOB_ID}, ()),
        ({EARLIER_COMMIT: OTHER_BLOB}, (("bob", Refusal.STALE),)),
        ({EARLIER_COMMIT: None}, (("bob", Refusal.STALE),)),
        ({HEAD_COMMIT: BLOB_ID}, (("bob", Refusal.STALE),)),
    ],
)
def test_an_approval_is_for_the_content_it_looked_at(
    blob_at: dict[str, str | None], refused: tuple[tuple[str, Refusal], ...]
) -> None:
    state = weigh(a_standing(blob_at=blob_at), [a_review(commit_id=EARLIER_COMMIT)])
    assert state.refused == refused


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"authors": frozenset({"bob"})}, Refusal.AUTHOR),
        ({"permissions": {"bob": Permission.READ}}, Refusal.NO_WRITE_ACCESS),
        ({"listed": frozenset({"carl"})}, Refusal.NOT_LISTED),
        ({}, Refusal.STALE),
    ],
)
def test_only_somebody_whose_approval_can_count_is_told_that_it_is_stale(
    changes: dict[str, Any], refusal: Refusal
) -> None:
    standing = a_standing(blob_at={HEAD_COMMIT: OTHER_BLOB}, **changes)
    assert weigh(standing, [a_review()]).refused == (("bob", refusal),)


@pytest.mark.parametrize(
    ("needed", "logins", "enough"),
    [
        (0, "", True),
        (1, "", False),
        (1, "bob", True),
        (2, "bob", False),
        (2, "bob carl", True),
        (1, "bob carl", True),
    ],
)
def test_as_many_as_the_policy_asks_for(needed: int, logins: str, enough: bool) -> None:
    permissions = dict.fromkeys(("bob", "carl"), Permission.WRITE)
    given_ = [a_review(reviewer=login) for login in logins.split()]
    assert weigh(a_standing(needed=needed, permissions=permissions), given_).is_enough is enough


def test_names_are_shown_as_they_were_given_and_compared_in_any_case() -> None:
    standing = a_standing(listed=frozenset({"bob"}))
    assert weigh(standing, [a_review(reviewer="Bob")]).counted == ("Bob",)
    assert weigh(standing, [a_review(reviewer="ALICE")]).refused == (("ALICE", Refusal.AUTHOR),)


# --- who had a hand in the change ----------------------------------------------------------------

CONTRIBUTORS = {
    "nobody else": [],
    "committer": [a_contributor(login="Bob", email="bob@acme.example")],
    "co-author by address": [a_contributor(login=None, email="12345+bob@users.noreply.github.com")],
    "co-author by old address": [a_contributor(login=None, email=" Bob@Users.NoReply.GitHub.com ")],
    "co-author on a server": [a_contributor(login=None, email="7+bob@users.noreply.ghe.acme.example")],
    "spoofed address beside a login": [a_contributor(login="eve", email="1+bob@users.noreply.github.com")],
    "another login": [a_contributor(login="bobby", email="1+bobby@users.noreply.github.com")],
    "an address of one's own": [a_contributor(login=None, email="bob@acme.example")],
    "no address": [a_contributor(login=None, email="")],
    "a host that only looks alike": [a_contributor(login=None, email="1+bob@users-noreply.github.com")],
}
TOOK_PART = {
    "committer",
    "co-author by address",
    "co-author by old address",
    "co-author on a server",
    "spoofed address beside a login",
}


@pytest.mark.parametrize("who", CONTRIBUTORS)
@pytest.mark.parametrize("author", ["alice", "BOB"])
@pytest.mark.parametrize("is_person", [True, False])
def test_whoever_wrote_part_of_it_or_is_no_person_does_not_count(
    who: str, author: str, is_person: bool
) -> None:
    people = authors(a_pull_request(author=author), CONTRIBUTORS[who])
    state = weigh(a_standing(authors=people), [a_review(is_person=is_person)])
    took_part = author == "BOB" or who in TOOK_PART
    expected = Refusal.NOT_A_PERSON if not is_person else Refusal.AUTHOR if took_part else None
    assert state.refused == ((("bob", expected),) if expected else ())


def test_authors_are_in_lower_case() -> None:
    people = [Contributor(login="Carl", email="1+Dora@users.noreply.github.com")]
    assert authors(a_pull_request(author="Alice"), people) == {"alice", "carl", "dora"}


@settings(deadline=None)
@given(
    st.sets(st.sampled_from(PEOPLE)),
    st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(Permission)),
    st.none() | st.frozensets(st.sampled_from(PEOPLE)),
    st.frozensets(st.sampled_from(PEOPLE)),
)
def test_each_approval_counts_or_is_refused_with_a_reason(
    logins: set[str],
    permissions: dict[str, Permission],
    listed: frozenset[str] | None,
    wrote: frozenset[str],
) -> None:
    standing = a_standing(permissions=permissions, listed=listed, authors=wrote)
    given_ = [a_review(reviewer=login) for login in sorted(logins)]
    state = weigh(standing, given_)
    assert sorted([*state.counted, *(login for login, _ in state.refused)]) == sorted(logins)
    assert not set(state.counted) & wrote
    # One person at a time or all together: nobody's approval depends on another's.
    assert list(state.counted) == [login for review in given_ for login in weigh(standing, [review]).counted]


# --- who pushed -----------------------------------------------------------------------------------

BASE, FIRST, SECOND, HEAD, GONE, AFTER, NOTHING = (*(letter * 40 for letter in "b12ac9"), "0" * 40)
OWN = frozenset({FIRST, SECOND, HEAD})


def move(actor: str | None, before: str, after: str, how: str = "") -> BranchMove:
    return BranchMove(actor=actor, before=before, after=after, is_forced=how == "forced")


PUSHED: dict[str, tuple[list[BranchMove], set[str] | None]] = {
    "one push": ([move("Bob", NOTHING, HEAD)], {"bob"}),
    "several people": ([move("carl", FIRST, HEAD), move("bob", NOTHING, FIRST)], {"bob", "carl"}),
    "a branch from the base": ([move("bob", BASE, HEAD), move("eve", NOTHING, BASE)], {"bob"}),
    "a long-lived branch": (
        [move("bob", BASE, HEAD), move("eve", GONE, BASE), move("carl", NOTHING, GONE)],
        {"bob"},
    ),
    "what a forced push replaced": (
        [move("carl", GONE, HEAD, "forced"), move("bob", NOTHING, GONE)],
        {"bob", "carl"},
    ),
    "what was replaced in several pushes": (
        [move("carl", GONE, HEAD, "forced"), move("bob", AFTER, GONE), move("eve", NOTHING, AFTER)],
        {"bob", "carl", "eve"},
    ),
    "after the merge": (
        [move("eve", NOTHING, AFTER), move("alice", HEAD, NOTHING), move("bob", NOTHING, HEAD)],
        {"bob"},
    ),
    "deleted and restored": (
        [move("carl", NOTHING, HEAD), move("carl", HEAD, NOTHING), move("bob", NOTHING, HEAD)],
        {"bob", "carl"},
    ),
    "another branch of that name before": (
        [move("bob", NOTHING, HEAD), move("eve", GONE, NOTHING), move("eve", NOTHING, GONE)],
        {"bob"},
    ),
    "nothing is told": ([], set()),
    "the last push is not listed yet": ([move("bob", NOTHING, FIRST)], {"bob"}),
    "a branch made anew by force, in place of one that was deleted": (
        [move("bob", NOTHING, HEAD, "forced"), move("eve", GONE, NOTHING)],
        {"bob"},
    ),
    "nobody is named": ([move(None, FIRST, HEAD), move("bob", NOTHING, FIRST)], {"bob"}),
}


@pytest.mark.parametrize(("moves", "expected"), PUSHED.values(), ids=PUSHED.keys())
def test_whoever_put_commits_of_it_onto_the_branch_pushed_it(
    moves: list[BranchMove], expected: set[str]
) -> None:
    found = pushers(moves, head=HEAD, commits=OWN)
    assert found.logins == expected
    by_head = [one.actor for one in moves if one.after == HEAD]
    assert (found.last is None) == (by_head in ([], [None]))


def test_whoever_pushed_the_head_is_known_though_the_list_of_commits_ends_before_it() -> None:
    found = pushers([move("Bob", FIRST, HEAD)], head=HEAD, commits=())
    assert (found.logins, found.last) == (frozenset({"bob"}), "bob")


COMMITS = st.sampled_from([BASE, FIRST, SECOND, HEAD, GONE, AFTER, NOTHING])


@given(
    st.lists(
        st.builds(
            BranchMove, actor=st.sampled_from(PEOPLE), before=COMMITS, after=COMMITS, is_forced=st.booleans()
        )
    )
)
def test_no_move_hides_who_pushed_a_commit_of_it(moves: list[BranchMove]) -> None:
    found = pushers([*moves, move("mallory", BASE, HEAD)], head=HEAD, commits=OWN)
    assert found.logins >= {"mallory", *(one.actor for one in moves if one.after in OWN)}


def test_somebody_who_pushed_it_is_told_so() -> None:
    state = weigh(a_standing(pushers=frozenset({"bob"})), [a_review()])
    assert (state.counted, state.refused) == ((), (("bob", Refusal.PUSHER),))
