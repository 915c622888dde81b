from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.files import FileEntry
from promoter.core.requests import read_requests
from promoter.errors import ReasonCode
from tests.builders import BLOB_ID, a_file_entry

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 12345\n"


def content(model: str = "churn", alias: str = "champion", version: int = 7) -> bytes:
    return f"model: {model}\nalias: {alias}\nversion: {version}\n".encode()


def a_file(path: str, data: bytes, *, mode: str = "100644") -> tuple[FileEntry, bytes]:
    return a_file_entry(path=path, mode=mode), data


def test_no_files_are_no_requests() -> None:
    found = read_requests([])
    assert (found.requests, found.problems, found.reason) == ((), (), None)


def test_requests_come_in_the_order_of_their_paths() -> None:
    found = read_requests([a_file("b.yaml", content("b")), a_file("a.yaml", content("a"))])
    assert [(request.path, request.model, request.blob_id) for request in found.requests] == [
        ("a.yaml", "a", BLOB_ID),
        ("b.yaml", "b", BLOB_ID),
    ]
    assert found.reason is None


@pytest.mark.parametrize(
    ("mode", "data", "message"),
    [
        (
            "120000",
            b"../../etc/passwd",
            "found a symbolic link. Commit the request itself as a regular file (mode 100644)",
        ),
        ("160000", b"", "found a submodule. Commit the request itself as a regular file (mode 100644)"),
        (
            "100755",
            content(),
            "found an executable file. Commit the request itself as a regular file (mode 100644)",
        ),
        (
            "040000",
            b"",
            "found something that is no file (mode 040000). "
            "Commit the request itself as a regular file (mode 100644)",
        ),
        (
            "100644",
            POINTER,
            "found a Git LFS pointer. "
            "Commit the request itself: take its path out of Git LFS in `.gitattributes`",
        ),
    ],
)
def test_what_is_not_a_regular_file_is_refused(mode: str, data: bytes, message: str) -> None:
    found = read_requests([a_file("a.yaml", data, mode=mode), a_file("b.yaml", content("b"))])
    assert [str(problem) for problem in found.problems] == [f"a.yaml:1:1: {message}"]
    assert [request.path for request in found.requests] == ["b.yaml"]
    assert found.reason is ReasonCode.REQUEST_INVALID


@pytest.mark.parametrize(
    ("path", "shown", "character"),
    [
        ("a\n::error::x.yaml", r"a\n:\x3aerror:\x3ax.yaml", "U+000A LINE FEED"),
        ("a\u202elmay.yaml", "a\\u202elmay.yaml", "U+202E RIGHT-TO-LEFT OVERRIDE"),
    ],
)
def test_a_path_that_hides_something_is_refused_and_shown_with_escapes(
    path: str, shown: str, character: str
) -> None:
    found = read_requests([a_file(path, content())])
    assert [str(problem) for problem in found.problems] == [
        f"{shown}:1:1: found the character {character} in the file's name. "
        "Rename the file to visible characters"
    ]


def test_two_files_for_one_model_and_alias_are_refused_at_every_file_but_the_first() -> None:
    found = read_requests(
        [
            a_file("c.yaml", b"# again\n" + content(version=9)),
            a_file("a.yaml", content(version=7)),
            a_file("b.yaml", content(version=7)),
            a_file("d.yaml", content(alias="shadow")),
        ]
    )
    assert [str(problem) for problem in found.problems] == [
        "b.yaml:3:1: found a second request for `churn` @ `champion`; the first is `a.yaml`. "
        "Keep one file for one model and alias",
        "c.yaml:4:1: found a second request for `churn` @ `champion`; the first is `a.yaml`. "
        "Keep one file for one model and alias",
    ]
    assert found.reason is ReasonCode.DUPLICATE_REQUEST


def test_none_of_two_that_contradict_is_a_request() -> None:
    found = read_requests(
        [a_file("a.yaml", content()), a_file("b.yaml", content()), a_file("c.yaml", content("c"))]
    )
    assert [request.path for request in found.requests] == ["c.yaml"]


def test_models_are_told_apart_by_case_as_mlflow_does() -> None:
    found = read_requests([a_file("a.yaml", content("churn")), a_file("b.yaml", content("CHURN"))])
    assert found.reason is None


def test_an_invalid_file_outweighs_a_duplicate_and_all_problems_are_told() -> None:
    found = read_requests(
        [
            a_file("a.yaml", content()),
            a_file("b.yaml", content()),
            a_file("c.yaml", b"model: c\nalias: C\nversion: x\n"),
        ]
    )
    assert found.reason is ReasonCode.REQUEST_INVALID
    assert [(problem.path, problem.line) for problem in found.problems] == [
        ("c.yaml", 2),
        ("c.yaml", 3),
        ("b.yaml", 3),
    ]


NAMES = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(NAMES, NAMES), max_size=8))
def test_every_file_is_a_request_or_has_a_problem_whatever_the_order(
    keys: list[tuple[str, str]],
) -> None:
    files = [a_file(f"{number}.yaml", content(model, alias)) for number, (model, alias) in enumerate(keys)]
    found = read_requests(files)
    alone = [key for key in keys if keys.count(key) == 1]
    assert sorted(request.key for request in found.requests) == sorted(alone)
    assert len(found.problems) == len(keys) - len(set(keys))
    assert (found.reason is None) == (len(alone) == len(keys))
    assert read_requests(files[::-1]) == found
