"""The version of this tool, from the package's metadata."""

from __future__ import annotations

from importlib.metadata import version


def tool_version() -> str:
    """For example `0.1.0`."""
    return version("promoter")
