"""What our adapters send to GitHub, held to GitHub's own descriptions, and how many calls they make."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import graphql
import pytest

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_issues import GitHubIssues
from promoter.adapters.github_proposals import GitHubProposals
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.commands.apply import ApplyWorld, apply
from promoter.commands.validate import ValidateWorld, change_of_pull_request, validate
from promoter.commands.versions import Applied, applied_tag
from promoter.core.proposal import Draft
from promoter.core.report import Report
from promoter.demo.github.exchange import Answer, Request, json_answer
from promoter.demo.github.model import MergeMethod, Push
from promoter.demo.github.server import DropConnection, Standin, serve
from promoter.demo.github.world import World
from promoter.errors import PromoterError, ReasonCode
from tests.builders import a_model_version, a_run
from tests.contract.github_adapters_world import (
    BODY,
    BY_TWO,
    GLOBS,
    MARKER,
    OTHER_REQUESTS,
    PATH,
    UNKNOWN,
    adapters_world,
    busy_world,
    connected,
    dave_is_nobody,
)
from tests.contract.github_graphql_schema import load_schema
from tests.contract.github_spec import Exchange, load_spec
from tests.contract.github_standin_world import ALICE, STRANGER, WORKFLOW
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import NOW, PLACES


@pytest.fixture
def world(tmp_path: Path) -> World:
    return busy_world(tmp_path)


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        running.interceptor = dave_is_nobody()
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """The same for tests that leave nothing behind but comments."""
    with serve(adapters_world(tmp_path_factory.mktemp("shared"))) as running:
        yield running


def ask_everything(standin: Standin, token: str) -> None:
    """Every method of both ports, with answers and with refusals."""
    connection = connected(standin, token)
    repository, pulls = GitHubRepository(connection), GitHubPullRequests(connection, looks_again=())
    tip = repository.tip("main")
    pull = pulls.get(2)
    repository.contents(repository.files(pull.head_commit, GLOBS))
    repository.contents(repository.files(tip, GLOBS))
    repository.history(tip, PATH, limit=20)
    repository.history(pull.head_commit, "promotions/größe 1.yaml", limit=1)
    repository.history(tip, "never/there.yaml", limit=20)
    repository.expect([(pull.head_commit, path) for path in (PATH, "promotions/größe 1.yaml", "README.md")])
    repository.history(pull.head_commit, PATH, limit=20)
    repository.first_parents(tip, limit=20)
    repository.blob_ids([(tip, PATH), (pull.head_commit, PATH), (tip, "never/there.yaml")])
    repository.merge_base(tip, pull.head_commit)
    pulls.changed_paths(pull)
    pulls.of_commit(tip)
    pulls.reviews(2)
    pulls.contributors(2)
    pulls.commits(2)
    pulls.moves(pull)
    pulls.open_heads("main")
    for login in ("bob", "renovate[bot]", "nobody-at-all"):
        pulls.permission(login)
    for login in ("bob", "rita") if token == ALICE else ():
        pulls.is_team_member(login, "acme/risk-ml")
    for body in (BODY, BODY, f"{BODY}More.\n"):
        pulls.upsert_comment(2, marker=MARKER, body=body, unless="")
    pulls.update_comment(2, marker=MARKER, body=BODY)
    ask_about_issues(connection)
    refusals: list[Callable[[], object]] = [
        lambda: repository.tip("no/such/branch"),
        lambda: repository.files(UNKNOWN, GLOBS),
        lambda: repository.first_parents(UNKNOWN, limit=20),
        lambda: repository.merge_base(tip, UNKNOWN),
        lambda: pulls.get(999),
        lambda: pulls.reviews(999),
        lambda: pulls.upsert_comment(999, marker=MARKER, body=BODY, unless=""),
    ]
    assert {reason_of(ask) for ask in refusals} == {ReasonCode.PERMISSION_DENIED}


def ask_about_issues(connection: GitHubConnection) -> None:
    """Every method of their port."""
    issues = GitHubIssues(connection)
    issues.create(title="Drift", body=BODY)
    (opened,) = issues.opened()
    issues.change(opened, title="Drifted", body=f"{BODY}More.\n")
    issues.close(opened, body=BODY)
    assert issues.opened() == ()


def ask_about_proposals(connection: GitHubConnection) -> None:
    """Every method of their port."""
    proposals = GitHubProposals(connection)
    draft = Draft(branch="promoter/one", base="main", title="One", body=BODY, files={PATH: b"a: 1\n"})
    created = proposals.create(draft)
    assert proposals.opened() == (created,)
    changed = proposals.change(created, replace(draft, title="Two", files={PATH: b"a: 2\n"}))
    assert proposals.listed("promoter/one") == (changed,)
    proposals.close(changed, body=f"{BODY}Done.\n")
    assert [one.state for one in proposals.listed("promoter/one")] == ["closed"]


def reason_of(ask: Callable[[], object]) -> ReasonCode:
    with pytest.raises(PromoterError) as raised:
        ask()
    return raised.value.reason


@pytest.fixture(scope="module", params=["", "/api/v3"])
def exchanges(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """Everything that goes to and fro, with api.github.com's addresses and an Enterprise Server's."""
    spec = load_spec()
    world = adapters_world(tmp_path_factory.mktemp("exchanges"))
    with serve(world, base_path=request.param) as standin, spec.watching() as seen:
        standin.interceptor = dave_is_nobody()
        ask_everything(standin, WORKFLOW)
        ask_everything(standin, ALICE)
        world.add_token("writer", "bob", grants={"contents": "write", "pull_requests": "write"})
        ask_about_proposals(connected(standin, "writer"))
    return seen


def test_github_describes_every_request_we_send(exchanges: list[Exchange]) -> None:
    assert len(exchanges) > 50
    assert [str(one) for one in load_spec().violations(exchanges)] == []
    assert {one.status for one in exchanges} <= {200, 201, 204, 404}


def test_github_s_schema_allows_every_query_we_send(exchanges: list[Exchange]) -> None:
    schema = load_schema()
    sent = {json.loads(one.sent)["query"] for one in exchanges if one.url.endswith("/graphql")}

    kinds = ("viewer", "authors(", "object(oid:", "object(expression:", "history(")
    assert all(any(kind in query for query in sent) for kind in kinds)
    assert [graphql.validate(schema, graphql.parse(query)) for query in sent] == [[]] * len(sent)


# --- tokens that may not ---------------------------------------------------------------------------


def test_a_token_that_sees_nothing_is_told_so(shared: Standin) -> None:
    pulls = GitHubPullRequests(connected(shared, STRANGER))

    assert reason_of(lambda: pulls.get(2)) is ReasonCode.PERMISSION_DENIED


def test_a_token_nobody_knows_is_told_so(shared: Standin) -> None:
    with pytest.raises(PromoterError, match="refused the token") as raised:
        GitHubRepository(connected(shared, "ghs_unknown")).tip("main")

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED


def test_a_missing_permission_is_named_as_the_workflow_writes_it(shared: Standin) -> None:
    shared.world.add_workflow_token("ghs_readonly", grants={"metadata": "read", "contents": "read"})

    with pytest.raises(PromoterError) as raised:
        GitHubPullRequests(connected(shared, "ghs_readonly")).get(2)

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED
    assert "Add to the job's `permissions:` in the workflow: `pull-requests: read`" in str(raised.value.hint)


def test_a_workflow_s_token_may_not_know_teams(shared: Standin) -> None:
    pulls = GitHubPullRequests(connected(shared))

    assert reason_of(lambda: pulls.is_team_member("bob", "acme/risk-ml")) is ReasonCode.PERMISSION_DENIED


# --- how many calls --------------------------------------------------------------------------------


def busy_registry() -> InMemoryRegistry:
    """Version 1 of every model is champion; churn has a better version 2."""
    registry = InMemoryRegistry()
    others = [(f"churn-{at}", "1", 0.8) for at in range(OTHER_REQUESTS)]
    for model, version, score in [("churn", "1", 0.8), ("churn", "2", 0.9), *others]:
        run = a_run(run_id=f"{model}-{version}", metrics={"f1_score": score})
        made = {"source": f"models:/m-{run.run_id}", "run_id": run.run_id, "run": run}
        if model != "churn":
            # An earlier run has noted already that these are in place.
            made["tags"] = {applied_tag("champion"): str(Applied(pull=0, origin=""))}
        registry.add_version(a_model_version(model=model, version=version, **made))
        registry.set_alias(model, "champion", version="1")
    return registry


def validated(standin: Standin, *, number: int = 1) -> Report:
    """A whole validate of the pull request, its comment too."""
    connection = connected(standin)
    repository, pulls = GitHubRepository(connection), GitHubPullRequests(connection)
    head = standin.world.pulls[number].head_sha
    world = ValidateWorld(
        repository=repository,
        registry=busy_registry,
        pull_requests=pulls,
        places=PLACES,
        measurer=FakeMeasurer(),
        custom_checks=FakeCustomChecks(),
        now=NOW,
    )
    report = validate(
        world, change_of_pull_request(pulls, repository, number=number, head=head, default_branch="main")
    )
    pulls.upsert_comment(number, marker=MARKER, body=BODY, unless="")
    return report


def applied(standin: Standin, push: Push) -> Report:
    """A whole apply after a push, its comment on pull request 1 too."""
    connection = connected(standin)
    pulls, registry = GitHubPullRequests(connection), busy_registry()
    world = ApplyWorld(
        repository=GitHubRepository(connection),
        registry=lambda: registry,
        pull_requests=pulls,
        places=PLACES,
        measurer=FakeMeasurer(),
        custom_checks=FakeCustomChecks(),
        name="acme/models",
        now=NOW,
        tool_version="0.1.0",
    )
    report = apply(world, branch="main", before=push.before)
    pulls.upsert_comment(1, marker=MARKER, body=f"{BODY}Moved.\n", unless="")
    return report


def test_a_validate_of_one_request_asks_16_times_of_25(standin: Standin) -> None:
    report = validated(standin)

    (one,) = report.requests
    assert (report.reason, one.approval and one.approval.counted) == (ReasonCode.VALIDATED, ("bob",))
    assert len(standin.requests) == 16


def applied_after(method: MergeMethod, standin: Standin) -> Report:
    """A whole apply after pull request 1 was merged so; only its calls are counted."""
    GitHubPullRequests(connected(standin)).upsert_comment(1, marker=MARKER, body=BODY, unless="")
    push = standin.world.merge(1, by="bob", method=method)
    standin.requests.clear()
    return applied(standin, push)


# Of a squash of several commits GitHub is asked whether the commit before belongs to it.
APPLIES = ((MergeMethod.MERGE, 18), (MergeMethod.SQUASH, 19), (MergeMethod.REBASE, 19))


@pytest.mark.parametrize(("method", "calls"), APPLIES)
def test_an_apply_of_one_request_asks_at_most_20_times(
    standin: Standin, method: MergeMethod, calls: int
) -> None:
    assert applied_after(method, standin).reason is ReasonCode.APPLIED
    assert len(standin.requests) == calls <= 20


@pytest.mark.parametrize(("method", "calls"), APPLIES)
def test_a_co_author_known_by_an_address_only_costs_one_call_more(
    method: MergeMethod, calls: int, tmp_path: Path
) -> None:
    """The account behind an address is told by GraphQL alone."""
    with serve(busy_world(tmp_path, message=BY_TWO)) as standin:
        standin.interceptor = dave_is_nobody()
        assert validated(standin).reason is ReasonCode.VALIDATED
        assert len(standin.requests) == 17
        assert applied_after(method, standin).reason is ReasonCode.APPLIED
        assert len(standin.requests) == calls + 1 <= 20


def test_a_change_forty_commits_back_is_found_in_one_list_of_commits(standin: Standin, world: World) -> None:
    push = world.merge(1, by="bob", method=MergeMethod.SQUASH)
    for at in range(40):
        push = world.commit("main", {"README.md": f"{at}".encode()}, author="bob", message="Later")

    report = applied(standin, replace(push, before="0" * 40))

    assert report.reason is ReasonCode.APPLIED
    chain = f"/repos/acme/churn/commits?per_page=100&sha={world.tip('main')}"
    assert [one.target for one in standin.requests].count(chain) == 1
    assert len(standin.requests) == 22


def test_a_repeated_run_writes_nothing(shared: Standin) -> None:
    shared.world.comments.clear()
    shared.requests.clear()
    for _ in range(3):
        pulls = GitHubPullRequests(connected(shared))
        pulls.upsert_comment(2, marker=MARKER, body=BODY, unless="")

    assert (shared.count("POST", "/comments"), shared.count("PATCH")) == (1, 0)


# --- a network that loses answers ------------------------------------------------------------------


class LosesAnswers:
    """GitHub acts, and the answer to the first so many writes never arrives; before that it may refuse."""

    def __init__(self, *, refused: int, lost: int) -> None:
        self.refused = refused
        self.lost = lost

    def before(self, request: Request) -> Answer | None:
        if request.method == "GET" or not self.refused:
            return None
        self.refused -= 1
        return json_answer({"message": "Server Error"}, status=502)

    def after(self, request: Request, answer: Answer) -> Answer:
        if request.method == "GET" or not self.lost or answer.status >= 500:
            return answer
        self.lost -= 1
        raise DropConnection


@pytest.mark.parametrize(("refused", "lost"), [(0, 0), (0, 1), (1, 1), (2, 0), (0, 3), (9, 0)])
def test_there_is_never_more_than_one_issue(shared: Standin, refused: int, lost: int) -> None:
    shared.world.issues.clear()
    shared.interceptor = LosesAnswers(refused=refused, lost=lost)
    deadline = Deadline(120, pause=lambda _: None)

    for _ in range(2):
        ours = GitHubIssues(connected(shared, deadline=deadline))
        with suppress(PromoterError):
            if not ours.opened():
                ours.create(title="Drift", body=BODY)
    shared.interceptor = None
    ours = GitHubIssues(connected(shared))
    if not ours.opened():
        ours.create(title="Drift", body=BODY)

    assert [issue.body for issue in shared.world.issues.values()] == [BODY]


@pytest.mark.parametrize(("refused", "lost"), [(0, 0), (0, 1), (1, 1), (2, 0), (0, 3), (9, 0)])
def test_there_is_never_more_than_one_comment(shared: Standin, refused: int, lost: int) -> None:
    shared.world.comments.clear()
    shared.interceptor = LosesAnswers(refused=refused, lost=lost)
    deadline = Deadline(120, pause=lambda _: None)

    for body in (BODY, f"{BODY}More.\n"):
        pulls = GitHubPullRequests(connected(shared, deadline=deadline))
        with suppress(PromoterError):
            pulls.upsert_comment(2, marker=MARKER, body=body, unless="")
    shared.interceptor = None
    GitHubPullRequests(connected(shared)).upsert_comment(2, marker=MARKER, body=BODY, unless="")

    assert [comment.body for comment in shared.world.comments.values()] == [BODY]


@pytest.mark.parametrize(("refused", "lost"), [(0, 1), (0, 4), (0, 7), (3, 1), (9, 0)])
def test_there_is_never_more_than_one_proposal(tmp_path: Path, refused: int, lost: int) -> None:
    world = adapters_world(tmp_path)
    world.add_token("writer", "bob", grants={"contents": "write", "pull_requests": "write"})
    draft = Draft(branch="promoter/one", base="main", title="One", body=BODY, files={PATH: b"a: 1\n"})
    with serve(world) as standin:
        standin.interceptor = LosesAnswers(refused=refused, lost=lost)
        deadline = Deadline(120, pause=lambda _: None)
        for _ in range(3):
            with suppress(PromoterError):
                GitHubProposals(connected(standin, "writer", deadline=deadline)).create(draft)
    made = [pull for pull in world.pulls.values() if pull.head_ref == "promoter/one"]
    assert [(pull.is_open, pull.title) for pull in made] == [(True, "One")]
    assert world.git.objects([f"{world.tip('promoter/one')}:{PATH}"])[0] is not None
    assert len(world.pull_commits(made[0])) == 1
