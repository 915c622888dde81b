"""Opening MLflow's client: imported late, set up so that no call hangs, and never creating a database.

MLflow takes two to three seconds to import, so it is imported inside functions; `prefetch` starts that early.
"""

from __future__ import annotations

import gc
import importlib
import logging
import sys
import threading
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_address import Addresses, Kind, kind_of, resolve
from promoter.adapters.mlflow_calls import Calls
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.tracking._model_registry.client import ModelRegistryClient

# With MLflow's own (7 retries, 120 s each) a server that hangs holds one call for twenty minutes.
_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_NO_TELEMETRY = "MLFLOW_DISABLE_TELEMETRY"
# They print what a server sent, as it came: a line in a job's log can be a command to the runner.
_TALKATIVE = ("mlflow", "urllib3", "alembic", "sqlalchemy")


def prefetch(environment: MutableMapping[str, str]) -> threading.Thread:
    """Start importing MLflow beside other work; `connect` waits for it by itself.

    `environment` is the process's own: MLflow looks there for its telemetry switch while it is imported.
    """
    environment.setdefault(_NO_TELEMETRY, "true")
    thread = threading.Thread(target=_import_mlflow, name="import mlflow", daemon=True)
    thread.start()
    return thread


def _import_mlflow() -> None:
    """Import MLflow without the garbage collector, which finds nothing in it and takes a third of the time.

    What was imported stays for good, so later collections leave it out, those at the end of the process too.
    """
    if "mlflow" in sys.modules:
        return
    gc.disable()
    try:
        importlib.import_module("mlflow")
    finally:
        gc.freeze()
        gc.enable()


def has_module(name: str) -> bool:
    """Whether a package is installed."""
    return find_spec(name) is not None


def addresses_of(tracking_uri: str, registry_uri: str, *, secrets: Sequence[str]) -> Addresses:
    """Where a registry is. `secrets` are kept out of every error. Raises USAGE_INVALID."""
    found = resolve(tracking_uri=tracking_uri, registry_uri=registry_uri, has_module=has_module)
    return replace(found, secrets=tuple(secrets))


def open_client(addresses: Addresses, deadline: Deadline) -> MlflowClient:
    """MLflow's client for two addresses; a server is not asked yet, a database is opened.

    Raises REGISTRY_UNAVAILABLE for a database that is not this MLflow's, USAGE_INVALID for a scheme nobody
    knows.
    """
    _import_mlflow()
    from mlflow import MlflowClient  # noqa: PLC0415

    _settle()
    calls = Calls(addresses=addresses, deadline=deadline)

    def open_it() -> MlflowClient:
        for uri in dict.fromkeys((addresses.tracking, addresses.registry)):
            _require_tables(uri, shown=addresses.shown)
        return MlflowClient(addresses.tracking, addresses.registry)

    return calls.ask(open_it, doing=say("opening the registry"))


def registry_of(client: MlflowClient) -> ModelRegistryClient:
    """The part of MLflow's client that asks what it is told and no more.

    The public one reads the whole registered model again before every write, to see that it is no prompt,
    and says of a prompt that there is no such thing.
    """
    found: ModelRegistryClient = client._get_registry_client()
    return found


def _settle() -> None:
    """MLflow's settings as we need them; what the user has set stays."""
    from mlflow import environment_variables, telemetry  # noqa: PLC0415

    for name, value in _SETTINGS.items():
        variable = getattr(environment_variables, name)
        if not variable.is_set():
            variable.set(value)
    telemetry.set_telemetry_client()
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _require_tables(uri: str, *, shown: str) -> None:
    """Refuse a database without MLflow's tables: its client would create or migrate them, reading or not."""
    if kind_of(uri) not in {Kind.SQLITE, Kind.DATABASE}:
        return
    import sqlalchemy  # noqa: PLC0415
    from mlflow.store.db.utils import _all_tables_exist  # noqa: PLC0415

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    try:
        complete = _all_tables_exist(engine)
    finally:
        engine.dispose()
    if not complete:
        raise PromoterError(
            ReasonCode.REGISTRY_UNAVAILABLE,
            say("the database at ", quote(shown), " does not have the tables of this MLflow version"),
            hint=say("Check the address, or upgrade it yourself: mlflow db upgrade. Promoter never does."),
        )
