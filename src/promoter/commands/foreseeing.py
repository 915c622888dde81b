"""What judging several requests will ask the registry, read some at once, before it asks.

A registry answers one request after the other in a time that a pull request of a hundred notices. So of the
next few requests the aliases and versions are read side by side, and given once each to whoever asks. Only
the registry is asked so, and only by what reads: judging itself goes on in one thread and in order.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from promoter.commands.judging import OUTAGES
from promoter.core.model_version import ModelFiles, ModelVersion, Papers, Signature
from promoter.core.prompt import Kind
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError
from promoter.ports import LocalPath, RegistryIndex


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was read for one request: who holds the model's aliases, and versions by their number as asked."""

    request: PromotionRequest
    aliases: Mapping[str, str]
    versions: Mapping[str, ModelVersion]


def look(registry: RegistryIndex, request: PromotionRequest) -> Looked | None:
    """Read what judging a request begins with. None where that fails: whoever judges asks again, and tells.

    Raises one of `OUTAGES`, after which nobody need go on looking.
    """
    try:
        aliases = registry.aliases(request.model, kind=request.kind)
        wanted = dict.fromkeys((request.version, aliases.get(request.alias, request.version)))
        versions = {number: registry.model_version(request.model, number) for number in wanted}
    except PromoterError as error:
        if error.reason in OUTAGES:
            raise
        return None
    return Looked(request=request, aliases=aliases, versions=versions)


class Foreseen:
    """A registry whose answers are partly known. Each is given once; then the registry is asked."""

    def __init__(self, registry: RegistryIndex) -> None:
        self._registry = registry
        self._aliases: defaultdict[tuple[str, Kind | None], deque[Mapping[str, str]]] = defaultdict(deque)
        self._versions: defaultdict[tuple[str, str], deque[ModelVersion]] = defaultdict(deque)

    def expect(self, found: Iterable[Looked | None]) -> None:
        """Keep what was read, in place of what nobody asked for since the last time."""
        self._aliases.clear()
        self._versions.clear()
        for one in [*found]:
            if one is not None:
                self._aliases[one.request.model, one.request.kind].append(one.aliases)
                for number, version in one.versions.items():
                    self._versions[one.request.model, number].append(version)

    def aliases(self, model: str, *, kind: Kind | None = None) -> Mapping[str, str]:
        """See `ports.RegistryReader`."""
        known = self._aliases[model, kind]
        return known.popleft() if known else self._registry.aliases(model, kind=kind)

    def model_version(self, model: str, version: str) -> ModelVersion:
        """See `ports.RegistryReader`."""
        known = self._versions[model, version]
        return known.popleft() if known else self._registry.model_version(model, version)

    def all_aliases(self, kind: Kind = Kind.MODEL) -> Mapping[str, Mapping[str, str]]:
        """See `ports.RegistryReader`."""
        return self._registry.all_aliases(kind)

    def signature(self, version: ModelVersion) -> Signature | None:
        """See `ports.RegistryReader`."""
        return self._registry.signature(version)

    def papers(self, version: ModelVersion) -> Papers:
        """See `ports.RegistryReader`."""
        return self._registry.papers(version)

    def download(self, version: ModelVersion, folder: LocalPath) -> ModelFiles:
        """See `ports.RegistryReader`."""
        return self._registry.download(version, folder)

    def files(self, version: ModelVersion) -> ModelFiles:
        """See `ports.RegistryReader`."""
        return self._registry.files(version)

    def run_file(self, version: ModelVersion, path: str, *, file: LocalPath) -> str:
        """See `ports.RegistryReader`."""
        return self._registry.run_file(version, path, file=file)

    def versions(self, model: str, kind: Kind = Kind.MODEL) -> tuple[ModelVersion, ...]:
        """See `ports.RegistryIndex`."""
        return self._registry.versions(model, kind)
