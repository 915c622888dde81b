"""The one door to GitHub: retries, pages, GraphQL, addresses, and where the token goes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_access import GitHubAccess, address
from promoter.adapters.github_connection import GitHubConnection, connect
from promoter.adapters.github_errors import UnclearError
from promoter.adapters.github_retry import Call, Effect
from promoter.errors import ExitCode, PromoterError, ReasonCode
from tests.fakes.github_api import REPOSITORY, TOKEN, GitHubApi, github_api

REFUSED = requests.ConnectionError(
    MaxRetryError(
        None,  # type: ignore[arg-type]
        "/user",
        NewConnectionError(HTTPConnection("api.github.com"), "Connection refused"),
    )
)
RESET = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset")))
TOO_SLOW = requests.ReadTimeout("Read timed out.")
SAY_HELLO = Call(
    verb="POST", address="/hello", what="saying hello", body={"body": "hi"}, effect=Effect.ANOTHER
)


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api(invented="how a request is made, whatever it is for") as answering:
        yield answering


def ask(api: GitHubApi, *, seconds: float = 1800) -> object:
    return api.connection(seconds=seconds).get("/user", what="asking").data


# --- where the token may go ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://api.github.com",
        "https://api.github.com/",
        "https://github.example/api/v3",
        "https://github.example:8443/api/v3",
        "http://localhost:4010",
        "http://127.0.0.1:4010/api/v3",
    ],
)
def test_an_api_address_is_taken(url: str) -> None:
    assert GitHubAccess(api_url=url, repository=REPOSITORY, token=TOKEN).api_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.github.com",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "https://api.github.com@evil.example",
        "http://localhost@evil.example",
        "http://localhost:80@evil.example/",
        "https://user:pa55word@api.github.com",
        "https://api.github.com?next=1",
        "https://api.github.com#x",
        "https://api.github.com:99999",
        "https://api.github.com:x",
        "https://api.github.com\n",
        "https://\u0430pi.github.com",
        "https://",
        "ftp://api.github.com",
        "file:///etc/passwd",
        "api.github.com",
        "",
    ],
)
def test_the_token_goes_to_no_other_address(url: str) -> None:
    with pytest.raises(PromoterError) as raised:
        GitHubAccess(api_url=url, repository=REPOSITORY, token=TOKEN)

    assert raised.value.reason is ReasonCode.USAGE_INVALID
    assert "GITHUB_API_URL" in str(raised.value)
    assert "pa55word" not in str(raised.value)


@pytest.mark.parametrize("token", ["", "ghs_a b", "ghs_a\nX-Evil: 1", "ghs_ä", "ghs_a\n"])
def test_a_token_that_is_none_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(PromoterError) as raised:
        GitHubAccess(api_url="https://api.github.com", repository=REPOSITORY, token=token)

    assert raised.value.reason is ReasonCode.USAGE_INVALID
    assert "ghs_" not in f"{raised.value} {raised.value.hint}"


@pytest.mark.parametrize(
    "repository", ["", "acme", "acme/", "/models", "a/b/c", "acme/..", "./models", "a/b\n"]
)
def test_a_repository_is_owner_and_name(repository: str) -> None:
    with pytest.raises(PromoterError, match="the repository is") as raised:
        GitHubAccess(api_url="https://api.github.com", repository=repository, token=TOKEN)

    assert raised.value.reason is ReasonCode.USAGE_INVALID


def test_the_token_is_in_no_repr() -> None:
    access = GitHubAccess(api_url="https://api.github.com", repository=REPOSITORY, token=TOKEN)

    assert TOKEN not in repr(access)


def test_segments_stay_one_segment() -> None:
    assert address("repos", "a b", "ä/../x?y#z%", "…") == "/repos/a%20b/%C3%A4%2F..%2Fx%3Fy%23z%25/%E2%80%A6"


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_segment_that_a_server_would_resolve_is_refused(segment: str) -> None:
    with pytest.raises(PromoterError, match="cannot be asked about") as raised:
        address("collaborators", segment, "permission")

    assert raised.value.reason is ReasonCode.USAGE_INVALID


def test_a_redirection_elsewhere_is_not_followed(api: GitHubApi) -> None:
    elsewhere = "https://evil.example:443/user"
    api.mock.add("GET", elsewhere, json={"login": "mallory"})
    for status in (301, 302, 307, 308):
        api.answers("GET", "/user", {}, status=status, headers={"Location": "https://evil.example/user"})

        with pytest.raises(PromoterError, match="sent us elsewhere") as raised:
            ask(api)

        assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert {call.request.url for call in api.mock.calls} == {"https://api.github.com:443/user"}


def test_a_page_elsewhere_is_asked_of_our_own_host(api: GitHubApi) -> None:
    link = '<https://evil.example/issues?page=2>; rel="next"'
    api.answers("GET", "/issues", [{"n": 1}], headers={"Link": link})

    with pytest.raises(PromoterError, match="leads nowhere"):
        list(api.connection().items("/issues", what="listing"))

    assert [str(call.request.url).split("/issues")[0] for call in api.mock.calls] == [
        "https://api.github.com:443",
        "https://api.github.com:443",
    ]


def test_the_token_travels_as_a_header_only(api: GitHubApi) -> None:
    api.answers("GET", "/user", {})

    ask(api)

    request = api.mock.calls[0].request
    assert request.headers["Authorization"] == f"token {TOKEN}"
    assert TOKEN not in f"{request.url}{request.body!r}"


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500])
def test_a_server_that_repeats_the_token_does_not_get_it_into_a_message(api: GitHubApi, status: int) -> None:
    api.answers("GET", "/user", {"message": f"no, {TOKEN} is wrong"}, status=status)

    with pytest.raises(PromoterError) as raised:
        ask(api)

    assert TOKEN not in f"{raised.value}{raised.value.hint}{raised.value.message.parts}{api.log}"


def test_an_exception_that_holds_the_token_does_not_get_it_into_a_message(api: GitHubApi) -> None:
    api.answers("GET", "/user", requests.exceptions.InvalidHeader(f"Invalid header value: token {TOKEN}"))

    with pytest.raises(PromoterError) as raised:
        ask(api)

    assert TOKEN not in f"{raised.value}{raised.value.message.parts}{api.log}"


# --- asking again --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [REFUSED, RESET, TOO_SLOW, requests.ConnectTimeout("slow"), OSError("no route")]
)
def test_a_broken_network_is_tried_four_times(api: GitHubApi, fault: Exception) -> None:
    api.answers("GET", "/user", fault)

    with pytest.raises(PromoterError) as raised:
        ask(api)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert len(api.asked) == 4
    assert api.clock.pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (REFUSED, "could not be reached"),
        (requests.ConnectTimeout("slow"), "could not be reached"),
        (RESET, "broke the connection off"),
        (requests.exceptions.ChunkedEncodingError("cut"), "broke the connection off"),
        (TOO_SLOW, "did not answer in time"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "answered something that cannot be read"),
        (RuntimeError("redirected"), "sent us elsewhere"),
        (OSError(), "broke the connection off"),
    ],
)
def test_each_fault_is_named(api: GitHubApi, fault: Exception, said: str) -> None:
    api.answers("GET", "/user", fault)

    with pytest.raises(PromoterError, match=said):
        ask(api)


@pytest.mark.parametrize("fault", [RESET, TOO_SLOW])
def test_a_fault_that_passes_is_survived(api: GitHubApi, fault: Exception) -> None:
    api.answers("GET", "/user", fault)
    api.answers("GET", "/user", '{"login": ')
    api.answers("GET", "/user", "<html>", status=503)
    api.answers("GET", "/user", {"login": "ann"})

    assert ask(api) == {"login": "ann"}
    assert len(api.log) == 3


def test_every_wait_is_told_with_its_reason(api: GitHubApi) -> None:
    api.answers("GET", "/user", {}, status=429, headers={"Retry-After": "7"})
    api.answers("GET", "/user", {"login": "ann"})

    ask(api)

    assert api.log == ["GitHub's rate limit is reached; waiting 7.0 s before trying again: `asking`"]
    assert api.clock.pauses == [7]


def test_a_wait_that_does_not_fit_the_deadline_is_not_begun(api: GitHubApi) -> None:
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(api.clock.now) + 3000)}
    api.answers("GET", "/user", {"message": "API rate limit exceeded"}, status=403, headers=reset)

    with pytest.raises(PromoterError) as raised:
        ask(api, seconds=1800)

    assert raised.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert "rate limit is reached: the next try would be in 3,001 s, and 1,800 s are left" in str(
        raised.value
    )
    assert "in 51 min" in str(raised.value.hint)
    assert raised.value.exit_code is ExitCode.UNDECIDED
    assert (api.clock.pauses, api.log) == ([], [])


@pytest.mark.parametrize("asked", [{"Retry-After": "100000"}, {}])
def test_a_secondary_limit_that_outlasts_the_deadline_ends_it_at_once(
    api: GitHubApi, asked: dict[str, str]
) -> None:
    api.answers("POST", "/comments", {"message": "secondary rate limit"}, status=403, headers=asked)
    call = Call(verb="POST", address="/comments", what="writing", effect=Effect.ANOTHER, body={})

    with pytest.raises(PromoterError, match=r"would be in (100,000|60) s, and 50 s are left") as raised:
        api.connection(seconds=50).send(call)

    assert (raised.value.reason, api.clock.pauses) == (ReasonCode.DEADLINE_EXCEEDED, [])


def test_who_was_asked_to_stop_is_not_told_of_a_deadline(api: GitHubApi) -> None:
    api.answers("GET", "/user", {}, status=429, headers={"Retry-After": "7"})
    deadline = Deadline(60, until=lambda: api.clock.now + 5, clock=api.clock, pause=api.clock.pause)

    with pytest.raises(PromoterError) as raised:
        api.connection(deadline=deadline).get("/user", what="asking")

    assert raised.value.reason is ReasonCode.INTERRUPTED


# --- pace ----------------------------------------------------------------------------------------


def test_writes_are_a_second_apart_and_reads_are_not(api: GitHubApi) -> None:
    for verb in ("POST", "PATCH", "PUT", "DELETE", "GET"):
        api.answers(verb, "/thing", {})
    connection = api.connection()

    for verb in ("GET", "POST", "GET", "PATCH", "GET", "GET", "PUT", "DELETE"):
        connection.send(Call(verb=verb, address="/thing", what="doing"))

    assert api.clock.pauses == [1, 1, 1]
    assert api.log == []


def test_time_that_has_passed_anyway_is_not_waited_for(api: GitHubApi) -> None:
    api.answers("PATCH", "/thing", {})
    connection, call = api.connection(), Call(verb="PATCH", address="/thing", what="doing")

    for passed in (0.75, 5.0, -3600.0):
        connection.send(call)
        api.clock.now += passed
    connection.send(call)

    assert api.clock.pauses == [0.25, 1.0]


def test_questions_by_graphql_are_no_writes(api: GitHubApi) -> None:
    api.graphql((200, {"data": {}}))
    connection = api.connection()

    for _ in range(3):
        connection.query("query { viewer { login } }", {}, what="asking")

    assert api.clock.pauses == []


def test_a_write_that_failed_counts_too(api: GitHubApi) -> None:
    api.answers("PATCH", "/thing", {}, status=500)
    api.answers("PATCH", "/thing", {})

    api.connection().send(Call(verb="PATCH", address="/thing", what="doing"))

    assert api.clock.pauses == [0.5, 0.5]


def test_a_hundred_writes_stay_below_eighty_a_minute(api: GitHubApi) -> None:
    api.answers("PATCH", "/thing", {})
    connection, times = api.connection(), []

    for _ in range(100):
        connection.send(Call(verb="PATCH", address="/thing", what="doing"))
        times.append(api.clock.now)

    assert max(sum(start <= at < start + 60 for at in times) for start in times) <= 80


# --- what is left --------------------------------------------------------------------------------


def test_that_little_is_left_is_told_once(api: GitHubApi) -> None:
    for remaining in ("101", "100", "99", "0"):
        reset = str(int(api.clock.now) + 1500)
        limits = {"Remaining": remaining, "Limit": "1000", "Reset": reset}
        headers = {f"X-RateLimit-{name}": value for name, value in limits.items()}
        api.answers("GET", "/user", {"login": "ann"}, headers=headers)
    connection = api.connection()

    for _ in range(4):
        connection.get("/user", what="asking")

    told = "100 of the 1000 requests an hour that GitHub allows are left; it is renewed in 25 min"
    assert api.log == [told]


def test_a_limit_that_stays_is_an_outage(api: GitHubApi) -> None:
    api.answers("GET", "/user", {"message": "You have exceeded a secondary rate limit"}, status=403)

    with pytest.raises(PromoterError, match="rate limit") as raised:
        ask(api)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert api.clock.pauses == [60, 120, 240]


def test_nothing_is_asked_after_the_deadline(api: GitHubApi) -> None:
    connection = api.connection(seconds=10)
    api.clock.now += 11

    with pytest.raises(PromoterError) as raised:
        connection.get("/user", what="asking")

    assert raised.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert api.asked == []


@pytest.mark.parametrize("fault", [RESET, TOO_SLOW, '{"id": '])
def test_a_creation_without_an_answer_is_unclear_and_not_repeated(api: GitHubApi, fault: object) -> None:
    api.answers("POST", "/hello", fault, status=201)

    with pytest.raises(UnclearError) as raised:
        api.connection().send(SAY_HELLO)

    assert len(api.asked) == 1
    assert raised.value.may_still_act is (fault is TOO_SLOW)


def test_a_creation_after_which_the_server_broke_is_unclear(api: GitHubApi) -> None:
    api.answers("POST", "/hello", {"message": "Server Error"}, status=502)

    with pytest.raises(UnclearError):
        api.connection().send(SAY_HELLO)

    assert len(api.asked) == 1


def test_a_creation_that_was_refused_is_plain(api: GitHubApi) -> None:
    api.answers("POST", "/hello", {"message": "Validation Failed"}, status=422)

    with pytest.raises(PromoterError) as raised:
        api.connection().send(SAY_HELLO)

    assert not isinstance(raised.value, UnclearError)


def test_a_creation_that_never_left_is_repeated_and_its_failure_is_plain(api: GitHubApi) -> None:
    api.answers("POST", "/hello", REFUSED)

    with pytest.raises(PromoterError) as raised:
        api.connection().send(SAY_HELLO)

    assert len(api.asked) == 4
    assert not isinstance(raised.value, UnclearError)


def test_a_change_is_repeated(api: GitHubApi) -> None:
    api.answers("PATCH", "/hello", RESET)
    api.answers("PATCH", "/hello", {"ok": True})

    answer = api.connection().send(Call(verb="PATCH", address="/hello", what="changing", body={"a": 1}))

    assert answer.data == {"ok": True}
    assert api.sent() == {"a": 1}


def test_an_accepted_refusal_is_an_answer_after_what_can_pass_has_passed(api: GitHubApi) -> None:
    api.answers("GET", "/user", {"message": "rate limit"}, status=403, headers={"Retry-After": "1"})
    api.answers("GET", "/user", {"message": "Resource not accessible by integration"}, status=403)

    assert api.connection().get("/user", what="asking", accept={403}).status == 403
    assert api.clock.pauses == [1]


# --- pages ---------------------------------------------------------------------------------------


def listed(api: GitHubApi) -> list[object]:
    connection = api.connection()
    return [one["n"] for one in connection.items(connection.in_repository("issues"), what="listing")]


def test_all_pages_are_read_a_hundred_at_a_time(api: GitHubApi) -> None:
    api.pages("/issues", [{"n": 1}, {"n": 2}], [{"n": 3}], [{"n": 4}])

    assert listed(api) == [1, 2, 3, 4]
    assert api.asked == [
        f"GET /repos/{REPOSITORY}/issues?per_page=100",
        f"GET /repos/{REPOSITORY}/issues?page=2",
        f"GET /repos/{REPOSITORY}/issues?page=3",
    ]


def test_a_page_is_asked_for_when_it_is_reached(api: GitHubApi) -> None:
    api.pages("/issues", [{"n": 1}], [{"n": 2}])
    connection = api.connection()

    next(connection.items(connection.in_repository("issues"), what="listing"))

    assert len(api.asked) == 1


def test_a_page_that_fails_is_asked_for_again_alone(api: GitHubApi) -> None:
    path = f"/repos/{REPOSITORY}/issues"
    api.answers(
        "GET", path, [{"n": 1}], headers={"Link": f'<https://api.github.com{path}?page=2>; rel="next"'}
    )
    api.answers("GET", f"{path}?page=2", {}, status=502)
    api.answers("GET", f"{path}?page=2", [{"n": 2}])

    assert listed(api) == [1, 2]
    assert len(api.asked) == 3


@pytest.mark.parametrize("following", ["/repos/acme/models/issues", "nowhere", ""])
def test_a_page_without_an_address_of_its_own_is_an_outage(api: GitHubApi, following: str) -> None:
    api.answers("GET", f"/repos/{REPOSITORY}/issues", [], headers={"Link": f'<{following}>; rel="next"'})

    with pytest.raises(PromoterError, match="leads nowhere") as raised:
        listed(api)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_pages_that_go_round_in_circles_end(api: GitHubApi) -> None:
    same = f'<https://api.github.com/repos/{REPOSITORY}/issues>; rel="next"'
    api.answers("GET", f"/repos/{REPOSITORY}/issues", [{"n": 1}], headers={"Link": same})

    with pytest.raises(PromoterError, match="leads nowhere"):
        listed(api)


def test_a_list_that_is_none_is_an_outage(api: GitHubApi) -> None:
    api.answers("GET", f"/repos/{REPOSITORY}/issues", {"message": "hello"})

    with pytest.raises(PromoterError, match="a list of objects"):
        listed(api)


# --- GraphQL -------------------------------------------------------------------------------------


def viewer(connection: GitHubConnection) -> object:
    return connection.query("query { viewer { login } }", {"a": 1}, what="asking")


def test_a_query_answers_its_data(api: GitHubApi) -> None:
    api.graphql((200, {"data": {"viewer": {"login": "ann"}}}))

    assert viewer(api.connection()) == {"viewer": {"login": "ann"}}
    assert api.sent() == {"query": "query { viewer { login } }", "variables": {"a": 1}}


def test_a_query_may_be_repeated(api: GitHubApi) -> None:
    api.graphql((502, {}), (200, {"data": {}}))

    assert viewer(api.connection()) == {}


@pytest.mark.parametrize(
    "answer", [{"errors": [{"message": "no"}]}, {"data": None}, [], {"errors": [], "data": 1}]
)
def test_errors_are_no_data(api: GitHubApi, answer: object) -> None:
    api.graphql((200, answer), (200, {"data": {"x": 1}}))
    connection = api.connection()

    assert viewer(connection) is None
    assert viewer(connection) == {"x": 1}
    assert "GraphQL answers with errors" in api.log[0]


@pytest.mark.parametrize("status", [403, 404, 405, 410, 501])
def test_where_graphql_is_not_served_it_is_asked_once(api: GitHubApi, status: int) -> None:
    api.graphql((status, {"message": "no"}))
    connection = api.connection()

    assert viewer(connection) is None
    assert viewer(connection) is None
    assert len(api.asked) == 1
    assert api.log == [f"GraphQL answers with status {status}: going on without it"]


def test_graphql_that_is_down_is_gone_on_without_after_four_tries(api: GitHubApi) -> None:
    api.graphql((502, {}))

    assert viewer(api.connection()) is None
    assert len(api.asked) == 4


def test_a_token_that_graphql_refuses_is_refused(api: GitHubApi) -> None:
    api.graphql((401, {"message": "Bad credentials"}))

    with pytest.raises(PromoterError) as raised:
        viewer(api.connection())

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED


# --- Enterprise Server ---------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["https://github.example/api/v3", "https://github.example/api/v3/"])
def test_an_enterprise_server_has_its_own_addresses(root: str) -> None:
    with github_api("https://github.example/api/v3") as api:
        base = f"/repos/{REPOSITORY}/issues"
        link = f'<https://github.example/api/v3{base}?page=2>; rel="next"'
        api.answers("GET", base, [{"n": 1}], headers={"Link": link})
        api.answers("GET", f"{base}?page=2", [{"n": 2}])
        api.mock.add("POST", "https://github.example:443/api/graphql", json={"data": {}})
        connection = api.connection(root=root)

        issues = connection.in_repository("issues")
        assert [one["n"] for one in connection.items(issues, what="listing")] == [1, 2]
        assert viewer(connection) == {}
        assert api.asked == [
            f"GET /api/v3{base}?per_page=100",
            f"GET /api/v3{base}?page=2",
            "POST /api/graphql",
        ]


# --- another repository's answers ----------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://api.github.com/repos/acme/models/git/trees/abc",
        "https://github.example/api/v3/repos/Acme/Models",
        "https://api.github.com/user",
        None,
        7,
    ],
)
def test_our_own_answers_are_taken(api: GitHubApi, url: object) -> None:
    connection = api.connection()

    assert connection.require_own({"url": url}, what="listing") is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("name", ["acme/models-old", "acme/models2", "evil/models", "acme"])
def test_the_answer_about_a_renamed_repository_is_refused(api: GitHubApi, name: str) -> None:
    with pytest.raises(PromoterError, match="sent us elsewhere") as raised:
        api.connection().require_own({"url": f"https://api.github.com/repos/{name}/git/x"}, what="listing")

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


# --- what it costs to import ---------------------------------------------------------------------


def test_importing_the_adapters_imports_neither_pygithub_nor_requests() -> None:
    names = ["github_access", "github_repository", "github_pull_requests", "github_connection"]
    lines = [*(f"import promoter.adapters.{name}" for name in names), "import sys", "print(*sys.modules)"]

    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True, timeout=60
    )

    modules = set(done.stdout.split())
    assert "promoter.adapters.github_connection" in modules
    assert modules & {"github", "requests", "urllib3"} == set()


def test_a_connection_is_made_without_asking_anything(api: GitHubApi) -> None:
    deadline = Deadline(60)

    connection = connect(
        api_url=api.root, token=TOKEN, repository=REPOSITORY, deadline=deadline, log=lambda _: None
    )

    assert (connection.owner, connection.name) == ("acme", "models")
    assert api.asked == []


def test_the_client_s_own_pauses_and_retries_are_off(api: GitHubApi) -> None:
    api.answers("GET", "/user", {}, status=500)

    with pytest.raises(PromoterError):
        ask(api)

    assert len(api.asked) == 4
    assert all(re.fullmatch("promoter", str(call.request.headers["User-Agent"])) for call in api.mock.calls)
