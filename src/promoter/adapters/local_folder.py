"""Files of a clone's working tree: listed, read, and written without ever leaving the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from hashlib import sha1
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from promoter.adapters.git_listing import listed_by_git, trusts_modes
from promoter.core.files import REGULAR_FILE, FileEntry, matches
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_GIT = ".git"
_LINK, _EXECUTABLE, _CLONE = "120000", "100755", "160000"


class LocalFolder:
    """A `Folder` of init on disk. No symbolic link is followed, and nothing below `.git` is touched.

    `environ` is what git is started with.
    """

    def __init__(self, root: Path, *, environ: Mapping[str, str]) -> None:
        self._root = root.resolve()
        self._environ = environ

    def listed(self, pattern: str) -> tuple[tuple[FileEntry, bytes], ...]:
        """Every file that matches the glob, sorted by path; a link's content is none.

        In a clone these are the files that git would commit; elsewhere all that lie there.
        """
        fixed = pattern.partition("*")[0].partition("?")[0]
        start = fixed.rpartition("/")[0] if fixed != pattern else pattern
        noted: Mapping[str, str | None] | None = listed_by_git(self._root, start, environ=self._environ)
        if noted is None:
            noted = dict.fromkeys(self._walked(fixed.rpartition("/")[0]))
        found = []
        for name, mode in noted.items():
            # As git's own listings are read: a name that is no UTF-8 is matched, and told, with U+FFFD.
            path = os.fsencode(name).decode("utf-8", "replace")
            if matches(path, pattern) and self._is_reached(name):
                found.append(self._entry(name, path, noted=mode))
        return tuple(sorted((one for one in found if one), key=lambda one: one[0].path))

    def _walked(self, start: str) -> list[str]:
        """Every file and link below a folder, links to folders too."""
        found = []
        for folder, folders, names in os.walk(self._root / start, followlinks=False):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            found += [Path(folder, name).relative_to(self._root).as_posix() for name in (*names, *links)]
        return found

    def _is_reached(self, name: str) -> bool:
        """Whether no link and no `.git` is on the way: what lies behind one, git does not hold."""
        path = PurePosixPath(name)
        if _GIT in {part.casefold() for part in path.parts}:
            return False
        return not any((self._root / way).is_symlink() for way in path.parents if way.name)

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
            _replace(file, data)
        except OSError as error:
            raise _refused(path, f"cannot be written: {error.strerror}") from error

    def _entry(self, name: str, path: str, *, noted: str | None) -> tuple[FileEntry, bytes] | None:
        """None of what is not there, or is neither file nor link; `noted` is the mode in git's index."""
        file = self._root / name
        try:
            status = file.lstat()
        except OSError:
            return None
        if stat.S_ISLNK(status.st_mode):
            return FileEntry(path=path, mode=_LINK, blob_id=""), b""
        if stat.S_ISDIR(status.st_mode) and noted == _CLONE:
            return FileEntry(path=path, mode=_CLONE, blob_id=""), b""
        if not stat.S_ISREG(status.st_mode):
            return None
        data = file.read_bytes()
        # git's own name of the content, so that entries compare as those of a commit do
        blob_id = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        mode = self._mode(_EXECUTABLE if status.st_mode & stat.S_IXUSR else REGULAR_FILE, noted=noted)
        return FileEntry(path=path, mode=mode, blob_id=blob_id, size=len(data)), data

    def _mode(self, on_disk: str, *, noted: str | None) -> str:
        """The mode that git would commit: where it trusts no disk, a new file is an ordinary one."""
        if noted is None or on_disk == (noted or REGULAR_FILE):
            return on_disk
        return on_disk if trusts_modes(self._root, environ=self._environ) else noted or REGULAR_FILE

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


def _replace(file: Path, data: bytes) -> None:
    """By a new file beside it, which is left behind in no case."""
    with NamedTemporaryFile(dir=file.parent, prefix=".promoter-", delete=False) as made:
        new = Path(made.name)
        try:
            made.write(data)
            made.flush()
            new.chmod(stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o644)
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)


def _refused(path: str, why: str) -> PromoterError:
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("the file ", quote(path), f" {why}"),
        hint=say("Move what is in its way, then run this again."),
    )
