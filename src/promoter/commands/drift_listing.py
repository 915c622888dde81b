"""What a registry holds, in bulk; a door may have it listed while the requests are being read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol, TypeAlias

from promoter.core.drift import Holders
from promoter.core.prompt import Kind
from promoter.core.request import PromotionRequest, key_name
from promoter.ports import RegistryIndex

Listed: TypeAlias = tuple[RegistryIndex, Mapping[str, Mapping[str, str]]]


class Asked(Protocol):
    """A context in which an answer is on its way. Nothing else may ask the registry before it is there."""

    def __enter__(self) -> Asked: ...

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None: ...

    def answer(self) -> Listed:
        """Waits for it. Raises what opening and listing raise."""


class InTurn:
    """Asks only when the answer is wanted."""

    def __init__(self, call: Callable[[], Listed]) -> None:
        self._call = call

    def __enter__(self) -> InTurn:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def answer(self) -> Listed:
        """See `Asked`."""
        return self._call()


def listed(open_registry: Callable[[], RegistryIndex]) -> Listed:
    """The registry, and the aliases of all its models."""
    registry = open_registry()
    return registry, registry.all_aliases()


def holders(found: Listed, requests: Sequence[PromotionRequest]) -> Holders:
    """All that it holds; prompts are listed only where a request asks for one."""
    registry, models = found
    live = dict(models)
    if any(request.kind is Kind.PROMPT for request in requests):
        prompts = registry.all_aliases(Kind.PROMPT)
        live |= {key_name(Kind.PROMPT, name): aliases for name, aliases in prompts.items()}
    return live
