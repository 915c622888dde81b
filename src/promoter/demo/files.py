"""The files of the demo's repository: the same that `examples/` teaches."""

from __future__ import annotations

POLICY = ".github/promotion-policy.yaml"


def policy_text() -> str:
    """A policy on what the registry knows: figures are claims of the training runs."""
    return """\
version: 1
approvals: {minimum: 1}
models:
  - match: churn
    aliases: [champion]
    task: binary_classification
    evaluation:
      source: run_metrics
    checks:
      description: {min_length: 40}
      tags: {required: {owner: ".+"}}
      lineage: {run_status: FINISHED, git_commit: true, dataset: true}
      signature: {compatible_with_champion: true}
      metrics:
        - {name: f1_score, greater_is_better: true, threshold: 0.5, max_absolute_degradation: 0.01}
        - {name: roc_auc, greater_is_better: true, min_absolute_change: 0.0}
        - {name: log_loss, greater_is_better: false, max_relative_degradation: 0.05, severity: warn}
"""


def request_text(version: str, reason: str) -> str:
    """A promotion request for the demo's one alias."""
    return f"model: churn\nalias: champion\nversion: {version}\nreason: {reason}\n"
