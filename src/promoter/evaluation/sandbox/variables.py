"""The variables of a model's process."""

from __future__ import annotations

from pathlib import Path

_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
_SETTINGS = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "DO_NOT_TRACK": "true",
    # Its processes need semaphores in memory that is shared by all, and its threads do not.
    "JOBLIB_MULTIPROCESSING": "0",
    "LOGNAME": "model",
    "USER": "model",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "1",
    # Models side by side have more threads than there are cores. A thread that spins while it waits for its
    # turn keeps another model from working: boosted trees took five times as long (docs/benchmarks.md).
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_THREAD_TIMEOUT": "4",
    "TRANSFORMERS_OFFLINE": "1",
}


def child_environment(scratch: Path, *, interpreter: Path, threads: int) -> dict[str, str]:
    """Every variable a model's process sees. Built from nothing: no name is ever passed on."""
    return {
        **_SETTINGS,
        **dict.fromkeys(_THREADS, str(threads)),
        "PATH": f"{interpreter.parent}:{_SEARCH_PATH}",
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "MPLCONFIGDIR": str(scratch / "tmp"),
        "MLFLOW_TRACKING_URI": (scratch / "home" / "nothing").as_uri(),
    }
