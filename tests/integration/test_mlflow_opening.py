"""Opening a registry: what is imported, what is set, and that nothing is created."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.errors import PromoterError, ReasonCode
from tests.mlflow_server import MlflowServer

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).parents[2] / "src"


def in_a_process(program: str, *, home: Path, **variables: str) -> dict[str, object]:
    """What a fresh Python prints as JSON; it sees nothing of this process's environment."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"HOME": str(home), "PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin", **variables},
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def opened(uri: str) -> mlflow_registry.MlflowReader:
    return mlflow_registry.connect_reader(tracking_uri=uri, registry_uri="", deadline=Deadline(60))


def test_importing_the_adapter_imports_no_mlflow(tmp_path: Path) -> None:
    found = in_a_process(
        "import json, sys\n"
        "import promoter.adapters.mlflow_registry\n"
        "print(json.dumps({name: name in sys.modules for name in ('mlflow', 'requests', 'sqlalchemy')}))",
        home=tmp_path,
    )
    assert found == {"mlflow": False, "requests": False, "sqlalchemy": False}


SETTINGS = """
import json, os
from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline

mlflow_registry.prefetch(os.environ).join()
early = os.environ.get("MLFLOW_DISABLE_TELEMETRY")
mlflow_registry.connect(tracking_uri="http://127.0.0.1:9", registry_uri="", deadline=Deadline(60))
from mlflow.telemetry import get_telemetry_client

found = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW")}
print(json.dumps({"early": early, "telemetry": get_telemetry_client() is not None, **found}))
"""


def test_calls_are_bounded_and_nothing_is_told_to_anybody(tmp_path: Path) -> None:
    found = in_a_process(SETTINGS, home=tmp_path)
    assert found == {
        "early": "true",
        "telemetry": False,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
        "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
    assert list(tmp_path.iterdir()) == []


def test_what_the_user_has_set_stays(tmp_path: Path) -> None:
    found = in_a_process(
        SETTINGS, home=tmp_path, MLFLOW_HTTP_REQUEST_TIMEOUT="7", MLFLOW_ALLOW_HTTP_REDIRECTS="true"
    )
    assert found["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
    assert found["MLFLOW_ALLOW_HTTP_REDIRECTS"] == "true"
    assert found["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "3"


def test_a_server_that_writes_a_command_does_not_reach_the_log(tmp_path: Path) -> None:
    """MLflow's own loggers would print an unknown error code as it came."""
    program = """
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.errors import PromoterError

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"error_code": "x\\n::error::y", "message": "z"}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
reader = mlflow_registry.connect_reader(tracking_uri=url, registry_uri="", deadline=Deadline(60))
try:
    reader.aliases("churn")
except PromoterError as error:
    print(json.dumps({"reason": error.reason, "text": str(error)}))
"""
    found = in_a_process(program, home=tmp_path)
    assert found["reason"] == "registry_unavailable"
    assert "::error::" not in str(found["text"])


def test_an_address_of_an_unknown_kind_is_wrong_usage() -> None:
    with pytest.raises(PromoterError) as caught:
        opened("gopher://registry")
    assert caught.value.reason is ReasonCode.USAGE_INVALID


def test_a_missing_database_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(PromoterError) as caught:
        opened(f"sqlite:///{tmp_path}/mlflow.db")
    assert caught.value.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_left_empty(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.touch()
    with pytest.raises(PromoterError, match="does not have the tables") as caught:
        opened(f"sqlite:///{file}")
    assert caught.value.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert file.stat().st_size == 0


def test_an_older_database_is_not_migrated(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as store, store:
        store.execute("CREATE TABLE registered_models (name TEXT)")
        store.execute("CREATE TABLE alembic_version (version_num TEXT)")
        store.execute("INSERT INTO alembic_version VALUES ('451aebb31d03')")
    before = file.read_bytes()
    with pytest.raises(PromoterError, match="does not have the tables"):
        opened(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.write_text("this is no database\n" * 100)
    with pytest.raises(PromoterError) as caught:
        opened(f"sqlite:///{file}")
    assert caught.value.reason is ReasonCode.REGISTRY_UNAVAILABLE


def test_reading_a_database_writes_nothing(mlflow_server: MlflowServer, tmp_path: Path) -> None:
    copy = tmp_path / "mlflow.db"
    with (
        closing(sqlite3.connect(mlflow_server.database.removeprefix("sqlite:///"))) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    before = copy.read_bytes()
    with pytest.raises(PromoterError) as caught:
        opened(f"sqlite:///{copy}").aliases("nobody registered this")
    assert caught.value.reason is ReasonCode.MODEL_NOT_FOUND
    assert copy.read_bytes() == before
