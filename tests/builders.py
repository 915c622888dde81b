"""Values for tests: a sensible one of each kind, changed where a test cares.

    a_model_version(version="7", description="")

Together they tell one story: version 7 of `churn` challenges version 6, the champion.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from promoter.core.approval import ApprovalState, Refusal, Standing
from promoter.core.evidence import CheckResult, CustomAnswer, Evidence, MetricComparison, Outcome
from promoter.core.files import REGULAR_FILE, FileEntry, FileVersion
from promoter.core.layers import Found, FoundLayer, Layer, State
from promoter.core.measurement import (
    Data,
    Estimate,
    FlipEstimate,
    Measurement,
    ModelRun,
    SliceEstimates,
    ValueEstimate,
)
from promoter.core.model_version import READY, Column, Dataset, LoggedModel, ModelVersion, Run, Signature
from promoter.core.plan import Move, Step, ThreeWay
from promoter.core.policy import (
    Approvals,
    BusinessValueRule,
    Checks,
    CustomRule,
    DescriptionRule,
    Evaluation,
    InferenceRule,
    LineageRule,
    MetricRule,
    Mode,
    ModelRule,
    NegativeFlipsRule,
    OnMissingChampion,
    Policy,
    SignatureRule,
    SliceRule,
    Source,
    TagsRule,
    Task,
    Test,
)
from promoter.core.pull_request import Contributor, Permission, PullRequest, Review, ReviewState
from promoter.core.report import Links, Phase, Report, RequestReport
from promoter.core.request import PromotionRequest
from promoter.core.verdict import Verdict
from promoter.errors import Problem, ReasonCode
from promoter.text import quote, say

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_T = TypeVar("_T", bound="DataclassInstance")

BASE_COMMIT = "b" * 40
HEAD_COMMIT = "a" * 40
MERGE_COMMIT = "c" * 40
BLOB_ID = "1" * 40
POLICY_DIGEST = "d" * 64


def _like(example: _T) -> Callable[..., _T]:
    """A function that copies `example`, with the fields given by keyword changed."""
    return partial(replace, example)


# --- what the registry knows ---------------------------------------------------------------------

a_dataset = _like(Dataset(name="contracts", digest="5f1d2c3b", context="eval"))
a_run = _like(
    Run(
        run_id="9b1c4e5f00aa4d1b8f1e2d3c4b5a6978",
        experiment_id="1",
        status="FINISHED",
        metrics={"f1_score": 0.91},
        parameters={"max_depth": "6"},
        git_commit="0123456789abcdef0123456789abcdef01234567",
        datasets=(a_dataset(),),
    )
)
a_logged_model = _like(LoggedModel(model_id="m-7", metrics={"f1_score": 0.91}, datasets=(a_dataset(),)))
a_model_version = _like(
    ModelVersion(
        model="churn",
        version="7",
        status=READY,
        source="models:/m-7",
        description="Gradient boosting on the contract data of the third quarter.",
        tags={"owner": "risk-ml"},
        created_at=1_760_000_000_000,
        run_id=a_run().run_id,
        run=a_run(),
    )
)
a_champion_run = _like(a_run(run_id="6b1c4e5f00aa4d1b8f1e2d3c4b5a6978", metrics={"f1_score": 0.88}))
a_champion = _like(
    a_model_version(version="6", source="models:/m-6", run_id=a_champion_run().run_id, run=a_champion_run())
)
a_column = _like(Column(name="tenure", kind="long"))
a_signature = _like(
    Signature(
        inputs=(a_column(), a_column(name="contract", kind="string")),
        outputs=(a_column(name="churn", kind="string"),),
    )
)
an_evidence = _like(
    Evidence(
        challenger=a_model_version(),
        champion=a_champion(),
        challenger_signature=a_signature(),
        champion_signature=a_signature(),
    )
)

# --- what was measured ---------------------------------------------------------------------------

MIB = 1024 * 1024

an_estimate = _like(
    Estimate(
        metric="f1_score",
        greater_is_better=True,
        rows=1_600,
        challenger=0.8312,
        champion=0.8100,
        change=0.0212,
        lower=0.0031,
        upper=0.0393,
        standard_error=0.011,
        p_worse=0.97,
        method="paired bootstrap",
    )
)
some_data = _like(Data(name="churn.parquet", digest="5f1d2c3b" * 8, rows=1_600))
a_model_run = _like(
    ModelRun(
        load_seconds=1.2,
        p50_latency_ms=0.4,
        p95_latency_ms=0.8,
        peak_memory=310 * MIB,
        size=4 * MIB,
        environment="scikit-learn 1.7, Python 3.11",
    )
)
a_slice = _like(
    SliceEstimates(values=(("contract", "Monthly"),), rows=900, estimates={"f1_score": an_estimate(rows=900)})
)
a_value = _like(
    ValueEstimate(
        unit="EUR",
        rows=1_600,
        challenger=9_030.0,
        champion=8_120.0,
        change=910.0,
        lower=210.0,
        upper=1_610.0,
        predict_all=4_000.0,
        predict_none=0.0,
        perfect=16_000.0,
    )
)
some_flips = _like(FlipEstimate(rows=1_600, count=12, rate=0.0075, lower=0.004, upper=0.013))
a_measurement = _like(
    Measurement(
        data=some_data(),
        challenger=a_model_run(),
        champion=a_model_run(load_seconds=1.0, p95_latency_ms=0.5, size=2 * MIB),
        estimates={"f1_score": an_estimate()},
        slices=(a_slice(), a_slice(values=(("contract", "Yearly"),), rows=700)),
        value=a_value(),
        flips=some_flips(),
    )
)
a_measured_evidence = _like(an_evidence(measurement=a_measurement()))

WHOLE_SANDBOX = tuple(FoundLayer(layer=layer, state=State.HELD) for layer in Layer)
"""What is found around a process on a machine that has everything."""


def a_sandbox_without(*layers: Layer, why: str = "an old kernel") -> Found:
    """What is found around a process where these layers are missing."""
    return tuple(
        FoundLayer(layer=layer, state=State.MISSING, note=why)
        if layer in layers
        else FoundLayer(layer=layer, state=State.HELD)
        for layer in Layer
    )


a_custom_answer = _like(
    CustomAnswer(name="fairness", outcome=Outcome.PASSED, message=say("it answered ", quote("all alike")))
)

# --- what the policy says ------------------------------------------------------------------------

a_metric_rule = _like(
    MetricRule(name="f1_score", greater_is_better=True, threshold=0.6, max_absolute_degradation=0.01)
)
an_inference_rule = _like(
    InferenceRule(max_p95_latency_ms=2.0, max_load_seconds=10.0, max_memory_mb=512.0, max_size_mb=100.0)
)
a_slice_rule = _like(
    SliceRule(
        by=("contract",),
        metrics=(a_metric_rule(threshold=None, max_absolute_degradation=0.02, test=Test.NO_REGRESSION),),
    )
)
a_value_rule = _like(BusinessValueRule(unit="EUR", values={}, max_absolute_degradation=0.0))
a_flips_rule = _like(NegativeFlipsRule(max_rate=0.01))
a_custom_rule = _like(CustomRule(name="fairness", command=("python", "checks/fairness.py")))
by_inference = _like(Evaluation(source=Source.INFERENCE, data="churn.parquet", target="churned"))
a_tags_rule = _like(TagsRule(required={"owner": re.compile(".+")}))
a_lineage_rule = _like(LineageRule(run_status="FINISHED", git_commit=True, dataset=True))
some_checks = _like(
    Checks(
        description=DescriptionRule(min_length=40),
        tags=a_tags_rule(),
        lineage=a_lineage_rule(),
        signature=SignatureRule(compatible_with_champion=True),
        metrics=(a_metric_rule(),),
    )
)
some_measured_checks = _like(
    Checks(
        inference=an_inference_rule(),
        metrics=(a_metric_rule(),),
        slices=(a_slice_rule(),),
        business_value=a_value_rule(),
        negative_flips=a_flips_rule(),
    )
)
no_checks = _like(Checks())
a_model_rule = _like(
    ModelRule(
        match="churn",
        aliases=("champion",),
        mode=Mode.ENFORCE,
        on_missing_champion=OnMissingChampion.BLOCK,
        task=Task.BINARY,
        checks=some_checks(),
    )
)
some_approvals = _like(Approvals())
a_policy = _like(
    Policy(
        path=".github/promotion-policy.yaml",
        digest=POLICY_DIGEST,
        approvals=some_approvals(),
        models=(a_model_rule(),),
    )
)

# --- the request, its pull request and its reviews -----------------------------------------------

a_request = _like(
    PromotionRequest(
        path="promotions/churn/champion.yaml",
        model="churn",
        alias="champion",
        version="7",
        reason="Q3 retrain on the new contract data, JIRA-1234",
        version_line=3,
        blob_id=BLOB_ID,
    )
)
a_file_entry = _like(FileEntry(path=a_request().path, mode=REGULAR_FILE, blob_id=BLOB_ID, size=96))
a_file_version = _like(FileVersion(commit=BASE_COMMIT, content=b"version: 6\n"))
a_pull_request = _like(
    PullRequest(
        number=12,
        author="alice",
        title="Promote churn 7",
        url="https://github.example/acme/models/pull/12",
        is_open=True,
        is_draft=False,
        is_merged=False,
        base_branch="main",
        base_commit=BASE_COMMIT,
        head_commit=HEAD_COMMIT,
        head_branch="promote",
        head_repository="acme/models",
        base_repository="acme/models",
        changed_files=1,
    )
)
a_merged_pull_request = _like(a_pull_request(is_open=False, is_merged=True, merge_commit=MERGE_COMMIT))
a_contributor = _like(Contributor(login="alice", email="alice@acme.example"))
a_review = _like(Review(reviewer="bob", is_person=True, state=ReviewState.APPROVED, commit_id=HEAD_COMMIT))
a_standing = _like(
    Standing(
        blob_id=BLOB_ID,
        blob_at={HEAD_COMMIT: BLOB_ID},
        authors=frozenset({"alice"}),
        permissions={"bob": Permission.WRITE},
        listed=None,
        needed=1,
    )
)
an_approval_state = _like(ApprovalState(needed=1, counted=("bob",), refused=(("alice", Refusal.AUTHOR),)))

# --- what was decided ----------------------------------------------------------------------------

a_three_way = _like(ThreeWay(before="6", proposed="7", live="6"))
a_move = _like(Move(model="churn", alias="champion", origin="6", target="7"))
a_comparison = _like(
    MetricComparison(
        name="f1_score",
        greater_is_better=True,
        champion=0.88,
        challenger=0.91,
        change=0.03,
        rule="≥ 0.6; at most 0.01 worse",
        source="run",
    )
)
a_check_result = _like(
    CheckResult(
        check="description",
        outcome=Outcome.PASSED,
        message=say("the description has 60 characters, the policy asks for at least 40"),
    )
)
a_metric_result = _like(
    a_check_result(
        check="metrics",
        subject="f1_score",
        message=say(
            quote("f1_score"),
            " is 0.91 as claimed by the run, 0.03 better than the champion's 0.88, ",
            "and keeps the rule (≥ 0.6; at most 0.01 worse)",
        ),
        comparison=a_comparison(),
    )
)
a_problem = _like(
    Problem(
        path=a_request().path,
        line=3,
        column=10,
        found=say("`version` is not a number"),
        write=say("Write the digits of the version, for example `version: 7`."),
    )
)
a_request_report = _like(
    RequestReport(
        request=a_request(),
        reason=ReasonCode.VALIDATED,
        message=say("All checks passed."),
        step=Step.PROMOTE,
        now="6",
        verdict=Verdict.PROMOTE,
        results=(a_check_result(), a_metric_result()),
        evidence=an_evidence(),
        approval=an_approval_state(),
        pull_request=12,
    )
)
a_report = _like(
    Report(
        phase=Phase.VALIDATE,
        reason=ReasonCode.VALIDATED,
        message=say("1 request can be promoted."),
        requests=(a_request_report(),),
        head_commit=HEAD_COMMIT,
        base_commit=BASE_COMMIT,
        policy_path=a_policy().path,
        policy_digest=POLICY_DIGEST,
        evidence_digest="e" * 64,
        tool_version="0.1.0",
        links=Links(
            registry="https://mlflow.example",
            repository="https://github.example/acme/models",
            run="https://github.example/acme/models/actions/runs/1",
        ),
    )
)
