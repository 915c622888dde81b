"""Have models scored on the policy's data: fetch data, models or what they logged, build environments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from promoter.core.engine import Engine
from promoter.core.evidence import ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.model_version import ModelFiles, ModelVersion
from promoter.core.policy import Evaluation, ModelRule, Source, Task
from promoter.core.progress import UNTOLD, Progress, Unit
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.evaluation.kept_data import KeptData
from promoter.ports import Deadline, RegistryReader, Repository
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from promoter.evaluation.ahead import Ahead, Runnable
    from promoter.evaluation.dataset import DatasetSpec
    from promoter.evaluation.local import Model
    from promoter.evaluation.prediction_source import Logged
    from promoter.evaluation.sandbox.wheels import Kept

_ELSEWHERE = "://"
_NEEDS = ("numpy", "pandas", "pyarrow", "scipy")


@dataclass(frozen=True, kw_only=True)
class LocalMeasurer:
    """Scores on this machine. `variables` is the process's environment, of which package indexes are read;
    `cache` keeps environments between models, `wheels` what they are made of between runs. `progress` looks
    on. `kept` has the data of the requests before."""

    repository: Repository
    variables: Mapping[str, str]
    cache: Path
    deadline: Deadline
    log: Callable[[Message], None]
    progress: Progress = UNTOLD
    wheels: Kept | None = None
    kept: KeptData = field(default_factory=KeptData)

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        """See `ports.Measurer`."""
        _require_packages()
        version = asked.challenger
        title = say("measuring version ", quote(version.version), " of ", quote(version.model))
        with self.progress.chapter(title):
            if _evaluation(asked.rule).engine is Engine.SPARK:
                return self._measured_in_spark(asked, registry)
            return self._measured(asked, registry)

    def _measured_in_spark(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        from promoter.evaluation.engines.spark_measuring import SparkMeasurer  # noqa: PLC0415

        measurer = SparkMeasurer(
            variables=self.variables,
            deadline=self.deadline,
            log=self.log,
            fetch=lambda name, folder: self._fetched(name, commit=asked.commit, folder=folder),
            progress=self.progress,
        )
        with TemporaryDirectory(prefix="promoter-data-", ignore_cleanup_errors=True) as folder:
            return measurer.measure(asked, registry, folder=Path(folder))

    def _measured(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        # numpy, scipy and pyarrow take a second to import: only a policy that measures pays for them.
        from promoter.evaluation.ahead import Ahead  # noqa: PLC0415

        name, versions = _evaluation(asked.rule).data, (asked.challenger, asked.champion, asked.reference)
        # A download that was given up may still write there while it is removed.
        with (
            TemporaryDirectory(prefix="promoter-models-", ignore_cleanup_errors=True) as folder,
            Ahead(deadline=self.deadline) as ahead,
        ):
            data = self.kept.file(
                name,
                asked.commit,
                fetch=lambda into: self._fetched(name, commit=asked.commit, folder=into),
            )
            # By model and number: a challenger of another registered model may have its champion's number.
            models: dict[tuple[str, str], Model] = {}
            taken: dict[tuple[str, str], ModelFiles | None] = {}
            for version in versions:
                if version is not None and version.key not in models:
                    place = Path(folder, f"version-{len(models)}")
                    model, files = self._model(asked.rule, version, registry=registry, place=place)
                    models[version.key], taken[version.key] = model, files
            _start(ahead, list(models.values()), rule=asked.rule)
            measured = self._scored(asked, models, data=data, ahead=ahead)
            return replace(measured, challenger_files=taken[asked.challenger.key])

    def _scored(
        self, asked: ToMeasure, models: Mapping[tuple[str, str], Model], *, data: Path, ahead: Ahead
    ) -> Measurement:
        """All models on the data, which is opened while those that run are loading."""
        from promoter.evaluation.dataset import open_dataset  # noqa: PLC0415
        from promoter.evaluation.local import Case, evaluate  # noqa: PLC0415
        from promoter.evaluation.statistics import seed_of  # noqa: PLC0415

        champion, reference = asked.champion, asked.reference
        dataset = self.kept.dataset(
            _spec(asked.rule, path=data), opened=lambda spec: open_dataset(spec, progress=self.progress)
        )
        digests = [model.digest for model in models.values()]
        case = Case(
            rule=asked.rule,
            dataset=dataset,
            columns=_columns(asked.rule),
            challenger=models[asked.challenger.key],
            champion=models[champion.key] if champion else None,
            seed=seed_of(asked.policy_digest, dataset.data.digest, *digests),
            reference=models[reference.key] if reference else None,
            reference_version=reference.version if reference else "",
        )
        return evaluate(case, deadline=self.deadline, log=self.log, progress=self.progress, ahead=ahead)

    def _fetched(self, name: str, *, commit: str, folder: Path) -> Path:
        """The data as a file: from the repository at the commit, or from an object store."""
        path = Path(folder, "data" + Path(name).suffix)
        if _ELSEWHERE in name:
            from promoter.evaluation.object_store import fetch  # noqa: PLC0415

            with self.progress.step(say("fetching ", quote(name)), unit=Unit.BYTES) as step:
                self.deadline.run(lambda: fetch(name, path, tell=step.advance), what=f"fetching {name}")
            return path
        found = [entry for entry in self.repository.files(commit, [name]) if entry.path == name]
        if not found:
            raise PromoterError(
                ReasonCode.DATA_UNAVAILABLE,
                say("there is no file ", quote(name), " at commit ", quote(commit[:12])),
                hint=say("Correct `data` in the policy, or merge the file in a pull request of its own."),
            )
        path.write_bytes(self.repository.data(found[0]))
        return path

    def _model(
        self, rule: ModelRule, version: ModelVersion, *, registry: RegistryReader, place: Path
    ) -> tuple[Model, ModelFiles | None]:
        """What stands for a version: its model, made to run, or the predictions that its run logged."""
        if _evaluation(rule).source is Source.PREDICTIONS:
            return _logged(_evaluation(rule), version, registry=registry, folder=place), None
        files = registry.download(version, place)
        return replace(self._runnable(rule, place), digest=files.digest), files

    def _runnable(self, rule: ModelRule, files: Path) -> Runnable:
        """A model that cannot be made to run is evidence; an index that does not answer is an outage."""
        from promoter.evaluation.ahead import Runnable  # noqa: PLC0415
        from promoter.evaluation.sandbox.environments import EnvironmentBuilder, find_installer  # noqa: PLC0415

        builder = EnvironmentBuilder(
            self.cache,
            installer=find_installer(self.variables, kept=self.wheels),
            log=self.log,
            deadline=self.deadline,
            progress=self.progress,
        )
        try:
            interpreter = builder.build(files, _evaluation(rule).environment)
        except PromoterError as error:
            if error.exit_code is ExitCode.UNDECIDED:
                raise
            return Runnable(files=files, interpreter=None, problem=error.message)
        return Runnable(files=files, interpreter=interpreter)


def _spec(rule: ModelRule, *, path: Path) -> DatasetSpec:
    from promoter.evaluation.dataset import DatasetSpec  # noqa: PLC0415

    evaluation = _evaluation(rule)
    return DatasetSpec(
        path=path,
        name=evaluation.data,
        target=evaluation.target,
        task=_task(rule),
        sha256=evaluation.sha256,
        positive_label=evaluation.positive_label,
        group=evaluation.group,
        slice_columns=_columns(rule),
        id=evaluation.id if evaluation.source is Source.PREDICTIONS else None,
    )


def _start(ahead: Ahead, models: Sequence[Model], *, rule: ModelRule) -> None:
    """Have the models load, unless the challenger, the first of them, cannot be asked: then nobody is."""
    from promoter.evaluation.ahead import Runnable  # noqa: PLC0415

    if models[0].problem.parts:
        return
    for model in models:
        if isinstance(model, Runnable):
            ahead.start(model, rule)


def _logged(
    evaluation: Evaluation, version: ModelVersion, *, registry: RegistryReader, folder: Path
) -> Logged:
    """The table of a version; that its run logged none is evidence, and a registry's silence an outage."""
    from promoter.evaluation.prediction_source import Logged  # noqa: PLC0415

    folder.mkdir(mode=0o700)
    logged = Logged(
        table=Path(folder, "predictions" + Path(evaluation.predictions).suffix),
        name=evaluation.predictions,
        id=evaluation.id or "",
        columns=evaluation.prediction_columns,
        run_id=version.run_id or "",
    )
    try:
        digest = registry.run_file(version, evaluation.predictions, file=logged.table)
    except PromoterError as error:
        if error.reason is not ReasonCode.DATA_UNAVAILABLE:
            raise
        return replace(logged, problem=error.message)
    return replace(logged, digest=digest)


def _require_packages() -> None:
    """Raises USAGE_INVALID where Promoter was installed without what measuring needs."""
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("the policy has models scored, and this is not installed: ", quote(", ".join(missing))),
            hint=say("Install it with `pip install 'promoter[inference]'`, or use the action's image."),
        )


def _evaluation(rule: ModelRule) -> Evaluation:
    assert rule.evaluation is not None
    return rule.evaluation


def _task(rule: ModelRule) -> Task:
    assert rule.task is not None
    return rule.task


def _columns(rule: ModelRule) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column for one in rule.checks.slices for column in one.by))
