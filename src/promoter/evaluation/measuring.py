"""Have both models scored on the policy's data: fetch models and data, build environments, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from promoter.core.evidence import ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.policy import Evaluation, ModelRule, Task
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.ports import Deadline, RegistryReader, Repository
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from promoter.evaluation.dataset import Dataset
    from promoter.evaluation.local import Runnable

_ELSEWHERE = "://"
_NEEDS = ("numpy", "pandas", "pyarrow", "scipy")


@dataclass(frozen=True, kw_only=True)
class LocalMeasurer:
    """Scores on this machine. `variables` is the process's environment, of which package indexes are read;
    `cache` keeps environments between models."""

    repository: Repository
    variables: Mapping[str, str]
    cache: Path
    deadline: Deadline
    log: Callable[[Message], None]

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        """See `ports.Measurer`."""
        _require_packages()
        # numpy, scipy and pyarrow take a second to import: only a policy that measures pays for them.
        from promoter.evaluation.local import Case, evaluate  # noqa: PLC0415
        from promoter.evaluation.statistics import seed_of  # noqa: PLC0415

        rule, champion = asked.rule, asked.champion
        with TemporaryDirectory(prefix="promoter-data-") as folder:
            dataset = self._dataset(rule, commit=asked.commit, folder=Path(folder))
            versions = [asked.challenger, *([champion] if champion else [])]
            digests: list[str] = []
            models: list[Runnable] = []
            for version in versions:
                files = Path(folder, f"version-{version.version}")
                digests.append(registry.download(version, files).digest)
                models.append(self._runnable(rule, files))
            case = Case(
                rule=rule,
                dataset=dataset,
                columns=_columns(rule),
                challenger=models[0],
                champion=models[1] if champion else None,
                seed=seed_of(asked.policy_digest, dataset.data.digest, *digests),
            )
            return evaluate(case, deadline=self.deadline, log=self.log)

    def _dataset(self, rule: ModelRule, *, commit: str, folder: Path) -> Dataset:
        from promoter.evaluation.dataset import DatasetSpec, open_dataset  # noqa: PLC0415

        evaluation = _evaluation(rule)
        spec = DatasetSpec(
            path=self._fetched(evaluation.data, commit=commit, folder=folder),
            name=evaluation.data,
            target=evaluation.target,
            task=_task(rule),
            sha256=evaluation.sha256,
            positive_label=evaluation.positive_label,
            group=evaluation.group,
            slice_columns=_columns(rule),
        )
        return open_dataset(spec)

    def _fetched(self, name: str, *, commit: str, folder: Path) -> Path:
        """The data as a file: from the repository at the commit, or from an object store."""
        path = Path(folder, "data" + Path(name).suffix)
        if _ELSEWHERE in name:
            from promoter.evaluation.object_store import fetch  # noqa: PLC0415

            self.deadline.run(lambda: fetch(name, path), what=f"fetching {name}")
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

    def _runnable(self, rule: ModelRule, files: Path) -> Runnable:
        """A model that cannot be made to run is evidence; an index that does not answer is an outage."""
        from promoter.evaluation.local import Runnable  # noqa: PLC0415
        from promoter.evaluation.sandbox.environments import EnvironmentBuilder, find_installer  # noqa: PLC0415

        builder = EnvironmentBuilder(
            self.cache, installer=find_installer(self.variables), log=self.log, deadline=self.deadline
        )
        try:
            interpreter = builder.build(files, _evaluation(rule).environment)
        except PromoterError as error:
            if error.exit_code is ExitCode.UNDECIDED:
                raise
            return Runnable(files=files, interpreter=None, problem=error.message)
        return Runnable(files=files, interpreter=interpreter)


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
