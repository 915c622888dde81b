"""Have models scored where a table lies: a session, the models' files, and what is counted there."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from promoter.core.evidence import ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.model_version import ModelFiles, ModelVersion
from promoter.core.policy import Evaluation, ModelRule
from promoter.core.progress import UNTOLD, Progress, Unit
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.engines.spark import SparkCase, evaluate
from promoter.evaluation.engines.spark_errors import Refused, no_java, not_installed, refused_session
from promoter.evaluation.engines.spark_models import ClusterModel, Reach, Workers
from promoter.evaluation.engines.spark_process import Asks, Cluster, Place, cluster
from promoter.evaluation.engines.spark_table import Table, TableSpec, open_table
from promoter.evaluation.engines.spark_variables import is_elsewhere, java
from promoter.evaluation.local import Tick
from promoter.evaluation.sandbox.assurance import Confinement, require
from promoter.evaluation.sandbox.child_process import cores
from promoter.evaluation.statistics import seed_of
from promoter.ports import Deadline, RegistryReader
from promoter.text import Message, quote, say

_TABLE = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+){1,2}")
_PARQUET = ".parquet"
_NEEDS = {"pyspark": "pyspark", "grpc": "grpcio", "mlflow": "mlflow"}
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}
_STARTING_SECONDS = 180.0
# Of a session of this machine: nobody else is to reach it, and little is told on its standard error.
_OWN = {
    "spark.ui.enabled": "false",
    # No process runs two models: each would find the other's modules under the names of its own.
    "spark.python.worker.reuse": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "4",
}


@dataclass(frozen=True, kw_only=True)
class SparkMeasurer:
    """Scores in Spark: the cluster that SPARK_REMOTE names in `variables`, or this machine's. `fetch` gives a
    file of the policy's as a local one."""

    variables: Mapping[str, str]
    deadline: Deadline
    log: Callable[[Message], None]
    fetch: Callable[[str, Path], Path]
    progress: Progress = UNTOLD
    interpreter: Path = Path(sys.executable)

    def measure(self, asked: ToMeasure, registry: RegistryReader, *, folder: Path) -> Measurement:
        """See `ports.Measurer`; files lie in `folder` meanwhile.

        Raises USAGE_INVALID where Spark or Java is not installed, CHECK_UNAVAILABLE where the policy does not
        allow what no sandbox is around and where Spark fails.
        """
        require(Confinement(), strictness=asked.rule.unsafe_sandbox)
        self._require_packages()
        spec = self._spec(asked.rule, folder)
        models, files = self._models(asked, registry, folder=folder)
        place = Place(variables=self.variables, interpreter=self.interpreter)
        with (
            self.progress.step(say("Spark is working"), unit=Unit.TIME) as step,
            cluster(place, deadline=self.deadline, tick=lambda: step.advance(0)) as session,
        ):
            opened = self._start(session)
            table = open_table(session, spec)
            case = self._case(asked, models, session=session, table=table, opened=opened)
            measured = evaluate(case, log=self.log, tick=Tick(self.deadline))
        return replace(measured, challenger_files=files)

    def _start(self, session: Cluster) -> tuple[str, Workers]:
        """Open the session; what it is, for reports, and which processes it has."""
        elsewhere = is_elsewhere(self.variables)
        master = None if elsewhere else f"local[{cores()}]"
        try:
            settings = _SETTINGS if elsewhere else _SETTINGS | _OWN
            told = session.start(master, settings=settings, patience=_STARTING_SECONDS)
        except Refused as refused:
            raise refused_session(refused) from refused
        name = f"Spark {told['version']}, {'the Python of the cluster' if elsewhere else master}"
        return name, Workers.USED if told["reuses"] else Workers.NEW

    def _case(
        self,
        asked: ToMeasure,
        models: Mapping[tuple[str, str], ClusterModel],
        *,
        session: Asks,
        table: Table,
        opened: tuple[str, Workers],
    ) -> SparkCase:
        champion, reference = asked.champion, asked.reference
        digests = [model.digest for model in models.values()]
        return SparkCase(
            rule=asked.rule,
            cluster=session,
            table=table,
            columns=_columns(asked.rule),
            challenger=models[asked.challenger.key],
            champion=models[champion.key] if champion else None,
            reference=models[reference.key] if reference else None,
            reference_version=reference.version if reference else "",
            reach=Reach.SENT if is_elsewhere(self.variables) else Reach.SAME_FILES,
            seed=seed_of(asked.policy_digest, table.data.digest, *digests),
            environment=opened[0],
            workers=opened[1],
        )

    def _models(
        self, asked: ToMeasure, registry: RegistryReader, *, folder: Path
    ) -> tuple[dict[tuple[str, str], ClusterModel], ModelFiles]:
        """Every version's files, and those of the challenger as they were taken."""
        models: dict[tuple[str, str], ClusterModel] = {}
        taken: dict[tuple[str, str], ModelFiles] = {}
        for version in (asked.challenger, asked.champion, asked.reference):
            if version is not None and version.key not in models:
                models[version.key], taken[version.key] = _downloaded(
                    version, registry, place=folder / f"version-{len(models)}"
                )
        return models, taken[asked.challenger.key]

    def _spec(self, rule: ModelRule, folder: Path) -> TableSpec:
        """What to read, as the cluster will find it."""
        evaluation = _evaluation(rule)
        assert rule.task is not None
        spec = TableSpec(
            name=evaluation.data,
            target=evaluation.target,
            task=rule.task,
            positive_label=evaluation.positive_label,
            group=evaluation.group,
            slice_columns=_columns(rule),
        )
        if is_table(evaluation.data):
            return replace(spec, table=evaluation.data)
        if not evaluation.data.endswith(_PARQUET):
            return replace(spec, path=evaluation.data, format="delta")
        if not is_elsewhere(self.variables):
            return replace(spec, path=str(self.fetch(evaluation.data, folder)), format="parquet")
        if "://" not in evaluation.data:
            raise _of_repository(evaluation.data)
        return replace(spec, path=evaluation.data, format="parquet")

    def _require_packages(self) -> None:
        missing = [package for module, package in _NEEDS.items() if find_spec(module) is None]
        if missing:
            raise not_installed(", ".join(missing))
        remote = self.variables.get("SPARK_REMOTE", "")
        if "x-databricks-" in remote:
            raise _databricks()
        if not is_elsewhere(self.variables) and java(self.variables) is None:
            raise no_java()


def is_table(data: str) -> bool:
    """Whether the policy's `data` is a table's name: two or three words with dots between them."""
    return bool(_TABLE.fullmatch(data)) and not data.endswith((_PARQUET, ".csv"))


def _downloaded(
    version: ModelVersion, registry: RegistryReader, *, place: Path
) -> tuple[ClusterModel, ModelFiles]:
    files = registry.download(version, place)
    return ClusterModel(files=place, digest=files.digest), files


def _evaluation(rule: ModelRule) -> Evaluation:
    assert rule.evaluation is not None
    return rule.evaluation


def _columns(rule: ModelRule) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column for one in rule.checks.slices for column in one.by))


def _of_repository(data: str) -> PromoterError:
    return PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say("the cluster that SPARK_REMOTE names does not see ", quote(data), ", a file of the repository"),
        hint=say(
            "Name a table or an address that the cluster reads, such as `main.ml.holdout` or "
            "`s3://bucket/holdout.parquet`, or write `engine: local`."
        ),
    )


def _databricks() -> PromoterError:
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("SPARK_REMOTE names a cluster of Databricks, where MLflow wants an environment for each model"),
        hint=say(
            "Have the training job log its predictions and write `source: predictions`, or export the table "
            "and write `engine: local` (docs/spark.md)."
        ),
    )
