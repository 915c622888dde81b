"""How a proposal is found again: its branch by the alias, and by its first line which version it is of."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, replace
from hashlib import sha256

from promoter.core.drift import Key
from promoter.core.model_version import ModelVersion
from promoter.core.proposal import BRANCHES

_DIGITS = 16
_LONGEST_SLUG = 48
_OWN_TAG = "promoter_"
_LINE = re.compile(r"<!-- promoter proposal of version [0-9]{1,10} ([A-Za-z0-9_-]{1,4000}) -->")
OPEN, _WITHDRAWN = "open", "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Runs over other requests, or by another policy, keep proposals of their own."""

    digest: str

    @classmethod
    def of(cls, requests: str, policy: str) -> Scope:
        """For the requests at a glob, judged by the policy at a path."""
        return cls(digest=_digest(requests, policy))

    def branch(self, key: Key) -> str:
        """The one branch of an alias: readable, and a digest, because names may hold anything."""
        slug = re.sub(r"[^a-z0-9]+", "-", "-".join(key).lower())[:_LONGEST_SLUG].strip("-")
        return f"{BRANCHES}propose-{slug}-{_digest(self.digest, *key)[:10]}"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What the first, hidden line of a proposal's body says: which version of what, and whether we closed it.

    Whoever may write to the repository can change it: then a version is proposed again, or not proposed.
    """

    scope: str
    key: Key
    version: str
    fingerprint: str
    state: str = OPEN

    @classmethod
    def of(cls, body: str) -> Mark | None:
        """None where there is no such line, or nobody of ours wrote it."""
        match = _LINE.fullmatch(body.partition("\n")[0].strip())
        if match is None:
            return None
        try:
            values = json.loads(base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)))
            scope, model, alias, version, fingerprint, state = (str(value) for value in values)
        except (binascii.Error, ValueError, TypeError, RecursionError):
            return None
        return cls(scope=scope, key=(model, alias), version=version, fingerprint=fingerprint, state=state)

    def line(self) -> str:
        """The line; what it says besides the version is for machines."""
        values = [self.scope, *self.key, self.version, self.fingerprint, self.state]
        text = base64.urlsafe_b64encode(json.dumps(values).encode()).decode("ascii").rstrip("=")
        return f"<!-- promoter proposal of version {self.version} {text} -->"

    def withdrawn(self) -> Mark:
        """The same, of one that we closed ourselves."""
        return replace(self, state=_WITHDRAWN)


def fingerprint(version: ModelVersion, *, policy_digest: str) -> str:
    """What a rejection was about. Tags that Promoter writes itself are no change of the version."""
    tags = sorted((key, value) for key, value in version.tags.items() if not key.startswith(_OWN_TAG))
    about = [version.source, version.run_id or "", str(version.created_at), version.description]
    return _digest(version.version, *about, json.dumps(tags), policy_digest)


def _digest(*parts: str) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()[:_DIGITS]
