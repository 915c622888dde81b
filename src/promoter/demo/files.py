"""The files of the demo's repository: the same that `examples/` teaches."""

from __future__ import annotations

POLICY = ".github/promotion-policy.yaml"
HOLDOUT = "data/holdout.parquet"
# Both models are scored on the same customers; what predictions are worth is told in dollars.
POLICY_TEXT = """\
version: 1
approvals: {minimum: 1}
models:
  - match: churn
    aliases: [champion]
    task: binary_classification
    unsafe_sandbox: best_effort   # only here: so that the demo runs on any machine
    evaluation:
      source: inference
      data: data/holdout.parquet
      target: churn
      positive_label: "1"
      environment: image
    checks:
      description: {min_length: 40}
      tags: {required: {owner: ".+"}}
      lineage: {run_status: FINISHED, git_commit: true, dataset: true}
      signature: {compatible_with_champion: true}
      inference: {max_p95_latency_ms: 50}
      metrics:
        - name: f1_score
          greater_is_better: true
          threshold: 0.5
          test: non_inferiority
          max_absolute_degradation: 0.01
        - name: accuracy_score
          greater_is_better: true
          test: no_regression
          max_absolute_degradation: 0.01
      slices:
        - by: [is_monthly_contract]
          metrics:
            - name: recall_score
              greater_is_better: true
              test: no_regression
              max_absolute_degradation: 0.05
      business_value:
        unit: USD
        values: {true_positive: 1500, false_positive: -1000, false_negative: -500, true_negative: 0}
        test: non_inferiority
        max_absolute_degradation: 500
      negative_flips: {max_rate: 0.08}
"""


def request_text(version: str, reason: str) -> str:
    """A promotion request for the demo's one alias."""
    return f"model: churn\nalias: champion\nversion: {version}\nreason: {reason}\n"
