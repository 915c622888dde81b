"""Files, contents and history by API: how they are asked for, and what is not believed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from promoter.adapters.github_repository import GitHubRepository
from promoter.core.files import Ancestor, FileEntry, FileVersion
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


@pytest.mark.parametrize("content", [b"model: churn\n", b"\xff\x00binary", b""])
def test_a_single_blob_is_read_by_rest_and_once(api: GitHubApi, content: bytes) -> None:
    api.on("GET", f"/git/blobs/{blob_id(content)}", (200, a_blob(content)))
    files = repository(api)

    for _ in range(2):
        assert files.contents(entries(content, content)) == {blob_id(content): content}

    assert api.asked == [f"GET /repos/{REPOSITORY}/git/blobs/{blob_id(content)}"]


def test_files_that_were_listed_are_read_with_the_first_one_wanted(api: GitHubApi) -> None:
    """The policy is read before the requests: one question, not two. What is too large is left out."""
    large = {**an_item("promotions/large.yaml", sha="2" * 40), "size": 256 * 1024 + 1}
    items = [an_item(POLICY, sha=blob_id(b"p")), an_item("promotions/a.yaml", sha=blob_id(b"a")), large]
    api.on("GET", f"/git/trees/{SHA}", (200, a_tree(*items)))
    api.graphql((200, objects(b"p", b"a")))
    files = repository(api)
    found = {entry.path: entry for entry in files.files(SHA, (REQUESTS, POLICY))}

    assert files.contents([found[POLICY]]) == {blob_id(b"p"): b"p"}
    assert files.contents([found["promotions/a.yaml"]]) == {blob_id(b"a"): b"a"}
    assert files.contents([]) == {}

    assert len(api.asked) == 2
    sent = api.sent()
    assert isinstance(sent, dict)
    assert {key for key in sent["variables"] if key.startswith("v")} == {"v0", "v1"}


def test_listed_files_never_make_a_second_question(api: GitHubApi) -> None:
    contents = [f"{at}".encode() for at in range(120)]
    items = [an_item(f"{at:03}.yaml", sha=blob_id(one)) for at, one in enumerate(contents)]
    api.on("GET", f"/git/trees/{SHA}", (200, a_tree(*items)))
    api.graphql((200, objects(*contents[:50])))
    files = repository(api)
    found = files.files(SHA, ("*.yaml",))

    assert files.contents(found[:1]) == {blob_id(b"0"): b"0"}
    assert len(files.contents(found[:50])) == 50
    assert len(api.asked) == 2


def test_two_blobs_are_one_question_and_each_is_asked_for_once(api: GitHubApi) -> None:
    api.graphql((200, objects(b"a", b"b")))
    files = repository(api)

    for contents in ((b"a", b"b"), (b"b",)):
        assert list(files.contents(entries(*contents)).values()) == list(contents)

    assert api.asked == ["POST /graphql"]


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


MANY = [f"{at}".encode() for at in range(501)]


def test_very_many_blobs_are_asked_for_in_larger_questions(api: GitHubApi) -> None:
    api.graphql(*((200, objects(*MANY[at : at + 200])) for at in (0, 200, 400)))

    assert list(repository(api).contents(entries(*MANY)).values()) == MANY
    assert api.asked == ["POST /graphql"] * 3


def test_what_a_larger_question_did_not_get_is_asked_for_in_smaller_ones(api: GitHubApi) -> None:
    too_slow = (200, {"errors": [{"message": "Something went wrong"}], "data": None})
    smaller = [(200, objects(*MANY[at : at + 50])) for at in range(200, 501, 50)]
    # The second of them is asked twice: the first time, what it is asked beside may not be told.
    api.graphql((200, objects(*MANY[:200])), too_slow, too_slow, *smaller)

    assert list(repository(api).contents(entries(*MANY)).values()) == MANY
    assert api.asked == ["POST /graphql"] * 10


def test_very_many_blobs_are_never_read_one_by_one(api: GitHubApi) -> None:
    api.graphql((404, {"message": "Not Found"}))

    with pytest.raises(PromoterError, match="501 files would have to be read one by one") as caught:
        repository(api).contents(entries(*MANY))
    assert caught.value.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert "promoter drift" in str(caught.value.hint)
    assert api.asked == ["POST /graphql"]


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
        (200, {"data": {"repository": {"f0": {"text": "0"}}}}),
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


def test_a_path_s_only_change_is_two_questions(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, changes("c1")))
    api.graphql((200, history_objects(b"version: 6\n")))

    found = repository(api).history(SHA, PATH, limit=20)

    assert found == (FileVersion(commit="c1", content=b"version: 6\n"),)
    assert api.asked == [
        f"GET /repos/{REPOSITORY}/commits"
        f"?path=promotions%2Fchurn+model%2Fgr%C3%B6%C3%9Fe.yaml&per_page=20&sha={SHA}",
        "POST /graphql",
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


def test_without_graphql_each_change_is_found_in_the_commit_s_tree(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, changes("c5", "c4", "c3")))
    api.graphql((404, {"message": "Not Found"}))
    for commit, content in (("c5", b"v5"), ("c3", b"v3")):
        api.on("GET", f"/git/trees/{commit}", (200, a_tree(an_item("a.yaml", sha=blob_id(content)))))
        api.on("GET", f"/git/blobs/{blob_id(content)}", (200, a_blob(content)))
    api.on("GET", "/git/trees/c4", (200, a_tree(an_item("b.yaml"))))

    found = repository(api).history(SHA, "a.yaml", limit=20)

    assert [change.content for change in found] == [b"v5", None, b"v3"]


def test_a_change_whose_content_is_not_its_digest_s_is_an_outage(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, changes("c1")))
    api.graphql(
        (200, {"data": {"repository": {"f0": {"oid": blob_id(b"version: 7"), "text": "version: 6"}}}})
    )
    api.on("GET", f"/git/blobs/{blob_id(b'version: 7')}", (200, a_blob(b"version: 6")))

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


# --- first parents -------------------------------------------------------------------------------


def listed(*commits: tuple[str, ...], name: str = REPOSITORY) -> list[dict[str, Any]]:
    """Commits as GitHub lists them, each given with its parents."""
    return [
        {
            "sha": sha,
            "url": f"https://api.github.com/repos/{name}/commits/{sha}",
            "parents": [{"sha": parent} for parent in parents],
        }
        for sha, *parents in commits
    ]


def straight(newest: int, oldest: int) -> list[dict[str, Any]]:
    """Commits c9, c8 … without any merge; c0 is the first of all."""
    return listed(*((f"c{at}", f"c{at - 1}") if at else ("c0",) for at in range(newest, oldest - 1, -1)))


def names(chain: tuple[Ancestor, ...]) -> list[str]:
    return [ancestor.commit for ancestor in chain]


def test_first_parents_are_picked_out_of_all_commits(api: GitHubApi) -> None:
    """c3 merges the branch b2-b1; by date its commits stand among the others, and one before its child."""
    commits = listed(
        ("c4", "c3"), ("b1", "c1"), ("c2", "c1"), ("c3", "c2", "b2"), ("b2", "b1"), ("c1", "c0"), ("c0",)
    )
    api.on("GET", "/commits", (200, commits))

    assert repository(api).first_parents("c4", limit=20) == tuple(
        Ancestor(commit=name, is_merge=name == "c3") for name in ("c4", "c3", "c2", "c1", "c0")
    )
    assert api.asked == [f"GET /repos/{REPOSITORY}/commits?per_page=100&sha=c4"]


@pytest.mark.parametrize(
    "committed", [{"commit": {"committer": None}}, {"commit": {"committer": {"name": "bob"}}}, {}]
)
def test_first_parents_say_when_they_were_committed_where_github_tells(
    api: GitHubApi, committed: dict[str, Any]
) -> None:
    newest, oldest = listed(("c1", "c0"), ("c0",))
    date = {
        "commit": {"author": {"date": "2020-01-01T00:00:00Z"}, "committer": {"date": "2026-03-01T09:00:00Z"}}
    }
    api.on("GET", "/commits", (200, [newest | date, oldest | committed]))

    chain = repository(api).first_parents("c1", limit=20)

    assert [ancestor.when for ancestor in chain] == ["2026-03-01T09:00:00Z", ""]
    assert len(api.asked) == 1


def test_first_parents_end_at_the_limit_without_another_page(api: GitHubApi) -> None:
    api.pages("/commits", straight(5, 3), straight(2, 0))

    assert names(repository(api).first_parents("c5", limit=3)) == ["c5", "c4", "c3"]
    assert len(api.asked) == 1


def test_first_parents_go_on_over_pages_to_the_first_commit_of_all(api: GitHubApi) -> None:
    api.pages("/commits", straight(5, 3), straight(2, 0))

    assert names(repository(api).first_parents("c5", limit=20)) == ["c5", "c4", "c3", "c2", "c1", "c0"]
    assert len(api.asked) == 2


def test_what_is_known_of_a_chain_is_not_asked_for_again(api: GitHubApi) -> None:
    api.pages("/commits", straight(5, 3), straight(2, 0))
    commits = repository(api)

    for limit, asked in ((2, 1), (1, 1), (3, 1), (4, 2), (20, 2), (20, 2)):
        assert len(commits.first_parents("c5", limit=limit)) == min(limit, 6)
        assert len(api.asked) == asked


def test_a_chain_that_an_outage_ended_is_not_taken_for_a_whole_one(api: GitHubApi) -> None:
    api.pages("/commits", straight(5, 3), straight(2, 0))
    api.mock.replace("GET", f"https://api.github.com:443/repos/{REPOSITORY}/commits?page=2", status=404)
    commits = repository(api)
    assert len(commits.first_parents("c5", limit=3)) == 3

    for _ in range(2):
        with pytest.raises(PromoterError, match="listing the commits before c5"):
            commits.first_parents("c5", limit=20)


@pytest.mark.parametrize(
    "commits",
    [
        [],
        straight(5, 3),
        straight(4, 0),
        [*straight(5, 4), *straight(2, 0)],
    ],
)
def test_a_chain_with_a_gap_is_an_outage(api: GitHubApi, commits: list[dict[str, Any]]) -> None:
    api.on("GET", "/commits", (200, commits))

    with pytest.raises(PromoterError, match="is not listed") as raised:
        repository(api).first_parents("c5", limit=20)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_a_commit_without_parents_told_is_an_outage(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, changes("c5")))

    with pytest.raises(PromoterError, match="parents"):
        repository(api).first_parents("c5", limit=20)


def test_the_commits_of_a_renamed_repository_are_not_taken(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, listed(("c0",), name="acme/other")))

    with pytest.raises(PromoterError, match="sent us elsewhere"):
        repository(api).first_parents("c0", limit=20)


def test_a_chain_lost_among_the_commits_of_branches_is_not_followed_on(api: GitHubApi) -> None:
    crowd = listed(*((f"b{at}", f"b{at + 1}") for at in range(2_000)))
    api.pages("/commits", [*straight(5, 3), *crowd], straight(2, 0))
    commits = repository(api)

    assert names(commits.first_parents("c5", limit=3)) == ["c5", "c4", "c3"]
    with pytest.raises(PromoterError, match="2,000 commits before `c5` do not reach") as raised:
        commits.first_parents("c5", limit=4)
    assert raised.value.reason is ReasonCode.NO_PULL_REQUEST
    assert len(api.asked) == 1


# --- blob ids ------------------------------------------------------------------------------------


def test_blob_ids_of_many_places_are_one_question_and_asked_once(api: GitHubApi) -> None:
    api.graphql((200, history_objects(b"a", None, b"c")))
    files = repository(api)
    places = [("c1", "a.yaml"), ("c2", "a.yaml"), ("c1", PATH), ("c1", "a.yaml")]

    found = files.blob_ids(places)

    assert dict(found) == {places[0]: blob_id(b"a"), places[1]: None, places[2]: blob_id(b"c")}
    assert files.blob_ids(places[1:]) == found
    assert api.asked == ["POST /graphql"]
    sent = api.sent()
    assert isinstance(sent, dict)
    assert [sent["variables"][f"v{at}"] for at in range(3)] == ["c1:a.yaml", "c2:a.yaml", f"c1:{PATH}"]
    assert "v3" not in sent["variables"]


def test_only_what_is_not_known_yet_is_asked_for(api: GitHubApi) -> None:
    api.graphql((200, history_objects(b"a")), (200, history_objects(b"b")))
    files = repository(api)

    files.blob_ids([("c1", "a.yaml")])
    found = files.blob_ids([("c1", "a.yaml"), ("c2", "a.yaml")])

    assert list(found.values()) == [blob_id(b"a"), blob_id(b"b")]
    sent = api.sent()
    assert isinstance(sent, dict)
    assert (sent["variables"]["v0"], "v1" in sent["variables"]) == ("c2:a.yaml", False)


def test_no_places_ask_nothing(api: GitHubApi) -> None:
    assert repository(api).blob_ids([]) == {}
    assert api.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"errors": [{"type": "FORBIDDEN"}], "data": {"repository": None}}),
        (200, {"data": {"repository": {}}}),
        (200, history_objects(b"a")),
        (404, {"message": "Not Found"}),
        (502, {"message": "Server Error"}),
    ],
)
def test_without_graphql_blob_ids_are_found_in_trees(api: GitHubApi, answer: tuple[int, object]) -> None:
    """An object that GraphQL does not mention is not one that is not there."""
    api.graphql(answer)
    api.on("GET", "/git/trees/c1", (200, a_tree(an_item(POLICY), an_item("a.yaml", sha=blob_id(b"a")))))
    api.on("GET", "/git/trees/c2", (200, a_tree(an_item("a.yaml.old"))))
    places = [("c1", "a.yaml"), ("c2", "a.yaml"), ("c1", POLICY)]

    assert list(repository(api).blob_ids(places).values()) == [blob_id(b"a"), None, SHA]


def test_without_graphql_a_tree_that_cannot_be_listed_proves_nothing(api: GitHubApi) -> None:
    api.graphql((404, {"message": "Not Found"}))
    api.on("GET", "/git/trees/c1", (404, {"message": "Not Found"}))

    with pytest.raises(PromoterError) as raised:
        repository(api).blob_ids([("c1", "a.yaml")])

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED


# --- merge base ----------------------------------------------------------------------------------


def test_the_merge_base_of_two_commits_is_asked_for_once(api: GitHubApi) -> None:
    api.on("GET", "/compare/c1...c2", (200, {"merge_base_commit": {"sha": "c0"}}))
    commits = repository(api)

    assert [commits.merge_base("c1", "c2") for _ in range(2)] == ["c0", "c0"]
    assert api.asked == [f"GET /repos/{REPOSITORY}/compare/c1...c2?per_page=1"]


@pytest.mark.parametrize(
    ("answer", "said", "reason"),
    [
        (
            (200, {"merge_base_commit": None}),
            r"merge_base_commit\.sha should be text",
            ReasonCode.GITHUB_UNAVAILABLE,
        ),
        ((200, {}), r"merge_base_commit\.sha should be text", ReasonCode.GITHUB_UNAVAILABLE),
        (
            (404, {"message": "No common ancestor between c1 and c2."}),
            "comparing c1 with c2",
            ReasonCode.PERMISSION_DENIED,
        ),
    ],
)
def test_without_a_merge_base_there_is_none_to_tell(
    api: GitHubApi, answer: tuple[int, object], said: str, reason: ReasonCode
) -> None:
    api.on("GET", "/compare/c1...c2", answer)

    with pytest.raises(PromoterError, match=said) as raised:
        repository(api).merge_base("c1", "c2")

    assert raised.value.reason is reason
