"""What a registry holds of what was chosen, read before anything is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from promoter.core.model_version import READY, ModelVersion, Signature
from promoter.core.prompt import Kind
from promoter.core.request import PromotionRequest, key_name, named_by
from promoter.core.request_file import parse_request
from promoter.core.starter import Adopted
from promoter.core.starting import Skipped
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryReader
from promoter.text import Message, quote, say

_LEADING = ("champion", "production", "prod")
# What concerns one model, and not the registry as a whole.
_OF_ONE = frozenset({ReasonCode.MODEL_NOT_FOUND, ReasonCode.VERSION_NOT_FOUND, ReasonCode.PERMISSION_DENIED})
_NO_SIGNATURE = frozenset(
    {ReasonCode.MODEL_UNSAFE, ReasonCode.DATA_UNAVAILABLE, ReasonCode.REGISTRY_UNAVAILABLE}
)
_CALLED = {Kind.MODEL: "registered model(s)", Kind.PROMPT: "prompt(s)"}
_EVERY = 25


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Globs on registered models, on prompts, and on the aliases of both; no glob: none of them."""

    models: Sequence[str] = ("*",)
    prompts: Sequence[str] = ("*",)
    aliases: Sequence[str] = ("*",)

    def has(self, key: str) -> bool:
        """Whether a model, or a prompt (as its name stands in a key), is chosen."""
        kind, name = named_by(key)
        return _fits(name, self.prompts if kind is Kind.PROMPT else self.models)

    def of(self, key: str, aliases: Mapping[str, str]) -> dict[str, str]:
        """The chosen aliases of a model or prompt, by name."""
        if not self.has(key):
            return {}
        return {alias: aliases[alias] for alias in sorted(aliases) if _fits(alias, self.aliases)}

    def __str__(self) -> str:
        names = [*self.models, *(key_name(Kind.PROMPT, glob) for glob in self.prompts)]
        return f"{', '.join(names)} @ {', '.join(self.aliases)}"


@dataclass(kw_only=True)
class Found:
    """What the registry holds of what was chosen; `everything` is name as it stands in a key → alias →
    version of all of it."""

    everything: Mapping[str, Mapping[str, str]]
    adopted: list[Adopted] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)


def gather(registry: RegistryReader, wanted: Wanted, *, tell: Callable[[Message], None]) -> Found:
    """Every chosen alias with the version that holds it.

    Raises USAGE_INVALID where there is none to adopt, and what the registry raises where it does not answer.
    """
    found = Found(everything=registry.all_aliases())
    found.everything = {**found.everything, **_prompts(registry, found)}
    chosen = {key: wanted.of(key, found.everything[key]) for key in sorted(found.everything)}
    chosen = {key: aliases for key, aliases in chosen.items() if aliases}
    for place, (key, aliases) in enumerate(chosen.items(), start=1):
        one = _adopted(registry, key, aliases=aliases, found=found)
        if one is not None:
            found.adopted.append(one)
        if place % _EVERY == 0:
            tell(say(f"read {place:,} of {len(chosen):,} names"))
    if not found.adopted:
        raise _nothing(found, wanted)
    bare = Counter(named_by(key)[0] for key, held in found.everything.items() if not held and wanted.has(key))
    for kind, count in bare.items():
        found.notes.append(say(f"{count:,} {_CALLED[kind]} hold no alias: nothing of them is adopted"))
    return found


def _prompts(registry: RegistryReader, found: Found) -> dict[str, Mapping[str, str]]:
    """The same of every prompt; a registry that has none of them here is told of."""
    try:
        listed = registry.all_aliases(Kind.PROMPT)
    except PromoterError as error:
        if error.reason is not ReasonCode.NOT_AVAILABLE:
            raise
        found.notes.append(say("no prompt is adopted: ", *error.message.parts))
        return {}
    return {key_name(Kind.PROMPT, name): aliases for name, aliases in listed.items()}


def unheld(found: Found, held: Mapping[tuple[str, str], PromotionRequest]) -> list[Message]:
    """The requests that are there for aliases that the registry does not hold."""
    return [
        say(quote(request.path), " asks for ", quote("@".join(key)), ", which nobody holds in the registry")
        for key, request in sorted(held.items())
        if key[1] not in found.everything.get(key[0], {})
    ]


def _fits(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _adopted(
    registry: RegistryReader, key: str, *, aliases: Mapping[str, str], found: Found
) -> Adopted | None:
    """What is named, with those of its aliases that a request can ask for; what else there is goes to
    `found`."""
    read: dict[str, ModelVersion] = {}
    taken: dict[str, str] = {}
    for alias, number in aliases.items():
        why = _unfit(key, alias, version=number) or _unread(registry, key, version=number, read=read)
        if why is None:
            taken[alias] = number
        else:
            found.skipped.append(Skipped(model=key, alias=alias, why=why))
    if not taken:
        return None
    leading = next((alias for alias in _LEADING if alias in taken), min(taken))
    version = read[taken[leading]]
    return Adopted(
        model=key,
        aliases=taken,
        champion=leading,
        version=version,
        signature=_signature(registry, version, found=found) if version.prompt is None else None,
    )


def _unfit(key: str, alias: str, *, version: str) -> Message | None:
    """Why no request can name them."""
    kind, name = named_by(key)
    values = {"kind": kind, "model": name, "alias": alias, "version": version}
    text = "".join(f"{field}: {json.dumps(value)}\n" for field, value in values.items())
    try:
        parse_request(text.encode("utf-8", "replace"), path="request.yaml")
    except PromoterError as error:
        return error.problems[0].found if error.problems else error.message
    return None


def _unread(
    registry: RegistryReader, key: str, *, version: str, read: dict[str, ModelVersion]
) -> Message | None:
    """Why a version cannot be adopted; one that can is put into `read`."""
    if version in read:
        return None
    kind, name = named_by(key)
    try:
        one = registry.model_version(name, version)
    except PromoterError as error:
        if error.reason not in _OF_ONE:
            raise
        return error.message
    if one.status != READY:
        return say("version ", quote(version), " is ", quote(one.status), ", not READY")
    if (one.prompt is not None) is not (kind is Kind.PROMPT):
        return say("version ", quote(version), f" has not the tags of MLflow that make it a {kind}'s")
    read[version] = one
    return None


def _signature(registry: RegistryReader, version: ModelVersion, *, found: Found) -> Signature | None:
    try:
        return registry.signature(version)
    except PromoterError as error:
        if error.reason not in _NO_SIGNATURE:
            raise
        if error.reason is ReasonCode.REGISTRY_UNAVAILABLE:
            # Files often lie on another server than the registry, which is asked whether it is there.
            registry.aliases(version.model)
        why = error.message.parts
        found.notes.append(say("the policy asks ", quote(version.model), " for no signature: ", *why))
        return None


def _nothing(found: Found, wanted: Wanted) -> PromoterError:
    if found.skipped:
        first = found.skipped[0]
        message = say(
            f"none of the {len(found.skipped)} chosen alias(es) can be adopted; the first is ",
            quote(f"{first.model}@{first.alias}"),
            ": ",
            *first.why.parts,
        )
    else:
        message = say("no alias in the registry fits ", quote(str(wanted)))
    hint = say(
        "Choose others with `--models`, `--prompts` and `--aliases`, or set the first alias in the registry: "
        "init adopts what is there. Nothing was written."
    )
    return PromoterError(ReasonCode.USAGE_INVALID, message, hint=hint)
