"""What the stand-in does around its routes: tokens, pages, limits, the log, injected faults."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from promoter.demo.github.exchange import Answer, Request, json_answer
from promoter.demo.github.model import ReviewState, Visibility
from promoter.demo.github.server import DropConnection, Standin, serve
from promoter.demo.github.world import World
from tests.contract.github_recording import ON_PURPOSE
from tests.contract.github_standin_world import (
    ALICE,
    READER,
    REPOSITORY,
    STRANGER,
    WORKFLOW,
    ask,
    ask_wrongly,
    propose,
    small_world,
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = small_world(tmp_path)
    propose(made)
    return made


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        yield running


def test_listens_on_this_machine_only_and_calls_itself_localhost(standin: Standin) -> None:
    assert urlsplit(standin.api_url).hostname == "localhost"
    shown = ask(standin, REPOSITORY).json()
    assert shown["url"] == standin.api_url + REPOSITORY
    assert shown["html_url"] == f"{standin.web_url}/acme/churn"


def test_addresses_follow_the_host_that_was_asked(standin: Standin) -> None:
    port = urlsplit(standin.api_url).port
    headers = {"Authorization": f"token {WORKFLOW}"}
    address = f"http://127.0.0.1:{port}{REPOSITORY}"
    assert requests.get(address, headers=headers, timeout=5).json()["url"] == address


def test_an_enterprise_server_has_its_own_paths(world: World) -> None:
    with serve(world, base_path="/api/v3") as standin:
        assert standin.api_url == f"{standin.web_url}/api/v3"
        assert standin.graphql_url == f"{standin.web_url}/api/graphql"
        assert ask(standin, REPOSITORY).json()["url"] == standin.api_url + REPOSITORY
        page = ask(standin, f"{REPOSITORY}/commits?per_page=1&sha=promote-2")
        assert page.links["next"]["url"].startswith(f"{standin.api_url}{REPOSITORY}/commits?")
        assert requests.get(standin.web_url + REPOSITORY, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Requires authentication"),
        ({"Authorization": "Bearer unheard-of"}, "Bad credentials"),
        ({"Authorization": "Bearer "}, "Bad credentials"),
        ({"Authorization": f"Basic {WORKFLOW}"}, "Bad credentials"),
    ],
)
def test_a_token_is_needed(standin: Standin, headers: dict[str, str], message: str) -> None:
    response = requests.get(standin.api_url + REPOSITORY, headers=headers, timeout=5)
    assert (response.status_code, response.json()["message"]) == (401, message)


def test_a_permission_is_needed_and_named(world: World, standin: Standin) -> None:
    world.add_workflow_token("weak", grants={"metadata": "read", "contents": "read"})
    refused = ask(standin, f"{REPOSITORY}/pulls", token="weak")
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "pull_requests=read"
    assert ask(standin, f"{REPOSITORY}/commits", token="weak").status_code == 200
    world.add_workflow_token("blind", grants={})
    assert ask(standin, REPOSITORY, token="blind").status_code == 404


def test_a_public_repository_is_seen_by_strangers(world: World, standin: Standin) -> None:
    assert ask(standin, f"{REPOSITORY}/pulls/1", token=STRANGER).status_code == 404
    world.repository = replace(world.repository, visibility=Visibility.PUBLIC)
    assert ask(standin, f"{REPOSITORY}/pulls/1", token=STRANGER).status_code == 200
    permission = ask(standin, f"{REPOSITORY}/collaborators/mallory/permission").json()
    assert (permission["permission"], permission["role_name"]) == ("read", "read")


def test_people_edit_their_own_comments_and_writers_all(world: World, standin: Standin) -> None:
    world.repository = replace(world.repository, visibility=Visibility.PUBLIC)
    carols, ritas = (
        world.add_comment(1, author="carol", body="Hm."),
        world.add_comment(1, author="rita", body="Oh."),
    )

    def edit(number: int, token: str) -> int:
        path = f"{REPOSITORY}/issues/comments/{number}"
        return ask(standin, path, method="PATCH", token=token, body={"body": "Changed"}).status_code

    assert [edit(carols.id, READER), edit(ritas.id, READER)] == [403, 200]
    assert [edit(carols.id, ALICE), edit(carols.id, WORKFLOW)] == [200, 200]


@pytest.mark.parametrize(
    ("query", "count", "links"),
    [
        ("", 30, {"next": "2", "last": "3"}),
        ("?per_page=100", 75, {}),
        ("?per_page=1000", 75, {}),
        ("?per_page=0", 30, {"next": "2", "last": "3"}),
        ("?per_page=nonsense&page=-1", 30, {"next": "2", "last": "3"}),
        ("?per_page=20&page=2", 20, {"prev": "1", "next": "3", "last": "4", "first": "1"}),
        ("?per_page=20&page=4", 15, {"prev": "3", "first": "1"}),
        ("?per_page=20&page=9", 0, {"prev": "4", "first": "1"}),
    ],
)
def test_lists_come_in_pages(
    world: World, standin: Standin, query: str, count: int, links: dict[str, str]
) -> None:
    for _ in range(75):
        world.review(1, "bob", state=ReviewState.COMMENTED)
    address = f"{REPOSITORY}/pulls/1/reviews{query}"
    is_wrong = "nonsense" in query
    response = ask_wrongly(standin, address, why="no number") if is_wrong else ask(standin, address)
    pages = {name: parse_qs(urlsplit(link["url"]).query)["page"][0] for name, link in response.links.items()}
    assert len(response.json()) == count
    assert pages == links


def test_requests_are_counted_against_the_hour(standin: Standin) -> None:
    first, second = ask(standin, REPOSITORY), ask(standin, REPOSITORY)
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("1000", "999")
    assert (second.headers["X-RateLimit-Used"], second.headers["X-RateLimit-Resource"]) == ("2", "core")
    core = ask(standin, "/rate_limit").json()["resources"]["core"]
    assert (core["limit"], core["used"]) == (1000, 2)
    assert ask(standin, REPOSITORY, token=ALICE).headers["X-RateLimit-Remaining"] == "4999"
    assert first.headers["X-GitHub-Request-Id"] != second.headers["X-GitHub-Request-Id"]


def test_requests_are_logged(standin: Standin) -> None:
    ask(standin, f"{REPOSITORY}/pulls?state=all")
    ask(standin, f"{REPOSITORY}/pulls/9")
    assert [(one.method, one.path, one.status) for one in standin.requests] == [
        ("GET", f"{REPOSITORY}/pulls", 200),
        ("GET", f"{REPOSITORY}/pulls/9", 404),
    ]
    assert (standin.count("GET", "/pulls"), standin.count("GET"), standin.count("POST")) == (2, 2, 0)


def test_what_is_not_served_says_so(standin: Standin) -> None:
    response = ask_wrongly(standin, f"{REPOSITORY}/stargazers", why="a route that is not served")
    assert response.status_code == 501
    assert "does not serve GET /repos/acme/churn/stargazers" in response.json()["message"]


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_bad_json_is_refused(standin: Standin, body: bytes) -> None:
    address = f"{standin.api_url}{REPOSITORY}/issues/1/comments"
    headers = {"Authorization": f"token {WORKFLOW}", ON_PURPOSE: "no JSON object"}
    assert requests.post(address, data=body, headers=headers, timeout=5).status_code == 400


@dataclass
class Faulty:
    """Answers a fault instead of GitHub, or drops what GitHub answered, a number of times."""

    instead: list[Answer] = field(default_factory=list)
    drops: int = 0
    seconds: float = 0

    def before(self, request: Request) -> Answer | None:
        time.sleep(self.seconds)
        return self.instead.pop(0) if self.instead else None

    def after(self, request: Request, answer: Answer) -> Answer:
        if self.drops:
            self.drops -= 1
            raise DropConnection
        return answer


def test_an_interceptor_answers_instead(standin: Standin) -> None:
    limited = json_answer({"message": "slow down"}, status=429, headers={"Retry-After": "7"})
    standin.interceptor = Faulty(instead=[limited])
    refused, answered = ask(standin, REPOSITORY), ask(standin, REPOSITORY)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert answered.status_code == 200


def test_an_interceptor_drops_the_answer_after_the_deed(world: World, standin: Standin) -> None:
    standin.interceptor = Faulty(drops=1)
    with pytest.raises(requests.ConnectionError):
        ask(standin, f"{REPOSITORY}/issues/1/comments", method="POST", body={"body": "Was I heard?"})
    assert [comment.body for comment in world.comments_on(1)] == ["Was I heard?"]
    assert [logged.status for logged in standin.requests] == [0]


def test_an_interceptor_delays(standin: Standin) -> None:
    standin.interceptor = Faulty(seconds=0.3)
    headers = {"Authorization": f"token {WORKFLOW}"}
    with pytest.raises(requests.ReadTimeout):
        requests.get(standin.api_url + REPOSITORY, headers=headers, timeout=0.1)


def test_stops_while_a_client_keeps_its_connection(world: World) -> None:
    with requests.Session() as session:
        with serve(world) as standin:
            session.headers["Authorization"] = f"token {WORKFLOW}"
            assert session.get(standin.api_url + REPOSITORY, timeout=5).status_code == 200
            address = standin.api_url
        with pytest.raises(requests.ConnectionError):
            session.get(address + REPOSITORY, timeout=5)


def test_a_repository_around_the_folder_is_left_alone(world: World) -> None:
    inside = World.create(world.git.directory / "demo" / "inside.git", world.repository)
    assert inside.tip("main") is None
    assert inside.git.text("rev-parse", "--absolute-git-dir") == str(inside.git.directory.resolve())


def test_many_clients_at_once(world: World, standin: Standin) -> None:
    def talk(number: int) -> int:
        path = f"{REPOSITORY}/issues/1/comments"
        return ask(standin, path, method="POST", body={"body": f"Number {number}"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(talk, range(40))) == [201] * 40
    comments = world.comments_on(1)
    assert len({comment.id for comment in comments}) == len({comment.body for comment in comments}) == 40


def test_a_hanging_interceptor_ends_with_the_server(world: World) -> None:
    with serve(world) as standin:

        class Hanging(Faulty):
            def before(self, request: Request) -> Answer | None:
                standin.closing.wait(60)
                return None

        standin.interceptor = Hanging()
        started = time.monotonic()
        with pytest.raises(requests.ReadTimeout):
            requests.get(standin.api_url + REPOSITORY, timeout=0.1)
    assert time.monotonic() - started < 30


def test_a_world_can_be_taken_up_again(world: World) -> None:
    again = World.create(world.git.directory, world.repository)
    assert again.tip("main") == world.tip("main")
