"""The escape suite in the image, under the engine's default profile.

python -m tests.image.escapes
"""

from __future__ import annotations

import base64
import io
import os
import sys
import tarfile
from pathlib import Path

from tests.image.environment import ROOT
from tests.image.runner import Engine, Ran, find_engine

_FILES = ("tests/sandbox", "tests/model_folders.py", "tests/oracles.py")
_RUN = (
    "mkdir -m 755 /tmp/suite && cd /tmp/suite && echo {packed} | base64 -d | tar -xz && "
    "PYTHONPATH=/tmp/suite /opt/promoter/bin/python -m tests.sandbox.run"
)


def run_in_image(engine: Engine) -> Ran:
    """Carry the suite into the image and run it there, as root and without a network."""
    return engine.shell(_RUN.format(packed=_packed()))


def _packed() -> str:
    """The suite's files, to be unpacked by a shell: the image holds no tests, and mounts nothing for one."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in _FILES:
            archive.add(ROOT / name, arcname=name, filter=_source_alone)
    return base64.b64encode(packed.getvalue()).decode("ascii")


def _source_alone(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if Path(member.name).name == "__pycache__" or "/test_" in member.name else member


def main() -> int:
    """Build the image, run the suite in it, print what it printed. The exit status."""
    engine = find_engine(os.environ, tag="promoter:test")
    if engine is None:
        sys.stdout.write("not run in the image: no container engine\n")
        return 1 if os.environ.get("PROMOTER_REQUIRE_IMAGE") else 0
    engine.build()
    ran = run_in_image(engine)
    sys.stdout.write(ran.log)
    return ran.exit_code


if __name__ == "__main__":
    sys.exit(main())
