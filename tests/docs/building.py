"""Building the documents as a site, for tests that look at it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build(repository: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """As `make docs` does. Never `--quiet`: what is not told is not counted either, and nothing is strict."""
    return subprocess.run(
        [Path(sys.executable).with_name("mkdocs"), "build", "--site-dir", folder],
        cwd=repository,
        env={"PATH": os.environ["PATH"], "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
