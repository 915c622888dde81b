"""The version of this tool, from the package's metadata."""

from __future__ import annotations


def tool_version() -> str:
    """For example `0.1.0`."""
    # Brings the parsers of e-mail and zip files: whoever does not ask does not pay.
    from importlib.metadata import version  # noqa: PLC0415

    return version("promoter")
