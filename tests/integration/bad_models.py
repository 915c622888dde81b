"""Judging without GitHub: versions on a real server, the real Measurer, and a policy's text.

`Desk.judged` is the path that validate and apply share, from a policy's bytes to the report of a request.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pandas as pd
from mlflow import MlflowClient

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.commands.gathering import Bench
from promoter.commands.judging import judge
from promoter.commands.versions import Claim, Past
from promoter.core.evidence import CheckResult
from promoter.core.policy_file import parse_policy
from promoter.core.report import RequestReport
from promoter.core.request import PromotionRequest
from promoter.evaluation.measuring import LocalMeasurer
from promoter.ports import Measurer, RegistryIndex
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.github import InMemoryRepository

COMMIT = "c" * 40
ROWS = 400
DATA = "data/holdout.parquet"
F1 = "{name: f1_score, greater_is_better: true, test: non_inferiority, max_absolute_degradation: 0.02}"
A_FLOOR = "{name: f1_score, greater_is_better: true, threshold: 0.5}"
METRICS = f"metrics: [{F1}]"
FLOOR = f"metrics: [{A_FLOOR}]"
EVALUATION = f'source: inference, data: {DATA}, target: label, positive_label: "Yes"'


def policy(
    *, checks: str = FLOOR, evaluation: str = EVALUATION, environment: str = "image", more: str = ""
) -> bytes:
    """A policy in YAML's flow form: the keys of `evaluation` and of `checks`, and `more` of the rule."""
    return f"""\
version: 1
models:
  - match: "*"
    aliases: [champion]
    on_missing_champion: bootstrap
    task: binary_classification
    evaluation: {{{evaluation}, environment: {environment}}}
    statistics: {{resamples: 1000}}
{more}    checks: {{{checks}}}
""".encode()


def holdout(rows: int = ROWS) -> pd.DataFrame:
    """Two features, of which the first decides; a label, a segment, a household of two rows."""
    numbers = np.random.default_rng(5)
    x0, x1 = numbers.normal(size=(2, rows))
    label = np.where(x0 + numbers.normal(0, 0.2, rows) > 0, "Yes", "No")
    segment = np.where(x1 > 0, "north", "south")
    return pd.DataFrame(
        {"x0": x0, "x1": x1, "segment": segment, "household": np.arange(rows) // 2, "label": label}
    )


def as_parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def as_csv(frame: pd.DataFrame) -> bytes:
    text: str = frame.to_csv(index=False)
    return text.encode()


GOOD = 'return numpy.where(frame["x0"] > 0, "Yes", "No")'
FAIR = 'return numpy.where(frame["x0"] + 0.7 * frame["x1"] > 0, "Yes", "No")'


@dataclass(kw_only=True)
class Desk:
    """One registered model of a real server, and where environments are kept."""

    url: str
    client: MlflowClient
    model: str
    cache: Path
    log: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, url: str, cache: Path) -> Desk:
        """With a fresh registered model."""
        client = MlflowClient(tracking_uri=url, registry_uri=url)
        model = f"bad-{uuid4().hex[:8]}"
        client.create_registered_model(model)
        return cls(url=url, client=client, model=model, cache=cache)

    def version(self, folder: Path, *, metrics: Mapping[str, float] | None = None) -> str:
        """Log a folder as a run's model, and register it."""
        run = self.client.create_run("0").info
        self.client.log_artifacts(run.run_id, str(folder), "model")
        for name, value in (metrics or {}).items():
            self.client.log_metric(run.run_id, name, value)
        self.client.set_terminated(run.run_id)
        source = f"{run.artifact_uri}/model"
        return str(self.client.create_model_version(self.model, source=source, run_id=run.run_id).version)

    def registry(self, url: str = "") -> mlflow_registry.MlflowRegistry:
        """The registry as apply opens it; through another address where one is given."""
        return mlflow_registry.connect(tracking_uri=url or self.url, registry_uri="", deadline=Deadline(120))

    def measurer(self, files: Mapping[str, bytes], variables: Mapping[str, str]) -> LocalMeasurer:
        """The real one, on the files of one commit."""
        return LocalMeasurer(
            repository=InMemoryRepository({COMMIT: files}),
            variables=variables,
            cache=self.cache,
            deadline=Deadline(300),
            log=lambda message: self.log.append(str(message)),
        )

    def judged(
        self, text: bytes, *, files: Mapping[str, bytes], challenger: str, champion: str | None = None
    ) -> RequestReport:
        """What validate would report of a request for `challenger`."""
        self.hold(champion)
        measurer = self.measurer(files, with_a_warm_cache())
        return self.asked(text, registry=self.registry(), measurer=measurer, versions=(challenger, champion))

    def hold(self, champion: str | None) -> None:
        """Give the alias by hand."""
        if champion is None:
            self.client.delete_registered_model_alias(self.model, "champion")
        else:
            self.client.set_registered_model_alias(self.model, "champion", champion)

    def asked(
        self,
        text: bytes,
        *,
        registry: RegistryIndex,
        measurer: Measurer,
        versions: tuple[str, str | None],
    ) -> RequestReport:
        """The same with a registry and a Measurer of the test's own."""
        bench = Bench(
            registry=registry,
            measurer=measurer,
            custom_checks=FakeCustomChecks(),
            policy=parse_policy(text, path="policy.yaml"),
            commit=COMMIT,
            head=COMMIT,
            now=datetime.now(UTC),
        )
        challenger, champion = versions
        request = PromotionRequest(path="p.yaml", model=self.model, alias="champion", version=challenger)
        past = (Past(commit="b" * 40, version=champion),) if champion else ()
        return judge(bench, Claim(request=request, past=past))


def with_a_warm_cache() -> dict[str, str]:
    """The process's variables, with uv's cache where the user has it: a build has a home of its own."""
    cache = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    return {**os.environ, "UV_CACHE_DIR": cache}


def told(report: RequestReport) -> str:
    """All that a reader is told of a request, on one line."""
    return " | ".join([str(report.message), str(report.hint), *map(_line, report.results)])


def _line(result: CheckResult) -> str:
    return f"{result.check} {result.subject} {result.outcome}: {result.message}"


def results(report: RequestReport, check: str) -> Sequence[CheckResult]:
    """The results of one check."""
    return [result for result in report.results if result.check == check]
