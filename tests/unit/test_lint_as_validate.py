"""lint against validate's own readers: on one working tree both read the same, and refuse the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promoter.adapters.local_folder import LocalFolder
from promoter.adapters.local_repository import LocalRepository
from promoter.commands.judging import rule_for
from promoter.commands.lint import Asked, lint
from promoter.commands.trees import Places, read_policy, read_request_set, read_tree
from promoter.errors import PromoterError
from tests.fakes.team import POLICY, REQUEST, policy, request
from tests.git_clone import GitClone

ENVIRON = {"PATH": os.environ["PATH"]}
DEFAULT = "promotions/**/*.yaml"
BAD = request("x")
OTHER = "promotions/other/x.yaml"
Make = Callable[[Path], object]


def by_lint(root: Path, places: Places) -> int | None:
    """How many requests it read; None where anything is wrong."""
    report = lint(LocalFolder(root, environ=ENVIRON), Asked(places=places, now=datetime.now(UTC)))
    return None if report.objections else report.requests


def by_validate(root: Path, places: Places) -> int | None:
    """The same by what validate reads before it asks anybody."""
    repository = LocalRepository(root, environ=ENVIRON)
    try:
        with repository.working_tree((places.requests, places.policy)) as seen:
            tree = read_tree(repository, seen, places=places)
            rules = read_policy(repository, tree, places=places)
            requests = read_request_set(repository, tree).requests
            for one in requests:
                rule_for(rules, one)
    except PromoterError:
        return None
    return len(requests)


def written(files: Mapping[str, bytes]) -> Make:
    def make(root: Path) -> None:
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)

    return make


def ignored(root: Path) -> None:
    written({OTHER: BAD, ".gitignore": b"other/\n"})(root)


def nested(root: Path) -> None:
    GitClone(root / "promotions/other").commit({"x.yaml": BAD.decode()}, "Its own")


def linked(path: str, target: str) -> Make:
    def make(root: Path) -> None:
        (root / "promotions/other").mkdir()
        (root / path).symlink_to(target)

    return make


def policy_behind_a_link(root: Path) -> None:
    (root / ".github").rename(root / "real")
    (root / ".github").symlink_to("real")


def executable(root: Path) -> None:
    (root / REQUEST).chmod(0o755)


def executable_and_not_trusted(root: Path) -> None:
    with (root / ".git/config").open("a", encoding="utf-8") as config:
        config.write("[core]\n\tfileMode = false\n")
    executable(root)


def no_utf8(root: Path) -> None:
    name = os.fsdecode(b"promotions/\xff.yaml")
    (root / name).write_bytes(request("7", alias="shadow"))


@pytest.mark.parametrize(
    ("make", "requests", "read"),
    [
        (written({}), DEFAULT, 1),
        (written({OTHER: BAD}), DEFAULT, None),
        (written({OTHER: request("8")}), DEFAULT, None),
        (written({OTHER: request("8", alias="blue")}), DEFAULT, None),
        (linked("promotions/x.yaml", "other"), DEFAULT, None),
        (linked("promotions/x.yaml", "churn/champion.yaml"), DEFAULT, None),
        (linked("promotions/through", "churn"), DEFAULT, 1),
        (policy_behind_a_link, DEFAULT, None),
        (written({"m/prod/a.yaml": request("7"), "m/prod2/a.yaml": BAD}), "m/prod*/*.yaml", None),
        (written({"m/ch.yaml": request("7"), "m/ch/x.txt": b""}), "m/ch*.yaml", 1),
        (ignored, DEFAULT, 1),
        (nested, DEFAULT, 1),
        (lambda root: os.mkfifo(root / "promotions/x.yaml"), DEFAULT, 1),
        (lambda root: (root / REQUEST).unlink(), DEFAULT, 0),
        (written({"promotions/.GIT/x.yaml": BAD}), DEFAULT, 1),
        (executable, DEFAULT, None),
        (executable_and_not_trusted, DEFAULT, 1),
        (no_utf8, DEFAULT, 2),
    ],
)
def test_both_read_the_same(tmp_path: Path, make: Make, requests: str, read: int | None) -> None:
    clone = GitClone(tmp_path / "clone")
    clone.commit({POLICY: policy().decode(), REQUEST: request("7").decode()}, "Begin")
    make(clone.folder)
    places = Places(requests=requests, policy=POLICY)
    assert (by_lint(clone.folder, places), by_validate(clone.folder, places)) == (read, read)
