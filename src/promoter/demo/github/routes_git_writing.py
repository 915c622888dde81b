"""Routes that write into git without a clone: blobs, trees, commits and branches."""

import base64
import binascii
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from promoter.demo.github.activity import Mover
from promoter.demo.github.exchange import Answer, Call, Refusal, json_answer
from promoter.demo.github.git import ZERO_SHA
from promoter.demo.github.routes_git import show_ref
from promoter.demo.github.show_git import show_git_commit, show_tree_entry
from promoter.demo.github.show_repository import Json

_SHA = re.compile(r"[0-9a-f]{40}")
_BRANCH_OR_TAG = re.compile(r"refs/(?:heads|tags)/[^\s~^:?*\[\\]+")


def add_blob(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/git/blobs: text, or bytes as base64."""
    asked = call.body()
    content = str(asked.get("content", ""))
    try:
        given = (
            base64.b64decode(content, validate=True)
            if asked.get("encoding") == "base64"
            else content.encode()
        )
    except binascii.Error as error:
        raise Refusal(422, "content is not valid Base64") from error
    sha = call.world.git.run("hash-object", "-w", "--stdin", stdin=given).decode().strip()
    address = f"{call.view.repository}/git/blobs/{sha}"
    return json_answer({"sha": sha, "url": address}, status=201, headers={"Location": address})


def add_tree(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/git/trees: entries over `base_tree`; a `sha` of null takes one away."""
    asked = call.body()
    base = str(asked.get("base_tree") or "")
    entries = asked.get("tree")
    if not isinstance(entries, list) or not entries:
        raise Refusal(422, "Invalid tree info")
    git = call.world.git
    if base and git.resolve(f"{base}^{{tree}}") is None:
        raise Refusal(404, "Not Found")
    lines = "".join(_index_line(call, entry) for entry in entries)
    with TemporaryDirectory(prefix="promoter-index-") as folder:
        environment = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        git.run("read-tree", *([f"{base}^{{tree}}"] if base else ["--empty"]), environment=environment)
        git.run("update-index", "--index-info", stdin=lines.encode(), environment=environment)
        sha = git.run("write-tree", environment=environment).decode().strip()
    address = f"{call.view.repository}/git/trees/{sha}"
    shown = [show_tree_entry(call.view, entry) for entry in git.tree(sha)]
    body = {"sha": sha, "url": address, "tree": shown, "truncated": False}
    return json_answer(body, status=201, headers={"Location": address})


def _index_line(call: Call, entry: Json) -> str:
    path, sha = str(entry.get("path", "")), entry.get("sha")
    if sha is None:
        return f"0 {ZERO_SHA}\t{path}\n"
    if not _exists(call, str(sha), kind="blob"):
        raise Refusal(422, f"tree.sha {sha} is not a valid blob")
    return f"{entry.get('mode', '100644')} {sha}\t{path}\n"


def _exists(call: Call, sha: str, *, kind: str) -> bool:
    found = call.world.git.objects([sha])[0] if _SHA.fullmatch(sha) else None
    return found is not None and found.kind == kind


def add_commit(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/git/commits: by whoever asks, unless an author is given."""
    asked = call.body()
    tree, parents = str(asked.get("tree", "")), asked.get("parents") or []
    if not _exists(call, tree, kind="tree"):
        raise Refusal(422, "Tree SHA does not exist")
    if not isinstance(parents, list) or not all(_exists(call, str(one), kind="commit") for one in parents):
        raise Refusal(422, "Parent SHA does not exist or is not a commit object")
    who = call.world.signature(call.caller.login)
    when = f"{int(who.when.timestamp())} +0000"
    identity = {"NAME": who.name, "EMAIL": who.email, "DATE": when}
    roles = {
        f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in identity.items()
    }
    behind = [word for parent in parents for word in ("-p", str(parent))]
    git = call.world.git
    written = git.run(
        "commit-tree", tree, *behind, stdin=str(asked.get("message", "")).encode(), environment=roles
    )
    shown = show_git_commit(call.view, git.commit(written.decode().strip()))
    return json_answer(shown, status=201, headers={"Location": str(shown["url"])})


def add_ref(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/git/refs: a new branch or tag."""
    asked = call.body()
    name, sha = str(asked.get("ref", "")), str(asked.get("sha", ""))
    if not _BRANCH_OR_TAG.fullmatch(name):
        raise Refusal(422, "Reference name isn't valid")
    if not _exists(call, sha, kind="commit"):
        raise Refusal(422, "Object does not exist")
    if call.world.git.resolve(name) is not None:
        raise Refusal(422, "Reference already exists")
    call.world.move(name, sha, mover=Mover(login=call.caller.login))
    shown = show_ref(call, name, sha=sha)
    return json_answer(shown, status=201, headers={"Location": str(shown["url"])})


def edit_ref(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/git/refs/{ref}: forward only, unless it is forced."""
    asked = call.body()
    name, before = _known(call)
    sha = str(asked.get("sha", ""))
    if not _exists(call, sha, kind="commit"):
        raise Refusal(422, "Object does not exist")
    if asked.get("force") is not True and not call.world.git.is_ancestor(before, sha):
        raise Refusal(422, "Update is not a fast forward")
    call.world.move(name, sha, mover=Mover(login=call.caller.login))
    return json_answer(show_ref(call, name, sha=sha))


def delete_ref(call: Call) -> Answer:
    """DELETE /repos/{owner}/{repo}/git/refs/{ref}."""
    name, _ = _known(call)
    call.world.delete_branch(name.removeprefix("refs/heads/"))
    return Answer(status=204)


def _known(call: Call) -> tuple[str, str]:
    name = f"refs/{call.named['ref']}"
    before = call.world.git.resolve(name) if name.startswith("refs/heads/") else None
    if before is None:
        raise Refusal(422, "Reference does not exist")
    return name, before
