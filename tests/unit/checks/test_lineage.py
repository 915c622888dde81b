from __future__ import annotations

import pytest

from promoter.checks import lineage
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.model_version import ModelVersion
from promoter.core.policy import LineageRule
from tests.builders import a_dataset, a_lineage_rule, a_logged_model, a_model_version, a_run, an_evidence


def judge(rule: LineageRule, version: ModelVersion) -> dict[str, CheckResult]:
    results = lineage.run(rule, an_evidence(challenger=version))
    return {result.subject: result for result in results}


def test_each_thing_asked_for_has_its_result() -> None:
    results = judge(a_lineage_rule(), a_model_version())
    assert {subject: (result.outcome, str(result.message)) for subject, result in results.items()} == {
        "run_status": (Outcome.PASSED, "the run's status is `FINISHED`"),
        "git_commit": (
            Outcome.PASSED,
            "the run was made from git commit `0123456789abcdef0123456789abcdef01234567`",
        ),
        "dataset": (Outcome.PASSED, "dataset `contracts` with digest `5f1d2c3b` is logged"),
    }


@pytest.mark.parametrize(
    ("rule", "subjects"),
    [
        (LineageRule(run_status="FINISHED"), ["run_status"]),
        (LineageRule(git_commit=True), ["git_commit"]),
        (LineageRule(dataset=True), ["dataset"]),
        (LineageRule(), []),
    ],
)
@pytest.mark.parametrize("version", [a_model_version(), a_model_version(run=None)])
def test_what_is_not_asked_for_is_not_judged(
    rule: LineageRule, subjects: list[str], version: ModelVersion
) -> None:
    assert list(judge(rule, version)) == subjects


def test_without_a_run_all_of_it_fails() -> None:
    version = a_model_version(run=None, logged_model=a_logged_model())
    results = judge(a_lineage_rule(), version).values()
    assert [result.outcome for result in results] == [Outcome.FAILED] * 3
    assert {str(result.message) for result in results} == {
        "version `7` has no run, so nothing is known of its training"
    }


@pytest.mark.parametrize("status", ["FAILED", "RUNNING", "finished", "", "FINISHED "])
def test_the_run_ended_as_asked(status: str) -> None:
    result = judge(LineageRule(run_status="FINISHED"), a_model_version(run=a_run(status=status)))[
        "run_status"
    ]
    assert result.outcome is Outcome.FAILED
    assert str(result.message) == f"the run's status is `{status}`, the policy asks for `FINISHED`"


@pytest.mark.parametrize(
    ("commit", "outcome"),
    [
        ("abcdef0", Outcome.PASSED),
        ("ABCDEF0", Outcome.PASSED),
        ("0" * 40, Outcome.PASSED),
        ("0" * 64, Outcome.PASSED),
        ("abcdef", Outcome.FAILED),
        ("0" * 65, Outcome.FAILED),
        ("abcdefg", Outcome.FAILED),
        ("abcdef0\n", Outcome.FAILED),
        ("main", Outcome.FAILED),
        ("", Outcome.FAILED),
        (None, Outcome.FAILED),
    ],
)
def test_the_git_commit_looks_like_one(commit: str | None, outcome: Outcome) -> None:
    version = a_model_version(run=a_run(git_commit=commit))
    result = judge(LineageRule(git_commit=True), version)["git_commit"]
    assert result.outcome is outcome
    assert (commit or "does not say which") in str(result.message).replace(r"\n", "\n")


def test_a_dataset_may_be_known_to_the_logged_model_only() -> None:
    version = a_model_version(
        run=a_run(datasets=()),
        logged_model=a_logged_model(datasets=(a_dataset(name="holdout", digest="9a"),)),
    )
    result = judge(LineageRule(dataset=True), version)["dataset"]
    assert (result.outcome, str(result.message)) == (
        Outcome.PASSED,
        "dataset `holdout` with digest `9a` is logged",
    )


def test_the_first_dataset_with_a_digest_is_named() -> None:
    datasets = (a_dataset(name="train", digest=""), a_dataset(name="holdout", digest="9a"))
    result = judge(LineageRule(dataset=True), a_model_version(run=a_run(datasets=datasets)))["dataset"]
    assert "`holdout`" in str(result.message)


@pytest.mark.parametrize("datasets", [(), (a_dataset(digest=""),)])
@pytest.mark.parametrize("logged_model", [None, a_logged_model(datasets=())])
def test_a_dataset_without_digest_could_be_anything(datasets: object, logged_model: object) -> None:
    version = a_model_version(run=a_run(datasets=datasets), logged_model=logged_model)
    result = judge(LineageRule(dataset=True), version)["dataset"]
    assert result.outcome is Outcome.FAILED
    assert str(result.message) == "neither the run nor its logged model names a dataset with a digest"
