"""Files of a clone's working tree: listed, read, and written without ever leaving the folder."""

from __future__ import annotations

import os
import stat
from hashlib import sha1
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from promoter.core.files import REGULAR_FILE, FileEntry, matches
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_GIT = ".git"
_LINK, _EXECUTABLE = "120000", "100755"


class LocalFolder:
    """A `Folder` of init on disk. No symbolic link is followed, and nothing below `.git` is touched."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def listed(self, pattern: str) -> tuple[tuple[FileEntry, bytes], ...]:
        """Every file that matches the glob, sorted by path; a link's content is none."""
        fixed = PurePosixPath(pattern.partition("*")[0].partition("?")[0]).parts
        start = self._root.joinpath(*fixed)
        start = start if start.is_dir() else start.parent
        found = []
        for folder, folders, names in os.walk(start, followlinks=False):
            folders[:] = [name for name in folders if name != _GIT]
            for name in names:
                path = Path(folder, name)
                relative = path.relative_to(self._root).as_posix()
                if matches(relative, pattern):
                    found.append(self._entry(path, relative))
        return tuple(sorted(found, key=lambda one: one[0].path))

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None where nothing is there. Raises USAGE_INVALID for what is no plain file."""
        file = self._inside(path)
        if file.is_symlink() or (file.exists() and not file.is_file()):
            raise _refused(path, "is no regular file")
        return file.read_bytes() if file.exists() else None

    def write(self, path: str, data: bytes) -> None:
        """The whole file at once, or nothing of it."""
        file = self._inside(path)
        self.read(path)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=file.parent, prefix=".promoter-", delete=False) as made:
                made.write(data)
            new = Path(made.name)
            new.chmod(stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o644)
            new.replace(file)
        except OSError as error:
            raise _refused(path, f"cannot be written: {error.strerror}") from error

    def _entry(self, path: Path, relative: str) -> tuple[FileEntry, bytes]:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return FileEntry(path=relative, mode=_LINK, blob_id=""), b""
        data = path.read_bytes() if stat.S_ISREG(mode) else b""
        kind = _EXECUTABLE if mode & stat.S_IXUSR else REGULAR_FILE
        # git's own name of the content, so that entries compare as those of a commit do
        blob_id = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        return FileEntry(path=relative, mode=kind, blob_id=blob_id, size=len(data)), data

    def _inside(self, path: str) -> Path:
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or _GIT in {part.casefold() for part in parts}:
            raise _refused(path, "is not inside the repository")
        file = self._root
        for part in parts[:-1]:
            file = file / part
            if file.is_symlink() or (file.exists() and not file.is_dir()):
                raise _refused(path, f"leads through {part}, which is no plain folder")
        return file / parts[-1]


def _refused(path: str, why: str) -> PromoterError:
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("the file ", quote(path), f" {why}"),
        hint=say("Move what is in its way, then run this again."),
    )
