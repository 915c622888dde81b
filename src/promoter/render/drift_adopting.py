"""The ready-made change that has git ask for what the registry holds."""

from __future__ import annotations

import json

from promoter.core.drift import DriftReport, Finding
from promoter.core.prompt import Kind
from promoter.core.request_file import parse_request
from promoter.core.safe_text import is_text_for_everybody
from promoter.errors import PromoterError
from promoter.render import links as address
from promoter.render.markdown import code, link

_REASON = "adopts the version that the registry holds"
_REVIEWED = "Propose it as a pull request. It is reviewed as any other, and nothing is moved by it."


def adopting(finding: Finding, report: DriftReport) -> str:
    """Markdown: the file's whole new content, and where to paste it."""
    request = finding.request
    if finding.live is None:
        return _leaving(finding, report)
    text = request_text(finding.model, finding.alias, version=finding.live, kind=finding.of)
    if not text:
        return "No request can name this model or alias: rename it in the registry."
    block = f"```yaml\n{text}```"
    if request is None:
        path = f"promotions/{finding.model}/{finding.alias}.yaml".replace(" ", "-")
        where = address.new_file(report.links, report.branch, path=path, content=text)
        return f"Add {link(code(path), where)} with this content:\n\n{block}\n\n{_REVIEWED}"
    where = address.edit(report.links, report.branch, path=request.path)
    return f"Replace all of {link(code(request.path), where)} by this:\n\n{block}\n\n{_REVIEWED}"


def _leaving(finding: Finding, report: DriftReport) -> str:
    """Nobody holds the alias: git can only stop asking."""
    path = finding.request.path if finding.request else ""
    where = address.delete(report.links, report.branch, path=path)
    return (
        f"Nobody holds the alias. If that is as it should be, delete {link(code(path), where)} in a pull "
        "request: git then does not ask for it any more."
    )


def request_text(model: str, alias: str, *, version: str, kind: Kind = Kind.MODEL) -> str:
    """A request file that asks for this version; empty where the names are none that one may hold."""
    first = f"kind: {kind}\n" if kind is not Kind.MODEL else ""
    text = f"{first}model: {_scalar(model)}\nalias: {_scalar(alias)}\nversion: {version}\nreason: {_REASON}\n"
    try:
        read = parse_request(text.encode(errors="replace"), path="request.yaml")
    except PromoterError:
        return ""
    return text if (read.model, read.alias, read.version) == (model, alias, version) else ""


def _scalar(name: str) -> str:
    return name if is_text_for_everybody(name) and " " not in name else json.dumps(name)
