"""What apply writes to the registry: aliases, tags, and copies of versions of other registered models."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from promoter.adapters.mlflow_absence import not_found
from promoter.adapters.mlflow_address import Addresses, Kind, kind_of
from promoter.adapters.mlflow_calls import Calls
from promoter.adapters.mlflow_client import registry_of
from promoter.adapters.mlflow_values import canonical, digits
from promoter.core.model_version import COPIED_FROM, ModelVersion
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as MlflowModelVersion

# What they say is true of the version copied, and of no other.
_OURS = "promoter_"


class Writes:
    """Writes to one registry."""

    def __init__(self, *, client: MlflowClient, calls: Calls, addresses: Addresses) -> None:
        self._models = registry_of(client)
        self._calls = calls
        self._addresses = addresses

    def set_alias(self, model: str, alias: str, *, version: str, held: Callable[[], str | None]) -> None:
        """Point the alias at the version; `held` reads who has it. Raises what `MlflowRegistry` says."""
        doing = say("setting the alias ", quote(alias), " of ", quote(model), " to version ", quote(version))
        number = canonical(version)
        if number is None:
            raise not_found(
                ReasonCode.VERSION_NOT_FOUND, say(*doing.parts, " failed: there is no such version")
            )
        self._refuse_capitals(alias)

        def write() -> None:
            self._models.set_registered_model_alias(model, alias, number)

        if self._calls.write(write, doing=doing):
            return
        # PostgreSQL, when two clients set a new alias at once: one is refused, and the alias is there.
        if held() != number:
            self._calls.ask(write, doing=doing)

    def set_tags(self, model: str, version: str, *, tags: Mapping[str, str]) -> None:
        """One request each, in the order given."""
        number = canonical(version)
        if number is None:
            raise not_found(
                ReasonCode.VERSION_NOT_FOUND,
                say("registered model ", quote(model), " has no version ", quote(version)),
            )
        for key, value in tags.items():
            self._set_tag(model, number, key=key, value=value)

    def copy(self, source: ModelVersion, model: str, *, files: Path | None) -> str:
        """What `MlflowClient.copy_model_version` does, without registering the model where it is missing, and
        without the tags that Promoter wrote on the source. `files` are the source's, where they have to be
        sent along.
        """
        name = f"{source.model}/{source.version}"
        doing = say("copying ", quote(name), " to ", quote(model))
        found = self._calls.ask(
            lambda: self._models.get_model_version(source.model, source.version), doing=doing
        )
        if files is None and kind_of(self._addresses.registry) is Kind.SERVER:
            return self._calls.ask(lambda: self._post_once(found, model), doing=doing)
        made = self._calls.ask(
            lambda: self._models.create_model_version(
                model,
                f"models:/{name}",
                tags=_tags_of(found),
                local_model_path=str(files) if files else None,
                **_kept(found),
                **_known("model_id", found.model_id),
            ),
            doing=doing,
        )
        return digits(made.version)

    def _post_once(self, found: MlflowModelVersion, model: str) -> str:
        """MLflow's client sends again what a server may have carried out already: a second copy."""
        from mlflow.entities.model_registry import ModelVersionTag  # noqa: PLC0415
        from mlflow.protos.model_registry_pb2 import CreateModelVersion  # noqa: PLC0415
        from mlflow.utils.proto_json_utils import message_to_json  # noqa: PLC0415
        from mlflow.utils.rest_utils import http_request, verify_rest_response  # noqa: PLC0415

        asked = CreateModelVersion(
            name=model,
            source=f"models:/{found.name}/{found.version}",
            tags=[ModelVersionTag(key, value).to_proto() for key, value in _tags_of(found).items()],
            **_kept(found),
        )
        store = self._models.store
        endpoint, method = store._get_endpoint_from_method(CreateModelVersion)
        body = json.loads(message_to_json(asked))
        response = http_request(store.get_host_creds(), endpoint, method, max_retries=0, json=body)
        answer = verify_rest_response(response, endpoint).json()
        return digits(answer["model_version"]["version"])

    def _set_tag(self, model: str, version: str, *, key: str, value: str) -> None:
        self._calls.ask(
            lambda: self._models.set_model_version_tag(model, version, key, value),
            doing=say("writing the tag ", quote(key), " on version ", quote(version), " of ", quote(model)),
        )

    def _refuse_capitals(self, alias: str) -> None:
        if self._addresses.is_databricks and alias != alias.lower():
            raise PromoterError(
                ReasonCode.REQUEST_INVALID,
                say("setting the alias ", quote(alias), " failed: Unity Catalog keeps aliases in lower case"),
                hint=say("Write ", quote(alias.lower()), " in the promotion request and in the policy."),
            )


def _tags_of(found: MlflowModelVersion) -> dict[str, str]:
    """The source's tags without ours, and ours that says where the copy comes from."""
    tags = {str(key): str(value) for key, value in (found.tags or {}).items()}
    kept = {key: value for key, value in tags.items() if not key.startswith(_OURS)}
    return {**kept, COPIED_FROM: f"{found.name}/{found.version}"}


def _kept(found: MlflowModelVersion) -> dict[str, str]:
    """What a copy keeps; a server adds the LoggedModel, which it tells nobody, by itself."""
    names = ("run_id", "run_link", "description")
    return {name: value for name in names for value in _known(name, getattr(found, name)).values()}


def _known(name: str, value: str | None) -> dict[str, str]:
    return {name: value} if value else {}
