"""The aliases of one registered model, and those of all of them in bulk pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from promoter.adapters.mlflow_absence import expect, not_found
from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_calls import Calls
from promoter.adapters.mlflow_client import registry_of
from promoter.adapters.mlflow_values import IS_PROMPT, kind_of_model, to_aliases
from promoter.core.prompt import Kind as Of
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel

# The most that MLflow gives at once; a page of so many takes it about a second.
PAGE = 1_000
_CALLED = {Of.MODEL: "registered model", Of.PROMPT: "prompt"}


class Aliases:
    """Reads the aliases of one registry; `page` is how many models one request lists."""

    def __init__(self, *, client: MlflowClient, calls: Calls, addresses: Addresses, page: int = PAGE) -> None:
        self._client = client
        self._calls = calls
        self._addresses = addresses
        self._page = page

    def of(self, model: str, kind: Of | None = None) -> Mapping[str, str]:
        """Alias → version (normalised digits) of a registered model or prompt; one request.

        Raises MODEL_NOT_FOUND, also for one of another kind than `kind`.
        """
        self._refuse_unknown(kind)
        doing = say("reading the aliases of ", quote(model))

        def read() -> tuple[RegisteredModel, Mapping[str, str]]:
            found = registry_of(self._client).get_registered_model(model)
            return found, to_aliases(found)

        answer = self._calls.find(read, doing=doing)
        if answer is None:
            raise not_found(
                ReasonCode.MODEL_NOT_FOUND, say(f"there is no {_CALLED[kind or Of.MODEL]} ", quote(model))
            )
        found, aliases = answer
        expect(str(found.name), wanted=model, doing=doing, server=self._addresses.shown)
        _refuse_other(model, kind_of_model(found), wanted=kind)
        return aliases

    def of_all(self, kind: Of = Of.MODEL) -> Mapping[str, Mapping[str, str]]:
        """Registered model → its aliases, of everything of one kind that the credential may see.

        One request a page; on Databricks, whose pages come without aliases, one more for each model. What is
        registered, renamed or deleted meanwhile may be missing: only `of` proves that a model is not there.
        """
        self._refuse_unknown(kind)
        if self._addresses.is_databricks:
            return dict(self._one_by_one())
        return {name: aliases for page in self._pages(kind) for name, aliases in page.items()}

    def _refuse_unknown(self, kind: Of | None) -> None:
        if kind is Of.PROMPT and self._addresses.is_databricks:
            raise PromoterError(
                ReasonCode.NOT_AVAILABLE,
                say("prompts in Unity Catalog are kept apart from models, and Promoter does not read them"),
                hint=say("Move their aliases with MLflow, and delete the request."),
            )

    def _one_by_one(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        for name in (name for page in self._pages(Of.MODEL) for name in page):
            try:
                yield name, self.of(name)
            except PromoterError as error:
                # Deleted since it was listed; or listed and not to be read, as Unity Catalog's grants allow.
                # Whoever needs that very model asks for it by name, and hears why.
                if error.reason not in {ReasonCode.MODEL_NOT_FOUND, ReasonCode.PERMISSION_DENIED}:
                    raise

    def _pages(self, kind: Of) -> Iterator[Mapping[str, Mapping[str, str]]]:
        doing = say(f"listing the registered {kind}s")
        token: str | None = None
        seen: set[str] = set()
        while True:
            found, token = self._calls.ask(partial(self._page_at, kind, token=token), doing=doing)
            if "" in found:
                raise self._nonsense(doing, "a registered model has no name")
            yield found
            if not token:
                return
            if token in seen:
                raise self._nonsense(doing, "the list of models leads back to a page that was read")
            seen.add(token)

    def _page_at(self, kind: Of, *, token: str | None) -> tuple[Mapping[str, Mapping[str, str]], str | None]:
        # MLflow's public method has the server leave prompts out by a filter. To a server from before there
        # were prompts that filter means "models with this tag", and it answers that there are none. Without
        # any a server leaves prompts out by itself.
        page = registry_of(self._client).store.search_registered_models(
            max_results=self._page, page_token=token, **_filter(kind)
        )
        has_aliases = not self._addresses.is_databricks
        models = [model for model in page if not has_aliases or kind_of_model(model) is kind]
        return {str(model.name): to_aliases(model) if has_aliases else {} for model in models}, page.token

    def _nonsense(self, doing: Message, why: str) -> PromoterError:
        return PromoterError(
            ReasonCode.REGISTRY_UNAVAILABLE,
            say(*doing.parts, f" failed: {why}"),
            hint=say(
                "Look at ", quote(self._addresses.shown), ": something else than MLflow may answer there."
            ),
        )


def _filter(kind: Of) -> dict[str, str]:
    return {"filter_string": f"tags.`{IS_PROMPT}` = 'true'"} if kind is Of.PROMPT else {}


def _refuse_other(name: str, found: Of, *, wanted: Of | None) -> None:
    if wanted is not None and found is not wanted:
        raise PromoterError(
            ReasonCode.MODEL_NOT_FOUND,
            say(f"there is no {_CALLED[wanted]} ", quote(name), f": it is a {_CALLED[found]}"),
            hint=say(f"Write `kind: {found}` in the promotion request, or correct the name."),
        )
