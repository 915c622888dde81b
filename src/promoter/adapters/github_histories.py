"""The changes of many paths in few questions: REST lists those of one path a request, GraphQL of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promoter.adapters.github_answers import maybe_text, records, text
from promoter.adapters.github_connection import GitHubConnection

# GitHub walks the history once for each, and gives a question ten seconds.
BATCH = 10


class GitHubHistories:
    """Which commits changed each of several paths, as the list of commits for a path tells it."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection

    def of(self, commit: str, paths: Sequence[str], *, limit: int) -> Mapping[str, Mapping[str, str]] | None:
        """Path → the commits that changed it, newest first, at most `limit` (100 is the most GitHub gives),
        each with when it was made, in ISO 8601.

        None where GraphQL does not answer.
        """
        found: dict[str, Mapping[str, str]] = {}
        for start in range(0, len(paths), BATCH):
            batch = paths[start : start + BATCH]
            answer = self._ask(commit, batch, limit=limit)
            if answer is None:
                return None
            for at, path in enumerate(batch):
                nodes = records(answer, f"h{at}", "nodes")[:limit]
                found[path] = {text(node, "oid"): maybe_text(node, "committedDate") or "" for node in nodes}
        return found

    def _ask(self, commit: str, paths: Sequence[str], *, limit: int) -> object:
        """The commit with a field for each path; None where it is not told about."""
        declared = "".join(f", $p{at}: String!" for at in range(len(paths)))
        fields = " ".join(
            f"h{at}: history(first: $limit, path: $p{at}) {{ nodes {{ oid committedDate }} }}"
            for at in range(len(paths))
        )
        query = (
            f"query($owner: String!, $name: String!, $commit: GitObjectID!, $limit: Int!{declared}) "
            "{ repository(owner: $owner, name: $name) { object(oid: $commit) { oid ... on Commit "
            f"{{ {fields} }} }} }} }}"
        )
        variables: dict[str, object] = {
            "owner": self._connection.owner,
            "name": self._connection.name,
            "commit": commit,
            "limit": limit,
            **{f"p{at}": path for at, path in enumerate(paths)},
        }
        data = self._connection.query(query, variables, what=f"reading the history of {len(paths)} files")
        repository = data.get("repository") if data else None
        found = repository.get("object") if isinstance(repository, Mapping) else None
        return found if maybe_text(found, "oid") == commit else None
