"""The data of a run: what many requests are judged by is fetched, digested and looked through once."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promoter.evaluation.dataset import Dataset, DatasetSpec

# Files may be as large as the disk has room for, and requests come sorted by model: two rarely take turns.
MOST_KEPT = 2


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """A file as it was fetched, and what was opened of it. `remove` deletes it."""

    path: Path
    seal: tuple[int, ...]
    remove: Callable[[], object]
    opened: dict[DatasetSpec, Dataset] = field(default_factory=dict)


class KeptData:
    """Files by name and commit, the newest MOST_KEPT of them, for as long as this is there."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], _Kept] = {}

    def file(self, name: str, commit: str, *, fetch: Callable[[Path], Path]) -> Path:
        """The data's file; `fetch` puts it into a folder. One that was touched since is fetched again: nobody
        but us has a reason to. Raises what `fetch` raises."""
        kept = self._files.pop((name, commit), None)
        if kept is not None and _seal(kept.path) != kept.seal:
            kept.remove()
            kept = None
        if kept is None:
            for oldest in list(self._files)[: max(len(self._files) - MOST_KEPT + 1, 0)]:
                self._files.pop(oldest).remove()
            kept = self._fetched(fetch)
        self._files[name, commit] = kept
        return kept.path

    def _fetched(self, fetch: Callable[[Path], Path]) -> _Kept:
        folder = tempfile.mkdtemp(prefix="promoter-data-")
        # A fetch that was given up may still write there while it is removed.
        remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        with ExitStack() as undo:
            undo.callback(remove)
            path = fetch(Path(folder))
            undo.pop_all()
        return _Kept(path=path, seal=_seal(path), remove=remove)

    def dataset(self, spec: DatasetSpec, *, opened: Callable[[DatasetSpec], Dataset]) -> Dataset:
        """The file of the spec, opened once for each way of looking at it. Raises what `opened` raises."""
        kept = next(one for one in self._files.values() if one.path == spec.path)
        if spec not in kept.opened:
            kept.opened[spec] = opened(spec)
        return kept.opened[spec]


def _seal(path: Path) -> tuple[int, ...]:
    """What the kernel knows of a file; its time of change is set by no program. Empty where it is gone."""
    try:
        known = path.stat()
    except OSError:
        return ()
    return (known.st_ino, known.st_size, known.st_ctime_ns)
