"""Routes about how the repository is set up."""

from collections.abc import Iterator

from promoter.demo.github.exchange import Answer, Call, Page, Refusal, json_answer, listing, not_found
from promoter.demo.github.model import Visibility
from promoter.demo.github.settings import Environment, Protection, Rule
from promoter.demo.github.show_repository import Json, node_id, timestamp

_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def branch_rules(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/rules/branches/{branch}: nothing where there is no such branch, as GitHub."""
    is_default = call.named["branch"] == call.world.repository.default_branch
    return listing(call, call.world.settings.rules if is_default else (), show=lambda rule: _rule(call, rule))


def _rule(call: Call, rule: Rule) -> Json:
    shown: Json = {
        "type": rule.type,
        "ruleset_source_type": "Repository",
        "ruleset_source": call.world.repository.full_name,
        "ruleset_id": 42,
    }
    return {**shown, "parameters": dict(rule.parameters)} if rule.parameters else shown


def protection(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/branches/{branch}/protection."""
    name = call.named["branch"]
    if call.world.tip(name) is None:
        raise Refusal(404, "Branch not found")
    found = call.world.settings.protection
    if found is None or name != call.world.repository.default_branch:
        raise Refusal(404, "Branch not protected")
    return json_answer(_protection(f"{call.view.repository}/branches/{name}/protection", found))


def _protection(mine: str, found: Protection) -> Json:
    contexts = list(found.checks)
    checks: Json = {
        "url": f"{mine}/required_status_checks",
        "strict": False,
        "contexts": contexts,
        "contexts_url": f"{mine}/required_status_checks/contexts",
        "checks": [{"context": name, "app_id": None} for name in contexts],
    }
    reviews: Json = {
        "url": f"{mine}/required_pull_request_reviews",
        "dismiss_stale_reviews": found.dismiss_stale,
        "require_code_owner_reviews": found.code_owners,
        "require_last_push_approval": found.last_push,
        "required_approving_review_count": found.approvals,
    }
    return {
        "url": mine,
        "required_pull_request_reviews": reviews,
        **({"required_status_checks": checks} if contexts else {}),
        "enforce_admins": {"url": f"{mine}/enforce_admins", "enabled": True},
        "allow_force_pushes": {"enabled": found.force_pushes},
        "allow_deletions": {"enabled": False},
    }


def environment(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/environments/{environment_name}."""
    return json_answer(_environment(call, _named(call)))


def _named(call: Call) -> Environment:
    wanted = call.named["environment_name"].lower()
    found = [one for one in call.world.settings.environments if one.name.lower() == wanted]
    if not found:
        raise not_found()
    return found[0]


def _environment(call: Call, one: Environment) -> Json:
    when = timestamp(call.world.created_at)
    limit: Json | None = None
    if one.branches is not None:
        limit = {"protected_branches": not one.branches, "custom_branch_policies": bool(one.branches)}
    rule: Json = {"id": one.id + 1, "node_id": node_id("GateBranchPolicy", one.id), "type": "branch_policy"}
    return {
        "id": one.id,
        "node_id": node_id("Environment", one.id),
        "name": one.name,
        "url": f"{call.view.repository}/environments/{one.name}",
        "html_url": f"{call.view.page}/deployments/activity_log?environments_filter={one.name}",
        "created_at": when,
        "updated_at": when,
        "protection_rules": [rule] if limit else [],
        "deployment_branch_policy": limit,
    }


def branch_policies(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies."""
    one = _named(call)
    policies: list[Json] = [
        {"id": one.id + 10 + at, "node_id": node_id("GateBranchPolicy", at), "name": name, "type": "branch"}
        for at, name in enumerate(one.branches or ())
    ]
    page = Page.of(call.request.query)
    shown = policies[page.start : page.start + page.size]
    return json_answer({"total_count": len(policies), "branch_policies": shown})


def actions(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/actions/permissions."""
    pinning = call.world.settings.sha_pinning
    return json_answer({"enabled": True, "allowed_actions": "all", "sha_pinning_required": pinning})


def workflow_permissions(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/actions/permissions/workflow."""
    settings = call.world.settings
    return json_answer(
        {
            "default_workflow_permissions": settings.default_permissions,
            "can_approve_pull_request_reviews": settings.actions_approve,
        }
    )


def fork_approval(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/actions/permissions/fork-pr-contributor-approval: of public repositories."""
    if call.world.repository.visibility is not Visibility.PUBLIC:
        raise not_found()
    return json_answer({"approval_policy": call.world.settings.fork_approval})


def code_owners_errors(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/codeowners/errors: of the file that counts at a commit or branch."""
    at = call.request.query.get("ref") or call.world.repository.default_branch
    sha = call.world.known_commit(at)
    found = next((path for path in _OWNERS if sha and call.world.git.entry(sha, path)), None)
    if sha is None or found is None:
        raise not_found()
    text = call.world.git.text("show", f"{sha}:{found}")
    return json_answer({"errors": list(_errors(found, text))})


def _errors(path: str, text: str) -> Iterator[Json]:
    for number, line in enumerate(text.splitlines(), start=1):
        pattern, *owners = line.partition("#")[0].split() or [""]
        wrong = next((one for one in owners if not one.startswith("@") and "@" not in one[1:-1]), None)
        kind = "Invalid pattern" if set(pattern) & set("[]!") else "Invalid owner" if wrong else ""
        if kind:
            yield {
                "line": number,
                "column": line.index(wrong or pattern) + 1,
                "kind": kind,
                "source": line,
                "suggestion": None,
                "message": f"{kind} on line {number}:\n\n  {line}\n  ^",
                "path": path,
            }
