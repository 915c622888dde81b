"""propose in memory: what is read, written, left, and that a second run writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.commands.propose import ProposeWorld, propose
from promoter.core.prompt import Prompt
from promoter.core.proposal_mark import Mark
from promoter.core.propose_report import Action, ProposeReport, Writing
from promoter.errors import PromoterError, ReasonCode
from promoter.render.propose_json import propose_json, propose_outputs
from promoter.render.propose_summary import propose_annotations, propose_summary, propose_terminal
from promoter.render.terminal import Style
from promoter.text import say
from tests.builders import a_model_version
from tests.fakes.proposals import InMemoryProposals
from tests.fakes.team import PLACES, POLICY, REQUEST, Team, policy, request

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RULE = "aliases: [champion, shadow]\n"


def proposing(text: str = "{from_alias: challenger, to: champion}", more: str = "") -> bytes:
    return policy(RULE, f"{RULE}    propose: {text}\n{more}")


class Desk:
    """The team, and the proposals of their repository."""

    def __init__(self) -> None:
        self.team = Team()
        self.team.push({POLICY: proposing(), REQUEST: request("6")})
        self.proposals = InMemoryProposals()

    def run(self, writing: Writing = Writing.DONE) -> ProposeReport:
        self.proposals.writes.clear()
        world = ProposeWorld(
            repository=self.team.repository,
            registry=lambda: self.team.registry,
            proposals=self.proposals,
            places=PLACES,
            now=NOW,
            tool_version="1",
            writing=writing,
        )
        return propose(world, branch="main")

    def point(self, version: str, alias: str = "challenger") -> None:
        self.team.registry.set_alias("churn", alias, version=version)


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.point("7")
    return made


def actions(report: ProposeReport) -> list[Action]:
    return [entry.action for entry in report.entries]


def test_opened_once_with_the_comparison_and_the_edited_file(desk: Desk) -> None:
    report = desk.run()
    assert (report.reason, actions(report)) == (ReasonCode.PROPOSED, [Action.OPENED])
    assert desk.proposals.writes == [("create", 1)]
    (pull,) = desk.proposals.opened()
    assert pull.title == "Promote churn 6 → 7 as champion"
    mark = Mark.of(pull.body)
    assert mark is not None
    assert (mark.key, mark.version, mark.state) == (("churn", "champion"), "7", "open")
    assert desk.proposals.files[pull.branch] == {
        REQUEST: request("7").replace(b"better", b"challenger names version 7")
    }
    again = desk.run()
    assert (again.reason, actions(again), desk.proposals.writes) == (
        ReasonCode.PROPOSALS_CURRENT,
        [Action.UNCHANGED],
        [],
    )


def test_a_dry_run_writes_nothing_and_says_what_it_would(desk: Desk) -> None:
    report = desk.run(Writing.SHOWN)
    assert (actions(report), desk.proposals.writes, desk.proposals.pulls) == ([Action.OPENED], [], {})
    assert "would be opened" in propose_terminal(report, style=Style.PLAIN)
    desk.run()
    assert actions(desk.run(Writing.SHOWN)) == [Action.UNCHANGED]
    desk.team.version("8", 0.95)
    desk.point("8")
    assert (actions(desk.run(Writing.SHOWN)), desk.proposals.writes) == ([Action.CHANGED], [])
    desk.point("6")
    assert (actions(desk.run(Writing.SHOWN)), desk.proposals.writes) == ([Action.CLOSED], [])


def test_models_that_run_are_left_to_the_pull_requests_own_run(desk: Desk) -> None:
    text = proposing().replace(
        b"evaluation: {source: run_metrics}",
        b"task: binary_classification\n    evaluation: {source: inference, data: d.csv, target: t, "
        b'positive_label: "1"}',
    )
    desk.team.push({POLICY: text})
    assert actions(desk.run()) == [Action.OPENED]
    assert "The validate run of this pull request" in desk.proposals.pulls[1].body


def test_a_challenger_that_fails_is_proposed_and_the_body_says_so(desk: Desk) -> None:
    desk.team.version("7", 0.2)
    desk.run()
    assert "f1_score" in desk.proposals.pulls[1].body
    assert "Not ready" in desk.proposals.pulls[1].body or "❌" in desk.proposals.pulls[1].body


@pytest.mark.parametrize("method", ["all_aliases", "model_version"])
def test_an_outage_leaves_everything_as_it_is(desk: Desk, method: str) -> None:
    desk.run()
    before = dict(desk.proposals.pulls)
    desk.point("6")
    desk.point("7")
    down = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("down"), hint=say("Wait."))
    desk.team.registry.fail(method, down, times=9)
    report = desk.run()
    assert (report.reason, desk.proposals.pulls) == (ReasonCode.REGISTRY_UNAVAILABLE, before)
    assert propose_outputs(report, report_path="")["decision"] == "error"
    assert "Wait." in "".join(propose_annotations(report))


@pytest.mark.parametrize(("method", "number"), [("opened", 0), ("listed", 0), ("create", 0)])
def test_a_github_that_is_down_ends_it_undecided(desk: Desk, method: str, number: int) -> None:
    down = PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("down"))
    desk.proposals.fail(method, down)
    assert desk.run().reason is ReasonCode.GITHUB_UNAVAILABLE
    assert len(desk.proposals.pulls) == number


def test_a_policy_without_propose_asks_the_registry_nothing(desk: Desk) -> None:
    desk.team.push({POLICY: policy()})
    down = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("down"))
    desk.team.registry.fail("all_aliases", down)
    report = desk.run()
    assert (report.reason, report.entries) == (ReasonCode.PROPOSALS_CURRENT, ())


def test_a_model_that_is_gone_is_closed_only_when_that_is_proven(desk: Desk) -> None:
    desk.run()
    desk.team.registry._models.pop("churn")
    down = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("down"))
    desk.team.registry.fail("aliases", down)
    assert actions(desk.run()) == [Action.UNDECIDED]
    assert desk.proposals.writes == []
    assert actions(desk.run()) == [Action.CLOSED]


def test_an_edited_body_is_written_over_and_another_branch_is_not_ours(desk: Desk) -> None:
    desk.run()
    pull = desk.proposals.pulls[1]
    desk.proposals.pulls[1] = replace(pull, body="I know better")
    desk.proposals.pulls[2] = replace(pull, number=2, branch="promoter/propose-other-0")
    report = desk.run()
    assert (actions(report), desk.proposals.writes) == ([Action.CHANGED], [("change", 1)])
    assert desk.proposals.pulls[1].body == pull.body


def test_every_channel_tells_it(desk: Desk) -> None:
    report = desk.run()
    for text in (propose_summary(report), propose_terminal(report, style=Style.PLAIN), propose_json(report)):
        assert "churn" in text
        assert "opened" in text
    assert propose_outputs(report, report_path="x")["reason-code"] == "proposed"
    assert propose_annotations(report) == ()


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("challenger"), st.sampled_from("678")),
        st.tuples(st.just("champion"), st.sampled_from("678")),
        st.tuples(st.just("request"), st.sampled_from("678")),
        st.tuples(st.sampled_from(["close", "merge", "take", "retag"]), st.sampled_from("678")),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(MOVES)
def test_whatever_happened_a_second_run_writes_nothing_and_one_is_open_at_most(
    moves: list[tuple[str, str]],
) -> None:
    desk = Desk()
    desk.team.version("8", 0.95)
    for what, version in moves:
        _happens(desk, what, version=version)
        desk.run()
        assert len(desk.proposals.opened()) <= 1
        report = desk.run()
        assert desk.proposals.writes == []
        assert report.reason is ReasonCode.PROPOSALS_CURRENT


def _happens(desk: Desk, what: str, *, version: str) -> None:
    opened = desk.proposals.opened()
    if what in {"challenger", "champion"}:
        desk.point(version, alias=what)
    elif what == "request":
        desk.team.push({REQUEST: request(version)})
    elif what == "retag":
        desk.team.registry.set_tags("churn", version, tags={"owner": f"team-{version}"})
    elif opened and what == "take":
        desk.proposals.take(opened[0].number, "dora")
    elif opened:
        desk.proposals.settle(opened[0].number, {"close": "closed", "merge": "merged"}[what])


# --- prompts --------------------------------------------------------------------------------------

GREETING = ("prompts:/greeting", "production")
GREETING_FILE = "promotions/greeting/production.yaml"
FOR_PROMPTS = """\
  - match: "greet*"
    kind: prompt
    aliases: [production]
    on_missing_champion: bootstrap
    propose: {from_alias: challenger}
    checks: {prompt: {variables: subset}}
"""


@pytest.fixture
def prompts(desk: Desk) -> Desk:
    """The desk, with a prompt whose version 2 is the challenger, and a model of the same rule's name."""
    desk.team.registry.delete_alias("churn", "challenger")
    for number, text in (("1", "Hello {{name}}"), ("2", "Hi {{name}}"), ("3", "Hi {{age}}")):
        prompt = Prompt(template=text)
        version = a_model_version(model="greeting", version=number, run=None, run_id=None, prompt=prompt)
        desk.team.registry.add_version(version)
    desk.team.registry.set_alias("greeting", "challenger", version="2")
    desk.team.registry.add_model("greeter", aliases={"challenger": "1"})
    desk.team.push({POLICY: proposing() + FOR_PROMPTS.encode(), REQUEST: request("6")})
    return desk


def of_greeting(report: ProposeReport) -> list[Action]:
    return [entry.action for entry in report.entries if entry.key == GREETING]


def test_a_prompt_is_proposed_by_the_same_road(prompts: Desk) -> None:
    report = prompts.run()
    proposed = [one for one in report.entries if one.action is Action.OPENED]
    assert [(one.key, one.version) for one in proposed] == [(GREETING, "2")]
    (pull,) = prompts.proposals.opened()
    assert pull.title == "Promote prompts:/greeting version 2 as production"
    assert prompts.proposals.files[pull.branch] == {
        GREETING_FILE: b"kind: prompt\nmodel: greeting\nalias: production\nversion: 2\n"
        b"reason: challenger names version 2\n"
    }
    assert "Hi {{name}}" in pull.body
    assert of_greeting(prompts.run()) == [Action.UNCHANGED]
    # The alias moves on: the same pull request does.
    prompts.team.registry.set_alias("greeting", "challenger", version="3")
    assert of_greeting(prompts.run()) == [Action.CHANGED]
    assert prompts.proposals.opened()[0].number == pull.number


def test_a_prompts_own_request_is_edited(prompts: Desk) -> None:
    old = b"kind: prompt\nmodel: greeting # mine\nalias: production\nversion: 1\nreason: first\n"
    prompts.team.push({"promotions/any.yaml": old})
    prompts.team.registry.set_alias("greeting", "production", version="1")
    prompts.run()
    (pull,) = prompts.proposals.opened()
    assert prompts.proposals.files[pull.branch] == {
        "promotions/any.yaml": old.replace(b"1", b"2").replace(b"first", b"challenger names version 2")
    }


def test_the_newest_prompt_with_a_tag(prompts: Desk) -> None:
    rule = FOR_PROMPTS.replace("{from_alias: challenger}", "{newest_with_tag: {stage: ready}}")
    prompts.team.push({POLICY: proposing() + rule.encode()})
    found = prompts.team.registry.model_version("greeting", "1")
    prompts.team.registry.add_version(replace(found, tags={"stage": "ready"}))
    assert [one.version for one in prompts.run().entries if one.key == GREETING] == ["1"]


def test_a_version_that_is_no_prompt_is_not_proposed(prompts: Desk) -> None:
    prompts.team.registry.add_version(a_model_version(model="greeting", version="2", run=None, run_id=None))
    (entry,) = [one for one in prompts.run().entries if one.key == GREETING]
    assert (entry.action, str(entry.why)) == (
        Action.NONE,
        "version `2` has not the tags of MLflow that make it a prompt's",
    )


def test_a_proposal_for_a_prompt_without_challenger_is_closed(prompts: Desk) -> None:
    prompts.run()
    prompts.team.registry.delete_alias("greeting", "challenger")
    assert of_greeting(prompts.run()) == [Action.CLOSED]


def test_a_policy_that_stops_proposing_prompts_closes_theirs(prompts: Desk) -> None:
    prompts.run()
    prompts.team.push({POLICY: policy()})
    assert of_greeting(prompts.run()) == [Action.CLOSED]


# --- requests that copy ---------------------------------------------------------------------------

COPIES = b"model: churn\nalias: champion\nfrom: dev.churn/7\n"


def test_a_request_that_copies_is_left_to_people(desk: Desk) -> None:
    desk.team.push({REQUEST: COPIES})
    report = desk.run()
    (entry,) = report.entries
    assert (entry.action, str(entry.why)) == (
        Action.LEFT,
        "its request copies a version of another model (`from`): change it by hand",
    )
    assert (report.reason, desk.proposals.writes) == (ReasonCode.PROPOSALS_CURRENT, [])


def test_a_request_that_begins_to_copy_leaves_its_open_proposal_alone(desk: Desk) -> None:
    desk.run()
    before = desk.proposals.opened()
    desk.team.push({REQUEST: COPIES})
    (entry,) = desk.run().entries
    assert (entry.action, desk.proposals.opened()) == (Action.LEFT, before)


def test_to_propose_from_another_model_is_no_key_of_the_policy(desk: Desk) -> None:
    desk.team.push({POLICY: proposing("{from_alias: challenger, to: champion, from_model: dev.churn}")})
    report = desk.run()
    assert report.reason is ReasonCode.POLICY_INVALID
    assert "from_model" in str(report.problems[0].found)
