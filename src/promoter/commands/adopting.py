"""What a registry holds of what was chosen, read before anything is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from promoter.core.model_version import READY, ModelVersion, Signature
from promoter.core.request import PromotionRequest
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
_EVERY = 25


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Globs on registered models and on their aliases."""

    models: Sequence[str] = ("*",)
    aliases: Sequence[str] = ("*",)

    def of(self, model: str, aliases: Mapping[str, str]) -> dict[str, str]:
        """The chosen ones of a model, by name."""
        if not _fits(model, self.models):
            return {}
        return {alias: aliases[alias] for alias in sorted(aliases) if _fits(alias, self.aliases)}


@dataclass(kw_only=True)
class Found:
    """What the registry holds of what was chosen; `everything` is model → alias → version of all of it."""

    everything: Mapping[str, Mapping[str, str]]
    adopted: list[Adopted] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)


def gather(registry: RegistryReader, wanted: Wanted, *, tell: Callable[[Message], None]) -> Found:
    """Every chosen alias with the version that holds it.

    Raises USAGE_INVALID where there is none to adopt, and what the registry raises where it does not answer.
    """
    found = Found(everything=registry.all_aliases())
    chosen = {model: wanted.of(model, found.everything[model]) for model in sorted(found.everything)}
    chosen = {model: aliases for model, aliases in chosen.items() if aliases}
    for place, (model, aliases) in enumerate(chosen.items(), start=1):
        one = _adopted(registry, model, aliases=aliases, found=found)
        if one is not None:
            found.adopted.append(one)
        if place % _EVERY == 0:
            tell(say(f"read {place:,} of {len(chosen):,} models"))
    if not found.adopted:
        raise _nothing(found, wanted)
    bare = sum(not aliases and _fits(model, wanted.models) for model, aliases in found.everything.items())
    if bare:
        found.notes.append(say(f"{bare:,} registered model(s) hold no alias: nothing of them is adopted"))
    return found


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
    registry: RegistryReader, model: str, *, aliases: Mapping[str, str], found: Found
) -> Adopted | None:
    """The model with those of its aliases that a request can ask for; what else there is goes to `found`."""
    read: dict[str, ModelVersion] = {}
    taken: dict[str, str] = {}
    for alias, number in aliases.items():
        why = _unfit(model, alias, version=number) or _unread(registry, model, version=number, read=read)
        if why is None:
            taken[alias] = number
        else:
            found.skipped.append(Skipped(model=model, alias=alias, why=why))
    if not taken:
        return None
    leading = next((alias for alias in _LEADING if alias in taken), min(taken))
    version = read[taken[leading]]
    return Adopted(
        model=model,
        aliases=taken,
        champion=leading,
        version=version,
        signature=_signature(registry, version, found=found),
    )


def _unfit(model: str, alias: str, *, version: str) -> Message | None:
    """Why no request can name them."""
    text = f"model: {json.dumps(model)}\nalias: {json.dumps(alias)}\nversion: {json.dumps(version)}\n"
    try:
        parse_request(text.encode("utf-8", "replace"), path="request.yaml")
    except PromoterError as error:
        return error.problems[0].found if error.problems else error.message
    return None


def _unread(
    registry: RegistryReader, model: str, *, version: str, read: dict[str, ModelVersion]
) -> Message | None:
    """Why a version cannot be adopted; one that can is put into `read`."""
    if version in read:
        return None
    try:
        one = registry.model_version(model, version)
    except PromoterError as error:
        if error.reason not in _OF_ONE:
            raise
        return error.message
    if one.status != READY:
        return say("version ", quote(version), " is ", quote(one.status), ", not READY")
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
        chosen = f"{', '.join(wanted.models)} @ {', '.join(wanted.aliases)}"
        message = say("no alias in the registry fits ", quote(chosen))
    hint = say(
        "Choose others with `--models` and `--aliases`, or set the first alias in the registry: init adopts "
        "what is there. Nothing was written."
    )
    return PromoterError(ReasonCode.USAGE_INVALID, message, hint=hint)
