"""What the registry tells of an alias's past: who holds it now, and the tags of the versions asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from promoter.commands.copies import Copies
from promoter.commands.record_tags import COMMIT_TAG
from promoter.commands.versions import Applied
from promoter.core.model_version import ModelVersion
from promoter.core.request import named_by
from promoter.core.timeline import Lack, Live, LiveState, Record
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryIndex, RegistryReader
from promoter.text import say


@dataclass(frozen=True, kw_only=True)
class Registered:
    """The registry's side; `records` by version, None for one that is not there. `copies`: the name of a
    source (`dev.ml.churn/7`) → the number of its copy."""

    live: Live = field(default_factory=Live)
    copies: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, Record | None] = field(default_factory=dict)
    lacking: tuple[Lack, ...] = ()


def not_asked(_: tuple[str, str], __: Sequence[str]) -> Registered:
    """Where no registry is to be asked."""
    return Registered()


@dataclass(frozen=True, kw_only=True)
class RegistryPast:
    """Reads the registry's side; `connect` opens it."""

    connect: Callable[[], RegistryIndex]

    def __call__(self, key: tuple[str, str], versions: Sequence[str]) -> Registered:
        """One read for the alias and one for each version, until the registry does not answer; one list of
        all versions where copies are among them.

        `key` is (model, alias).
        """
        records: dict[str, Record | None] = {}
        numbers: dict[str, str] = {}
        live = Live(state=LiveState.UNKNOWN)
        try:
            registry = self.connect()
            live = _live(registry, key)
            copies = Copies(registry, key[0])
            for version in versions if live.state is not LiveState.NO_MODEL else ():
                number = copies.number(version, live=live.version)
                numbers |= {version: number} if number != version else {}
                records[number] = _record(registry, key, version=number)
        except PromoterError as error:
            lack = Lack(
                message=say("the registry could not be asked: ", *error.message.parts),
                exit_code=error.exit_code,
            )
            return Registered(live=live, records=records, copies=numbers, lacking=(lack,))
        return Registered(live=live, records=records, copies=numbers)


def _live(registry: RegistryReader, key: tuple[str, str]) -> Live:
    model, alias = key
    try:
        kind, name = named_by(model)
        held = registry.aliases(name, kind=kind).get(alias)
    except PromoterError as error:
        if error.reason is not ReasonCode.MODEL_NOT_FOUND:
            raise
        return Live(state=LiveState.NO_MODEL)
    return Live(state=LiveState.HELD if held else LiveState.NOBODY, version=held)


def _record(registry: RegistryReader, key: tuple[str, str], *, version: str) -> Record | None:
    try:
        return record_of(registry.model_version(named_by(key[0])[1], version), key[1])
    except PromoterError as error:
        if error.reason is not ReasonCode.VERSION_NOT_FOUND:
            raise
        return None


def record_of(version: ModelVersion, alias: str) -> Record:
    """A version's tags, for one alias."""
    applied = Applied.of(version, alias)
    tags = version.tags
    return Record(
        pull=applied.pull if applied else None,
        origin=applied.origin if applied else "",
        pull_request=tags.get("promoter_pull_request", ""),
        promoted_at=tags.get("promoter_promoted_at", ""),
        approved_by=tags.get("promoter_approved_by", ""),
        previous_version=tags.get("promoter_previous_version", ""),
        commit=tags.get(COMMIT_TAG, ""),
        evidence=tags.get("promoter_evidence", ""),
        verdict=tags.get("promoter_verdict", ""),
    )
