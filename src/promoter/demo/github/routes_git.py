"""Routes about what is in the repository: commits, trees, blobs, files, branches, comparisons."""

import re

from promoter.demo.github.exchange import Answer, Call, Page, Refusal, json_answer, neighbours, not_found
from promoter.demo.github.git import StoredObject, TreeEntry
from promoter.demo.github.show_git import (
    show_blob,
    show_change,
    show_commit,
    show_file,
    show_git_commit,
    show_place,
    show_tree_entry,
)
from promoter.demo.github.show_repository import Json, node_id

TREE_LIMIT = 100_000
COMPARED_FILES_LIMIT = 300
_SHA = re.compile(r"[0-9a-f]{40}\Z")


def commits(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/commits, with `sha`, `path`, `since` and `until`, as `git log` prunes."""
    query = call.request.query
    wanted = query.get("sha") or call.world.repository.default_branch
    start = call.world.known_commit(wanted)
    if start is None:
        raise not_found() if call.world.git.shas("--all") else Refusal(409, "Git Repository is empty.")
    bounds = [f"--{name}={query[name]}" for name in ("since", "until") if name in query]
    place = ["--", query["path"]] if query.get("path") else ["--"]
    page = Page.of(query)
    part = [f"--skip={page.start}", f"--max-count={page.size}"]
    found = call.world.git.commits(*bounds, *part, start, *place)
    total = int(call.world.git.text("rev-list", "--count", *bounds, start, *place))
    shown = [show_commit(call.view, commit) for commit in found]
    return json_answer(shown, headers=neighbours(call, total=total))


def commit(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/commits/{ref}: with the files it changed."""
    ref = call.named["ref"]
    sha = call.world.known_commit(ref)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {ref}")
    changes = call.world.commit_changes(sha)
    added, deleted = sum(c.additions for c in changes), sum(c.deletions for c in changes)
    body = {
        **show_commit(call.view, call.world.git.commit(sha)),
        "stats": {"total": added + deleted, "additions": added, "deletions": deleted},
        "files": [show_change(call.view, change, at=sha) for change in changes[:COMPARED_FILES_LIMIT]],
    }
    return json_answer(body)


def git_commit(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/commits/{sha}."""
    stored = _stored(call, "commit")
    return json_answer(show_git_commit(call.view, call.world.git.commit(stored.sha)))


def blob(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/blobs/{sha}."""
    return json_answer(show_blob(call.view, _stored(call, "blob")))


def _stored(call: Call, kind: str) -> StoredObject:
    sha = call.named["sha"]
    if not _SHA.match(sha):
        raise Refusal(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    found = call.world.git.objects([sha])[0]
    if found is None or found.kind != kind:
        raise not_found()
    return found


def tree(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/trees/{tree-ish}: any `recursive` means recursive, also `0`."""
    wanted = call.named["tree_sha"]
    sha = call.world.known_commit(wanted) or call.world.git.resolve(wanted)
    if sha is None or call.world.git.resolve(f"{sha}^{{tree}}") is None:
        raise not_found()
    arguments = ("-r", "-t") if "recursive" in call.request.query else ()
    entries = call.world.git.tree(sha, *arguments)
    body = {
        # GitHub repeats the name it was asked by: a commit's, where a commit was given.
        "sha": sha,
        "url": f"{call.view.repository}/git/trees/{sha}",
        "tree": [show_tree_entry(call.view, entry) for entry in entries[:TREE_LIMIT]],
        "truncated": len(entries) > TREE_LIMIT,
    }
    return json_answer(body)


def ref(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/git/ref/{ref}: `heads/main`, `tags/v1`, `pull/1/merge`."""
    name = f"refs/{call.named['ref']}"
    sha = call.world.git.resolve(name) if name.count("/") > 1 else None
    if sha is None:
        raise not_found()
    return json_answer(show_ref(call, name, sha=sha))


def show_ref(call: Call, name: str, *, sha: str) -> Json:
    """A branch or tag, and what it points to."""
    kind = call.world.git.text("cat-file", "-t", sha)
    api = call.view.repository
    return {
        "ref": name,
        "node_id": node_id("Ref", name),
        "url": f"{api}/git/{name}",
        "object": {"sha": sha, "type": kind, "url": f"{api}/git/{kind}s/{sha}"},
    }


def branch(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/branches/{branch}."""
    name = call.named["branch"]
    sha = call.world.tip(name) if ":" not in name else None
    if sha is None:
        raise Refusal(404, "Branch not found")
    mine = f"{call.view.repository}/branches/{name}"
    page = f"{call.view.page}/tree/{name}"
    settings = call.world.settings
    is_default = name == call.world.repository.default_branch
    is_protected = is_default and bool(settings.rules or settings.protection)
    checks = {"enforcement_level": "off", "contexts": list[str](), "checks": list[str]()}
    body = {
        "name": name,
        "commit": show_commit(call.view, call.world.git.commit(sha)),
        "_links": {"self": mine, "html": page},
        "protected": is_protected,
        "protection": {"enabled": is_protected, "required_status_checks": checks},
        "protection_url": f"{mine}/protection",
    }
    return json_answer(body)


def contents(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/contents/{path}: a file, or what is in a folder."""
    path = call.named.get("path", "").strip("/")
    at = call.request.query.get("ref") or call.world.repository.default_branch
    sha = call.world.known_commit(at)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {at}") if path else not_found()
    found = call.world.git.entry(sha, path) if path else None
    if path and found is None:
        raise not_found()
    if found is not None and found.kind != "tree":
        return json_answer(_content(call, found, at=at))
    inside = call.world.git.tree(f"{sha}:{path}")
    return json_answer([_place(call, entry, at=at, folder=path) for entry in inside])


def _content(call: Call, entry: TreeEntry, *, at: str) -> Json:
    place = _place(call, entry, at=at)
    git = call.world.git
    if entry.kind == "commit":
        commit = call.world.known_commit(at) or at
        return {**place, "submodule_git_url": git.submodule_address(commit, entry.path)}
    stored = git.objects([entry.sha])[0]
    return show_file(place, stored.content if stored else b"")


def _place(call: Call, entry: TreeEntry, *, at: str, folder: str = "") -> Json:
    path = f"{folder}/{entry.path}" if folder else entry.path
    whole = TreeEntry(path=path, mode=entry.mode, kind=entry.kind, sha=entry.sha, size=entry.size)
    return show_place(call.view, whole, at=at)


def comparison(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/compare/{base}...{head}."""
    base_name, dots, head_name = call.named["basehead"].partition("...")
    world, git = call.world, call.world.git
    base, head = world.known_commit(base_name), world.known_commit(head_name)
    fork = git.merge_base(base, head) if dots and base and head else None
    if base is None or head is None or fork is None:
        raise not_found()
    ahead = git.commits("--reverse", "--topo-order", f"{base}..{head}")
    behind = int(git.text("rev-list", "--count", f"{head}..{base}"))
    page = Page.of({"per_page": "100", **call.request.query})
    word = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
    body = {
        **_comparison_addresses(call),
        "base_commit": show_commit(call.view, git.commit(base)),
        "merge_base_commit": show_commit(call.view, git.commit(fork)),
        "status": word.get((bool(ahead), bool(behind)), "identical"),
        "ahead_by": len(ahead),
        "behind_by": behind,
        "total_commits": len(ahead),
        "commits": [show_commit(call.view, commit) for commit in ahead[page.start : page.start + page.size]],
        "files": [
            show_change(call.view, change, at=head)
            for change in git.changes(fork, head)[:COMPARED_FILES_LIMIT]
        ],
    }
    return json_answer(body, headers=neighbours(call, total=len(ahead)))


def _comparison_addresses(call: Call) -> Json:
    names = call.named["basehead"]
    page = f"{call.view.page}/compare/{names}"
    return {
        "url": f"{call.view.repository}/compare/{names}",
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
    }
