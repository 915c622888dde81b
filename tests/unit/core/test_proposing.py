"""What is proposed, what is not, and why: tables, and that a second run has nothing left to do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.model_version import ModelVersion
from promoter.core.override_rules import Override
from promoter.core.policy import Mode, OnMissingChampion
from promoter.core.proposal import Proposal
from promoter.core.proposal_mark import Mark, Scope, fingerprint
from promoter.core.propose_rules import ProposeRule
from promoter.core.proposing import (
    Alias,
    Change,
    Close,
    Create,
    Drop,
    Item,
    Leave,
    Propose,
    Wait,
    Wish,
    answered,
    chosen,
    plan_proposals,
    ripe,
    unsettled,
)
from promoter.core.request import PromotionRequest, SourceVersion
from promoter.text import say
from tests.builders import a_model_rule, a_model_version

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD = int((NOW - timedelta(days=30)).timestamp() * 1000)
KEY = ("churn", "champion")
RULE = ProposeRule(to="champion", from_alias="challenger")
TAGGED = ProposeRule(to="champion", tags={"ready": re.compile("yes"), "owner": re.compile(".+")})


def asked(version: str = "6") -> PromotionRequest:
    return PromotionRequest(path="p.yaml", model="churn", alias="champion", version=version)


def an_alias(proposed: ProposeRule = RULE, **changes: object) -> Alias:
    made = Alias(
        key=KEY,
        rule=a_model_rule(propose=proposed),
        propose=proposed,
        aliases={"champion": "6", "challenger": "7"},
        asked=asked(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def a_version(number: str = "7", **changes: object) -> ModelVersion:
    made: ModelVersion = a_model_version(version=number, created_at=OLD, tags={"ready": "yes", "owner": "x"})
    return replace(made, **changes)  # type: ignore[arg-type]


BOOTSTRAP = a_model_rule(on_missing_champion=OnMissingChampion.BOOTSTRAP)
SOURCE = SourceVersion(model="dev", version="3")


@pytest.mark.parametrize(
    ("alias", "kind", "why"),
    [
        (an_alias(), None, ""),
        (an_alias(aliases={}, asked=None, rule=BOOTSTRAP), None, ""),
        (an_alias(aliases={}, asked=None), Wait, "blocks a first promotion"),
        (an_alias(asked=None), Wait, "let git adopt it"),
        (an_alias(asked=asked("5")), Wait, "git asks for version `5`, and the registry holds `6`"),
        (an_alias(aliases={"challenger": "7"}), Wait, "holds nobody"),
        (an_alias(key=("a\nb", "champion")), Drop, "no promotion request can hold"),
        (an_alias(rule=a_model_rule(mode=Mode.DRY_RUN)), Drop, "`mode: dry_run`"),
        (an_alias(rule=a_model_rule(mode=Mode.DISABLED)), Drop, "`mode: disabled`"),
        (an_alias(asked=replace(asked(), source=SOURCE)), Wait, "`from`"),
    ],
)
def test_what_stands_against_every_proposal(alias: Alias, kind: type | None, why: str) -> None:
    found = unsettled(alias)
    assert (type(found) if found else None) is kind
    assert found is None or why in str(found.why)


def test_an_override_is_not_carried_over_to_another_version() -> None:
    override = Override(checks=(), reason="known", expires=NOW.date())
    found = unsettled(an_alias(asked=replace(asked(), override=override)))
    assert isinstance(found, Wait)
    assert "overrides a check" in str(found.why)


@pytest.mark.parametrize(
    ("rule", "aliases", "expected"),
    [
        (RULE, {"champion": "6", "challenger": "7"}, "7"),
        (RULE, {"champion": "9", "challenger": "10"}, "10"),
        (RULE, {"challenger": "1"}, "1"),
        (RULE, {"champion": "6"}, "nobody holds `challenger`"),
        (RULE, {"champion": "7", "challenger": "7"}, "holds the alias already"),
        (RULE, {"champion": "10", "challenger": "9"}, "is older than"),
        (replace(RULE, ignore=("7",)), {"champion": "6", "challenger": "7"}, "ignores version `7`"),
    ],
)
def test_which_version_an_alias_names(rule: ProposeRule, aliases: dict[str, str], expected: str) -> None:
    found = chosen(an_alias(rule, aliases=aliases), (), now=NOW)
    assert expected in (str(found.why) if isinstance(found, Drop) else [found])


@pytest.mark.parametrize(
    ("rule", "versions", "expected"),
    [
        (TAGGED, [a_version("9"), a_version("8")], "9"),
        (TAGGED, [a_version("9", tags={"ready": "yes!", "owner": "x"}), a_version("8")], "8"),
        (TAGGED, [a_version("9", tags={"ready": "yes"}), a_version("8")], "8"),
        (TAGGED, [a_version("9", status="PENDING_REGISTRATION"), a_version("8")], "8"),
        (replace(TAGGED, ignore=("9",)), [a_version("9"), a_version("8")], "8"),
        (
            replace(TAGGED, cooldown=timedelta(hours=2)),
            [a_version("9", created_at=int(NOW.timestamp() * 1000) - 3_600_000), a_version("8")],
            "8",
        ),
        (TAGGED, [], "no version that is ready"),
        (TAGGED, [a_version("5")], "is older than"),
    ],
)
def test_which_version_tags_name(rule: ProposeRule, versions: list[ModelVersion], expected: str) -> None:
    found = chosen(an_alias(rule), versions, now=NOW)
    assert expected in (str(found.why) if isinstance(found, Drop) else [found])


def test_when_a_version_is_ripe() -> None:
    assert ripe(an_alias(), a_version(), now=NOW) == Propose(challenger=a_version())
    pending = ripe(an_alias(), a_version(status="PENDING_REGISTRATION"), now=NOW)
    young = ripe(an_alias(replace(RULE, cooldown=timedelta(days=31))), a_version(), now=NOW)
    back = ripe(an_alias(), a_version(tags={"promoter_applied_champion": "4 5"}), now=NOW)
    shadow = ripe(an_alias(), a_version(tags={"promoter_applied_shadow": "4 5"}), now=NOW)
    assert [type(one) for one in (pending, young, back, shadow)] == [Wait, Wait, Drop, Propose]
    edge = ripe(an_alias(replace(RULE, cooldown=timedelta(days=30))), a_version(), now=NOW)
    assert isinstance(edge, Propose)


# --- the hidden line ------------------------------------------------------------------------------

MARK = Mark(scope="s", key=KEY, version="7", fingerprint="f")


@given(st.text(), st.text(), st.integers(1, 10**9), st.text())
def test_the_line_is_read_back_and_holds_nothing_to_see(
    model: str, alias: str, version: int, scope: str
) -> None:
    mark = Mark(scope=scope, key=(model, alias), version=str(version), fingerprint="f")
    line = mark.line()
    if len(line) < 4_000:
        assert Mark.of(f"{line}\nmore\n") == mark
    assert re.fullmatch(r"<!-- [A-Za-z0-9_ -]+ -->", line)
    assert "--" not in line.removeprefix("<!--").removesuffix("-->").replace("_-", "").split(" ")[1]


@given(st.text())
def test_any_other_line_is_none(text: str) -> None:
    assert Mark.of(text) is None
    assert Mark.of(f"<!-- promoter proposal of version 7 {text} -->") is None or len(text) > 10


@pytest.mark.parametrize("values", ["bm8", "W10", "eyJhIjoxfQ", "WzEsMl0", "!!", "A"])
def test_a_line_that_somebody_changed_is_none(values: str) -> None:
    assert Mark.of(f"<!-- promoter proposal of version 7 {values} -->") is None


def test_a_branch_is_a_safe_name_of_its_own() -> None:
    scope = Scope.of("promotions/**", "policy.yaml")
    names = [scope.branch(key) for key in (KEY, ("churn-champion", ""), ("Ä ..~^:\\", "x"), ("a" * 300, "b"))]
    assert names[0].startswith("promoter/propose-churn-champion-")
    assert all(re.fullmatch(r"promoter/propose-[a-z0-9-]{1,60}", name) for name in names)
    assert len({*names, Scope.of("other/**", "policy.yaml").branch(KEY)}) == 5


@pytest.mark.parametrize(
    "changed",
    [
        {"description": "another"},
        {"source": "models:/m-8"},
        {"tags": {"ready": "no", "owner": "x"}},
        {"run_id": "other"},
        {"created_at": OLD + 1},
    ],
)
def test_what_a_fingerprint_is_of(changed: dict[str, object]) -> None:
    one = fingerprint(a_version(), policy_digest="p")
    assert fingerprint(replace(a_version(), **changed), policy_digest="p") != one  # type: ignore[arg-type]
    assert fingerprint(a_version(), policy_digest="q") != one
    ours = {**a_version().tags, "promoter_outcome": "passed"}
    assert fingerprint(a_version(tags=ours), policy_digest="p") == one


def a_proposal(mark: Mark = MARK, number: int = 4, **changes: object) -> Proposal:
    made = Proposal(
        number=number,
        branch=f"promoter/{number}",
        title="t",
        body=f"{mark.line()}\nx",
        url="u",
        head_commit="a" * 40,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("past", "why"),
    [
        (a_proposal(state="closed"), "closed unmerged"),
        (a_proposal(state="merged"), "undone since"),
        (a_proposal(MARK.withdrawn(), state="merged"), "undone since"),
        (a_proposal(MARK.withdrawn(), state="closed"), ""),
        (a_proposal(replace(MARK, version="8"), state="closed"), ""),
        (a_proposal(replace(MARK, fingerprint="g"), state="closed"), ""),
        (a_proposal(state="closed", body="somebody wrote over it"), ""),
        (a_proposal(), ""),
    ],
)
def test_what_was_answered_before(past: Proposal, why: str) -> None:
    found = answered([a_proposal(replace(MARK, version="3"), state="closed"), past], MARK)
    assert (why in str(found.why)) if found else not why


# --- steps ----------------------------------------------------------------------------------------

WISHES: dict[str, Wish] = {
    "propose": Propose(challenger=a_version()),
    "wait": Wait(why=say("wait")),
    "drop": Drop(why=say("drop")),
}


@pytest.mark.parametrize(
    ("wish", "opened", "expected"),
    [
        ("propose", None, Create),
        ("propose", a_proposal(), Change),
        ("propose", a_proposal(people=("dora",)), Leave),
        ("wait", None, Leave),
        ("wait", a_proposal(), Leave),
        ("drop", None, Leave),
        ("drop", a_proposal(), Close),
        ("drop", a_proposal(people=("dora",)), Leave),
    ],
)
def test_steps(wish: str, opened: Proposal | None, expected: type) -> None:
    (step,) = plan_proposals([Item(key=KEY, wish=WISHES[wish], opened=opened)], limit=5)
    assert type(step) is expected


ITEMS = st.lists(
    st.tuples(
        st.sampled_from(sorted(WISHES)),
        st.sampled_from([None, a_proposal(), a_proposal(people=("dora",))]),
    ),
    max_size=8,
)


@given(ITEMS, st.integers(1, 6), st.integers(0, 3))
def test_never_more_than_the_limit_and_nothing_left_for_a_second_run(
    given_items: list[tuple[str, Proposal | None]], limit: int, others: int
) -> None:
    items = [
        Item(key=(f"m{at}", "champion"), wish=WISHES[wish], opened=opened)
        for at, (wish, opened) in enumerate(given_items)
    ]
    before = others + sum(item.opened is not None for item in items)
    steps = plan_proposals(items, limit=limit, others=others)
    assert len(steps) == len(items)
    after = _carried_out(items, steps)
    assert others + sum(item.opened is not None for item in after) <= max(limit, before)
    again = plan_proposals(after, limit=limit, others=others)
    assert not [step for step in again if isinstance(step, (Create, Close))]


def _carried_out(items: list[Item], steps: tuple[object, ...]) -> list[Item]:
    opened = {item.key: item.opened for item in items}
    for step in steps:
        if isinstance(step, Create):
            opened[step.item.key] = a_proposal()
        elif isinstance(step, Close):
            opened[step.item.key] = None
    return [replace(item, opened=opened[item.key]) for item in items]
