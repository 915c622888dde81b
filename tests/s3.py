"""An S3 on the loopback: moto's server, in a process of its own, with one bucket and what was asked of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BUCKET = "models"
_LONGEST_START = 60.0
_PROGRAM = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
sys.stdout.write(f"ready on port {server.server_port}\\n")
sys.stdout.flush()
server.serve_forever()
"""


@dataclass(frozen=True, kw_only=True)
class S3:
    """A running store. `variables` are those by which MLflow and boto3 find it and are let in."""

    url: str
    log: Path

    @property
    def variables(self) -> dict[str, str]:
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "key-of-the-tests",
            "AWS_SECRET_ACCESS_KEY": "s3-canary-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def put(self, folder: Path, key: str) -> str:
        """Every file of a folder, below a key; the address."""
        import boto3  # noqa: PLC0415

        found = self.variables
        client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
            region_name=found["AWS_DEFAULT_REGION"],
        )
        client.create_bucket(Bucket=BUCKET)
        for file in folder.rglob("*"):
            if file.is_file():
                client.upload_file(str(file), BUCKET, f"{key}/{file.relative_to(folder).as_posix()}")
        return f"s3://{BUCKET}/{key}"

    def asked(self) -> list[str]:
        """Method and path of every request so far."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line.split('"')[1].rpartition(" ")[0] for line in lines if ' HTTP/1.1" ' in line]


@contextmanager
def serving(folder: Path) -> Iterator[S3]:
    """Start it; about 3 s. It ends with the context, and forgets everything."""
    log = folder / "s3.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM], stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
        try:
            yield S3(url=f"http://127.0.0.1:{_port(process, log)}", log=log)
        finally:
            process.kill()
            process.wait(timeout=10)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    end = time.monotonic() + _LONGEST_START
    while time.monotonic() < end and process.poll() is None:
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("ready on port "):
                return int(line.split()[-1])
        time.sleep(0.05)
    raise RuntimeError(f"the store did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
