"""From MLflow's entities to our values. Whatever a run or LoggedModel says is a claim by who logged it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from promoter.core.model_version import Dataset, LoggedModel, ModelVersion, Run
from promoter.core.prompt import Kind, Prompt

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, RunInputs
    from mlflow.entities import LoggedModel as MlflowLoggedModel
    from mlflow.entities import Run as MlflowRun
    from mlflow.entities.model_registry import ModelVersion as MlflowModelVersion
    from mlflow.entities.model_registry import RegisteredModel

_GIT_COMMIT = "mlflow.source.git.commit"
_CONTEXT = "mlflow.data.context"
_DELETED = "deleted"
IS_PROMPT = "mlflow.prompt.is_prompt"
_TEMPLATE = "mlflow.prompt.text"
_FORM = "_mlflow_prompt_type"
_RESPONSE_FORMAT = "_mlflow_prompt_response_format"
_MODEL_CONFIG = "_mlflow_prompt_model_config"
# MLflow numbers versions in a 32-bit column; asked for far more, a server answers HTTP 500.
_LARGEST_VERSION = 2**31 - 1
# MLflow stores ±infinity as ±1.7976931348623157e308 and gives that back.
_INFINITE_FROM = 1.7e308
_MOST_MODELS_OF_A_RUN = 10


def digits(version: object) -> str:
    """A version in canonical digits: `7` for 7, "7" and "007". Raises ValueError for anything else."""
    text = str(version)
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a version is written in digits")
    return text.lstrip("0") or "0"


def can_exist(version: str) -> bool:
    """Whether a version in canonical digits is one that MLflow could have numbered."""
    # Compared by length first: Python refuses to read thousands of digits.
    return len(version) <= len(str(_LARGEST_VERSION)) and 0 < int(version) <= _LARGEST_VERSION


def canonical(version: str) -> str | None:
    """A version in canonical digits; None for text that can be no version."""
    try:
        number = digits(version)
    except ValueError:
        return None
    return number if can_exist(number) else None


def figure(value: float) -> float:
    """A metric as it was logged: NaN stays, and what MLflow keeps for ±infinity is ±infinity again."""
    number = float(value)
    return math.copysign(math.inf, number) if abs(number) >= _INFINITE_FROM else number


def to_aliases(model: RegisteredModel) -> Mapping[str, str]:
    """Alias → version in canonical digits."""
    return {str(alias): digits(version) for alias, version in model.aliases.items()}


def kind_of_model(model: RegisteredModel) -> Kind:
    """Whether it is a prompt, which MLflow keeps among the registered models."""
    # Its public `tags` leave that tag out.
    return Kind.PROMPT if _is_prompt(model._tags) else Kind.MODEL


def _is_prompt(tags: Mapping[str, object]) -> bool:
    return str(tags.get(IS_PROMPT, "")).lower() == "true"


def to_prompt(tags: Mapping[str, str]) -> Prompt | None:
    """What a version's tags hold of a prompt; None where it is none, or has no template."""
    if not _is_prompt(tags) or _TEMPLATE not in tags:
        return None
    return Prompt(
        template=tags[_TEMPLATE],
        form=tags.get(_FORM, "text"),
        response_format=tags.get(_RESPONSE_FORMAT, ""),
        model_config=tags.get(_MODEL_CONFIG, ""),
    )


def to_model_version(
    found: MlflowModelVersion, *, run: Run | None, logged_model: LoggedModel | None
) -> ModelVersion:
    """A version with what it was made from; MLflow's None and "" mean the same here."""
    tags = {str(key): str(value) for key, value in (found.tags or {}).items()}
    return ModelVersion(
        model=str(found.name),
        version=digits(found.version),
        status=str(found.status),
        source=str(found.source or ""),
        description=str(found.description or ""),
        tags=tags,
        created_at=int(found.creation_timestamp or 0),
        run_id=str(found.run_id) if found.run_id else None,
        run=run,
        logged_model=logged_model,
        prompt=to_prompt(tags),
    )


def to_run(found: MlflowRun) -> Run | None:
    """A run, or None when it was deleted: MLflow keeps the rows, but whoever deleted it took it back."""
    if found.info.lifecycle_stage == _DELETED:
        return None
    return Run(
        run_id=str(found.info.run_id),
        experiment_id=str(found.info.experiment_id),
        status=str(found.info.status),
        metrics={str(key): figure(value) for key, value in found.data.metrics.items()},
        parameters={str(key): str(value) for key, value in found.data.params.items()},
        git_commit=found.data.tags.get(_GIT_COMMIT) or None,
        datasets=_datasets_of(found.inputs),
    )


def _datasets_of(inputs: RunInputs | None) -> tuple[Dataset, ...]:
    return tuple(_to_dataset(item) for item in inputs.dataset_inputs) if inputs else ()


def _to_dataset(found: DatasetInput) -> Dataset:
    context = next((str(tag.value) for tag in found.tags or () if tag.key == _CONTEXT), "")
    return Dataset(name=str(found.dataset.name), digest=str(found.dataset.digest), context=context)


def to_logged_model(found: MlflowLoggedModel) -> LoggedModel:
    """A LoggedModel. Of several values of one metric the one logged last is taken.

    They are less than the run's metrics: MLflow 3.17 keeps the first step only and turns NaN into 0.0.
    """
    metrics = sorted(found.metrics or (), key=lambda metric: (metric.timestamp, metric.step))
    datasets = dict.fromkeys(
        Dataset(name=str(metric.dataset_name), digest=str(metric.dataset_digest or ""))
        for metric in metrics
        if metric.dataset_name
    )
    return LoggedModel(
        model_id=str(found.model_id),
        metrics={str(metric.key): figure(metric.value) for metric in metrics},
        datasets=tuple(datasets),
    )


def models_of(run: MlflowRun) -> list[str]:
    """The ids of the first LoggedModels that a run made."""
    outputs = run.outputs.model_outputs if run.outputs else []
    return [str(output.model_id) for output in outputs[:_MOST_MODELS_OF_A_RUN]]
