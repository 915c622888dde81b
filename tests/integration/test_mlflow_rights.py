"""What credentials may do on real servers, found without changing anything."""

from __future__ import annotations

import uuid

import pytest

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_rights import MlflowRights, connect_rights
from promoter.core.doctor import Rights
from promoter.errors import PromoterError, ReasonCode
from tests.integration.test_mlflow_access import PASSWORD, Site
from tests.mlflow_server import ADMIN, ADMIN_PASSWORD, MlflowServer
from tests.proxy import Proxy

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def site(mlflow_server_with_passwords: MlflowServer) -> Site:
    return Site(mlflow_server_with_passwords)


def rights_of(url: str) -> MlflowRights:
    return connect_rights(tracking_uri=url, registry_uri="", deadline=Deadline(60), secrets=[PASSWORD])


def as_user(site: Site, user: str, password: str = PASSWORD) -> MlflowRights:
    return rights_of(site.server.url.replace("http://", f"http://{user}:{password}@"))


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("READ", Rights.READ),
        ("USE", Rights.READ),
        ("EDIT", Rights.WRITE),
        ("MANAGE", Rights.WRITE),
        (None, Rights.READ),
    ],
)
def test_rights_are_found_and_nothing_changes(site: Site, permission: str | None, expected: Rights) -> None:
    model = site.world.new_model()
    user = site.new_user()
    if permission:
        site.grant(user, model, permission)
    before = site.world.client.get_registered_model(model)
    assert as_user(site, user).rights([model]) is expected
    after = site.world.client.get_registered_model(model)
    assert (after.aliases, after.tags, after.last_updated_timestamp) == (
        {},
        before.tags,
        before.last_updated_timestamp,
    )


def test_one_model_that_may_be_written_is_enough(site: Site) -> None:
    user = site.new_user()
    models = [site.world.new_model() for _ in range(3)]
    for model, permission in zip(models, ("READ", "EDIT", "READ"), strict=True):
        site.grant(user, model, permission)
    assert as_user(site, user).rights(models) is Rights.WRITE


def test_an_administrator_may_write(site: Site) -> None:
    assert as_user(site, ADMIN, ADMIN_PASSWORD).rights([site.world.new_model()]) is Rights.WRITE


def test_without_a_model_nothing_is_learnt(site: Site) -> None:
    with pytest.raises(PromoterError, match="none of the models"):
        as_user(site, site.new_user()).rights([])


def test_a_server_that_asks_nobody_who_they_are_is_open(mlflow_server: MlflowServer) -> None:
    assert rights_of(mlflow_server.url).rights(["whatever"]) is Rights.OPEN


def test_credentials_are_not_needed_to_find_a_server_open(mlflow_server: MlflowServer) -> None:
    url = mlflow_server.url.replace("http://", f"http://ada:{PASSWORD}@")
    assert rights_of(url).rights([]) is Rights.OPEN


def test_the_servers_version(mlflow_server: MlflowServer, site: Site) -> None:
    assert rights_of(mlflow_server.url).server_version() == "3.17.2"
    assert as_user(site, ADMIN, ADMIN_PASSWORD).server_version() == "3.17.2"


def test_a_server_that_answers_something_else_is_no_answer(mlflow_proxy: Proxy) -> None:
    for name in ("server_version",):
        url = f"{mlflow_proxy.url}/elsewhere"
        with pytest.raises(PromoterError) as caught:
            getattr(rights_of(url), name)()
        assert caught.value.reason is ReasonCode.REGISTRY_UNAVAILABLE
    with pytest.raises(PromoterError) as unclear:
        rights_of(f"{mlflow_proxy.url}/elsewhere").rights([str(uuid.uuid4())])
    assert unclear.value.reason is ReasonCode.REGISTRY_UNAVAILABLE


def test_databases_are_not_asked(mlflow_server: MlflowServer) -> None:
    with pytest.raises(PromoterError) as caught:
        rights_of(mlflow_server.database).rights(["a"])
    assert caught.value.reason is ReasonCode.NOT_AVAILABLE


def test_an_answer_that_is_neither_yes_nor_no_is_none(site: Site) -> None:
    user = site.new_user()
    with pytest.raises(PromoterError) as caught:
        as_user(site, ADMIN, ADMIN_PASSWORD).rights([f"{user}/with a slash"])
    assert caught.value.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert ADMIN_PASSWORD not in str(caught.value)
