"""Commits, trees, blobs and file changes as GitHub's JSON."""

import base64
import textwrap

from promoter.demo.github.git import Commit, FileChange, Signature, StoredObject, TreeEntry
from promoter.demo.github.show_repository import Json, node_id, show_user, timestamp
from promoter.demo.github.view import View, escaped

_UNSIGNED: Json = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}
_BASE64_WIDTH = 60
INLINE_LIMIT = 1024 * 1024


def encoded(content: bytes) -> str:
    """Bytes as GitHub sends them: base64 in short lines."""
    lines = textwrap.wrap(base64.b64encode(content).decode(), _BASE64_WIDTH)
    return "".join(f"{line}\n" for line in lines)


def _signed(signature: Signature) -> Json:
    return {"name": signature.name, "email": signature.email, "date": timestamp(signature.when)}


def _account(view: View, signature: Signature) -> Json | None:
    user = view.state.user_of(signature)
    return show_user(view, user) if user else None


def show_commit(view: View, commit: Commit) -> Json:
    """A commit as the commits routes show it."""
    api, page = view.repository, view.page
    mine = f"{api}/commits/{commit.sha}"
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", commit.sha),
        "commit": {
            "author": _signed(commit.author),
            "committer": _signed(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
            "url": f"{api}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": _UNSIGNED,
        },
        "url": mine,
        "html_url": f"{page}/commit/{commit.sha}",
        "comments_url": f"{mine}/comments",
        "author": _account(view, commit.author),
        "committer": _account(view, commit.committer),
        "parents": [
            {"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{page}/commit/{sha}"}
            for sha in commit.parents
        ],
    }


def show_git_commit(view: View, commit: Commit) -> Json:
    """A commit as the git database shows it: without accounts."""
    api, page = view.repository, view.page
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", commit.sha),
        "url": f"{api}/git/commits/{commit.sha}",
        "html_url": f"{page}/commit/{commit.sha}",
        "author": _signed(commit.author),
        "committer": _signed(commit.committer),
        "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
        "message": commit.message,
        "parents": [
            {"sha": sha, "url": f"{api}/git/commits/{sha}", "html_url": f"{page}/commit/{sha}"}
            for sha in commit.parents
        ],
        "verification": _UNSIGNED,
    }


def show_change(view: View, change: FileChange, *, at: str) -> Json:
    """One file of a comparison. Patches are left out, as GitHub does for files it finds too large."""
    api, page = view.repository, view.page
    path = escaped(change.path)
    shown: Json = {
        "sha": change.sha,
        "filename": printable(change.path),
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{page}/blob/{at}/{path}",
        "raw_url": f"{page}/raw/{at}/{path}",
        "contents_url": f"{api}/contents/{path}?ref={at}",
    }
    if change.previous_path is not None:
        shown["previous_filename"] = printable(change.previous_path)
    return shown


def printable(path: str) -> str:
    """A path as JSON can carry it: bytes that are no UTF-8 become replacement characters."""
    return path.encode(errors="surrogateescape").decode(errors="replace")


def show_tree_entry(view: View, entry: TreeEntry) -> Json:
    """One line of a tree; a submodule has no address."""
    api = view.repository
    shown: Json = {"path": printable(entry.path), "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
    if entry.size is not None:
        shown["size"] = entry.size
    if entry.kind != "commit":
        shown["url"] = f"{api}/git/{entry.kind}s/{entry.sha}"
    return shown


def show_blob(view: View, blob: StoredObject) -> Json:
    """A blob with its content."""
    return {
        "sha": blob.sha,
        "node_id": node_id("Blob", blob.sha),
        "size": len(blob.content),
        "url": f"{view.repository}/git/blobs/{blob.sha}",
        "content": encoded(blob.content),
        "encoding": "base64",
    }


def show_place(view: View, entry: TreeEntry, *, at: str) -> Json:
    """A file, folder, link or submodule as the contents route lists it."""
    api, page = view.repository, view.page
    path = escaped(entry.path)
    kinds = {"tree": "dir", "commit": "submodule"}
    kind = "symlink" if entry.mode == "120000" else kinds.get(entry.kind, "file")
    word = "tree" if entry.kind == "tree" else "blob"
    mine = f"{api}/contents/{path}?ref={at}"
    git = f"{api}/git/{word}s/{entry.sha}"
    shown_page = f"{page}/{word}/{at}/{path}"
    return {
        "name": printable(entry.path.rpartition("/")[2]),
        "path": printable(entry.path),
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": mine,
        "html_url": shown_page,
        "git_url": git,
        "download_url": f"{page}/raw/{at}/{path}" if entry.kind == "blob" else None,
        "type": kind,
        "_links": {"self": mine, "git": git, "html": shown_page},
    }


def show_file(place: Json, content: bytes) -> Json:
    """A place with what is in it: up to 1 MiB, or a link's target."""
    if place["type"] == "symlink":
        return {**place, "target": content.decode(errors="replace")}
    if len(content) > INLINE_LIMIT:
        return {**place, "content": "", "encoding": "none"}
    return {**place, "content": encoded(content), "encoding": "base64"}
