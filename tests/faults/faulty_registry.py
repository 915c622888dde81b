"""The registry's database, seen and set back from outside: a second client that misses nothing.

A reader that asks now and then can miss a wrong value. Triggers of the database note every one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence

from tests.faults.model import Alias, Value

_WATCH = """
CREATE TABLE IF NOT EXISTS watched_aliases (model TEXT, alias TEXT, version INTEGER);
CREATE TRIGGER IF NOT EXISTS watch_insert AFTER INSERT ON registered_model_aliases BEGIN
  INSERT INTO watched_aliases VALUES (NEW.name, NEW.alias, NEW.version); END;
CREATE TRIGGER IF NOT EXISTS watch_update AFTER UPDATE ON registered_model_aliases BEGIN
  INSERT INTO watched_aliases VALUES (NEW.name, NEW.alias, NEW.version); END;
CREATE TRIGGER IF NOT EXISTS watch_delete AFTER DELETE ON registered_model_aliases BEGIN
  INSERT INTO watched_aliases VALUES (OLD.name, OLD.alias, NULL); END;
"""


class Watched:
    """One SQLite registry whose aliases are watched. `database` is SQLAlchemy's address."""

    def __init__(self, database: str) -> None:
        self._lock = threading.Lock()
        self._store = sqlite3.connect(
            database.removeprefix("sqlite:///"), timeout=60, check_same_thread=False, isolation_level=None
        )
        self._store.executescript(_WATCH)

    def close(self) -> None:
        """Let the database go."""
        self._store.close()

    def reset(
        self,
        held: Mapping[tuple[str, str], str | None],
        models: Iterable[str],
        *,
        tags: Mapping[tuple[str, str], Mapping[str, str]],
    ) -> None:
        """Give the models these aliases (model, alias → version) and no others, and of Promoter's tags these
        (model, version → tags)."""
        with self._lock:
            self._store.execute("BEGIN IMMEDIATE")
            for model in models:
                self._store.execute("DELETE FROM registered_model_aliases WHERE name = ?", (model,))
                self._store.execute(
                    "DELETE FROM model_version_tags WHERE name = ? AND key LIKE 'promoter@_%' ESCAPE '@'",
                    (model,),
                )
            for (model, alias), version in held.items():
                if version is not None:
                    self._store.execute(
                        "INSERT INTO registered_model_aliases (name, alias, version) VALUES (?, ?, ?)",
                        (model, alias, int(version)),
                    )
            for (model, version), own in tags.items():
                self._store.executemany(
                    "INSERT INTO model_version_tags (name, version, key, value) VALUES (?, ?, ?, ?)",
                    [(model, int(version), key, value) for key, value in own.items()],
                )
            self._store.execute("COMMIT")
        self.forget()

    def forget(self) -> None:
        """Begin to watch anew."""
        with self._lock:
            self._store.execute("DELETE FROM watched_aliases")

    def values(self) -> tuple[Value, ...]:
        """Every value an alias was given since."""
        rows = self._rows("SELECT model, alias, version FROM watched_aliases ORDER BY rowid")
        return tuple(
            Value(model=str(m), alias=str(a), version=None if v is None else str(v)) for m, a, v in rows
        )

    def live(self, aliases: Sequence[Alias]) -> dict[tuple[str, str], str | None]:
        """Who holds these now, and any other alias of their models."""
        found: dict[tuple[str, str], str | None] = {(alias.model, alias.name): None for alias in aliases}
        for model in {alias.model for alias in aliases}:
            ask = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
            found |= {(model, str(alias)): str(version) for alias, version in self._rows(ask, model)}
        return found

    def tags(self, aliases: Sequence[Alias]) -> dict[tuple[str, str], dict[str, str]]:
        """Model and version asked for → its tags."""
        ask = "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?"
        return {
            (alias.model, alias.new): {
                str(k): str(v) for k, v in self._rows(ask, alias.model, int(alias.new))
            }
            for alias in aliases
        }

    def _rows(self, ask: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._store.execute(ask, values).fetchall()
