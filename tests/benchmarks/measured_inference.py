"""Promoter's own way: both models measured as validate does it, from a registry and a data address.

    measured_inference.py FOLDER

The data is fetched by the same code as from an object store, models are downloaded from a registry in memory,
and each is run in a process of its own. Figures of labels, money and flips are asked for, with intervals.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from promoter.adapters.deadline import Deadline
from promoter.adapters.local_repository import LocalRepository
from promoter.core.evidence import ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.policy import (
    BusinessValueRule,
    Checks,
    Environment,
    Evaluation,
    MetricRule,
    Mode,
    ModelRule,
    NegativeFlipsRule,
    OnMissingChampion,
    Source,
    Task,
    Test,
)
from promoter.evaluation.measuring import LocalMeasurer
from promoter.text import Message
from tests.builders import a_champion, a_model_version
from tests.fakes.registry import InMemoryRegistry
from tests.git_clone import GitClone

WORTH = {"true_positive": 1500, "false_positive": -500, "false_negative": -2000, "true_negative": 0}


def a_rule(data: str) -> ModelRule:
    """F1, money and flips, each compared."""
    f1_score = MetricRule(
        name="f1_score", greater_is_better=True, max_absolute_degradation=0.01, test=Test.NON_INFERIORITY
    )
    money = BusinessValueRule(
        unit="USD", values=WORTH, test=Test.NON_INFERIORITY, max_absolute_degradation=500
    )
    return ModelRule(
        match="churn",
        aliases=("champion",),
        mode=Mode.ENFORCE,
        on_missing_champion=OnMissingChampion.BLOCK,
        task=Task.BINARY,
        evaluation=Evaluation(
            source=Source.INFERENCE,
            data=data,
            target="churn",
            positive_label="1",
            environment=Environment.IMAGE,
        ),
        checks=Checks(
            metrics=(f1_score,), business_value=money, negative_flips=NegativeFlipsRule(max_rate=0.5)
        ),
    )


def measured(folder: Path) -> Measurement:
    """Both models on all rows of the folder."""
    registry = InMemoryRegistry()
    challenger, champion = a_model_version(), a_champion()
    for version, name in ((challenger, "challenger"), (champion, "champion")):
        registry.add_version(version)
        registry.add_files(version, folder / name)
    with tempfile.TemporaryDirectory(prefix="promoter-cache-") as cache:
        deadline = Deadline(3_600)
        measurer = LocalMeasurer(
            repository=LocalRepository(GitClone(Path(cache, "clone")).folder, environ={}),
            variables={},
            cache=Path(cache),
            deadline=deadline,
            log=_log,
        )
        asked = ToMeasure(
            rule=a_rule((folder / "holdout.parquet").as_uri()),
            challenger=challenger,
            champion=champion,
            commit="",
        )
        return measurer.measure(asked, registry)


def _log(message: Message) -> None:
    sys.stderr.write(f"{message}\n")


def main(folder: Path) -> None:
    """Prints the figures, and how each model ran."""
    found = measured(folder)
    runs = [found.challenger, *([found.champion] if found.champion else [])]
    if found.value is None or not all(run.finished for run in runs):
        raise RuntimeError([str(run.problem) for run in runs])
    f1_score, value = found.estimates["f1_score"], found.value
    figures = {
        "champion": {"f1_score": f1_score.champion, "value": value.champion},
        "challenger": {"f1_score": f1_score.challenger, "value": value.challenger},
    }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
