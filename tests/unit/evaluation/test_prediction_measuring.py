"""What the measurer makes of versions whose runs logged predictions, and of those whose runs did not."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from promoter.adapters.deadline import Deadline
from promoter.checks.catalog import run_checks
from promoter.core.evidence import Evidence, Outcome, ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.model_version import READY, ModelVersion
from promoter.core.policy import ModelRule
from promoter.core.policy_file import parse_policy
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.measuring import LocalMeasurer
from promoter.text import say
from tests.fakes.github import InMemoryRepository
from tests.fakes.registry import InMemoryRegistry

COMMIT = "c" * 40
ROWS = 400
RULE = b"""\
version: 1
models:
  - match: churn
    aliases: [champion]
    task: binary_classification
    evaluation:
      source: predictions
      data: data/holdout.csv
      target: churn
      positive_label: "Yes"
      id: key
      predictions: tables/p.csv
    statistics: {resamples: 1000}
    checks:
      metrics: [{name: accuracy_score, greater_is_better: true, test: superiority}]
      negative_flips: {max_rate: 0.2}
"""
TRUTH = ["Yes" if row % 3 else "No" for row in range(ROWS)]


def rule() -> ModelRule:
    (found,) = parse_policy(RULE, path="p").models
    return found


def said(right: float) -> bytes:
    """Labels of which about that share is right."""
    wrong = {"Yes": "No", "No": "Yes"}
    labels = [label if row % 100 < right * 100 else wrong[label] for row, label in enumerate(TRUTH)]
    text: str = pd.DataFrame({"key": range(ROWS), "said": labels})[::-1].to_csv(index=False)
    return text.encode()


class Scene:
    """A registry with versions 1, 2 and 3, and a measurer."""

    def __init__(self, cache: Path) -> None:
        self.registry = InMemoryRegistry()
        self.versions = {
            number: self.registry.add_version(
                ModelVersion(
                    model="churn", version=number, status=READY, source=f"s{number}", run_id=f"r{number}"
                )
            )
            for number in "123"
        }
        holdout: str = pd.DataFrame({"key": range(ROWS), "churn": TRUTH}).to_csv(index=False)
        self.repository = InMemoryRepository({COMMIT: {"data/holdout.csv": holdout.encode()}})
        self.measurer = LocalMeasurer(
            repository=self.repository, variables={}, cache=cache, deadline=Deadline(60), log=lambda _: None
        )

    def log(self, number: str, content: bytes) -> None:
        self.registry.add_run_file(self.versions[number], "tables/p.csv", content)

    def measure(self, reference: str = "") -> Measurement:
        asked = ToMeasure(
            rule=rule(),
            challenger=self.versions["2"],
            champion=self.versions["1"],
            reference=self.versions[reference] if reference else None,
            commit=COMMIT,
        )
        return self.measurer.measure(asked, self.registry)

    def judged(self) -> dict[str, tuple[Outcome, str]]:
        """The outcome and the words of each check, by its id and subject."""
        evidence = Evidence(
            challenger=self.versions["2"], champion=self.versions["1"], measurement=self.measure()
        )
        results = run_checks(rule(), evidence)
        return {f"{one.check}/{one.subject}": (one.outcome, str(one.message)) for one in results}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_logged_predictions_are_compared_as_those_of_models(scene: Scene) -> None:
    scene.log("1", said(0.8))
    scene.log("2", said(0.9))
    found = scene.measure()
    accuracy = found.estimates["accuracy_score"]
    assert (accuracy.champion, accuracy.challenger) == (0.8, 0.9)
    assert accuracy.lower is not None
    assert 0 < accuracy.lower < 0.1
    assert found.champion is not None
    assert [run.digest for run in (found.challenger, found.champion)] == [
        sha256(said(right)).hexdigest() for right in (0.9, 0.8)
    ]
    assert found.challenger.environment == "predictions logged by run r2"
    assert not found.challenger.ran
    assert found.challenger.size == len(said(0.9))
    assert scene.judged()["metrics/accuracy_score"][0] is Outcome.PASSED


def test_the_seed_is_of_the_tables_bytes(scene: Scene) -> None:
    scene.log("1", said(0.8))
    scene.log("2", said(0.9))
    once, again = scene.measure(), scene.measure()
    assert once == again
    scene.log("2", said(0.9).replace(b"\n", b"\r\n"))
    other = scene.measure()
    assert other.seed != once.seed
    assert other.estimates["accuracy_score"].challenger == once.estimates["accuracy_score"].challenger


def test_the_data_of_many_requests_is_fetched_once(scene: Scene) -> None:
    scene.log("1", said(0.8))
    scene.log("2", said(0.9))
    once = scene.measure()
    scene.repository.commits[COMMIT].clear()
    assert scene.measure() == once


def test_a_reference_is_measured_by_what_its_run_logged(scene: Scene) -> None:
    for number, right in (("1", 0.8), ("2", 0.9), ("3", 0.95)):
        scene.log(number, said(right))
    found = scene.measure(reference="3").reference
    assert found is not None
    assert (found.version, found.run.digest) == ("3", sha256(said(0.95)).hexdigest())
    assert found.estimates["accuracy_score"].change == pytest.approx(-0.05)


def test_versions_of_two_models_with_one_number_are_two_versions(scene: Scene) -> None:
    other = ModelVersion(model="dev.churn", version="1", status=READY, source="s", run_id="elsewhere")
    scene.registry.add_version(other)
    scene.registry.add_run_file(other, "tables/p.csv", said(0.9))
    scene.log("1", said(0.8))
    asked = ToMeasure(
        rule=rule(), challenger=other, champion=scene.versions["1"], reference=None, commit=COMMIT
    )
    accuracy = scene.measurer.measure(asked, scene.registry).estimates["accuracy_score"]
    assert (accuracy.champion, accuracy.challenger) == (0.8, 0.9)


def test_a_challenger_without_a_table_is_rejected_with_the_reason(scene: Scene) -> None:
    scene.log("1", said(0.8))
    judged = scene.judged()
    assert judged["inference/runs"][0] is Outcome.FAILED
    assert "`tables/p.csv`" in judged["inference/runs"][1]
    assert judged["inference/runs"][1].startswith("the challenger has no predictions to judge: ")
    assert all("did not finish" not in message for _, message in judged.values())
    assert judged["metrics/accuracy_score"][0] is Outcome.FAILED


def test_a_champion_without_a_table_leaves_it_undecided(scene: Scene) -> None:
    scene.log("2", said(0.9))
    judged = scene.judged()
    assert judged["inference/champion"][0] is Outcome.INCONCLUSIVE
    assert judged["metrics/accuracy_score"][0] is Outcome.INCONCLUSIVE


def test_versions_that_logged_the_same_bytes_are_not_compared(scene: Scene) -> None:
    scene.log("1", said(0.9))
    scene.log("2", said(0.9))
    for outcome, message in scene.judged().values():
        assert outcome is Outcome.INCONCLUSIVE
        assert "both versions logged the same predictions" in message


@pytest.mark.parametrize(
    "reason", [ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.PERMISSION_DENIED, ReasonCode.MODEL_UNSAFE]
)
def test_a_registry_that_does_not_tell_has_not_said_that_there_is_no_table(
    reason: ReasonCode, scene: Scene
) -> None:
    scene.registry.fail("run_file", PromoterError(reason, say("gone")))
    with pytest.raises(PromoterError) as caught:
        scene.measure()
    assert caught.value.reason is reason
