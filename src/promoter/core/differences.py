"""What differs between champion and challenger beside their figures: what they take, give, need, and were
trained with.

All of it is text that people wrote or that MLflow guessed. Nothing is decided by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from promoter.core.model_version import Column, ModelVersion, Papers


class Part(StrEnum):
    """What two versions differ in."""

    INPUTS = "inputs"
    OUTPUTS = "outputs"
    PACKAGES = "packages"
    PARAMETERS = "parameters"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One column, package or parameter: what the champion has and the challenger; None: it has none such.

    Of a package without any version the text is empty.
    """

    part: Part
    name: str
    champion: str | None
    challenger: str | None


@dataclass(frozen=True, kw_only=True)
class Described:
    """A version with what its files say of it."""

    version: ModelVersion
    papers: Papers


_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(.*)")
_SEPARATORS = re.compile(r"[-_.]+")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_HASH = re.compile(r"\s--hash[= ]\S+")
# What an address may hold beside host and path: user and password in front, tokens behind.
_USER = re.compile(r"(?<=//)[^/\s]*@")
_QUERY = re.compile(r"(://[^\s?#]*)(?:\?[^\s#]*)?")


def differences(champion: Described, challenger: Described) -> tuple[Difference, ...]:
    """Part by part, each by name. What only one of both tells of is not compared; passwords in addresses are
    left out."""
    return tuple(_all(champion, challenger))


def _all(champion: Described, challenger: Described) -> Iterator[Difference]:
    held, asked = champion.papers, challenger.papers
    if held.signature is not None and asked.signature is not None:
        yield from _between(
            Part.INPUTS, _columns(held.signature.inputs), asked=_columns(asked.signature.inputs)
        )
        yield from _between(
            Part.OUTPUTS, _columns(held.signature.outputs), asked=_columns(asked.signature.outputs)
        )
    if held.requirements is not None and asked.requirements is not None:
        yield from _between(Part.PACKAGES, _packages(held.requirements), asked=_packages(asked.requirements))
    before, after = champion.version.run, challenger.version.run
    if before is not None and after is not None:
        yield from _between(
            Part.PARAMETERS, _parameters(before.parameters), asked=_parameters(after.parameters)
        )


def _between(part: Part, held: Mapping[str, str], *, asked: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted(held.keys() | asked.keys()):
        if held.get(name) != asked.get(name):
            yield Difference(part=part, name=name, champion=held.get(name), challenger=asked.get(name))


def _columns(columns: Sequence[Column]) -> dict[str, str]:
    return {one.name: one.kind if one.required else f"{one.kind}, optional" for one in columns}


def _parameters(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: _without_secrets(value) for name, value in parameters.items()}


def _packages(requirements: str) -> dict[str, str]:
    """Normalised name (PEP 503) → which versions; an option (`--index-url`) by its own name."""
    found: dict[str, set[str]] = {}
    for line in requirements.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        text = " ".join(_HASH.sub("", _COMMENT.sub("", line)).split())
        if text:
            name, wanted = _package(_without_secrets(text))
            found.setdefault(name, set()).add(wanted)
    return {name: " or ".join(sorted(wanted)) for name, wanted in found.items()}


def _package(line: str) -> tuple[str, str]:
    named = _NAME.fullmatch(line)
    if named is None:
        option, _, value = line.partition(" ")
        return option, value
    name, extras, wanted = named.groups(default="")
    name = _SEPARATORS.sub("-", name).lower()
    return name, " ".join(part for part in (extras.replace(" ", "").lower(), _versions(wanted)) if part)


def _versions(wanted: str) -> str:
    """A single exact version bare, several limits in one order; what has a marker or an address as it is."""
    if wanted.startswith("@") or ";" in wanted:
        return wanted
    limits = sorted(limit.replace(" ", "") for limit in wanted.strip("()").split(","))
    exact = len(limits) == 1 and limits[0].startswith("==") and "*" not in limits[0]
    return limits[0].lstrip("=") if exact else ",".join(limits)


def _without_secrets(text: str) -> str:
    return _QUERY.sub(r"\1", _USER.sub("", text))
