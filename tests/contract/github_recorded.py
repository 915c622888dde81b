"""Judges what `github_recording.py` kept: each kind of exchange, held to GitHub's own descriptions.

    judged = judge(folder)
    judged.line      # "GitHub calls: 5210 exchanges, 431 distinct, 48 routes, all as GitHub describes them"
    judged.wrong     # what is wrong with which route, and the test that made it first

The request counts in all of them. The answer counts where it is GitHub's own: what a test injects is marked
as such where it is made, and so is what a test asks wrongly on purpose.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import graphql

from tests.contract.github_recording import Client, Heard, Said
from tests.contract.github_spec import Exchange, GitHubSpec
from tests.docs.github_routes import ROUTES_WE_CALL

_GRAPHQL = "/graphql"


@dataclass(frozen=True, kw_only=True)
class Described:
    """GitHub's descriptions; `queries` is called when there is a query to judge, None: it cannot be had."""

    rest: GitHubSpec
    queries: Callable[[], graphql.GraphQLSchema | None]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What all processes kept together: one of each kind, and how often each route was asked by whom."""

    kinds: Sequence[Heard]
    counts: Counter[str]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What came of it; `routes`: method and template → how often Promoter itself asked."""

    exchanges: int
    distinct: int
    routes: Counter[str]
    wrong: tuple[str, ...]
    unread: int

    @property
    def line(self) -> str:
        """All of it in one line."""
        verdict = f"{len(self.wrong)} NOT" if self.wrong else "all"
        unread = f" ({self.unread} GraphQL queries not judged: no schema)" if self.unread else ""
        return (
            f"GitHub calls: {self.exchanges} exchanges, {self.distinct} distinct, {len(self.routes)} routes, "
            f"{verdict} as GitHub describes them{unread}"
        )


def read(folder: Path) -> Recorded:
    """What the processes left in the folder."""
    kinds: dict[str, Heard] = {}
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            kept = json.loads(line)
            heard = Heard(**{**kept, "client": Client(kept["client"]), "said": Said(kept["said"])})
            kinds.setdefault(heard.kind, heard)
    counts: Counter[str] = Counter()
    for file in sorted(folder.glob("*.counts")):
        counts.update(json.loads(file.read_text(encoding="utf-8")))
    return Recorded(kinds=tuple(kinds.values()), counts=counts)


def judge(recorded: Recorded, described: Described) -> Judged:
    """Hold every kind of exchange to GitHub's descriptions, and every route of ours to our own page."""
    queries = [heard for heard in recorded.kinds if heard.route.endswith(_GRAPHQL) and not heard.purpose]
    schema = described.queries() if queries else None
    wrong: dict[str, str] = {}
    for heard in recorded.kinds:
        if not heard.purpose:
            for what in (*_complaints(heard, described.rest), *_of_query(heard, schema), *_untold(heard)):
                wrong.setdefault(what, heard.test or "no test")
    who = f"{Client.PRODUCT} "
    ours = {key: count for key, count in recorded.counts.items() if key.startswith(who)}
    return Judged(
        exchanges=recorded.counts.total(),
        distinct=len(recorded.kinds),
        routes=Counter({key.removeprefix(who): count for key, count in ours.items()}),
        wrong=tuple(f"{what}\n    first made by {test}" for what, test in wrong.items()),
        unread=len(queries) if schema is None else 0,
    )


def _complaints(heard: Heard, spec: GitHubSpec) -> Iterator[str]:
    sides = {"request", "answer"} if heard.said is Said.GITHUB else {"request"}
    exchange = Exchange(
        method=heard.method,
        url=heard.url,
        sent=heard.sent.encode(),
        status=heard.status,
        kind=heard.content_type,
        received=heard.received.encode(),
    )
    for violation in spec.violations([exchange]):
        if violation.side in sides:
            yield f"{heard.route} ({heard.status or 'injected'}), {violation.side}: {violation.what}"


def _of_query(heard: Heard, schema: graphql.GraphQLSchema | None) -> Iterator[str]:
    if schema is None or not heard.route.endswith(_GRAPHQL):
        return
    try:
        sent: Any = json.loads(heard.sent)
        errors = graphql.validate(schema, graphql.parse(sent["query"]))
    except (ValueError, KeyError, TypeError, graphql.GraphQLError) as error:
        yield f"{heard.route}, query: {error}"
        return
    for one in errors:
        yield f"{heard.route}, query: {one.message}"


def _untold(heard: Heard) -> Iterator[str]:
    if heard.client is Client.PRODUCT and heard.route not in ROUTES_WE_CALL:
        yield f"{heard.route}: docs/github-calls.md lacks it; add it to tests/docs/github_routes.py"
