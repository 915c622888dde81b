"""B, H and R: what git held, what it asks for, what is live; and what tags may and may not do to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.commands.versions import Applied, Claim, Entry, Past, applied_tag, three_way
from promoter.core.plan import MovedOutside, Step, ThreeWay, plan_step
from promoter.core.policy import OnMissingChampion
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_model_version, a_request
from tests.fakes.observed import observed
from tests.fakes.registry import InMemoryRegistry

TAG = applied_tag("champion")
VERSIONS = ("5", "6", "7", "8")
PULLS = (0, 5, 6, 7, 8, 9)


def registry_with(tags: Mapping[str, str]) -> InMemoryRegistry:
    """Versions 5 to 8 of churn; `tags` maps a version to the value of its tag."""
    registry = InMemoryRegistry()
    for version in VERSIONS:
        own = {TAG: tags[version]} if version in tags else {}
        registry.add_version(a_model_version(version=version, tags=own))
    return registry


def past_of(*held: str | None) -> tuple[Past, ...]:
    """What git held, newest first; each change is named after its version."""
    return tuple(Past(commit=f"c{version}", version=version) for version in held)


def pulls_of(commit: str) -> tuple[int, ...]:
    """Version 6 was brought by pull request 6 and so on; what no number is in was pushed directly."""
    number = commit.removeprefix("c")
    return (int(number),) if number.isdecimal() else ()


def asked(registry: InMemoryRegistry, claim: Claim, live: str | None) -> ThreeWay:
    challenger = registry.model_version("churn", claim.request.version)
    return three_way(registry, claim, challenger=challenger, live=live)


def seen(*held: str | None, live: str | None, **tags: str) -> ThreeWay:
    """Pull request 8 asks for version 8 after `held`; tags by `v6="6 5"`."""
    registry = registry_with({key[1:]: value for key, value in tags.items()})
    claim = Claim(request=a_request(version="8"), past=past_of(*held), pull=8, pulls_of=pulls_of)
    return asked(registry, claim, live)


def test_the_tag_says_by_which_pull_request_and_from_whom() -> None:
    version = a_model_version(tags={TAG: str(Applied(pull=12, origin="6"))})
    assert Applied.of(version, "champion") == Applied(pull=12, origin="6")
    assert Applied.of(version, "shadow") is None


@pytest.mark.parametrize(
    ("tag", "entry", "origin"),
    [
        ("12 6", Entry.MOVED, "6"),
        ("12 first", Entry.MOVED, ""),
        ("12 found", Entry.FOUND, ""),
        ("12 ", Entry.FOUND, ""),
        ("12", Entry.FOUND, ""),
    ],
)
def test_the_tag_tells_what_apply_moved_from_what_it_found(tag: str, entry: Entry, origin: str) -> None:
    read = Applied.of(a_model_version(tags={TAG: tag}), "champion")
    assert read == Applied(pull=12, origin=origin, entry=entry)
    assert str(read).partition(" ")[::2] == ("12", origin or {"moved": "first"}.get(entry, "found"))


@pytest.mark.parametrize(
    "value", ["", " 6", "x 6", "-1 6", "1.5 6", "1_0 6", "²  6", "1234567890 6", "12\n 6"]
)
def test_a_tag_that_says_something_else_says_nothing(value: str) -> None:
    assert Applied.of(a_model_version(tags={TAG: value}), "champion") is None


@pytest.mark.parametrize(
    ("pull", "pulls", "is_of"),
    [
        (12, (12,), True),
        (12, (11, 12), True),
        (12, (11,), False),
        (12, (), False),
        (0, (), True),
        (0, (11,), False),
        (12, None, True),
        (0, None, True),
    ],
)
def test_a_tag_speaks_of_a_change_of_its_pull_request(
    pull: int, pulls: tuple[int, ...] | None, is_of: bool
) -> None:
    applied = Applied(pull=pull, origin="6")
    assert applied.is_of(Past(commit="c", version="7"), lambda _: pulls) is is_of


@pytest.mark.parametrize(
    ("held", "live", "tags", "before"),
    [
        ((), None, {}, None),
        ((), "6", {}, None),
        (("7",), "7", {}, "7"),
        (("7",), "5", {}, "7"),
        (("7", "6"), "6", {}, "6"),
        (("7", "6", "5"), "5", {}, "5"),
        (("7", "6"), "6", {"v7": "7 6"}, "7"),
        (("7", "6", "5"), "5", {"v6": "6 5"}, "7"),
        (("7", "6"), "6", {"v7": "9 6"}, "6"),
        (("7", None), None, {}, None),
        (("7", None, "6"), "6", {}, "7"),
        ((None, "6"), "6", {}, None),
        (("99", "6"), "6", {}, "6"),
    ],
)
def test_git_had_the_live_version_where_all_since_was_never_applied(
    held: tuple[str | None, ...], live: str | None, tags: dict[str, str], before: str | None
) -> None:
    assert seen(*held, live=live, **tags).before == before


def test_an_outage_is_not_taken_for_a_version_that_is_gone() -> None:
    registry, calls = observed(registry_with({}))
    error = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))
    calls.fail("model_version", error, nth=2)
    with pytest.raises(PromoterError) as raised:
        asked(registry, Claim(request=a_request(version="8"), past=past_of("7", "6")), "6")
    assert raised.value is error


def test_what_was_applied_and_moved_away_since_is_a_conflict() -> None:
    with pytest.raises(PromoterError) as refused:
        seen("7", live="7", v8="8 7")
    assert refused.value.reason is ReasonCode.CONFLICT
    assert "`churn@champion` has been moved to `7` outside git since" in str(refused.value.message)


PUTTING_BACK = Claim(
    request=a_request(version="8"),
    past=past_of("7"),
    pull=8,
    pulls_of=pulls_of,
    outside=MovedOutside.PUT_BACK,
)


@pytest.mark.parametrize(
    ("live", "on_missing", "step"),
    [
        ("7", OnMissingChampion.BLOCK, Step.PROMOTE),
        ("5", OnMissingChampion.BLOCK, Step.PROMOTE),
        (None, OnMissingChampion.BLOCK, Step.MISSING_CHAMPION),
        (None, OnMissingChampion.BOOTSTRAP, Step.FIRST_PROMOTION),
    ],
)
def test_what_is_put_back_is_judged_like_any_promotion(
    live: str | None, on_missing: OnMissingChampion, step: Step
) -> None:
    versions = asked(registry_with({"8": "8 7"}), PUTTING_BACK, live)
    assert (versions.before, versions.proposed, versions.live) == (live, "8", live)
    assert plan_step(versions, on_missing=on_missing) is step


def test_what_is_put_back_is_a_rollback_where_an_earlier_record_proves_that_it_held_the_alias() -> None:
    registry = registry_with({"8": "9 7", "7": "7 8"})
    claim = replace(PUTTING_BACK, past=past_of("7", "8"), pull=9)
    assert plan_step(asked(registry, claim, "7"), on_missing=OnMissingChampion.BLOCK) is Step.ROLLBACK
    forged = registry_with({"8": "9 7"})
    assert plan_step(asked(forged, claim, "7"), on_missing=OnMissingChampion.BLOCK) is Step.PROMOTE


@pytest.mark.parametrize("tag", ["8 found", "8 "])
def test_what_apply_never_moved_is_not_put_back(tag: str) -> None:
    with pytest.raises(PromoterError, match="version `8` was in place, and `churn@champion`") as refused:
        asked(registry_with({"8": tag}), PUTTING_BACK, "7")
    assert refused.value.reason is ReasonCode.CONFLICT


def test_to_put_back_changes_nothing_for_what_was_never_applied() -> None:
    claim = Claim(request=a_request(version="8"), past=past_of("7"), pull=8, pulls_of=pulls_of)
    putting_back = replace(claim, outside=MovedOutside.PUT_BACK)
    for live in ("7", "5", None):
        registry = registry_with({"7": "7 6"})
        assert asked(registry, putting_back, live) == asked(registry, claim, live)


def test_an_alias_that_was_taken_away_went_to_nobody() -> None:
    with pytest.raises(PromoterError, match="moved to `nobody`"):
        seen("7", live=None, v8="8 7")


def test_what_was_applied_and_is_live_is_no_conflict() -> None:
    assert seen("7", live="8", v8="8 7").live == "8"


def test_an_earlier_application_of_the_same_version_is_no_conflict() -> None:
    assert seen("7", live="7", v8="1 6").before == "7"


def test_a_proposal_is_never_what_was_applied() -> None:
    claim = Claim(request=a_request(version="8"), past=past_of("7"))
    assert asked(registry_with({"8": "8 7"}), claim, "7").before == "7"


@pytest.mark.parametrize(
    ("held", "tags", "earlier"),
    [
        (("7", "8"), {}, ()),
        (("7", "8"), {"v8": "8 6"}, ("8",)),
        # promoted again from elsewhere since: that it held the alias stays true
        (("7", "8"), {"v8": "9 6"}, ("8",)),
        (("7", "8"), {"v7": "9 8"}, ()),
        (("7", "8"), {"v7": "7 8"}, ("8",)),
        (("7", "8"), {"v7": "7 6"}, ()),
        (("7", "6"), {"v8": "1 5"}, ()),
        (("8", "7"), {"v8": "1 5"}, ()),
        (("99", None, "8"), {}, ()),
    ],
)
def test_a_rollback_is_to_a_version_that_really_held_the_alias(
    held: tuple[str | None, ...], tags: dict[str, str], earlier: tuple[str, ...]
) -> None:
    registry = registry_with({key[1:]: value for key, value in tags.items()})
    claim = Claim(request=a_request(version="8"), past=past_of(*held), pulls_of=pulls_of)
    assert asked(registry, claim, held[0]).earlier == earlier


# --- whoever can write tags -----------------------------------------------------------------------

_tag_values = st.one_of(
    st.tuples(st.sampled_from(PULLS), st.sampled_from(["", "first", "found", *VERSIONS])).map(
        lambda tag: f"{tag[0]} {tag[1]}"
    ),
    st.text(max_size=4),
)
_claims = st.builds(
    Claim,
    request=st.sampled_from(VERSIONS).map(lambda version: a_request(version=version)),
    past=st.lists(
        st.builds(
            Past,
            commit=st.sampled_from(["c5", "c6", "c7", "c8", "c9", "pushed"]),
            version=st.one_of(st.none(), st.sampled_from([*VERSIONS, "99"])),
        ),
        max_size=5,
    ).map(tuple),
    pull=st.sampled_from(PULLS),
    pulls_of=st.sampled_from([pulls_of, lambda _: None]),
)


def step_of(tags: Mapping[str, str], claim: Claim, live: str | None) -> Step:
    try:
        versions = asked(registry_with(tags), claim, live)
    except PromoterError:
        return Step.CONFLICT
    return plan_step(versions, on_missing=OnMissingChampion.BOOTSTRAP)


@given(
    tags=st.dictionaries(st.sampled_from(VERSIONS), _tag_values),
    claim=_claims,
    live=st.one_of(st.none(), st.sampled_from(VERSIONS)),
)
def test_forged_tags_only_brake_or_call_a_promotion_a_rollback(
    tags: dict[str, str], claim: Claim, live: str | None
) -> None:
    plain, forged = step_of({}, claim, live), step_of(tags, claim, live)
    asked_before = any(past.version == claim.request.version for past in claim.past[1:])
    is_called_rollback = plain is Step.PROMOTE and forged is Step.ROLLBACK and asked_before
    assert forged in {plain, Step.CONFLICT} or is_called_rollback


@given(claim=_claims, live=st.one_of(st.none(), st.sampled_from(VERSIONS)))
def test_an_alias_moves_only_from_nobody_or_from_what_git_asked_for(claim: Claim, live: str | None) -> None:
    step = step_of({}, claim, live)
    if step.moves and live is not None:
        assert live in {past.version for past in claim.past}
    assert step_of({}, replace(claim, past=()), live).moves == (live is None)


@given(
    tags=st.dictionaries(st.sampled_from(VERSIONS), _tag_values),
    claim=_claims,
    live=st.one_of(st.none(), st.sampled_from(VERSIONS)),
)
def test_forged_tags_heal_nothing_without_comparisons_that_git_did_not_ask_for_twice(
    tags: dict[str, str], claim: Claim, live: str | None
) -> None:
    forged = step_of(tags, replace(claim, outside=MovedOutside.PUT_BACK), live)
    asked_before = any(past.version == claim.request.version for past in claim.past[1:])
    assert forged is not Step.ROLLBACK or asked_before
