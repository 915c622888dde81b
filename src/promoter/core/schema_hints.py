"""What an editor offers beside a key: values to begin with, and what each word of a closed list means.

Only help: no file is read by it. It is kept apart from the shapes so that these say what counts, and a test
holds every example to the reader and every word to its list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from promoter.core.shape import JsonSchema

# A key with the one above it; of the file's own keys the key alone.
EXAMPLES: Mapping[str, tuple[object, ...]] = {
    # --- a request
    "model": ("churn", "prod.ml.churn"),
    "alias": ("champion",),
    "version": (7,),
    "reason": ("Q3 retrain on the new contract data, JIRA-1234",),
    "from": ("dev.ml.churn/7",),
    "override": ({"checks": ["metrics"], "reason": "The new label is stricter", "expires": "2026-03-31"},),
    "override.checks": (["metrics"],),
    "override.reason": ("The new label is stricter, JIRA-1234",),
    "override.expires": ("2026-03-31",),
    # --- a policy
    "approvals": ({"minimum": 1},),
    "approvals.from": (["alice", "my-org/risk-ml"],),
    "models.match": ("churn", "prod.*"),
    "models.aliases": (["champion"],),
    "models.override": ({"checks": ["metrics"], "max_days": 14},),
    "models.sources": (["dev.ml.*"],),
    "models.propose": ({"from_alias": "challenger"},),
    "models.evaluation": (
        {"source": "run_metrics"},
        {"source": "inference", "data": "s3://bucket/holdout.parquet", "target": "churn"},
    ),
    "models.statistics": ({"confidence_level": 0.95},),
    "models.checks": ({"description": {"min_length": 40}},),
    "propose.from_alias": ("challenger",),
    "propose.newest_with_tag": ({"ready": "yes|true"},),
    "propose.to": ("champion",),
    "propose.ignore": ([12, 15],),
    "evaluation.data": ("data/holdout.parquet", "s3://bucket/holdout.parquet"),
    "evaluation.sha256": ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",),
    "evaluation.target": ("churn",),
    "evaluation.positive_label": ("Yes", 1),
    "evaluation.id": ("customer_id",),
    "evaluation.group": ("household_id",),
    "evaluation.reference": (3,),
    "evaluation.prediction_columns": (["prediction"],),
    "checks.description": ({"min_length": 40},),
    "description.min_length": (40,),
    "checks.tags": ({"required": {"owner": ".+"}},),
    "tags.required": ({"owner": ".+"},),
    "checks.lineage": ({"run_status": "FINISHED", "git_commit": True, "dataset": True},),
    "checks.prompt": ({"variables": "subset", "max_length": 4000},),
    "prompt.max_length": (4000,),
    "prompt.required_text": (["Answer in English"],),
    "prompt.forbidden_text": (["TODO"],),
    "checks.signature": ({"compatible_with_champion": True},),
    "checks.artifacts": ({"files": ["MLmodel", "*.yaml", "*.txt", "*.json", "*.onnx"]}, {}),
    "artifacts.sources": (["mlflow-artifacts:/"],),
    "artifacts.files": (["MLmodel", "*.yaml", "*.txt", "*.json", "*.onnx"],),
    "checks.inference": ({"max_p95_latency_ms": 50}, {}),
    "inference.max_p95_latency_ms": (50,),
    "inference.max_load_seconds": (10,),
    "inference.max_memory_mb": (512,),
    "inference.max_size_mb": (100,),
    "checks.metrics": ([{"name": "f1_score", "greater_is_better": True, "max_absolute_degradation": 0.01}],),
    "metrics.name": ("f1_score", "log_loss", "roc_auc"),
    "metrics.threshold": (0.6,),
    "metrics.min_absolute_change": (0.0, 0.01),
    "metrics.min_relative_change": (0.05,),
    "metrics.max_absolute_degradation": (0.01,),
    "metrics.max_relative_degradation": (0.05,),
    "checks.slices": (
        [
            {
                "by": ["contract"],
                "metrics": [{"name": "recall_score", "greater_is_better": True, "test": "no_regression"}],
            }
        ],
    ),
    "slices.by": (["contract"],),
    "slices.values": (["Two year", "Month-to-month"],),
    "slices.metrics": ([{"name": "recall_score", "greater_is_better": True, "test": "no_regression"}],),
    "checks.business_value": (
        {
            "unit": "USD",
            "values": {
                "true_positive": 1500,
                "false_positive": -500,
                "false_negative": -2000,
                "true_negative": 0,
            },
            "max_absolute_degradation": 500,
        },
    ),
    "business_value.unit": ("USD",),
    "business_value.values": (
        {"true_positive": 1500, "false_positive": -500, "false_negative": -2000, "true_negative": 0},
        {"under_prediction": -2, "over_prediction": -1},
    ),
    "business_value.matrix": ({"cat": {"cat": 10, "dog": -5}, "dog": {"cat": -5, "dog": 10}},),
    "business_value.min_absolute_change": (100,),
    "business_value.max_absolute_degradation": (500,),
    "values.true_positive": (1500,),
    "values.false_positive": (-500,),
    "values.false_negative": (-2000,),
    "values.true_negative": (0,),
    "values.under_prediction": (-2,),
    "values.over_prediction": (-1,),
    "checks.negative_flips": ({"max_rate": 0.03},),
    "negative_flips.max_rate": (0.03,),
    "checks.custom": ([{"name": "fairness", "command": ["python", "checks/fairness.py"]}],),
    "custom.name": ("fairness",),
    "custom.command": (["python", "checks/fairness.py"],),
    "custom.files": (["checks/*.py"],),
    "drift": ({"heal": False, "unmanaged": "report"},),
    "propose": ({"limit": 5},),
}
# The same key stands in a request and in a policy, and holds something else there.
OF_A_POLICY: Mapping[str, tuple[object, ...]] = {
    "version": (1,),
    "models": ([{"match": "churn", "aliases": ["champion"], "checks": {"description": {"min_length": 40}}}],),
    "override": ({"checks": ["metrics"], "max_days": 14},),
}

_KINDS = {"model": "A registered model.", "prompt": "A prompt, which MLflow keeps beside the models."}
_TESTS = {
    "point": "The figures as they are, without regard to chance.",
    "non_inferiority": "It is shown to be not worse than allowed, and it is not lower as it is.",
    "superiority": "It is shown to be better, by `min_absolute_change` where that is given.",
    "no_regression": "Only a challenger that is shown to be worse than allowed fails.",
}
_SEVERITIES = {"fail": "A broken rule rejects the challenger.", "warn": "A broken rule only warns."}
MEANINGS: Mapping[str, Mapping[str, str]] = {
    "kind": _KINDS,
    "models.kind": _KINDS,
    "models.mode": {
        "enforce": "The verdict decides.",
        "dry_run": "Everything is judged and shown; merging moves nothing.",
        "disabled": "Requests are refused.",
    },
    "models.on_missing_champion": {
        "block": "Nothing is promoted where nobody holds the alias.",
        "bootstrap": "The first promotion is made; thresholds still apply.",
    },
    "models.task": {
        "binary_classification": "Two labels; `positive_label` says which one counts.",
        "multiclass_classification": "More than two labels.",
        "regression": "A number.",
    },
    "models.unsafe_sandbox": {
        "required": "Nothing is run where a layer of the sandbox is missing.",
        "best_effort": "It is run with the layers there are, and reports say loudly which were missing.",
    },
    "evaluation.source": {
        "run_metrics": "What the training runs logged: claims, shown as such.",
        "inference": "Both models predict the same rows, and Promoter counts.",
        "predictions": "Promoter counts what each version's run logged as its predictions of the same rows.",
    },
    "evaluation.engine": {
        "local": "This job; the data is read in batches.",
        "spark": "A Spark cluster, where the data lies; no sandbox is around the models there.",
    },
    "evaluation.environment": {
        "model": "An environment of the model's own requirements.",
        "image": "Promoter's own: faster, and only for models whose libraries are in it.",
    },
    "lineage.run_status": {"FINISHED": "The run ended by itself, and not by an error."},
    "prompt.variables": {
        "subset": "Whoever fills the champion's variables can call the challenger.",
        "same": "The challenger uses all of them, and no other.",
    },
    "prompt.response_format": {"same": "Whoever reads the champion's answers can read the challenger's."},
    "metrics.test": _TESTS,
    "business_value.test": _TESTS,
    "metrics.severity": _SEVERITIES,
    "custom.severity": _SEVERITIES,
    "drift.unmanaged": {
        "ignore": "It is left alone, and not told of.",
        "report": "It is told of as drift.",
    },
}


def with_hints(schema: JsonSchema, *, own: Mapping[str, tuple[object, ...]], above: str = "") -> JsonSchema:
    """The same schema with `examples` and `enumDescriptions` at its keys, however deep. `own` outranks the
    examples above; `above` is the key under which the schema stands."""
    whole = dict(schema)
    properties = cast("Mapping[str, JsonSchema]", schema.get("properties", {}))
    if properties:
        whole["properties"] = {
            key: _hinted(key, value, own=own, above=above) for key, value in properties.items()
        }
    items = schema.get("items")
    if isinstance(items, dict):
        whole["items"] = with_hints(items, own=own, above=above)
    return whole


def _hinted(key: str, value: JsonSchema, *, own: Mapping[str, tuple[object, ...]], above: str) -> JsonSchema:
    path = f"{above}.{key}" if above else key
    whole = with_hints(value, own=own, above=key)
    examples = own.get(path, EXAMPLES.get(path, ()))
    meanings = MEANINGS.get(path, {})
    if examples and "default" not in value:
        whole["examples"] = list(examples)
    if meanings and "enum" in value:
        whole["enumDescriptions"] = [meanings[word] for word in cast("list[str]", value["enum"])]
    return whole
