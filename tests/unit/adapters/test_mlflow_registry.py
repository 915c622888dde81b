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
from promoter.core.model_version import Column, Papers, Signature
from promoter.errors import PromoterError, ReasonCode
from tests.builders import a_model_version
from tests.registry_worlds import mlmodel_text

if TYPE_CHECKING:
    from mlflow import MlflowClient

UNITY_CATALOG = "databricks-uc"


class Catalog:
    """As MLflow's client on Unity Catalog: every name and alias is found, and kept, in lower case."""

    def __init__(self, *pages: Page) -> None:
        self.aliases: dict[str, str] = {}
        self.pages = pages
        self.deleted: set[str] = set()
        self.hidden: set[str] = set()

    def get_registered_model(self, name: str) -> SimpleNamespace:
        if name in self.deleted:
            from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as the adapter: late
            from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST  # noqa: PLC0415

            raise MlflowException("gone", RESOURCE_DOES_NOT_EXIST)
        if name in self.hidden:
            from mlflow.exceptions import MlflowException  # noqa: PLC0415
            from mlflow.protos.databricks_pb2 import PERMISSION_DENIED  # noqa: PLC0415

            raise MlflowException("no EXECUTE on it", PERMISSION_DENIED)
        return SimpleNamespace(name=name.lower(), aliases=self.aliases, _tags={})

    def get_model_version(self, name: str, version: str) -> SimpleNamespace:
        return SimpleNamespace(name=name.lower(), version=version, run_id="", source="")

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        self.aliases[alias.lower()] = version

    def search_registered_models(self, *, max_results: int, page_token: str | None) -> Page:
        return next(page for page in self.pages if page_token in page.asked_by)

    @property
    def store(self) -> Catalog:
        return self

    def _get_registry_client(self) -> Catalog:
        return self


class Page(list[SimpleNamespace]):
    """Models as MLflow lists them; `asked_by` are the tokens that lead here, `token` leads on."""

    def __init__(
        self, *models: SimpleNamespace, token: str | None = "", asked_by: tuple[str | None, ...] = (None,)
    ) -> None:
        super().__init__(models)
        self.token = token
        self.asked_by = asked_by


def a_model(name: str, aliases: object, **tags: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, aliases=aliases, tags=tags, _tags=tags)


class Credentialed:
    """As the storage that Unity Catalog gives out credentials for."""

    def __init__(self, content: str) -> None:
        self._content = content

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        target = Path(dst_path or "", artifact_path)
        target.write_text(self._content, encoding="utf-8")
        return str(target)


def registry(
    catalog: Catalog, opened: list[str], content: str = "", *, address: str = UNITY_CATALOG
) -> MlflowRegistry:
    addresses = Addresses(tracking="databricks", registry=address)

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


def test_unity_catalog_is_asked_for_what_the_files_say_too() -> None:
    opened: list[str] = []
    written = Signature(inputs=(Column(name="a", kind="long"),), outputs=())
    text = mlmodel_text(written)
    papers = registry(Catalog(), opened, text).papers(a_model_version(model="main.ml.churn", version="7"))
    # Whatever is asked for, this storage gives the same.
    assert papers == Papers(signature=written, requirements=text)
    assert opened == ["models:/main.ml.churn/7"] * 2


SERVER = "https://mlflow.example"


def all_aliases(*pages: Page, address: str = SERVER) -> dict[str, dict[str, str]]:
    found = registry(Catalog(*pages), [], address=address).all_aliases()
    return {name: dict(aliases) for name, aliases in found.items()}


def test_all_aliases_are_read_over_pages_and_prompts_are_left_out() -> None:
    prompt = a_model("hello", {"production": "1"}, **{"mlflow.prompt.is_prompt": "True"})
    first = Page(a_model("b", {"champion": "007"}), prompt, token="2")
    second = Page(a_model("c", {}, owner="risk"), token=None, asked_by=("2",))
    assert all_aliases(first, second) == {"b": {"champion": "7"}, "c": {}}


def test_a_model_that_slid_onto_the_next_page_counts_as_it_was_read_last() -> None:
    first = Page(a_model("b", {"champion": "1"}), token="2")
    second = Page(a_model("b", {"champion": "2"}), asked_by=("2",))
    assert all_aliases(first, second) == {"b": {"champion": "2"}}


@pytest.mark.parametrize("at", [1, 2])
def test_pages_that_lead_back_are_not_read_for_ever(at: int) -> None:
    pages = [Page(token="1", asked_by=(None, "2")), Page(token="1" if at == 1 else "2", asked_by=("1",))]
    with pytest.raises(PromoterError, match="leads back to a page") as caught:
        all_aliases(*pages)
    assert caught.value.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "mlflow.example" in str(caught.value.hint)


@pytest.mark.parametrize(
    "model",
    [
        a_model("", {}),
        a_model("churn", {"champion": "seven"}),
        a_model("churn", ["champion"]),
        SimpleNamespace(name="churn", aliases={}),
        SimpleNamespace(tags={}, aliases={}),
    ],
)
def test_a_page_that_makes_no_sense_is_no_page(model: SimpleNamespace) -> None:
    with pytest.raises(PromoterError) as caught:
        all_aliases(Page(a_model("first", {}), model))
    assert caught.value.reason is ReasonCode.REGISTRY_UNAVAILABLE


def test_unity_catalog_lists_no_aliases_so_each_model_is_asked() -> None:
    """As MLflow's own: what Unity Catalog lists has methods for `aliases` and `tags`, which raise."""
    catalog = Catalog(Page(a_model("main.ml.a", print, x="1"), a_model("main.ml.b", print)))
    catalog.aliases = {"champion": "7"}
    catalog.deleted = {"main.ml.b"}
    assert registry(catalog, []).all_aliases() == {"main.ml.a": {"champion": "7"}}


def test_a_model_that_may_be_listed_and_not_read_hides_no_other() -> None:
    catalog = Catalog(Page(a_model("main.ml.a", print), a_model("other.team.secret", print)))
    catalog.aliases = {"champion": "7"}
    catalog.hidden = {"other.team.secret"}
    assert registry(catalog, []).all_aliases() == {"main.ml.a": {"champion": "7"}}
