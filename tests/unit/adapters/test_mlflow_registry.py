"""What no MLflow server at hand answers: Unity Catalog, and stores that overlook capitals."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_artifacts import Artifacts, Store
from promoter.adapters.mlflow_registry import MlflowRegistry
from promoter.core.model_version import Column, Signature
from promoter.errors import PromoterError, ReasonCode
from tests.builders import a_model_version
from tests.registry_worlds import mlmodel_text

if TYPE_CHECKING:
    from mlflow import MlflowClient

UNITY_CATALOG = "databricks-uc"


class Catalog:
    """As MLflow's client on Unity Catalog: every name and alias is found, and kept, in lower case."""

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}

    def get_registered_model(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(name=name.lower(), aliases=self.aliases)

    def get_model_version(self, name: str, version: str) -> SimpleNamespace:
        return SimpleNamespace(name=name.lower(), version=version, run_id="", source="")

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        self.aliases[alias.lower()] = version

    def _get_registry_client(self) -> Catalog:
        return self


class Credentialed:
    """As the storage that Unity Catalog gives out credentials for."""

    def __init__(self, content: str) -> None:
        self._content = content

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        target = Path(dst_path or "", artifact_path)
        target.write_text(self._content, encoding="utf-8")
        return str(target)


def registry(catalog: Catalog, opened: list[str], content: str = "") -> MlflowRegistry:
    addresses = Addresses(tracking="databricks", registry=UNITY_CATALOG)

    def open_store(location: str) -> Store:
        opened.append(location)
        return cast("Store", Credentialed(content))

    return MlflowRegistry(
        client=cast("MlflowClient", catalog),
        addresses=addresses,
        artifacts=Artifacts(addresses, open_store=open_store),
        deadline=Deadline(60),
    )


def test_a_name_in_other_capitals_is_another_name() -> None:
    for ask in (
        lambda: registry(Catalog(), []).aliases("Main.ML.churn"),
        lambda: registry(Catalog(), []).model_version("Main.ML.churn", "1"),
    ):
        with pytest.raises(PromoterError, match=r"calls it `main\.ml\.churn`") as caught:
            ask()
        assert caught.value.reason is ReasonCode.MODEL_NOT_FOUND


def test_unity_catalog_would_lower_an_aliases_capitals_behind_our_back() -> None:
    catalog = Catalog()
    with pytest.raises(PromoterError, match="lower case") as caught:
        registry(catalog, []).set_alias("main.ml.churn", "Champion", version="7")
    assert caught.value.reason is ReasonCode.REQUEST_INVALID
    assert "`champion`" in str(caught.value.hint)
    assert catalog.aliases == {}
    registry(catalog, []).set_alias("main.ml.churn", "champion", version="7")
    assert catalog.aliases == {"champion": "7"}


def test_unity_catalog_is_asked_for_the_files_of_the_version_and_not_of_its_source() -> None:
    opened: list[str] = []
    written = Signature(inputs=(Column(name="a", kind="long"),), outputs=())
    version = a_model_version(model="main.ml.churn", version="7", source="file:///proc/self")
    assert registry(Catalog(), opened, mlmodel_text(written)).signature(version) == written
    assert opened == ["models:/main.ml.churn/7"]
