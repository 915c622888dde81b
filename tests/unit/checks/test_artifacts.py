"""`artifacts`: pinned files, from where and of what kind the policy allows."""

from __future__ import annotations

import pytest

from promoter.checks import artifacts
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.model_version import ModelFile, ModelFiles
from promoter.core.policy import ArtifactsRule
from promoter.text import say
from tests.builders import a_model_version


def of(*paths: str, location: str = "s3://ml/prod/7") -> Evidence:
    files = tuple(ModelFile(path=path, sha256="0" * 64, size=10) for path in paths)
    return Evidence(
        challenger=a_model_version(),
        champion=None,
        challenger_files=ModelFiles(files=files, location=location),
    )


def only(found: tuple[CheckResult, ...], subject: str) -> CheckResult:
    (result,) = [one for one in found if one.subject == subject]
    return result


def test_files_that_can_be_read_are_pinned() -> None:
    (found,) = artifacts.run(ArtifactsRule(), of("MLmodel", "model.pkl"))
    assert (found.subject, found.outcome) == ("pinned", Outcome.PASSED)
    assert str(found.message).startswith("2 files, 20 bytes, sha256 ")


def test_files_that_cannot_be_read_are_no_decision() -> None:
    evidence = Evidence(challenger=a_model_version(), champion=None, unpinned=say("there is no such bucket"))
    (found,) = artifacts.run(ArtifactsRule(sources=("s3://ml/",), files=("*",)), evidence)
    assert (found.subject, found.outcome) == ("pinned", Outcome.ERROR)
    assert str(found.message).endswith("there is no such bucket")


@pytest.mark.parametrize(
    ("location", "prefix", "allowed"),
    [
        ("s3://ml/prod/7", "s3://ml/prod/", True),
        ("s3://ml/prod/7", "s3://ml/prod", True),
        ("s3://ml/prod", "s3://ml/prod/", True),
        ("mlflow-artifacts:/1/models/m-1/artifacts", "mlflow-artifacts:/", True),
        ("s3://ml/production/7", "s3://ml/prod", False),
        ("s3://ml-of-others/prod/7", "s3://ml", False),
        ("file:///tmp/x", "s3://ml", False),
        ("", "s3://ml", False),
    ],
)
def test_a_prefix_ends_at_a_folder(location: str, prefix: str, allowed: bool) -> None:
    found = artifacts.run(ArtifactsRule(sources=("gs://other/", prefix)), of("MLmodel", location=location))
    assert only(found, "sources").outcome is (Outcome.PASSED if allowed else Outcome.FAILED)


@pytest.mark.parametrize("path", ["model.pkl", "code/model.onnx.py", "MLmodel2", "data/MODEL.ONNX"])
def test_a_file_that_no_glob_lets_in_is_named(path: str) -> None:
    rule = ArtifactsRule(files=("MLmodel", "*.yaml", "*.onnx"))
    found = only(artifacts.run(rule, of("MLmodel", "conda.yaml", "data/m.onnx", path)), "files")
    assert found.outcome is Outcome.FAILED
    assert str(found.message) == f"the policy does not let in 1 of its files: `{path}`"


def test_many_files_are_counted_and_a_few_shown() -> None:
    found = only(
        artifacts.run(ArtifactsRule(files=("MLmodel",)), of("MLmodel", "a", "b", "c", "d", "e")), "files"
    )
    assert str(found.message).endswith("5 of its files: `a`, `b`, `c` and 2 more")


def test_all_that_was_let_in_passes() -> None:
    rule = ArtifactsRule(sources=("s3://ml/",), files=("MLmodel", "*.onnx"))
    found = artifacts.run(rule, of("MLmodel", "data/m.onnx"))
    assert [(one.subject, one.outcome) for one in found] == [
        ("pinned", Outcome.PASSED),
        ("sources", Outcome.PASSED),
        ("files", Outcome.PASSED),
    ]
