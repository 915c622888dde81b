"""B, H and R of one alias, from git's past and the registry's word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promoter.core.model_version import ModelVersion
from promoter.core.plan import ThreeWay
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryReader
from promoter.text import quote, say


@dataclass(frozen=True, kw_only=True)
class Past:
    """What the request's file asked for after an earlier change; None: nothing readable, or another alias."""

    commit: str
    version: str | None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A request with what git held before it, newest first.

    `change` is the commit that brought the request to the default branch; empty while it is only proposed.
    `first` is the version the file began with; None when its history goes further back than was read.
    """

    request: PromotionRequest
    past: tuple[Past, ...] = ()
    change: str = ""
    first: str | None = None


def applied_tag(alias: str) -> str:
    """The version tag that says which change of the request's file was applied for an alias.

    It is a brake and never a reason to do more: forging it can only keep an alias from being moved.
    """
    return f"promoter_applied_{alias}"


def three_way(
    registry: RegistryReader, claim: Claim, *, challenger: ModelVersion, live: str | None
) -> ThreeWay:
    """Raises CONFLICT when this very change was applied once and the alias has been moved away since."""
    request = claim.request
    record = challenger.tags.get(applied_tag(request.alias))
    if live != request.version and claim.change and record == claim.change:
        raise _moved_away(request, live)
    return ThreeWay(
        before=_before(registry, claim, live),
        proposed=request.version,
        live=live,
        earlier=tuple(_held_once(claim, challenger)),
    )


def _before(registry: RegistryReader, claim: Claim, live: str | None) -> str | None:
    """B: the newest version git held before; or the live one, where every change since was never applied.

    A run that was refused or dropped leaves the alias behind what git says. The next request then starts
    from where the alias is, not from where it never was.
    """
    newest = claim.past[0].version if claim.past else None
    for past in claim.past:
        if past.version == live:
            return live
        if past.version is None or _was_applied(registry, claim.request, past):
            return newest
    return newest


def _was_applied(registry: RegistryReader, request: PromotionRequest, past: Past) -> bool:
    try:
        version = registry.model_version(request.model, past.version or "")
    except PromoterError as error:
        if error.reason is ReasonCode.VERSION_NOT_FOUND:
            return False
        raise
    return version.tags.get(applied_tag(request.alias)) == past.commit


def _held_once(claim: Claim, challenger: ModelVersion) -> Iterator[str]:
    """The proposed version, if this alias held it before: only then may comparisons merely report.

    A version that git asked for and that was refused at apply never held the alias. Having held it is shown
    by the tag, or by being what the file began with: what was live when the team adopted Promoter.
    """
    request = claim.request
    asked_before = any(past.version == request.version for past in claim.past[1:])
    if asked_before and (applied_tag(request.alias) in challenger.tags or claim.first == request.version):
        yield request.version


def _moved_away(request: PromotionRequest, live: str | None) -> PromoterError:
    alias = quote(f"{request.model}@{request.alias}")
    return PromoterError(
        ReasonCode.CONFLICT,
        say(
            "version ",
            quote(request.version),
            " was applied, and ",
            alias,
            " has been moved to ",
            quote(live or "nobody"),
            " outside git since",
        ),
        hint=say("Merge a request that names what the registry holds now, or put the alias back by hand."),
    )
