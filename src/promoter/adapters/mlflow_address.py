"""Where a registry is: which addresses are asked, and how one is shown without its password."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from urllib.parse import quote as percent_encoded
from urllib.parse import unquote, urlsplit

from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

_HIDDEN = "***"
_USERINFO = re.compile(r"(?<=://)\S*@")
# A signed address of a store is a key to it for as long as it is valid.
_QUERY = re.compile(r"(?<=\?)[\w.~%+-]+=[^\s'\"<>)\]]*")
# What is shorter would cut words of ours and of others to pieces.
_SHORTEST_SECRET = 4
_SET_IT = say(
    "Set the `tracking-uri` input or the variable MLFLOW_TRACKING_URI to the registry's address, ",
    "for example https://mlflow.example.com.",
)


class Kind(StrEnum):
    """How a registry is reached."""

    SERVER = "server"
    SQLITE = "sqlite"
    DATABASE = "database"
    DATABRICKS = "databricks"
    PLUGIN = "plugin"


_KINDS = {
    "http": Kind.SERVER,
    "https": Kind.SERVER,
    "sqlite": Kind.SQLITE,
    "postgresql": Kind.DATABASE,
    "mysql": Kind.DATABASE,
    "mssql": Kind.DATABASE,
    "databricks": Kind.DATABRICKS,
    "databricks-uc": Kind.DATABRICKS,
    "uc": Kind.DATABRICKS,
}
_IN_SQL = frozenset({Kind.SQLITE, Kind.DATABASE})


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where runs (`tracking`) and registered models (`registry`) live; neither is ever empty.

    `secrets` are those that a server may be sent, and may repeat.
    """

    tracking: str
    registry: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def shown(self) -> str:
        """The registry's address without user name, password and query."""
        return without_secrets(self.registry)

    @property
    def is_databricks(self) -> bool:
        """Whether models are registered in Databricks, where some things are otherwise than at a server."""
        return kind_of(self.registry) is Kind.DATABRICKS

    def redact(self, text: str) -> str:
        """The text without any secret that is known, any `user:password@` and any address's query."""
        known = {*_secrets(self.tracking), *_secrets(self.registry), *self._given()}
        for secret in sorted(known, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return _QUERY.sub(_HIDDEN, _USERINFO.sub(f"{_HIDDEN}@", text))

    def _given(self) -> set[str]:
        """The secrets, and the forms in which they may be sent."""
        long = [secret for secret in self.secrets if len(secret) >= _SHORTEST_SECRET]
        encoded = {b64encode(secret.encode()).decode() for secret in long}
        return {*long, *encoded, *(percent_encoded(secret, safe="") for secret in long)}


def kind_of(uri: str) -> Kind:
    """How an address is reached; an unknown scheme is left to MLflow's plugins."""
    scheme = uri.partition(":")[0].partition("+")[0].casefold()
    return _KINDS.get(scheme, Kind.PLUGIN)


def without_secrets(uri: str) -> str:
    """An address that can be shown: no user name, no password, no query."""
    return _USERINFO.sub("", uri).partition("?")[0]


def holds(location: str, place: str) -> bool:
    """Whether a folder is one that `place` lies in; when in doubt it is. The same server and folder can be
    written with and without the server's name, with and without `file:`."""
    try:
        folder, inner = urlsplit(location), urlsplit(place)
    except ValueError:
        return False  # Nothing can lie there.
    if folder.netloc and inner.netloc and folder.netloc != inner.netloc:
        return False
    return PurePosixPath(unquote(inner.path)).is_relative_to(PurePosixPath(unquote(folder.path)))


def resolve(*, tracking_uri: str, registry_uri: str, has_module: Callable[[str], bool]) -> Addresses:
    """Both addresses, checked; MLflow's own rule where only one is given.

    `has_module` tells whether a package is installed. Raises USAGE_INVALID for what can never work, and
    REGISTRY_UNAVAILABLE for a SQLite file that is not there: MLflow would create an empty one.
    """
    tracking, registry = tracking_uri.strip(), registry_uri.strip()
    if not tracking:
        raise _unusable(say("no MLflow tracking URI is set; MLflow would use an empty database"), _SET_IT)
    addresses = Addresses(tracking=tracking, registry=registry or _registry_beside(tracking))
    for uri in dict.fromkeys((addresses.tracking, addresses.registry)):
        _check(uri, has_module)
    return addresses


def _registry_beside(tracking: str) -> str:
    """Databricks keeps models in Unity Catalog; everybody else beside the runs."""
    scheme, colon, rest = tracking.partition(":")
    return f"databricks-uc{colon}{rest}" if scheme == "databricks" else tracking


def _check(uri: str, has_module: Callable[[str], bool]) -> None:
    kind = kind_of(uri)
    try:
        urlsplit(uri)
    except ValueError as error:
        raise _unusable(say("the registry's address cannot be read: ", quote(error)), _SET_IT) from error
    if uri.startswith("file:") or (kind is Kind.PLUGIN and ":" not in uri):
        raise _unusable(
            say(
                "the address ",
                quote(without_secrets(uri)),
                " is a folder, which MLflow no longer keeps models in",
            ),
            say("Use the address of an MLflow server, or a database such as sqlite:////path/mlflow.db."),
        )
    if kind in _IN_SQL and not has_module("sqlalchemy"):
        raise _unusable(
            say("the address ", quote(without_secrets(uri)), " is a database, which needs the full MLflow"),
            say("Use the address of an MLflow server, or install it: pip install 'promoter[demo]'"),
        )
    if kind is Kind.SQLITE:
        _check_file(uri)


def _check_file(uri: str) -> None:
    path = sqlite_path(uri)
    if path is None:
        raise _unusable(
            say("the address ", quote(uri), " is a database in memory, which is empty in every process"),
            _SET_IT,
        )
    if not path.is_file():
        raise PromoterError(
            ReasonCode.REGISTRY_UNAVAILABLE,
            say("there is no SQLite file at ", quote(path)),
            hint=say("Check the path, and that it is mounted where this runs. Promoter never creates one."),
        )


def sqlite_path(uri: str) -> Path | None:
    """The file of a `sqlite:///…` address; None for a database in memory."""
    name = uri.partition("?")[0].partition(":///")[2].removeprefix("file:")
    return None if name in {"", ":memory:"} else Path(name)


def _unusable(message: Message, hint: Message) -> PromoterError:
    return PromoterError(ReasonCode.USAGE_INVALID, message, hint=hint)


def _secrets(uri: str) -> set[str]:
    """What an address holds that must not be shown: password and query, as written and decoded."""
    parts = urlsplit(uri)
    userinfo = parts.netloc.rpartition("@")[0]
    password = userinfo.partition(":")[2]
    return {
        text for secret in (userinfo, password, parts.query) for text in (secret, unquote(secret)) if text
    }
