"""What an index offers today for a model's requirements: uv's lock, made to use the wheels that we have.

uv resolves against the index and writes each wheel's address and sha256. Where we hold a wheel of that
sha256, its address becomes a path; all others uv fetches itself, with whatever credentials it was given. uv
checks every file against the lock once more.
"""

from __future__ import annotations

import re
import tomllib
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from promoter.evaluation.sandbox.wheels import Kept, Wheel, copied
from promoter.ports import TimeLeft

_PLAIN_URL = re.compile(r"https?://[\w.:/~%+=&?,@!-]+", re.ASCII)
_PLAIN_NAME = re.compile(r"[\w.+!-]+\.whl", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SILENCE = 20.0

Fetch = Callable[[Wheel, Path], bool]
"""Fetches a wheel into a new file, if that can be done; whether it was, and is what the lock says."""


def wheels_of(lock: str) -> list[Wheel]:
    """One wheel for each package: the one that uv takes for the Python that runs this."""
    rank = {str(tag): at for at, tag in enumerate(sys_tags())}
    chosen: list[Wheel] = []
    for package in tomllib.loads(lock).get("packages", ()):
        ranked = [
            (best, at, wheel)
            for at, wheel in enumerate(_wheels(package))
            if (best := _rank(wheel, rank)) >= 0
        ]
        if ranked:
            chosen.append(min(ranked)[-1])
    return chosen


def _wheels(package: Mapping[str, Any]) -> Iterator[Wheel]:
    """Those whose address, name and digest are of the usual form; others are left to uv."""
    for entry in package.get("wheels", ()):
        url, sha256 = str(entry.get("url", "")), str(entry.get("hashes", {}).get("sha256", ""))
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        if _PLAIN_URL.fullmatch(url) and _PLAIN_NAME.fullmatch(name) and _SHA256.fullmatch(sha256):
            size = entry.get("size")
            yield Wheel(name=name, url=url, sha256=sha256, size=size if isinstance(size, int) else None)


def _rank(wheel: Wheel, rank: Mapping[str, int]) -> int:
    """How well it suits this Python, 0 best; -1 where it does not run."""
    try:
        tags = parse_wheel_filename(wheel.name)[-1]
    except InvalidWheelFilename:
        return -1
    return min((rank[str(tag)] for tag in tags if str(tag) in rank), default=-1)


def localised(lock: str, folder: Path, *, kept: Kept, fetch: Fetch) -> str:
    """The lock with paths for the wheels that `kept` has, or gets now; the files are below `folder`."""
    for wheel in wheels_of(lock):
        # A folder for each: two wheels never meet, whatever their names are.
        target = folder / wheel.sha256 / wheel.name
        target.parent.mkdir(parents=True, exist_ok=True)
        held = kept.take(wheel, target)
        if not held and fetch(wheel, target):
            kept.put(wheel, target)
            held = True
        if held:
            lock = lock.replace(f'url = "{wheel.url}"', f'path = "{target.relative_to(folder.parent)}"')
    kept.prune()
    return lock


class _Timed:
    """An answer, read as it comes. Raises TimeoutError when the run's time is over."""

    def __init__(self, answer: HTTPResponse, deadline: TimeLeft) -> None:
        self._answer = answer
        self._deadline = deadline

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        if self._deadline.remaining() <= 0:
            raise TimeoutError("the run's time is over")
        return self._answer.read1(size)


def fetch_over(variables: Mapping[str, str], deadline: TimeLeft) -> Fetch:
    """Fetches without any credentials, through the proxy that is named; what asks for a password is uv's."""
    proxies = {
        scheme: address
        for scheme in ("http", "https")
        if (address := variables.get(f"{scheme}_proxy") or variables.get(f"{scheme.upper()}_PROXY"))
    }
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))

    def fetch(wheel: Wheel, target: Path) -> bool:
        if urlsplit(wheel.url).username is not None:
            return False
        try:
            with opener.open(wheel.url, timeout=_SILENCE) as answer:
                return copied(_Timed(answer, deadline), target, wheel=wheel)
        except (OSError, HTTPException, ValueError):
            target.unlink(missing_ok=True)
            return False

    return fetch
