"""The variables of the process that holds a Spark session, and where its Java is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

REMOTE = "SPARK_REMOTE"
_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
_SETTINGS = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "1",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "PYTHONWARNINGS": "ignore",
    # Nobody but this machine is to reach the drivers and executors of a local session.
    "SPARK_LOCAL_HOSTNAME": "localhost",
    "SPARK_LOCAL_IP": "127.0.0.1",
    "TRANSFORMERS_OFFLINE": "1",
}
# Where Java, Spark and its settings are; of these a session of this machine is made.
_PLACES = ("JAVA_HOME", "SPARK_HOME", "SPARK_CONF_DIR")
# A session elsewhere: its address, which holds its token, and the way there. No model runs here then.
_WAY = (
    REMOTE,
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
)


def is_elsewhere(variables: Mapping[str, str]) -> bool:
    """Whether SPARK_REMOTE names a cluster, and no session of this machine."""
    return variables.get(REMOTE, "").startswith("sc://")


def driver_environment(variables: Mapping[str, str], *, scratch: Path, interpreter: Path) -> dict[str, str]:
    """Every variable that the process sees, and below it Java and, in a local session, the models. Built from
    nothing: of `variables`, the job's own, only names above are passed on."""
    passed = _WAY if is_elsewhere(variables) else _PLACES
    return {
        **_SETTINGS,
        **{name: variables[name] for name in passed if variables.get(name)},
        "PATH": ":".join([str(interpreter.parent), *_java_folder(variables), _SEARCH_PATH]),
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "MPLCONFIGDIR": str(scratch / "tmp"),
        "SPARK_LOCAL_DIRS": str(scratch / "tmp"),
        "MLFLOW_TRACKING_URI": (scratch / "home" / "nothing").as_uri(),
        "PYSPARK_PYTHON": str(interpreter),
        "PYSPARK_DRIVER_PYTHON": str(interpreter),
    }


def java(variables: Mapping[str, str]) -> Path | None:
    """The program `java` that Spark would start; None where there is none."""
    home = variables.get("JAVA_HOME")
    if home:
        return found if (found := Path(home, "bin", "java")).is_file() else None
    on_path = shutil.which("java", path=variables.get("PATH", _SEARCH_PATH))
    return Path(on_path) if on_path else None


def _java_folder(variables: Mapping[str, str]) -> tuple[str, ...]:
    found = java(variables)
    return (str(found.parent),) if found else ()
