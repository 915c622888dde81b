"""MLflow's failures in our words: what failed, why you see this, what to do.

A server's text is cut to its first line, redacted and quoted: what follows the first line of a database's
error is SQL and rows of data.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType

from promoter.adapters.mlflow_address import Addresses
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, Quoted, quote, say

_ABSENT = "RESOURCE_DOES_NOT_EXIST"
_RACE = re.compile(r"UNIQUE constraint|UniqueViolation|duplicate key|Duplicate entry", re.IGNORECASE)
_LONGEST_TEXT = 4_000
_LONGEST_READ = 20_000
# Clients of artifact stores raise classes of their own that derive from nothing but Exception.
_STORAGE_ERRORS = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    # A refused upload: it derives from neither.
    ("boto3.exceptions", "Boto3Error"),
    ("google.api_core.exceptions", "GoogleAPIError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    # Of uploads and downloads in parts, by the client's age.
    ("google.resumable_media.common", "InvalidResponse"),
    ("google.resumable_media.common", "DataCorruption"),
    ("google.cloud.storage.exceptions", "InvalidResponse"),
    ("google.cloud.storage.exceptions", "DataCorruption"),
    ("azure.core.exceptions", "AzureError"),
    ("urllib3.exceptions", "HTTPError"),
    ("sqlalchemy.exc", "SQLAlchemyError"),
)
_AGAIN = say("Nothing was decided; look at the server's log and run the job again.")


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What a word of the server's means; what it wrote is quoted behind `why`."""

    reason: ReasonCode
    why: str
    hint: Message


_CREDENTIALS = _Told(
    reason=ReasonCode.PERMISSION_DENIED,
    why="the server does not accept the credentials (HTTP 401)",
    hint=say(
        "Give this job MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, ",
        "as secrets.",
    ),
)
_TOLD = {
    "UNAUTHENTICATED": _CREDENTIALS,
    "CUSTOMER_UNAUTHORIZED": _CREDENTIALS,
    "PERMISSION_DENIED": _Told(
        reason=ReasonCode.PERMISSION_DENIED,
        why="it does not exist, or these credentials may not use it (HTTP 403 means either)",
        hint=say(
            "Check the name. Reading needs the permission READ; moving an alias and writing tags, EDIT."
        ),
    ),
    _ABSENT: _Told(
        reason=ReasonCode.VERSION_NOT_FOUND,
        why="the registry has no such thing",
        hint=say("Names are exact, capitals too. Correct the promotion request."),
    ),
    "INVALID_PARAMETER_VALUE": _Told(
        reason=ReasonCode.REQUEST_INVALID,
        why="the registry refuses it",
        hint=say("Correct the promotion request."),
    ),
}
_WRONG_HOST = _Told(
    reason=ReasonCode.REGISTRY_UNAVAILABLE,
    why="the server does not answer to the host name it was asked under (HTTP 403)",
    hint=say("Start it with --allowed-hosts and that name (MLFLOW_SERVER_ALLOWED_HOSTS)."),
)
_NO_SUCH_KIND = _Told(
    reason=ReasonCode.USAGE_INVALID,
    why="MLflow knows no registry of that kind",
    hint=say("Correct the `tracking-uri` or `registry-uri` input, or install the plugin it needs."),
)


@dataclass(frozen=True, kw_only=True)
class _Case:
    """What a failure between us and the server means, by MLflow's and urllib3's own words for it."""

    pattern: re.Pattern[str]
    why: str
    hint: Message


def _case(pattern: str, why: str, *, hint: Message = _AGAIN) -> _Case:
    return _Case(pattern=re.compile(pattern, re.IGNORECASE), why=why, hint=hint)


# Read top to bottom; `{0}` is the pattern's first group. Never matched on what a server wrote.
_CASES = (
    _case(
        r"too many (429) error responses",
        "it kept answering HTTP {0}: too many requests",
        hint=say("Nothing was decided; run the job again later."),
    ),
    _case(r"too many (\d{3}) error responses", "it kept answering HTTP {0}"),
    _case(
        r"failed to resolve|name or service not known|name resolution",
        "its host name is not known here",
        hint=say("Check the address. A private name may be known only inside your network."),
    ),
    _case(
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "its TLS certificate was not accepted",
        hint=say("Set MLFLOW_TRACKING_SERVER_CERT_PATH to the authority's certificate."),
    ),
    _case(
        r"refused|failed to establish|unreachable",
        "nothing answers there",
        hint=say(
            "Check that the server runs and that the address is right. ",
            "Inside a container `localhost` is the container itself.",
        ),
    ),
    _case(r"timed out|timeout", "it did not answer in time, however often it was asked"),
    _case(r"reset by peer|aborted|disconnected|incomplete|broken", "it broke the connection off"),
    _case(
        r"error code (3\d\d) ",
        "it sends callers elsewhere (HTTP {0}), which is not followed",
        hint=say(
            "Use the address it sends to, if that is your server; a login page in front of it cannot work."
        ),
    ),
    _case(
        r"error code (404) ",
        "there is no MLflow at that address (HTTP {0})",
        hint=say("Check the address, and a path such as /mlflow if the server has one."),
    ),
    _case(r"error code (\d{3}) ", "it answered HTTP {0}, which is not MLflow's way"),
    _case(
        r"valid JSON|ParseError|Failed to parse",
        "its answer is not MLflow's",
        hint=say("Look at the address in a browser: a proxy or a login page may stand in front of it."),
    ),
    _case(
        r"database schema",
        "its database is of another MLflow version",
        hint=say(
            "Use the MLflow version that wrote it, or upgrade it: mlflow db upgrade. Promoter never does."
        ),
    ),
    _case(
        r"No module named '?([\w.]+)",
        "reading it needs the Python package {0}, which is not installed",
        hint=say("Install it beside Promoter, or let the tracking server serve its artifacts."),
    ),
)


def failures(modules: Mapping[str, ModuleType] | None = None) -> tuple[type[Exception], ...]:
    """The exceptions that mean "it did not answer, or not in a way we understand".

    `modules` are the imported ones (`sys.modules` unless given).
    """
    loaded = sys.modules if modules is None else modules
    # MLflow wraps most failures; a garbled answer surfaces as a protobuf or a built-in error.
    known = (
        ("mlflow.exceptions", "MlflowException"),
        ("google.protobuf.json_format", "ParseError"),
        *_STORAGE_ERRORS,
    )
    # A client of another age may lack a class.
    there = ((loaded[module], name) for module, name in known if hasattr(loaded.get(module), name))
    found = tuple(getattr(module, name) for module, name in there)
    return (*found, OSError, ValueError, TypeError, KeyError, AttributeError, ImportError)


def is_absence(error: BaseException) -> bool:
    """Whether MLflow itself said that the thing does not exist: the only proof of absence there is."""
    return _code(error) == _ABSENT


def is_race(error: BaseException) -> bool:
    """Whether a database refused because another client wrote the same row at the same moment."""
    return _RACE.search(str(error)) is not None


def explain(error: BaseException, *, doing: Message, addresses: Addresses) -> PromoterError:
    """The error a user meets. `doing` says what was tried: "reading the aliases of `churn`"."""
    told = _told(error)
    case = None if told else _case_of(error, addresses)
    if told is not None:
        reason, why, hint = told.reason, say(told.why, ": ", _said(error, addresses)), told.hint
    elif case is not None:
        reason, why, hint = ReasonCode.REGISTRY_UNAVAILABLE, say(case.why), case.hint
    else:
        why = say("it said: ", _said(error, addresses))
        reason, hint = ReasonCode.REGISTRY_UNAVAILABLE, _AGAIN
    message = say(*doing.parts, " failed at ", quote(addresses.shown), ": ", *why.parts)
    return PromoterError(reason, message, hint=hint)


def _said(error: BaseException, addresses: Addresses) -> Quoted:
    """What the server wrote, without MLflow's words around it."""
    line = _first_line(error, addresses)
    return quote(line.partition("Response body: ")[2].strip("'") or line)


def _told(error: BaseException) -> _Told | None:
    if "Invalid Host header" in str(error):
        return _WRONG_HOST
    if type(error).__name__.startswith("Unsupported"):
        return _NO_SUCH_KIND
    return _TOLD.get(_code(error))


def _case_of(error: BaseException, addresses: Addresses) -> _Case | None:
    if hasattr(error, "json"):
        return None  # MLflow's RestException: all of its text is the server's
    # Before "Caused by" stands the address asked, with the model's name; behind "Response body", theirs.
    text = _first_line(error, addresses).partition("Response body")[0].rpartition("Caused by")[2]
    ours = f"{type(error).__name__}: {text}"
    for case in _CASES:
        match = case.pattern.search(ours)
        if match:
            return replace(case, why=case.why.format(*match.groups()))
    return None


def _code(error: BaseException) -> str:
    return str(getattr(error, "error_code", ""))


def _text(error: BaseException, addresses: Addresses) -> str:
    # Redacted before it is cut, so that no cut runs through a secret.
    return addresses.redact(str(error)[:_LONGEST_READ])[:_LONGEST_TEXT]


def _first_line(error: BaseException, addresses: Addresses) -> str:
    lines = _text(error, addresses).strip().splitlines()
    return lines[0] if lines else type(error).__name__
