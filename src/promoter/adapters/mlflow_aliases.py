"""The aliases of one registered model, and those of all of them in bulk pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from promoter.adapters.mlflow_absence import expect, not_found
from promoter.adapters.mlflow_address import Addresses, Kind, kind_of
from promoter.adapters.mlflow_calls import Calls
from promoter.adapters.mlflow_values import is_prompt, to_aliases
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel

# The most that MLflow gives at once; a page of so many takes it about a second.
PAGE = 1_000


class Aliases:
    """Reads the aliases of one registry; `page` is how many models one request lists."""

    def __init__(self, *, client: MlflowClient, calls: Calls, addresses: Addresses, page: int = PAGE) -> None:
        self._client = client
        self._calls = calls
        self._addresses = addresses
        self._page = page

    def of(self, model: str) -> Mapping[str, str]:
        """Alias → version (normalised digits) of a registered model; one request. Raises MODEL_NOT_FOUND."""
        doing = say("reading the aliases of ", quote(model))

        def read() -> tuple[RegisteredModel, Mapping[str, str]]:
            found = self._client.get_registered_model(model)
            return found, to_aliases(found)

        answer = self._calls.find(read, doing=doing)
        if answer is None:
            raise not_found(ReasonCode.MODEL_NOT_FOUND, say("there is no registered model ", quote(model)))
        found, aliases = answer
        expect(str(found.name), wanted=model, doing=doing, server=self._addresses.shown)
        return aliases

    def of_all(self) -> Mapping[str, Mapping[str, str]]:
        """Registered model → its aliases, of every model that the credential may see; prompts are left out.

        One request a page; on Databricks, whose pages come without aliases, one more for each model. What is
        registered, renamed or deleted meanwhile may be missing: only `of` proves that a model is not there.
        """
        if kind_of(self._addresses.registry) is Kind.DATABRICKS:
            return dict(self._one_by_one())
        return {name: aliases for page in self._pages() for name, aliases in page.items()}

    def _one_by_one(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        for name in (name for page in self._pages() for name in page):
            try:
                yield name, self.of(name)
            except PromoterError as error:
                # Deleted since it was listed; or listed and not to be read, as Unity Catalog's grants allow.
                # Whoever needs that very model asks for it by name, and hears why.
                if error.reason not in {ReasonCode.MODEL_NOT_FOUND, ReasonCode.PERMISSION_DENIED}:
                    raise

    def _pages(self) -> Iterator[Mapping[str, Mapping[str, str]]]:
        doing = say("listing the registered models")
        token: str | None = None
        seen: set[str] = set()
        while True:
            found, token = self._calls.ask(partial(self._page_at, token), doing=doing)
            if "" in found:
                raise self._nonsense(doing, "a registered model has no name")
            yield found
            if not token:
                return
            if token in seen:
                raise self._nonsense(doing, "the list of models leads back to a page that was read")
            seen.add(token)

    def _page_at(self, token: str | None) -> tuple[Mapping[str, Mapping[str, str]], str | None]:
        # MLflow's public method has the server leave prompts out by a filter. To a server from before there
        # were prompts that filter means "models with this tag", and it answers that there are none.
        page = self._client._get_registry_client().store.search_registered_models(
            max_results=self._page, page_token=token
        )
        has_aliases = kind_of(self._addresses.registry) is not Kind.DATABRICKS
        models = page if not has_aliases else [model for model in page if not is_prompt(model)]
        return {str(model.name): to_aliases(model) if has_aliases else {} for model in models}, page.token

    def _nonsense(self, doing: Message, why: str) -> PromoterError:
        return PromoterError(
            ReasonCode.REGISTRY_UNAVAILABLE,
            say(*doing.parts, f" failed: {why}"),
            hint=say(
                "Look at ", quote(self._addresses.shown), ": something else than MLflow may answer there."
            ),
        )
