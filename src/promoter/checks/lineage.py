"""`lineage`: the training run is known, ended as asked, and says which code and data it used.

All of it is a claim by whoever logged the run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.model_version import LoggedModel, ModelVersion, Run
from promoter.core.policy import LineageRule
from promoter.text import Message, quote, say

ID = "lineage"

_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
_Finding: TypeAlias = tuple[Outcome, Message]


def run(rule: LineageRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result per thing asked for; its subject is `run_status`, `git_commit` or `dataset`."""
    version = evidence.challenger
    asked: dict[str, Callable[[Run], _Finding]] = {}
    if rule.run_status is not None:
        asked["run_status"] = partial(_status, wanted=rule.run_status)
    if rule.git_commit:
        asked["git_commit"] = _git_commit
    if rule.dataset:
        asked["dataset"] = partial(_dataset, logged_model=version.logged_model)
    return tuple(_judge(subject, version, find=find) for subject, find in asked.items())


def _judge(subject: str, version: ModelVersion, *, find: Callable[[Run], _Finding]) -> CheckResult:
    outcome, message = find(version.run) if version.run is not None else _no_run(version)
    return CheckResult(check=ID, subject=subject, outcome=outcome, message=message)


def _no_run(version: ModelVersion) -> _Finding:
    message = say("version ", quote(version.version), " has no run, so nothing is known of its training")
    return Outcome.FAILED, message


def _status(training: Run, *, wanted: str) -> _Finding:
    if training.status == wanted:
        return Outcome.PASSED, say("the run's status is ", quote(wanted))
    message = say("the run's status is ", quote(training.status), ", the policy asks for ", quote(wanted))
    return Outcome.FAILED, message


def _git_commit(training: Run) -> _Finding:
    commit = training.git_commit
    if not commit:
        return Outcome.FAILED, say("the run does not say which git commit it was made from")
    if _COMMIT.fullmatch(commit) is None:
        message = say("the run names ", quote(commit), " as its git commit, which is not a commit id")
        return Outcome.FAILED, message
    return Outcome.PASSED, say("the run was made from git commit ", quote(commit))


def _dataset(training: Run, *, logged_model: LoggedModel | None) -> _Finding:
    # MLflow 3 may link a dataset to the LoggedModel instead of the run.
    of_model = logged_model.datasets if logged_model is not None else ()
    with_digest = [dataset for dataset in (*training.datasets, *of_model) if dataset.digest]
    if not with_digest:
        return Outcome.FAILED, say("neither the run nor its logged model names a dataset with a digest")
    first = with_digest[0]
    return Outcome.PASSED, say(
        "dataset ", quote(first.name), " with digest ", quote(first.digest), " is logged"
    )
