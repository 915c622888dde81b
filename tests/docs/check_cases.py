"""What the examples of docs/checks.md are made of: lines of a policy, and evidence that they judge.

Each check has at least one case that passes and one that does not; what is said of it comes from the check.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from promoter.core.evidence import Evidence, Outcome
from promoter.core.measurement import Estimate, FlipEstimate, ModelRun, ReferenceMeasurement, SliceEstimates
from promoter.core.model_version import ModelFile, ModelFiles
from promoter.core.prompt import Prompt
from promoter.evaluation.custom_answers import read_answers
from promoter.render.evidence_json import evidence as evidence_json
from promoter.text import quote, say
from tests.builders import (
    MIB,
    a_champion,
    a_champion_run,
    a_column,
    a_measured_evidence,
    a_measurement,
    a_model_run,
    a_model_version,
    a_report,
    a_request_report,
    a_run,
    a_signature,
    a_slice,
    a_value,
    an_estimate,
    an_evidence,
    some_flips,
)

FAIRNESS = Path(__file__).parents[2] / "examples" / "checks" / "fairness.py"
INFERENCE = 'source: inference, data: data/holdout.parquet, target: churn, positive_label: "Yes"'
LOGGED = "source: run_metrics"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Evidence, and in a few words what is special about it."""

    what: str
    evidence: Evidence
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Example:
    """Lines below `checks:` of a policy, and cases that they judge.

    `block` names the place in the document, `check` the check whose results are shown.
    """

    block: str
    check: str
    policy: str
    cases: tuple[Case, ...]
    evaluation: str = ""
    kind: str = "model"


def _case(what: str, outcome: Outcome, evidence: Evidence) -> Case:
    return Case(what=what, outcome=outcome, evidence=evidence)


PASSED, FAILED, INCONCLUSIVE, WARNED = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.WARNED


# --- what the registry knows ----------------------------------------------------------------------


def _challenged_by(**changes: object) -> Evidence:
    return an_evidence(challenger=a_model_version(**changes))


def _prompted_by(template: str) -> Evidence:
    held = Prompt(template="Say hello to {{name}} of {{city}}.")
    challenger = a_model_version(model="greeting", version="3", prompt=Prompt(template=template))
    return an_evidence(challenger=challenger, champion=a_champion(model="greeting", version="2", prompt=held))


def _made_of(*paths: str, location: str = "mlflow-artifacts:/1/models/m-7/artifacts") -> Evidence:
    files = tuple(ModelFile(path=path, sha256="5f1d2c3b" * 8, size=6_867) for path in paths)
    return an_evidence(challenger_files=ModelFiles(files=files, location=location))


_OTHER_SIGNATURE = a_signature(
    inputs=(a_column(kind="string"), a_column(name="contract", kind="string")), outputs=()
)

_REGISTRY = (
    Example(
        block="description",
        check="description",
        policy="description: {min_length: 40}",
        cases=(
            _case("a sentence", PASSED, an_evidence()),
            _case("two words", FAILED, _challenged_by(description="Boosted trees")),
        ),
    ),
    Example(
        block="tags",
        check="tags",
        policy='tags: {required: {owner: ".+", reviewed_by: "[a-z-]+"}}',
        cases=(
            _case("both tags", PASSED, _challenged_by(tags={"owner": "risk-ml", "reviewed_by": "carol"})),
            _case("one tag is not there", FAILED, _challenged_by(tags={"owner": "risk-ml"})),
            _case(
                "a value that the pattern matches only in part",
                FAILED,
                _challenged_by(tags={"owner": "risk-ml", "reviewed_by": "carol 2"}),
            ),
        ),
    ),
    Example(
        block="lineage",
        check="lineage",
        policy="lineage: {run_status: FINISHED, git_commit: true, dataset: true}",
        cases=(
            _case("a run that logged all of it", PASSED, an_evidence()),
            _case(
                "a run that goes on, of a notebook outside git",
                FAILED,
                _challenged_by(run=a_run(status="RUNNING", git_commit=None)),
            ),
            _case("no run", FAILED, _challenged_by(run=None, run_id=None)),
        ),
    ),
    Example(
        block="prompt",
        check="prompt",
        kind="prompt",
        policy="prompt: {variables: subset, max_length: 40}",
        cases=(
            _case("other words", PASSED, _prompted_by("{{name}} of {{city}}, good day!")),
            _case("a new variable", FAILED, _prompted_by("Good day {{name}}, you are {{age}}!")),
            _case("Jinja2", INCONCLUSIVE, _prompted_by("{% if name %}{{name}}{% endif %}")),
        ),
    ),
    Example(
        block="signature",
        check="signature",
        policy="signature: {compatible_with_champion: true}",
        cases=(
            _case("the same signature", PASSED, an_evidence()),
            _case(
                "an input of another type, and no output",
                FAILED,
                an_evidence(challenger_signature=_OTHER_SIGNATURE),
            ),
            _case("the champion was logged without one", INCONCLUSIVE, an_evidence(champion_signature=None)),
        ),
    ),
    Example(
        block="artifacts",
        check="artifacts",
        policy='artifacts: {sources: ["mlflow-artifacts:/"], files: ["MLmodel", "*.txt", "*.onnx"]}',
        cases=(
            _case("as asked for", PASSED, _made_of("MLmodel", "model.onnx", "requirements.txt")),
            _case("a pickle", FAILED, _made_of("MLmodel", "model.pkl", "requirements.txt")),
            _case("files elsewhere", FAILED, _made_of("MLmodel", "model.onnx", location="s3://scratch/7")),
            _case(
                "files that cannot be read",
                Outcome.ERROR,
                an_evidence(unpinned=say("the artifact store answers ", quote("403 Forbidden"))),
            ),
        ),
    ),
)


# --- what was measured ----------------------------------------------------------------------------


def _figure(
    challenger: float, champion: float, *, between: tuple[float, float], **fields: object
) -> Estimate:
    change = round(challenger - champion, 6)
    lower, upper = between
    return an_estimate(
        challenger=challenger, champion=champion, change=change, lower=lower, upper=upper, **fields
    )


def _measured(**fields: object) -> Evidence:
    return a_measured_evidence(measurement=a_measurement(**fields))


def _with_f1(figure: Estimate) -> Evidence:
    return _measured(estimates={"f1_score": figure})


def _beside(figure: Estimate) -> Evidence:
    reference = ReferenceMeasurement(version="3", run=a_model_run(), estimates={"f1_score": figure})
    return _measured(reference=reference)


def _run_by(run: ModelRun) -> Evidence:
    return _measured(challenger=run)


_CLAIMING = a_champion(run=a_champion_run(metrics={"f1_score": 0.88}))
_BETTER = _figure(0.8312, 0.8100, between=(0.0031, 0.0393))
_UNSURE = _figure(0.8180, 0.8100, between=(-0.0130, 0.0290), standard_error=0.0128)
_LOWER = _figure(0.8040, 0.8100, between=(-0.0090, 0.0020))

_FIGURES = (
    Example(
        block="inference",
        check="inference",
        evaluation=INFERENCE,
        policy="inference: {max_p95_latency_ms: 2, max_memory_mb: 512}",
        cases=(
            _case("it runs, and fast enough", PASSED, a_measured_evidence()),
            _case(
                "slow and large",
                FAILED,
                _run_by(a_model_run(p95_latency_ms=3.4, peak_memory=2_048 * MIB)),
            ),
            _case(
                "a requirement that it does not name",
                FAILED,
                _run_by(ModelRun(problem=say("it does not load: ", quote("No module named 'xgboost'")))),
            ),
            _case(
                "one prediction for all",
                FAILED,
                _run_by(a_model_run(constant=say(quote("No")))),
            ),
            _case(
                "another answer the second time",
                WARNED,
                _run_by(a_model_run(asked_twice=1_600, differing=12)),
            ),
        ),
    ),
    Example(
        block="metrics",
        check="metrics",
        evaluation=INFERENCE,
        policy="metrics:\n  - {name: f1_score, greater_is_better: true, threshold: 0.6, test: superiority}",
        cases=(
            _case("surely better", PASSED, _with_f1(_BETTER)),
            _case("better, as far as one can see", INCONCLUSIVE, _with_f1(_UNSURE)),
            _case("surely not better", FAILED, _with_f1(_figure(0.79, 0.81, between=(-0.034, -0.006)))),
            _case("no number", FAILED, _with_f1(an_estimate(challenger=float("nan"), change=None))),
        ),
    ),
    Example(
        block="metrics within a margin",
        check="metrics",
        evaluation=INFERENCE,
        policy=(
            "metrics:\n  - name: f1_score\n    greater_is_better: true\n    test: non_inferiority\n"
            "    max_absolute_degradation: 0.01"
        ),
        cases=(
            _case("surely within the margin, and not lower", PASSED, _with_f1(_BETTER)),
            _case("surely within the margin, and lower", FAILED, _with_f1(_LOWER)),
        ),
    ),
    Example(
        block="metrics against a reference",
        check="metrics",
        evaluation=f'{INFERENCE}, reference: "3"',
        policy=(
            "metrics:\n  - name: f1_score\n    greater_is_better: true\n    test: no_regression\n"
            "    max_absolute_degradation: 0.01"
        ),
        cases=(
            _case(
                "as good as version 3", PASSED, _beside(_figure(0.8312, 0.8281, between=(-0.0091, 0.0153)))
            ),
            _case("below version 3", FAILED, _beside(_figure(0.8312, 0.8681, between=(-0.0521, -0.0217)))),
        ),
    ),
    Example(
        block="metrics as logged",
        check="metrics",
        evaluation=LOGGED,
        policy=(
            "metrics:\n  - name: f1_score\n    greater_is_better: true\n    threshold: 0.6\n"
            "    max_absolute_degradation: 0.01"
        ),
        cases=(
            _case("its run claims more", PASSED, an_evidence(champion=_CLAIMING)),
            _case(
                "its run claims less",
                FAILED,
                _challenged_by(run=a_run(metrics={"f1_score": 0.85})),
            ),
            _case("its run logged no such figure", FAILED, _challenged_by(run=a_run(metrics={}))),
        ),
    ),
)


# --- parts, money, flips, and checks of one's own -------------------------------------------------


def _slice(value: str, figure: Estimate, *, rows: int) -> SliceEstimates:
    return a_slice(values=(("contract", value),), rows=rows, estimates={"f1_score": figure})


_MONTHLY = _slice("Monthly", _BETTER, rows=900)
_LOST = _figure(0.69, 0.78, between=(-0.14, -0.04), rows=700, p_worse=0.004)


def _worth(challenger: float, lower: float, upper: float) -> Evidence:
    change = challenger - 8_120.0
    return _measured(value=a_value(challenger=challenger, change=change, lower=lower, upper=upper))


def _answered(evidence: Evidence) -> Evidence:
    """The evidence with what examples/checks/fairness.py itself answers to it."""
    report = a_report(requests=(a_request_report(evidence=evidence),))
    found = _fairness().answer(json.loads(evidence_json(report)))
    return replace(evidence, answers=read_answers("fairness", json.dumps(found).encode()))


def _fairness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fairness", FAIRNESS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _recalls(monthly: float, yearly: float) -> Evidence:
    slices = tuple(
        a_slice(
            values=(("contract", value),),
            rows=800,
            estimates={"recall_score": an_estimate(metric="recall_score", challenger=recall)},
        )
        for value, recall in (("Monthly", monthly), ("Yearly", yearly))
    )
    return _answered(_measured(slices=slices))


_PARTS = (
    Example(
        block="slices",
        check="slices",
        evaluation=INFERENCE,
        policy=(
            "slices:\n  - by: [contract]\n    values: [Monthly, Yearly]\n    min_rows: 200\n    metrics:\n"
            "      - {name: f1_score, greater_is_better: true, max_absolute_degradation: 0.02, "
            "test: no_regression}"
        ),
        cases=(
            _case("no part loses", PASSED, _measured(slices=(_MONTHLY, _slice("Yearly", _BETTER, rows=700)))),
            _case("a part loses", FAILED, _measured(slices=(_MONTHLY, _slice("Yearly", _LOST, rows=700)))),
            _case(
                "a part that is named is not in the data",
                FAILED,
                _measured(slices=(_MONTHLY, a_slice(values=(("contract", "Yearly"),), rows=0, estimates={}))),
            ),
            _case(
                "a part that is named is small",
                INCONCLUSIVE,
                _measured(slices=(_MONTHLY, _slice("Yearly", _BETTER, rows=31))),
            ),
        ),
    ),
    Example(
        block="business_value",
        check="business_value",
        evaluation=INFERENCE,
        policy=(
            "business_value:\n  unit: EUR\n"
            "  values: {true_positive: 800, false_positive: -100, false_negative: -1000, true_negative: 0}\n"
            "  test: superiority"
        ),
        cases=(
            _case("surely worth more", PASSED, _worth(9_030.0, 210.0, 1_610.0)),
            _case("surely worth less", FAILED, _worth(7_400.0, -1_200.0, -240.0)),
        ),
    ),
    Example(
        block="business_value upside down",
        check="business_value",
        evaluation=INFERENCE,
        policy=(
            "business_value:\n  unit: EUR\n  unsafe_allow_inverted_values: true\n"
            "  values: {true_positive: 1500, false_positive: -500, false_negative: 2000, true_negative: 0}\n"
            "  test: no_regression"
        ),
        cases=(_case("it would have passed", WARNED, _worth(9_030.0, 210.0, 1_610.0)),),
    ),
    Example(
        block="negative_flips",
        check="negative_flips",
        evaluation=INFERENCE,
        policy="negative_flips: {max_rate: 0.01}",
        cases=(
            _case("few", PASSED, _measured(flips=some_flips())),
            _case(
                "too many",
                FAILED,
                _measured(flips=FlipEstimate(rows=1_600, count=40, rate=0.025, lower=0.019, upper=0.032)),
            ),
        ),
    ),
    Example(
        block="custom",
        check="custom",
        evaluation=INFERENCE,
        policy=(
            "slices:\n  - by: [contract]\n"
            "    metrics: [{name: recall_score, greater_is_better: true, threshold: 0.0}]\n"
            "custom:\n  - {name: fairness, command: [python, checks/fairness.py]}"
        ),
        cases=(
            _case("recall is alike", PASSED, _recalls(0.80, 0.75)),
            _case("recall differs", FAILED, _recalls(0.831, 0.690)),
        ),
    ),
)

EXAMPLES: tuple[Example, ...] = (*_REGISTRY, *_FIGURES, *_PARTS)
