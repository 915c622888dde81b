"""Unity Catalog as its documents show it, for MLflow's own client to ask over HTTP.

**Shapes from documents, not from a live workspace.** They are taken from:

- MLflow 3.17's protobufs (`databricks_uc_registry_messages`, `databricks_uc_registry_service`,
  `databricks_filesystem_service`) and the tests of its Unity Catalog store (mlflow/mlflow,
  `tests/store/_unity_catalog/`);
- Databricks' REST reference (https://docs.databricks.com/api/workspace): "Error codes", "Rate limits",
  "Registered Models", "Model Versions", "Files";
- Databricks' page "Manage model lifecycle in Unity Catalog": three levels, aliases, owners, tags.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import responses
from requests import PreparedRequest

HOST = "https://dbc-0123.cloud.databricks.com"
STORAGE = "https://storage.example"
TOKEN = "dapi-canary-of-the-tests"
CATALOG = "/api/2.0/mlflow/unity-catalog"
# What Unity Catalog does not take in a tag's key.
_NOT_IN_KEYS = ".,-=/:"
_LONGEST_TAG = 1_000

_T = TypeVar("_T")
Json = dict[str, object]
Answer = tuple[int, dict[str, str], str]


class Catalog:
    """One workspace. `models` by full name, each with `aliases`; `versions` by name and number."""

    def __init__(self) -> None:
        self.models: dict[str, dict[str, str]] = {}
        self.versions: dict[tuple[str, str], Json] = {}
        self.tags: dict[tuple[str, str], dict[str, str]] = {}
        self.files: dict[tuple[str, str], dict[str, bytes]] = {}
        self.page = 100
        self.asked: list[str] = []
        # Path → answers given before the catalog's own, in turn; they may be without end.
        self.first: dict[str, Iterator[Answer]] = {}

    def add_version(self, model: str, version: str, *, files: dict[str, bytes] | None = None) -> None:
        """A version, of a model that is made where it is missing."""
        self.models.setdefault(model, {})
        self.versions[model, version] = {
            "name": model,
            "version": version,
            "creation_timestamp": 1_760_000_000_000,
            "last_updated_timestamp": 1_760_000_000_000,
            "user_id": "trainer@example.com",
            "description": f"version {version}",
            "source": f"dbfs:/databricks/mlflow-tracking/1/{version}/artifacts/model",
            "storage_location": f"s3://catalog/models/{model}/{version}",
            "status": "READY",
        }
        self.tags[model, version] = {"owner": "risk"}
        self.files[model, version] = files or {}

    def answer(self, request: PreparedRequest) -> Answer:
        """What the workspace says."""
        parts = urlsplit(str(request.url))
        given: Json = {name: values[0] for name, values in parse_qs(parts.query).items()}
        given |= json.loads(request.body) if request.body else {}
        called = f"{request.method} {parts.path.removeprefix(CATALOG)}"
        self.asked.append(called)
        first = next(self.first.get(called, iter(())), None)
        if first is not None:
            return first
        route = self._routes().get(called)
        return route(given) if route else self._file(called)

    def _routes(self) -> dict[str, Callable[[Json], Answer]]:
        return {
            "GET /registered-models/get": self._get_model,
            "GET /registered-models/search": self._search_models,
            "POST /registered-models/alias": self._set_alias,
            "GET /model-versions/get": self._get_version,
            "GET /model-versions/search": self._search_versions,
            "POST /model-versions/set-tag": self._set_tag,
            "POST /model-versions/generate-temporary-credentials": lambda _: done(
                {"credentials": {"expiration_time": 1_790_000_000_000, "storage_mode": "DEFAULT_STORAGE"}}
            ),
            "POST /api/2.0/fs/create-download-url": lambda given: done(
                {"url": f"{STORAGE}{given['path']}?signature=canary-signature", "headers": []}
            ),
        }

    def _get_model(self, given: Json) -> Answer:
        name = str(given["name"]).lower()
        if name not in self.models:
            return absent(f"Registered model '{name}' does not exist.")
        held = [{"alias": alias, "version": version} for alias, version in self.models[name].items()]
        return done({"registered_model": {"name": name, "user_id": "owner", "aliases": held}})

    def _search_models(self, given: Json) -> Answer:
        found, token = self._paged(sorted(self.models), given)
        return done({"registered_models": [{"name": name} for name in found], **token})

    def _get_version(self, given: Json) -> Answer:
        key = (str(given["name"]).lower(), str(given["version"]))
        if key not in self.versions:
            return absent(f"Model version '{key[0]}/{key[1]}' does not exist.")
        tags = [{"key": name, "value": text} for name, text in self.tags[key].items()]
        held = [alias for alias, number in self.models[key[0]].items() if number == key[1]]
        told = {**self.versions[key], "tags": tags, "aliases": [{"alias": one} for one in held]}
        return done({"model_version": told})

    def _search_versions(self, given: Json) -> Answer:
        name = str(given["filter"]).removeprefix("name = '").removesuffix("'").lower()
        found, token = self._paged([key for key in self.versions if key[0] == name], given)
        return done({"model_versions": [self.versions[key] for key in found], **token})

    def _paged(self, everything: list[_T], given: Json) -> tuple[list[_T], Json]:
        """Fewer than were asked for, and a token that is no number and no name."""
        start = int(str(given.get("page_token", "0=")).rstrip("="))
        end = start + self.page
        return everything[start:end], {"next_page_token": f"{end}="} if end < len(everything) else {}

    def _set_alias(self, given: Json) -> Answer:
        name, number = str(given["name"]).lower(), str(given["version"])
        if (name, number) not in self.versions:
            return absent(f"Model version '{name}/{number}' does not exist.")
        self.models[name][str(given["alias"]).lower()] = number
        return done({})

    def _set_tag(self, given: Json) -> Answer:
        key, value = str(given["key"]), str(given["value"])
        if any(mark in key for mark in _NOT_IN_KEYS) or len(value) > _LONGEST_TAG:
            return refused(HTTPStatus.BAD_REQUEST, "INVALID_PARAMETER_VALUE", f"Tag '{key}' is not valid.")
        self.tags[str(given["name"]).lower(), str(given["version"])][key] = value
        return done({})

    def _file(self, called: str) -> Answer:
        """The storage's own answer to an address that was signed."""
        _, _, path = called.partition(" /Models/")
        catalog, schema, model, version, *rest = [*path.split("/"), "", "", "", ""]
        name = "/".join(part for part in rest if part)
        files = self.files.get((f"{catalog}.{schema}.{model}", version), {})
        if name not in files:
            return refused(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"No file or directory exists on path {path}.")
        return HTTPStatus.OK, {}, files[name].decode()


def done(body: Json) -> Answer:
    """HTTP 200."""
    return HTTPStatus.OK, {}, json.dumps(body)


def absent(message: str) -> Answer:
    """As Databricks says that something is not there."""
    return refused(HTTPStatus.NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)


def refused(status: int, code: str, message: str, **headers: str) -> Answer:
    """An error in Databricks' form; headers with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, json.dumps({"error_code": code, "message": message})


@contextmanager
def served(catalog: Catalog) -> Iterator[None]:
    """Answer for every host that is asked, and for every method."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST", "PATCH"):
            mock.add_callback(method, re.compile(r"https://.*"), callback=catalog.answer)
        yield
