"""The addresses that a report may show: of registry, repository and job, without user names or passwords."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from promoter.core.report import Links
from promoter.inputs import Inputs


def links(inputs: Inputs) -> Links:
    """The addresses that may be shown."""
    tracking = inputs.tracking_uri.value
    registry = inputs.registry_uri.value or tracking
    return Links(
        registry=public_address(registry),
        tracking=None if registry == tracking else public_address(tracking),
        repository=f"{inputs.server_url}/{inputs.repository}" if inputs.repository else "",
        run=inputs.run_url,
        report=inputs.run_url if inputs.files.keeps_report else "",
    )


def public_address(uri: str) -> str:
    """An http(s) address without user, password, query; empty for anything else."""
    try:
        parts = urlsplit(uri)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path.rstrip("/"), "", ""))
