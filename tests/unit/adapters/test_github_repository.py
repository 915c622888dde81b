"""Files, contents and history by API: how they are asked for, and what is not believed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from promoter.adapters.github_repository import GitHubRepository
from promoter.core.files import FileEntry, FileVersion
from promoter.errors import PromoterError, ReasonCode
from tests.fakes.github import blob_id
from tests.fakes.github_api import REPOSITORY, SHA, GitHubApi, github_api

REQUESTS = "promotions/**/*.yaml"
POLICY = ".github/promotion-policy.yaml"
PATH = "promotions/churn model/größe.yaml"


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        yield answering


def repository(api: GitHubApi) -> GitHubRepository:
    return GitHubRepository(api.connection())


def an_item(path: str, kind: str = "blob", *, mode: str = "100644", sha: str = SHA) -> dict[str, Any]:
    sized = {"size": 12} if kind == "blob" else {}
    return {"path": path, "mode": mode, "type": kind, "sha": sha, **sized}


def a_tree(*items: dict[str, Any], truncated: bool = False, name: str = REPOSITORY) -> dict[str, Any]:
    url = f"https://api.github.com/repos/{name}/git/trees/{SHA}"
    return {"sha": SHA, "url": url, "tree": list(items), "truncated": truncated}


def a_blob(content: bytes) -> dict[str, Any]:
    encoded = base64.encodebytes(content).decode()
    return {"sha": blob_id(content), "content": encoded, "encoding": "base64", "size": len(content)}


def entries(*contents: bytes) -> list[FileEntry]:
    return [
        FileEntry(path=f"{at}.yaml", mode="100644", blob_id=blob_id(content), size=len(content))
        for at, content in enumerate(contents)
    ]


# --- tip -----------------------------------------------------------------------------------------


def test_the_tip_of_a_branch_with_slashes(api: GitHubApi) -> None:
    api.on(
        "GET",
        "/git/ref/heads/feature/a%20b",
        (200, {"ref": "refs/heads/feature/a b", "object": {"sha": SHA}}),
    )

    assert repository(api).tip("feature/a b") == SHA


def test_a_branch_whose_name_only_begins_alike_is_not_taken(api: GitHubApi) -> None:
    api.on("GET", "/git/ref/heads/main", (200, {"ref": "refs/heads/main-2", "object": {"sha": SHA}}))

    with pytest.raises(PromoterError, match="main-2") as raised:
        repository(api).tip("main")

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_a_branch_that_is_not_there_is_named(api: GitHubApi) -> None:
    api.on("GET", "/git/ref/heads/gone", (404, {"message": "Not Found"}))

    with pytest.raises(PromoterError, match="reading branch gone") as raised:
        repository(api).tip("gone")

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED


@pytest.mark.parametrize("branch", ["", "..", "a/../b", "/a"])
def test_a_branch_that_leads_elsewhere_is_not_asked_for(api: GitHubApi, branch: str) -> None:
    with pytest.raises(PromoterError) as raised:
        repository(api).tip(branch)

    assert raised.value.reason is ReasonCode.USAGE_INVALID
    assert api.asked == []


# --- files ---------------------------------------------------------------------------------------


def test_files_of_every_mode_are_listed_sorted_in_one_call_a_commit(api: GitHubApi) -> None:
    tree = a_tree(
        an_item("promotions", "tree", mode="040000"),
        an_item("promotions/z.yaml", mode="120000"),
        an_item("promotions/a/b.yaml"),
        an_item("promotions/lib.yaml", "commit", mode="160000"),
        an_item("promotions/notes.md"),
        an_item(POLICY, mode="100755"),
    )
    api.on("GET", f"/git/trees/{SHA}", (200, tree))
    files = repository(api)

    found = files.files(SHA, (REQUESTS, POLICY))

    assert [(entry.path, entry.mode, entry.size) for entry in found] == [
        (POLICY, "100755", 12),
        ("promotions/a/b.yaml", "100644", 12),
        ("promotions/lib.yaml", "160000", None),
        ("promotions/z.yaml", "120000", 12),
    ]
    assert files.files(SHA, (POLICY,)) == found[:1]
    assert api.asked == [f"GET /repos/{REPOSITORY}/git/trees/{SHA}?recursive=1"]


def one_level(api: GitHubApi, sha: str, tree: dict[str, Any]) -> None:
    api.answers("GET", f"/repos/{REPOSITORY}/git/trees/{sha}?", tree)


def test_a_large_tree_is_walked_along_the_patterns_folders_only(api: GitHubApi) -> None:
    api.answers(
        "GET", f"/repos/{REPOSITORY}/git/trees/{SHA}?recursive=1", a_tree(an_item("x"), truncated=True)
    )
    top = a_tree(
        an_item(".github", "tree", sha="1" * 40),
        an_item("promotions", "tree", sha="2" * 40),
        an_item("data", "tree", sha="3" * 40),
    )
    one_level(api, SHA, top)
    api.on("GET", f"/git/trees/{'1' * 40}", (200, a_tree(an_item("promotion-policy.yaml"), an_item("x.yml"))))
    api.on(
        "GET",
        f"/git/trees/{'2' * 40}",
        (200, a_tree(an_item("a.yaml"), an_item("c", "tree"), an_item("c/d.yaml"))),
    )
    files = repository(api)

    paths = [entry.path for entry in files.files(SHA, (REQUESTS, POLICY))]

    assert paths == [POLICY, "promotions/a.yaml", "promotions/c/d.yaml"]
    asked = len(api.asked)
    assert [entry.path for entry in files.files(SHA, (REQUESTS,))] == paths[1:]
    assert len(api.asked) == asked
    assert not any("3" * 40 in one for one in api.asked)


def test_a_folder_too_large_for_one_answer_is_walked_folder_by_folder(api: GitHubApi) -> None:
    cut = a_tree(truncated=True)
    trees = {
        SHA: a_tree(an_item("promotions", "tree", sha="2" * 40)),
        "2" * 40: a_tree(an_item("a.yaml"), an_item("b", "tree", sha="4" * 40)),
    }
    for sha, level in trees.items():
        api.answers("GET", f"/repos/{REPOSITORY}/git/trees/{sha}?recursive=1", cut)
        one_level(api, sha, level)
    api.on("GET", f"/git/trees/{'4' * 40}", (200, a_tree(an_item("c.yaml"))))

    found = repository(api).files(SHA, (REQUESTS,))

    assert [entry.path for entry in found] == ["promotions/a.yaml", "promotions/b/c.yaml"]


def test_a_pattern_that_begins_with_a_wildcard_walks_everything(api: GitHubApi) -> None:
    api.answers("GET", f"/repos/{REPOSITORY}/git/trees/{SHA}?recursive=1", a_tree(truncated=True))
    one_level(api, SHA, a_tree(an_item("a.yaml"), an_item("b", "tree", sha="4" * 40)))
    api.on("GET", f"/git/trees/{'4' * 40}", (200, a_tree(an_item("c.yaml"))))

    found = repository(api).files(SHA, ("**/*.yaml",))

    assert [entry.path for entry in found] == ["a.yaml", "b/c.yaml"]


def test_in_a_large_tree_a_folder_that_is_not_there_holds_nothing(api: GitHubApi) -> None:
    api.answers("GET", f"/repos/{REPOSITORY}/git/trees/{SHA}?recursive=1", a_tree(truncated=True))
    one_level(api, SHA, a_tree(an_item("promotions", mode="120000")))

    assert repository(api).files(SHA, (REQUESTS,)) == ()


def test_a_single_folder_that_github_cuts_is_an_outage(api: GitHubApi) -> None:
    api.on("GET", f"/git/trees/{SHA}", (200, a_tree(truncated=True)))

    with pytest.raises(PromoterError, match="only a part of it") as raised:
        repository(api).files(SHA, ("*.yaml",))

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_folders_without_their_files_are_not_believed(api: GitHubApi) -> None:
    """What PyGithub gets when it follows a redirection and drops `recursive` on the way."""
    api.on("GET", f"/git/trees/{SHA}", (200, a_tree(an_item("promotions", "tree"), an_item("README.md"))))

    with pytest.raises(PromoterError, match="without their files") as raised:
        repository(api).files(SHA, (REQUESTS,))

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_the_files_of_a_renamed_repository_are_not_taken(api: GitHubApi) -> None:
    api.on("GET", f"/git/trees/{SHA}", (200, a_tree(an_item("x/y"), name="acme/other")))

    with pytest.raises(PromoterError, match="sent us elsewhere"):
        repository(api).files(SHA, (REQUESTS,))


def test_an_empty_tree_has_no_files(api: GitHubApi) -> None:
    api.on("GET", f"/git/trees/{SHA}", (200, a_tree()))

    assert repository(api).files(SHA, (REQUESTS,)) == ()


@pytest.mark.parametrize(
    "tree", [{}, {"tree": [], "truncated": "no"}, [], {"tree": [{}], "truncated": False}]
)
def test_a_tree_that_makes_no_sense_is_an_outage(api: GitHubApi, tree: object) -> None:
    api.on("GET", f"/git/trees/{SHA}", (200, tree))

    with pytest.raises(PromoterError, match="makes no sense") as raised:
        repository(api).files(SHA, (REQUESTS,))

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


# --- contents ------------------------------------------------------------------------------------


def test_a_few_blobs_are_read_one_by_one_and_each_once(api: GitHubApi) -> None:
    contents = (b"model: churn\n", b"\xff\x00binary", b"")
    for content in contents:
        api.on("GET", f"/git/blobs/{blob_id(content)}", (200, a_blob(content)))
    files = repository(api)

    first = files.contents(entries(*contents, *contents))
    again = files.contents(entries(contents[0]))

    assert first == {blob_id(content): content for content in contents}
    assert again == {blob_id(contents[0]): contents[0]}
    assert len(api.asked) == 3


def objects(*contents: bytes | None) -> dict[str, Any]:
    """GraphQL's answer; None where it has no text."""
    blobs = [{"text": None if content is None else content.decode()} for content in contents]
    return {"data": {"repository": {f"f{at}": blob for at, blob in enumerate(blobs)}}}


def test_many_blobs_are_one_question(api: GitHubApi) -> None:
    contents = [f"version: {at} ü\r\n".encode() for at in range(7)]
    api.graphql((200, objects(*contents)))

    found = repository(api).contents(entries(*contents))

    assert list(found.values()) == contents
    assert api.asked == ["POST /graphql"]
    sent = api.sent()
    assert isinstance(sent, dict)
    assert sent["variables"]["v6"] == blob_id(contents[6])
    assert sent["variables"]["owner"] == "acme"
    assert sent["query"].count("object(oid: $v") == 7


def test_fifty_blobs_are_the_most_for_one_question(api: GitHubApi) -> None:
    contents = [f"{at}".encode() for at in range(101)]
    api.graphql(*((200, objects(*contents[at : at + 50])) for at in (0, 50, 100)))

    assert len(repository(api).contents(entries(*contents))) == 101
    assert api.asked == ["POST /graphql"] * 3


def test_what_graphql_has_not_whole_is_read_by_rest(api: GitHubApi) -> None:
    contents = [b"a", b"\xffbinary", b"cut off", b"d", b"e"]
    sent = objects(b"a", None, b"cut", b"d", b"e")
    sent["data"]["repository"]["f4"] = None
    api.graphql((200, sent))
    for content in (contents[1], contents[2], contents[4]):
        api.on("GET", f"/git/blobs/{blob_id(content)}", (200, a_blob(content)))

    assert list(repository(api).contents(entries(*contents)).values()) == contents
    assert len(api.asked) == 4


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"errors": [{"type": "FORBIDDEN"}], "data": {"repository": None}}),
        (200, {"data": {"repository": None}}),
        (404, {"message": "Not Found"}),
        (403, {"message": "Resource not accessible by integration"}),
        (502, {"message": "Server Error"}),
    ],
)
def test_without_graphql_everything_is_read_by_rest(api: GitHubApi, answer: tuple[int, object]) -> None:
    contents = [f"{at}".encode() for at in range(6)]
    api.graphql(answer)
    for content in contents:
        api.on("GET", f"/git/blobs/{blob_id(content)}", (200, a_blob(content)))

    assert list(repository(api).contents(entries(*contents)).values()) == contents


@pytest.mark.parametrize(
    ("blob", "said"),
    [
        (a_blob(b"version: 8"), "does not have the digest"),
        ({**a_blob(b"version: 7"), "encoding": "none"}, "the encoding is none"),
        ({"content": "", "encoding": "base64"}, "does not have the digest"),
        ({"content": "a", "encoding": "base64"}, "no base64"),
        ({"encoding": "base64"}, "should be text"),
    ],
)
def test_bytes_that_are_not_the_blob_s_are_never_returned(api: GitHubApi, blob: object, said: str) -> None:
    api.on("GET", f"/git/blobs/{blob_id(b'version: 7')}", (200, blob))

    with pytest.raises(PromoterError, match=said) as raised:
        repository(api).contents(entries(b"version: 7"))

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_a_file_too_large_to_be_a_request_is_not_downloaded(api: GitHubApi) -> None:
    large = FileEntry(path="promotions/big.yaml", mode="100644", blob_id=SHA, size=256 * 1024 + 1)

    with pytest.raises(PromoterError, match=r"promotions/big\.yaml. has 262,145 bytes") as raised:
        repository(api).contents([*entries(b"a"), large])

    assert raised.value.reason is ReasonCode.REQUEST_INVALID
    assert api.asked == []


def test_no_entries_ask_nothing(api: GitHubApi) -> None:
    assert repository(api).contents([]) == {}
    assert api.asked == []


# --- history -------------------------------------------------------------------------------------


def changes(*shas: str) -> list[dict[str, Any]]:
    return [{"sha": sha, "url": f"https://api.github.com/repos/{REPOSITORY}/commits/{sha}"} for sha in shas]


def a_file(content: bytes) -> dict[str, Any]:
    return {"type": "file", **a_blob(content)}


def test_a_path_s_only_change_is_read_by_rest(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, changes("c1")))
    api.on("GET", "/contents/promotions/churn%20model/gr%C3%B6%C3%9Fe.yaml", (200, a_file(b"version: 6\n")))

    found = repository(api).history(SHA, PATH, limit=20)

    assert found == (FileVersion(commit="c1", content=b"version: 6\n"),)
    assert api.asked == [
        f"GET /repos/{REPOSITORY}/commits"
        f"?path=promotions%2Fchurn+model%2Fgr%C3%B6%C3%9Fe.yaml&per_page=20&sha={SHA}",
        f"GET /repos/{REPOSITORY}/contents/promotions/churn%20model/gr%C3%B6%C3%9Fe.yaml?ref=c1",
    ]


def history_objects(*contents: bytes | None) -> dict[str, Any]:
    blobs = [c if c is None else {"oid": blob_id(c), "text": c.decode()} for c in contents]
    return {"data": {"repository": {f"f{at}": blob for at, blob in enumerate(blobs)}}}


def test_several_changes_are_one_question(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, changes("c3", "c2", "c1")))
    api.graphql((200, history_objects(b"version: 6\n", None, b"version: 5\n")))

    found = repository(api).history(SHA, PATH, limit=20)

    assert [change.content for change in found] == [b"version: 6\n", None, b"version: 5\n"]
    assert len(api.asked) == 2
    sent = api.sent()
    assert isinstance(sent, dict)
    assert sent["variables"]["v0"] == f"c3:{PATH}"


def test_a_folder_where_the_file_was_counts_as_no_file(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, changes("c2", "c1")))
    sent = history_objects(b"version: 6\n", b"")
    sent["data"]["repository"]["f1"] = {}
    api.graphql((200, sent))

    found = repository(api).history(SHA, PATH, limit=20)

    assert [change.content for change in found] == [b"version: 6\n", None]


def test_what_graphql_cut_in_the_history_is_read_by_rest(api: GitHubApi) -> None:
    long = b"version: 6\n# long\n"
    api.on("GET", "/commits", (200, changes("c2", "c1")))
    api.graphql(
        (200, {"data": {"repository": {"f0": {"oid": blob_id(long), "text": "version"}, "f1": None}}})
    )
    api.on("GET", f"/git/blobs/{blob_id(long)}", (200, a_blob(long)))

    assert repository(api).history(SHA, PATH, limit=20)[0].content == long


def test_without_graphql_each_change_is_read_by_rest(api: GitHubApi) -> None:
    at = "/contents/promotions/churn%20model/gr%C3%B6%C3%9Fe.yaml"
    api.on("GET", "/commits", (200, changes("c5", "c4", "c3", "c2", "c1")))
    api.graphql((404, {"message": "Not Found"}))
    large = b"version: 3\n"
    unsent = {"type": "file", "sha": blob_id(large), "encoding": "none", "content": ""}
    link = {"type": "submodule", "sha": SHA}
    api.on(
        "GET",
        at,
        (200, a_file(b"v5")),
        (404, {"message": "Not Found"}),
        (200, unsent),
        (200, []),
        (200, link),
    )
    api.on("GET", f"/git/blobs/{blob_id(large)}", (200, a_blob(large)))

    found = repository(api).history(SHA, PATH, limit=20)

    assert [change.content for change in found] == [b"v5", None, large, None, None]


def test_a_change_whose_content_is_not_its_digest_s_is_an_outage(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, changes("c1")))
    api.on("GET", "/contents/a.yaml", (200, {**a_file(b"version: 6"), "sha": blob_id(b"version: 7")}))

    with pytest.raises(PromoterError, match="does not have the digest"):
        repository(api).history(SHA, "a.yaml", limit=20)


def test_the_history_ends_at_the_limit_without_another_page(api: GitHubApi) -> None:
    api.pages("/commits", changes("c2", "c1"), changes("c0"))
    api.graphql((200, history_objects(b"2", b"1")))

    found = repository(api).history(SHA, "a.yaml", limit=2)

    assert [change.commit for change in found] == ["c2", "c1"]
    assert len(api.asked) == 2


def test_a_path_that_never_was_has_no_history(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, []))

    assert repository(api).history(SHA, "a.yaml", limit=20) == ()


def test_the_history_of_a_renamed_repository_is_not_taken(api: GitHubApi) -> None:
    """PyGithub follows without `path` and `sha`: that would be another file's history."""
    moved = [{"sha": "c1", "url": "https://api.github.com/repos/acme/other/commits/c1"}]
    api.on("GET", "/commits", (200, moved))

    with pytest.raises(PromoterError, match="sent us elsewhere"):
        repository(api).history(SHA, "a.yaml", limit=20)
