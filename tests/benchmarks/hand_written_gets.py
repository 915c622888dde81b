"""What one writes first to compare git with the registry: one get for each alias.

    hand_written_gets.py FILE       (a line for each alias: model, alias and version wanted)

It reads no git and no YAML: what Promoter's drift reads besides is left out of its time.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from mlflow import MlflowClient


def main(wanted: Path) -> None:
    """Prints how many differ, and what the loop took: seconds of wall time and of processor."""
    client = MlflowClient()
    differing = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for line in wanted.read_text(encoding="utf-8").splitlines():
        model, alias, version = line.split()
        differing += str(client.get_model_version_by_alias(model, alias).version) != version
    sys.stdout.write(f"{differing} differ\n{time.perf_counter() - wall} {time.process_time() - cpu}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
