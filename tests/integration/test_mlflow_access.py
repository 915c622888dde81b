"""A server with basic auth, where a missing model and a forbidden one look alike."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
import requests

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.errors import PromoterError, ReasonCode
from tests.mlflow_server import ADMIN, ADMIN_PASSWORD, MlflowServer
from tests.registry_worlds import HttpWorld, RunAsked, VersionAsked

pytestmark = pytest.mark.integration

PASSWORD = "canary-Passw0rd-of-ada"


class Site:
    """The server with passwords: its administrator makes models, users and grants."""

    def __init__(self, server: MlflowServer) -> None:
        self.server = server
        as_admin = server.url.replace("http://", f"http://{ADMIN}:{ADMIN_PASSWORD}@")
        self.world = HttpWorld(replace(server, url=as_admin), deadline=Deadline(600))

    def new_user(self) -> str:
        """A user who may do nothing yet."""
        name = f"ada-{uuid.uuid4().hex[:8]}"
        self._post("2.0/mlflow/users/create", {"username": name, "password": PASSWORD})
        return name

    def grant(self, user: str, model: str, permission: str) -> None:
        """Let a user use a registered model."""
        asked = {"username": user, "resource_type": "registered_model", "resource_id": model}
        self._post("3.0/mlflow/users/permissions/grant", {**asked, "permission": permission})

    def as_user(self, user: str, password: str = PASSWORD) -> mlflow_registry.MlflowRegistry:
        """The registry as this user sees it."""
        url = self.server.url.replace("http://", f"http://{user}:{password}@")
        return mlflow_registry.connect(tracking_uri=url, registry_uri="", deadline=Deadline(60))

    def _post(self, path: str, asked: dict[str, str]) -> None:
        answer = requests.post(
            f"{self.server.url}/api/{path}", json=asked, auth=(ADMIN, ADMIN_PASSWORD), timeout=30
        )
        answer.raise_for_status()


@pytest.fixture(scope="module")
def site(mlflow_server_with_passwords: MlflowServer) -> Site:
    return Site(mlflow_server_with_passwords)


def refused(error: PromoterError) -> bool:
    assert PASSWORD not in f"{error}{error.hint}"
    assert error.exit_code == 4
    return error.reason is ReasonCode.PERMISSION_DENIED


def test_the_administrator_reads_and_writes(site: Site) -> None:
    model = site.world.new_model()
    version = site.world.new_version(model, VersionAsked(run=RunAsked(metrics={"f1": 0.9})))
    site.world.registry.set_alias(model, "champion", version=version)
    assert site.world.registry.aliases(model) == {"champion": "1"}
    found = site.world.registry.model_version(model, version)
    assert found.run is not None
    assert site.world.registry.signature(found) is None


def test_absence_is_proven_to_the_administrator(site: Site) -> None:
    with pytest.raises(PromoterError) as caught:
        site.world.registry.aliases("nobody registered this")
    assert caught.value.reason is ReasonCode.MODEL_NOT_FOUND


def test_to_anybody_else_a_missing_model_may_be_a_forbidden_one(site: Site) -> None:
    user = site.as_user(site.new_user())
    for name in (site.world.new_model(), "nobody registered this"):
        with pytest.raises(PromoterError) as caught:
            user.aliases(name)
        assert refused(caught.value)
        assert "does not exist, or" in str(caught.value)


def test_who_may_read_may_not_write(site: Site) -> None:
    model = site.world.new_model()
    version = site.world.new_version(model, VersionAsked())
    user = site.new_user()
    site.grant(user, model, "READ")
    assert site.as_user(user).aliases(model) == {}
    assert site.as_user(user).model_version(model, version).version == "1"
    with pytest.raises(PromoterError) as caught:
        site.as_user(user).set_alias(model, "champion", version=version)
    assert refused(caught.value)
    with pytest.raises(PromoterError) as caught:
        site.as_user(user).set_tags(model, version, tags={"promoter_verdict": "promote"})
    assert refused(caught.value)
    assert "EDIT" in str(caught.value.hint)
    assert site.world.registry.aliases(model) == {}


def test_who_may_edit_may_move_an_alias_and_write_tags(site: Site) -> None:
    model = site.world.new_model()
    version = site.world.new_version(model, VersionAsked())
    user = site.new_user()
    site.grant(user, model, "EDIT")
    site.as_user(user).set_alias(model, "champion", version=version)
    site.as_user(user).set_tags(model, version, tags={"promoter_verdict": "promote"})
    assert site.world.registry.aliases(model) == {"champion": "1"}
    assert site.world.registry.model_version(model, version).tags == {"promoter_verdict": "promote"}


def test_copying_takes_reading_the_source_and_editing_the_target(site: Site) -> None:
    dev, prod = site.world.new_model("dev"), site.world.new_model("prod")
    source = site.world.registry.model_version(dev, site.world.new_version(dev, VersionAsked()))
    for grants in ({dev: "READ"}, {dev: "READ", prod: "READ"}, {prod: "EDIT"}):
        user = site.new_user()
        for model, permission in grants.items():
            site.grant(user, model, permission)
        with pytest.raises(PromoterError) as caught:
            site.as_user(user).copy(source, prod)
        assert refused(caught.value)
    user = site.new_user()
    site.grant(user, dev, "READ")
    site.grant(user, prod, "EDIT")
    assert site.as_user(user).copy(source, prod) == "1"
    assert [one.source for one in site.as_user(user).versions(prod)] == [f"models:/{dev}/1"]


def test_a_run_that_may_not_be_read_is_not_a_missing_run(site: Site) -> None:
    model = site.world.new_model()
    version = site.world.new_version(model, VersionAsked(run=RunAsked(metrics={"f1": 0.9})))
    user = site.new_user()
    site.grant(user, model, "READ")
    with pytest.raises(PromoterError, match="reading the run") as caught:
        site.as_user(user).model_version(model, version)
    assert refused(caught.value)


def test_a_wrong_password_is_said_so(site: Site) -> None:
    with pytest.raises(PromoterError, match="does not accept the credentials") as caught:
        site.as_user(ADMIN, PASSWORD).aliases("any")
    assert refused(caught.value)
    assert "MLFLOW_TRACKING_PASSWORD" in str(caught.value.hint)


def test_no_credentials_at_all_are_said_so(site: Site) -> None:
    registry = mlflow_registry.connect(tracking_uri=site.server.url, registry_uri="", deadline=Deadline(60))
    with pytest.raises(PromoterError) as caught:
        registry.aliases("any")
    assert refused(caught.value)


def test_credentials_come_from_mlflows_own_variables(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    model = site.world.new_model()
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN_PASSWORD)
    reader = mlflow_registry.connect_reader(
        tracking_uri=site.server.url, registry_uri="", deadline=Deadline(60)
    )
    assert reader.aliases(model) == {}
