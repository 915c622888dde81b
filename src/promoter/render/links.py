"""Addresses of our own making: a base from the run's settings, everything else percent-encoded.

Each function answers an empty string when the base or a part is unknown, or when the base is not a plain
http(s) address (a Databricks profile, a file, an address with a password in it).
"""

from __future__ import annotations

import re
from urllib.parse import quote

from promoter.core.model_version import ModelVersion
from promoter.core.prompt import Kind
from promoter.core.report import Links
from promoter.core.request import PromotionRequest, SourceVersion, named_by

_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]*)?")


def model_version(links: Links, model: str, *, version: str, kind: Kind = Kind.MODEL) -> str:
    """The page of a model version in the registry; of a prompt, the page of all its versions."""
    if kind is Kind.PROMPT:
        return _address(links.registry, "/#/prompts/{}", model)
    return _address(links.registry, "/#/models/{}/versions/{}", model, version)


def of_version(links: Links, version: ModelVersion) -> str:
    """The page of a version that was read."""
    kind = Kind.PROMPT if version.prompt is not None else Kind.MODEL
    return model_version(links, version.model, version=version.version, kind=kind)


def version_of(links: Links, asked: PromotionRequest, *, version: str) -> str:
    """The page of a version of what a request asks for; of its source where that is what is named."""
    if asked.source is not None and version == str(asked.source):
        return model_version(links, asked.source.model, version=asked.source.version)
    return model_version(links, asked.model, version=version, kind=asked.kind)


def of_key(links: Links, name: str, *, version: str) -> str:
    """The page of a version of what a key names (`prompts:/greeting` for a prompt), or of the version of
    another model that is to be copied."""
    source = SourceVersion.of(version)
    if source is not None:
        return model_version(links, source.model, version=source.version)
    kind, model = named_by(name)
    return model_version(links, model, version=version, kind=kind)


def training_run(links: Links, version: ModelVersion) -> str:
    """The page of the run that a version came from."""
    training = version.run
    if training is None:
        return ""
    return _address(_runs(links), "/#/experiments/{}/runs/{}", training.experiment_id, training.run_id)


def logged(links: Links, version: ModelVersion, *, folder: str) -> str:
    """The page of a folder among the artifacts of the run that a version came from."""
    training = version.run
    if training is None:
        return ""
    names = folder.split("/")
    place = f"/#/experiments/{{}}/runs/{{}}/artifacts/{'/'.join('{}' for _ in names)}"
    return _address(_runs(links), place, training.experiment_id, training.run_id, *names)


def _runs(links: Links) -> str:
    return links.registry if links.tracking is None else links.tracking


def commit(links: Links, commit_id: str) -> str:
    """The page of a commit."""
    return _address(links.repository, "/commit/{}", commit_id)


def pull_request(links: Links, number: int) -> str:
    """The page of a pull request."""
    return _address(links.repository, "/pull/{}", str(number))


def issue(links: Links, number: int) -> str:
    """The page of an issue."""
    return _address(links.repository, "/issues/{}", str(number))


def line(links: Links, commit_id: str, *, path: str, number: int) -> str:
    """A line of a file at a commit; the commit where the path is none that git could have."""
    names = path.split("/")
    if {"", ".", ".."} & set(names):
        return commit(links, commit_id)
    folders = "/".join("{}" for _ in names)
    return _address(links.repository, f"/blob/{{}}/{folders}#L{{}}", commit_id, *names, str(number))


def edit(links: Links, branch: str, *, path: str) -> str:
    """Where a file of a branch is edited."""
    return _in_branch(links, "edit", branch=branch, path=path)


def delete(links: Links, branch: str, *, path: str) -> str:
    """Where a file of a branch is deleted."""
    return _in_branch(links, "delete", branch=branch, path=path)


def new_file(links: Links, branch: str, *, path: str, content: str) -> str:
    """Where a file is added to a branch, its name and content filled in."""
    names = branch.split("/")
    template = f"/new/{'/'.join('{}' for _ in names)}?filename={{}}&value={{}}"
    return "" if {".", ".."} & set(names) else _address(links.repository, template, *names, path, content)


def _in_branch(links: Links, verb: str, *, branch: str, path: str) -> str:
    names = (*branch.split("/"), *path.split("/"))
    if {"", ".", ".."} & set(names):
        return ""
    return _address(links.repository, f"/{verb}/" + "/".join("{}" for _ in names), *names)


def job(links: Links) -> str:
    """The page of this job's run."""
    return _address(links.run, "")


def kept(links: Links) -> str:
    """Where the page of this job's run lists what its workflow keeps, the report among it, if it does."""
    return _address(links.report, "#artifacts")


def _address(base: str, template: str, *parts: str) -> str:
    root = base.rstrip("/")
    if not _PLAIN_ADDRESS.fullmatch(root) or not all(parts):
        return ""
    return root + template.format(*(quote(part, safe="", errors="replace") for part in parts))
