"""What differs between champion and challenger beside their figures: what they take, give, need, and were
trained with.

All of it is text that people wrote or that MLflow guessed. Nothing is decided by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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


_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)")
_OPTION = re.compile(r"(-[^\s=]+)(?:\s*=\s*|\s+)?(.*)")
# A line that is an address: pip takes its name from the end, where there is one.
_BARE_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9.+-]*://\S*")
_EGG = re.compile(r"#(?:\S*&)?egg=([A-Za-z0-9._-]+)")
_OPERATOR = re.compile(r"\s*([<>=!~]=?=?)\s*")
_SEPARATORS = re.compile(r"[-_.]+")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_HASH = re.compile(r"\s--hash[= ]\S+")
_ADDRESS = re.compile(r"([A-Za-z0-9.+-]*:)?//(\S+)")
# In their addresses `@` comes again behind the path, before a branch or tag.
_OF_VERSION_CONTROL = re.compile(r"(?:git|hg|svn|bzr)\+")
_PORT = re.compile(r"[^:]*(?::[0-9]*)?")
_TAIL = re.compile(r"[?#;].*")
_SECRET = re.compile(r"(?i:passw|passphrase|pwd|secret|credential)|(?i:token|keys?)(?![a-z])")
_HIDDEN, _HIDDEN_AND_OTHER = "not shown", "not shown, changed"


def differences(champion: Described, challenger: Described) -> tuple[Difference, ...]:
    """Part by part, each by name. What only one of both tells of is not compared. Passwords in addresses are
    left out, and what a parameter holds whose name speaks of a secret."""
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
        yield from _between_parameters(before.parameters, asked=after.parameters)


def _between(part: Part, held: Mapping[str, str], *, asked: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted(held.keys() | asked.keys()):
        if held.get(name) != asked.get(name):
            yield Difference(part=part, name=name, champion=held.get(name), challenger=asked.get(name))


def _columns(columns: Sequence[Column]) -> dict[str, str]:
    return {one.name: one.kind if one.required else f"{one.kind}, optional" for one in columns}


def _between_parameters(held: Mapping[str, str], *, asked: Mapping[str, str]) -> Iterator[Difference]:
    for found in _between(Part.PARAMETERS, _parameters(held), asked=_parameters(asked)):
        if not _SECRET.search(found.name):
            yield found
        elif found.champion is None or found.challenger is None:
            yield replace(found, champion=_hidden(found.champion), challenger=_hidden(found.challenger))
        else:
            yield replace(found, champion=_HIDDEN, challenger=_HIDDEN_AND_OTHER)


def _hidden(value: str | None) -> str | None:
    return None if value is None else _HIDDEN


def _parameters(parameters: Mapping[str, str]) -> dict[str, str]:
    """What is not told anyway is compared as it is."""
    return {
        name: value if _SECRET.search(name) else _without_secrets(value) for name, value in parameters.items()
    }


def _packages(requirements: str) -> dict[str, str]:
    """Normalised name (PEP 503) → which versions; an option (`--index-url`) by its own name."""
    found: dict[str, set[str]] = {}
    for line in requirements.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        text = " ".join(_HASH.sub("", _COMMENT.sub("", line)).split())
        if text:
            name, wanted = _package(text)
            found.setdefault(name, set()).add(wanted)
    return {name: " or ".join(sorted(wanted)) for name, wanted in found.items()}


def _package(line: str) -> tuple[str, str]:
    egg, text = _EGG.search(line), _without_secrets(line)
    option = _OPTION.fullmatch(text)
    if option is not None:
        return option[1], option[2]
    named = _NAME.fullmatch(text)
    if _BARE_ADDRESS.match(text) or named is None:
        return (_canonical(egg[1]), f"@ {text}") if egg else (text, "")
    name, extras, wanted = named.groups(default="")
    return _canonical(name), " ".join(part for part in (_extras(extras), _versions(wanted)) if part)


def _canonical(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _extras(extras: str) -> str:
    names = sorted({_canonical(one.strip()) for one in extras.split(",")} - {""})
    return f"[{','.join(names)}]" if names else ""


def _versions(wanted: str) -> str:
    """A single exact version bare, several limits in one order; what has an address as it is."""
    if wanted.startswith("@"):
        return wanted
    versions, _, marker = wanted.partition(";")
    limits = sorted(limit.replace(" ", "") for limit in versions.strip("() ").split(","))
    if marker:
        told = _OPERATOR.sub(r" \1 ", marker).replace("'", '"')
        return f"{','.join(limits)}; {' '.join(told.split())}"
    exact = len(limits) == 1 and limits[0].startswith("==") and "*" not in limits[0]
    return limits[0].lstrip("=") if exact else ",".join(limits)


def _without_secrets(text: str) -> str:
    """Of each address scheme, host and path: no user and password in front, no tokens behind."""
    return _ADDRESS.sub(_bare, text)


def _bare(address: re.Match[str]) -> str:
    scheme, rest = address[1] or "", address[2]
    if _OF_VERSION_CONTROL.match(scheme):
        host, slash, path = rest.partition("/")
        host = host.rpartition("@")[2]
        # Else it was a password with a slash in it that ended there.
        rest = f"{host}{slash}{path}" if _PORT.fullmatch(host) else path.rpartition("@")[2]
    else:
        # The last one: a password may hold `/`, `?` and `#` besides.
        rest = rest.rpartition("@")[2]
    return f"{scheme}//{_TAIL.sub('', rest)}"
