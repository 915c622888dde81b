from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.report import Links
from promoter.core.request import SourceVersion
from promoter.render import links as address
from tests.builders import a_model_version, a_request, a_run

LINKS = Links(
    registry="https://mlflow.example:5000/team/",
    repository="https://github.example/acme/models",
    run="https://github.example/acme/models/actions/runs/1",
)


def test_addresses_of_a_whole_run() -> None:
    version = a_model_version(run=a_run(run_id="r1", experiment_id="4"))
    assert address.model_version(LINKS, "churn", version="7") == (
        "https://mlflow.example:5000/team/#/models/churn/versions/7"
    )
    assert address.training_run(LINKS, version) == "https://mlflow.example:5000/team/#/experiments/4/runs/r1"
    assert address.commit(LINKS, "abc") == "https://github.example/acme/models/commit/abc"
    assert address.line(LINKS, "abc", path="promotions/a b/x.yaml", number=3) == (
        "https://github.example/acme/models/blob/abc/promotions/a%20b/x.yaml#L3"
    )
    assert address.pull_request(LINKS, 12) == "https://github.example/acme/models/pull/12"
    assert address.job(LINKS) == "https://github.example/acme/models/actions/runs/1"


def test_addresses_of_the_report() -> None:
    version = a_model_version(run=a_run(run_id="r1", experiment_id="4"))
    assert address.logged(LINKS, version, folder="promoter/12-champion") == (
        "https://mlflow.example:5000/team/#/experiments/4/runs/r1/artifacts/promoter/12-champion"
    )
    assert address.logged(LINKS, version, folder="a b/)](x") == (
        "https://mlflow.example:5000/team/#/experiments/4/runs/r1/artifacts/a%20b/%29%5D%28x"
    )
    assert address.logged(LINKS, a_model_version(run=None), folder="promoter/12-champion") == ""
    assert address.logged(LINKS, version, folder="") == ""
    kept = Links(report="https://github.example/acme/models/actions/runs/1")
    assert address.kept(kept) == "https://github.example/acme/models/actions/runs/1#artifacts"
    assert address.kept(LINKS) == ""


def test_runs_are_on_the_tracking_server() -> None:
    version = a_model_version(run=a_run(run_id="r1", experiment_id="4"))
    links = Links(registry="https://registry.example", tracking="https://tracking.example")
    page = "https://tracking.example/#/experiments/4/runs/r1"
    assert address.training_run(links, version) == page
    assert address.logged(links, version, folder="promoter") == f"{page}/artifacts/promoter"
    assert address.model_version(links, "churn", version="7").startswith("https://registry.example/#/models")
    unshown = Links(registry="https://registry.example", tracking="")
    assert address.training_run(unshown, version) == address.logged(unshown, version, folder="x") == ""


def test_unknown_addresses_are_empty() -> None:
    nowhere = Links()
    assert address.model_version(nowhere, "churn", version="7") == ""
    assert address.training_run(LINKS, a_model_version(run=None)) == ""
    assert address.commit(LINKS, "") == ""
    assert address.line(LINKS, "", path="x.yaml", number=1) == ""
    assert address.job(nowhere) == ""


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a//b", "../../other/repo", "a/./b"])
def test_paths_that_git_cannot_have_lead_to_the_commit(path: str) -> None:
    assert address.line(LINKS, "abc", path=path, number=1) == address.commit(LINKS, "abc")


@pytest.mark.parametrize(
    "base",
    [
        "databricks",
        "file:///mlruns",
        "sqlite:///mlflow.db",
        "javascript:alert(1)",
        "https://user:secret@mlflow.example",
        "https://mlflow.example/a b",
        "https://mlflow.example/)](x",
        "https://mlflow.example/?token=x",
        "https://mlflow.example\n/x",
    ],
)
def test_only_plain_addresses_become_links(base: str) -> None:
    assert address.model_version(Links(registry=base), "churn", version="7") == ""


@given(st.text(min_size=1), st.text(min_size=1))
def test_parts_cannot_leave_their_place(model: str, version: str) -> None:
    found = address.model_version(LINKS, model, version=version)
    head, models, name, versions, number = found.rsplit("/", 4)
    assert (head, models, versions) == ("https://mlflow.example:5000/team/#", "models", "versions")
    assert name.isascii()
    assert not set(name + number) & set(" ()<>[]`|\\\"'#?&")


def test_a_source_that_is_to_be_copied_is_shown_where_it_is() -> None:
    source = SourceVersion(model="dev.churn", version="7")
    asked = a_request(model="prod.churn", version="dev.churn/7", source=source)
    links = Links(registry="https://mlflow.example")
    pages = [address.version_of(links, asked, version=version) for version in ("dev.churn/7", "12")]
    assert pages == [
        "https://mlflow.example/#/models/dev.churn/versions/7",
        "https://mlflow.example/#/models/prod.churn/versions/12",
    ]


@pytest.mark.parametrize(
    ("branch", "path"), [("main", "../x.yaml"), ("main", ""), ("..", "x.yaml"), ("a//b", "x.yaml")]
)
def test_a_branch_or_path_that_git_cannot_have_is_no_page_of_it(branch: str, path: str) -> None:
    assert (address.edit(LINKS, branch, path=path), address.delete(LINKS, branch, path=path)) == ("", "")


def test_a_file_of_a_branch_is_edited_and_deleted_at_its_own_page() -> None:
    root = "https://github.example/acme/models"
    assert address.edit(LINKS, "a/b", path="p/x y.yaml") == f"{root}/edit/a/b/p/x%20y.yaml"
    assert address.delete(LINKS, "a/b", path="p/x y.yaml") == f"{root}/delete/a/b/p/x%20y.yaml"


def test_versions_of_keys_have_the_pages_of_what_they_name() -> None:
    links = Links(registry="https://mlflow.example")
    asked = [("churn", "7"), ("prompts:/greet me", "3"), ("prod.churn", "dev.churn/7")]
    assert [address.of_key(links, name, version=version) for name, version in asked] == [
        "https://mlflow.example/#/models/churn/versions/7",
        "https://mlflow.example/#/prompts/greet%20me",
        "https://mlflow.example/#/models/dev.churn/versions/7",
    ]
