"""The versions of one registered model, in pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from promoter.adapters.mlflow_calls import Calls
from promoter.adapters.mlflow_client import registry_of
from promoter.adapters.mlflow_values import IS_PROMPT, to_model_version
from promoter.core.model_version import ModelVersion
from promoter.core.prompt import Kind
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as MlflowModelVersion

PAGE = 1_000


class Versions:
    """Lists versions of one registry; `shown` is its address, `page` how many one request lists."""

    def __init__(self, client: MlflowClient, *, calls: Calls, shown: str, page: int = PAGE) -> None:
        self._client = client
        self._calls = calls
        self._shown = shown
        self._page = page

    def of(
        self, model: str, *, prove: Callable[[str], object], kind: Kind = Kind.MODEL
    ) -> tuple[ModelVersion, ...]:
        """Newest first, without runs and LoggedModels. An empty list says nothing of the model: `prove` does.

        Raises REQUEST_INVALID for a name that MLflow's filter cannot hold.
        """
        doing = say("listing the versions of ", quote(model))
        wanted = _filter(model, kind)
        found: dict[str, ModelVersion] = {}
        token: str | None = None
        seen: set[str] = set()
        while True:
            listed, token = self._calls.ask(partial(self._page_at, wanted, token=token), doing=doing)
            page = self._calls.ask(partial(_values, self._whole(listed, doing=doing)), doing=doing)
            # MySQL finds names in other capitals too.
            found |= {one.version: one for one in page if one.model == model}
            if not token:
                if not found:
                    prove(model)
                return tuple(sorted(found.values(), key=lambda one: -int(one.version)))
            if token in seen:
                raise PromoterError(
                    ReasonCode.REGISTRY_UNAVAILABLE,
                    say(*doing.parts, " failed: the list leads back to a page that was read"),
                    hint=say("Look at ", quote(self._shown), ": something else than MLflow may answer."),
                )
            seen.add(token)

    def _page_at(self, wanted: str, *, token: str | None) -> tuple[list[MlflowModelVersion], str | None]:
        # MLflow's public method adds a filter against prompts, which old servers take for "has this tag".
        page = registry_of(self._client).store.search_model_versions(
            filter_string=wanted, max_results=self._page, page_token=token
        )
        return list(page), page.token

    def _whole(self, listed: Sequence[MlflowModelVersion], *, doing: Message) -> list[MlflowModelVersion]:
        """The versions with their tags. Unity Catalog lists them without, so each is asked for; one that was
        deleted meanwhile is left out.
        """
        found: list[MlflowModelVersion] = []
        for one in listed:
            whole = one if _has_tags(one) else self._one(one, doing=doing)
            found += [] if whole is None else [whole]
        return found

    def _one(self, listed: MlflowModelVersion, *, doing: Message) -> MlflowModelVersion | None:
        name, version = listed.name, listed.version
        found: MlflowModelVersion | None = self._calls.find(
            lambda: registry_of(self._client).get_model_version(name, version), doing=doing
        )
        return found


def _has_tags(listed: MlflowModelVersion) -> bool:
    # Of one that Unity Catalog listed, MLflow's `tags` is a method, which raises.
    tags: object = listed.tags
    return isinstance(tags, Mapping)


def _values(found: Sequence[MlflowModelVersion]) -> list[ModelVersion]:
    return [to_model_version(one, run=None, logged_model=None) for one in found]


def _filter(model: str, kind: Kind) -> str:
    """MLflow's filter knows no escapes: a name is put between whichever quotes it does not hold."""
    mark = next((mark for mark in ("'", '"') if mark not in model), None)
    if mark is None:
        raise PromoterError(
            ReasonCode.REQUEST_INVALID,
            say("MLflow cannot list the versions of ", quote(model), ", which holds both kinds of quotes"),
            hint=say("Rename the registered model: no promotion request can name it either."),
        )
    # A server leaves prompts out unless it is asked for them.
    prompts = f" AND tags.`{IS_PROMPT}` = 'true'" if kind is Kind.PROMPT else ""
    return f"name = {mark}{model}{mark}{prompts}"
