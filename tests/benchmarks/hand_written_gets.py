"""What one writes first to compare git with the registry: one get for each alias.

    hand_written_gets.py FILE       (a line for each alias: model, alias and version wanted)

It reads no git and no YAML: what Promoter's drift reads besides is left out of its time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mlflow import MlflowClient


def main(wanted: Path) -> None:
    """Prints how many differ."""
    client = MlflowClient()
    differing = 0
    for line in wanted.read_text(encoding="utf-8").splitlines():
        model, alias, version = line.split()
        differing += str(client.get_model_version_by_alias(model, alias).version) != version
    sys.stdout.write(f"{differing} differ\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
