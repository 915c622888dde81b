"""What the credentials of this run may do in a registry, found without changing anything in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_address import Addresses, Kind, kind_of, resolve, without_secrets
from promoter.adapters.mlflow_calls import Calls
from promoter.adapters.mlflow_client import has_module, open_client
from promoter.core.doctor import Rights
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

if TYPE_CHECKING:
    from mlflow.utils.rest_utils import MlflowHostCreds
    from requests import PreparedRequest, Response

# Versions count from 1: no server has this one, so nothing can come of asking an alias to point at it.
_NO_VERSION = "0"
_ALIAS = "promoter-doctor"
_API = "/api/2.0/mlflow/registered-models"
_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_MOST_MODELS = 10
_LONGEST_VERSION = 40


class _Credentials(Enum):
    """With what a question is sent."""

    OURS = auto()
    NONE = auto()


class MlflowRights:
    """Implements `doctor_ports.RegistryRights` for MLflow's own server."""

    def __init__(self, *, addresses: Addresses, deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._calls = Calls(addresses=addresses, deadline=deadline)

    def server_version(self) -> str:
        """The version that the server says it has."""
        answer = self._send("GET", "/version")
        if answer.status_code != HTTPStatus.OK or len(answer.text) > _LONGEST_VERSION:
            raise self._unclear("asking for its version", answer)
        return answer.text.strip()

    def rights(self, models: Sequence[str]) -> Rights:
        """Whether an alias of one of the models, ten at most, could be set; no alias is.

        The server looks at the rights before it looks for the version, and the version does not exist.
        """
        if self._is_open():
            return Rights.OPEN
        if not models:
            raise PromoterError(
                ReasonCode.NOT_AVAILABLE,
                say("these credentials are shown none of the models whose rights matter"),
            )
        found = [self._right(model) for model in models[:_MOST_MODELS]]
        return Rights.WRITE if Rights.WRITE in found else Rights.READ

    def _is_open(self) -> bool:
        answer = self._send("GET", f"{_API}/search?max_results=1", credentials=_Credentials.NONE)
        if answer.status_code in _DENIED and "Invalid Host header" not in answer.text:
            return False
        if answer.status_code == HTTPStatus.OK:
            return True
        raise self._unclear("asking it without credentials", answer)

    def _right(self, model: str) -> Rights:
        asked = {"name": model, "alias": _ALIAS, "version": _NO_VERSION}
        answer = self._send("POST", f"{_API}/alias", body=asked)
        if answer.status_code in _DENIED:
            return Rights.READ
        if answer.status_code == HTTPStatus.NOT_FOUND and "RESOURCE_DOES_NOT_EXIST" in answer.text:
            return Rights.WRITE
        raise self._unclear("asking for a version that does not exist", answer)

    def _send(
        self,
        verb: str,
        path: str,
        *,
        body: dict[str, str] | None = None,
        credentials: _Credentials = _Credentials.OURS,
    ) -> Response:
        if kind_of(self._addresses.registry) is not Kind.SERVER:
            raise PromoterError(
                ReasonCode.NOT_AVAILABLE,
                say("a registry of this kind cannot be asked what may be written without writing"),
                hint=say("Look at the rights of validate's credentials yourself."),
            )
        open_client(self._addresses, self._deadline)
        from mlflow.utils.rest_utils import http_request  # noqa: PLC0415

        host = _host(self._addresses.registry)
        more: dict[str, object] = {} if body is None else {"json": body}
        if credentials is _Credentials.NONE:
            host, more = _anonymous(host), {**more, "auth": _as_it_is}
        doing = say("asking for rights")

        def send() -> Response:
            answer: Response = http_request(host, path, verb, raise_on_status=False, **more)
            return answer

        return self._calls.ask(send, doing=doing)

    def _unclear(self, doing: str, answer: Response) -> PromoterError:
        shown = quote(self._addresses.shown)
        said = quote(self._addresses.redact(answer.text[:200]))
        return PromoterError(
            ReasonCode.REGISTRY_UNAVAILABLE,
            say("the server at ", shown, f", {doing}, answered HTTP {answer.status_code}: ", said),
        )


def connect_rights(
    *, tracking_uri: str, registry_uri: str, deadline: Deadline, secrets: Sequence[str] = ()
) -> MlflowRights:
    """For the addresses given; see `mlflow_registry.connect_reader`. Nothing is asked yet."""
    addresses = resolve(tracking_uri=tracking_uri, registry_uri=registry_uri, has_module=has_module)
    return MlflowRights(addresses=replace(addresses, secrets=tuple(secrets)), deadline=deadline)


def _host(uri: str) -> MlflowHostCreds:
    from mlflow.utils.credentials import get_default_host_creds  # noqa: PLC0415

    found: MlflowHostCreds = get_default_host_creds(uri)
    return found


def _anonymous(host: MlflowHostCreds) -> MlflowHostCreds:
    """The same server with the same certificates, without anything that says who asks."""
    from mlflow.utils.rest_utils import MlflowHostCreds  # noqa: PLC0415

    return MlflowHostCreds(
        without_secrets(host.host),
        ignore_tls_verification=host.ignore_tls_verification,
        server_cert_path=host.server_cert_path,
    )


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """In place of what a `.netrc` would add."""
    return request
