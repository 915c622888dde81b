"""Promoter's own way: both models measured as validate does it, from a registry and a data address.

    measured_inference.py FOLDER [ENGINE]

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
from promoter.core.engine import Engine
from promoter.core.evidence import ToMeasure
from promoter.core.layers import Strictness
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
from promoter.inputs import process_environment
from promoter.text import Message
from tests.builders import a_champion, a_model_version
from tests.fakes.registry import InMemoryRegistry
from tests.git_clone import GitClone

WORTH = {"true_positive": 1500, "false_positive": -500, "false_negative": -2000, "true_negative": 0}


def a_rule(data: str, *, engine: Engine) -> ModelRule:
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
        unsafe_sandbox=Strictness.BEST_EFFORT if engine is Engine.SPARK else Strictness.REQUIRED,
        evaluation=Evaluation(
            source=Source.INFERENCE,
            data=data,
            target="churn",
            positive_label="1",
            environment=Environment.IMAGE,
            engine=engine,
        ),
        checks=Checks(
            metrics=(f1_score,), business_value=money, negative_flips=NegativeFlipsRule(max_rate=0.5)
        ),
    )


class Measuring:
    """A measurer, and a registry of both models of a folder; it may be asked again and again."""

    def __init__(self, folder: Path, *, cache: Path, engine: Engine = Engine.LOCAL) -> None:
        self._registry = InMemoryRegistry()
        self._challenger, self._champion = a_model_version(), a_champion()
        for version, name in ((self._challenger, "challenger"), (self._champion, "champion")):
            self._registry.add_version(version)
            self._registry.add_files(version, folder / name)
        self._rule = a_rule((folder / "holdout.parquet").as_uri(), engine=engine)
        self._measurer = LocalMeasurer(
            repository=LocalRepository(GitClone(cache / "clone").folder, environ={}),
            variables=process_environment() if engine is Engine.SPARK else {},
            cache=cache,
            deadline=Deadline(3_600),
            log=_log,
        )

    def measured(self) -> Measurement:
        """Both models on all rows."""
        asked = ToMeasure(rule=self._rule, challenger=self._challenger, champion=self._champion, commit="")
        return self._measurer.measure(asked, self._registry)


def _log(message: Message) -> None:
    sys.stderr.write(f"{message}\n")


def main(folder: Path, *, engine: Engine = Engine.LOCAL) -> None:
    """Prints the figures, and how each model ran."""
    with tempfile.TemporaryDirectory(prefix="promoter-cache-") as cache:
        found = Measuring(folder, cache=Path(cache), engine=engine).measured()
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
    main(Path(sys.argv[1]), engine=Engine(sys.argv[2] if len(sys.argv) > 2 else Engine.LOCAL))
