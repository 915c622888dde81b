"""What the image installs, as a CycloneDX document: `python -m scripts.release_sbom VERSION EPOCH`.

Made from the lock alone, so it is the same on every machine and needs no engine: the Python packages that
requirements/image.txt installs on Linux, each with the digests that pip accepts. BuildKit's own document is
attested at a release, with Debian's packages too (docs/adr/0007).
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.markers import Marker

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "image.txt"
# What `python:3.12-slim` tells pip; x86_64 stands for both platforms, whose wheels the lock holds alike.
IMAGE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.12.0",
    "python_version": "3.12",
    "sys_platform": "linux",
}
_ENTRY = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\\n]+))?", re.MULTILINE
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str, environment: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Each package of a hash-pinned lock that an environment installs, in CycloneDX's form."""
    entries = list(_ENTRY.finditer(lock))
    ends = [entry.start() for entry in entries[1:]] + [len(lock)]
    # Not strict: a lock without any entry still ends somewhere.
    for entry, end in zip(entries, ends, strict=False):
        marker = entry["marker"]
        if marker is None or Marker(marker.strip()).evaluate(dict(environment)):
            yield _component(entry["name"], entry["version"], hashes=_HASH.findall(lock[entry.end() : end]))


def document(lock: str, *, version: str, epoch: int) -> str:
    """The whole document as JSON. `epoch` is its date in seconds since 1970: the commit's."""
    packages = list(components(lock, IMAGE))
    if not packages:
        raise SystemExit("release: the lock names no package")
    itself = {"bom-ref": "promoter", "name": "promoter", "type": "application", "version": version}
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z"),
            "component": {**itself, "purl": f"pkg:pypi/promoter@{version}"},
        },
        "components": packages,
        "dependencies": [{"ref": "promoter", "dependsOn": [package["bom-ref"] for package in packages]}],
    }
    # A serial number that follows from the content: two runs give one document.
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return json.dumps({**content, "serialNumber": f"urn:uuid:{serial}"}, indent=2) + "\n"


def _component(name: str, version: str, *, hashes: Sequence[str]) -> dict[str, Any]:
    if not hashes:
        raise SystemExit(f"release: {name} has no hash in the lock")
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    # Not `hashes`, which would say that all are of one file: pip accepts any of these.
    accepted = [{"name": "promoter:accepted-sha256", "value": one} for one in hashes]
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "properties": accepted,
    }


def main(arguments: Sequence[str]) -> None:
    """Print the document of the image's lock."""
    version, epoch = arguments
    print(document(LOCK.read_text(encoding="utf-8"), version=version, epoch=int(epoch)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
