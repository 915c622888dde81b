"""Facts of a repository that is set up as our documents say, and changes of them as docs/doctor.md writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from promoter.core.doctor import (
    About,
    BranchRules,
    CodeOwnersFile,
    Environment,
    Facts,
    Rights,
    Unseen,
    Visibility,
    WorkflowSettings,
)
from promoter.core.doctor_workflow import Workflow, read_workflow
from promoter.core.policy_file import parse_policy
from promoter.core.requests import read_requests
from promoter.errors import PromoterError
from promoter.text import quote, say
from tests.builders import a_file_entry

ROOT = Path(__file__).parents[3]
WORKFLOWS = ".github/workflows/"
POLICY = ".github/promotion-policy.yaml"
REQUESTS = "promotions/**/*.yaml"
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
NO_FILE = "(no such file)"
A_POLICY = """\
version: 1
approvals: {minimum: 1}
models:
  - {match: churn, aliases: [champion], checks: {description: {min_length: 40}}}
"""


def example(name: str) -> bytes:
    """One of the workflows that people copy."""
    return (ROOT / "examples" / "workflows" / name).read_bytes()


def workflow(name: str, data: bytes | None = None) -> Workflow:
    """It, read; or another one under its path."""
    found = read_workflow(example(name) if data is None else data, path=WORKFLOWS + name)
    assert found is not None
    return found


def sound() -> Facts:
    """Nothing is wrong here."""
    requests = read_requests([(a_file_entry(path="promotions/churn/champion.yaml"), a_request())])
    return Facts(
        now=NOW,
        policy_path=POLICY,
        requests_glob=REQUESTS,
        about=About(default_branch="main", visibility=Visibility.PRIVATE, date=NOW),
        branch_rules=BranchRules(
            is_protected=True,
            approvals=1,
            dismisses_stale=True,
            last_push_needs_approval=True,
            code_owners_review=True,
            refuses_force_push=True,
            required_checks=frozenset({"Validate promotion"}),
            sourced_checks=frozenset({"Validate promotion"}),
        ),
        environments={
            "model-registry-write": Environment(name="model-registry-write", branches=frozenset({"main"}))
        },
        workflow_settings=WorkflowSettings(token_writes=False, may_approve=False),
        sha_pinning=True,
        workflows=tuple(workflow(name) for name in ("apply.yml", "drift.yml", "validate.yml")),
        policy=parse_policy(A_POLICY.encode(), path=POLICY),
        requests=requests.requests,
        code_owners=owned("/.github/ @your-org/ml-platform"),
        models=frozenset({"churn"}),
        rights=Rights.READ,
        server_version="3.17.2",
        gone_layers={},
    )


def a_request(model: str = "churn", version: str = "3") -> bytes:
    """A request file."""
    return f"model: {model}\nalias: champion\nversion: {version}\n".encode()


def owned(text: str) -> CodeOwnersFile:
    """A CODEOWNERS file in which GitHub finds nothing wrong."""
    return CodeOwnersFile(path=".github/CODEOWNERS", size=len(text), text=text)


def with_blocks(facts: Facts, text: str) -> Facts:
    """The facts with what an example of docs/doctor.md says: parts that begin with `# where`."""
    for part in re.split(r"^(?=# )", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        facts = _with_part(facts, head.removeprefix("# ").strip(), body=body.strip())
    return facts


def _with_part(facts: Facts, where: str, *, body: str) -> Facts:
    if where.startswith(WORKFLOWS):
        return _with_workflow(facts, where, body=body)
    if where == POLICY:
        return _with_policy(facts, body)
    if where.startswith("promotions/"):
        return _with_request(facts, where, body=body)
    if where == ".github/CODEOWNERS":
        none = CodeOwnersFile(path="", size=0, text=None)
        return replace(facts, code_owners=none if body == NO_FILE else owned(body))
    for name, value in yaml.safe_load(body).items():
        facts = (
            replace(facts, **_TOLD[name](facts, value)) if name in _TOLD else replace(facts, **{name: value})
        )
    return facts


def _with_workflow(facts: Facts, path: str, *, body: str) -> Facts:
    others = [one for one in facts.workflows if one.path != path]
    if "&" in body:
        found = read_workflow(body.encode(), path=path)
        assert found is None
        return replace(facts, workflows=tuple(others), unread_workflows=(path,))
    whole = yaml.load(example(path.removeprefix(WORKFLOWS)), Loader=yaml.BaseLoader)
    merged = _merged(whole, yaml.load(body, Loader=yaml.BaseLoader))
    changed = workflow(path.removeprefix(WORKFLOWS), yaml.safe_dump(merged, sort_keys=False).encode())
    return replace(facts, workflows=(*others, changed))


def _merged(whole: object, change: object) -> object:
    """Mappings are merged, `on` and `permissions` replaced; `null` takes a key away."""
    if not isinstance(whole, dict) or not isinstance(change, dict):
        return change
    merged: dict[str, object] = dict(whole)
    for key, value in change.items():
        if value == "null" and key not in {"pull_request", "merge_group"}:
            merged.pop(key, None)
        elif key in {"on", "permissions", "concurrency"}:
            merged[key] = {k: v for k, v in value.items() if v != "null" or key == "on"}
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def _with_policy(facts: Facts, body: str) -> Facts:
    if body == NO_FILE:
        return replace(facts, policy=None, has_policy=False)
    whole = {**yaml.safe_load(A_POLICY), **yaml.safe_load(body)}
    try:
        return replace(facts, policy=parse_policy(yaml.safe_dump(whole).encode(), path=POLICY))
    except PromoterError as error:
        return replace(facts, policy=None, policy_problem=error.message)


def _with_request(facts: Facts, path: str, *, body: str) -> Facts:
    if body == NO_FILE:
        return replace(facts, requests=(), has_requests=False)
    found = read_requests([(a_file_entry(path=path), body.encode())])
    return replace(facts, requests=found.requests, request_problems=found.problems)


def _about(facts: Facts, told: Mapping[str, Any]) -> dict[str, Any]:
    assert facts.about is not None
    changes = dict(told)
    if "visibility" in changes:
        changes["visibility"] = Visibility(changes["visibility"])
    if "scopes" in changes:
        changes["scopes"] = frozenset(changes["scopes"])
    return {"about": replace(facts.about, **changes)}


def _branch_rules(facts: Facts, told: Mapping[str, Any]) -> dict[str, Any]:
    assert facts.branch_rules is not None
    changes: dict[str, Any] = dict(told)
    for name in changes.keys() & {"required_checks", "sourced_checks"}:
        changes[name] = frozenset(changes[name])
    return {"branch_rules": replace(facts.branch_rules, **changes)}


def _environments(_: Facts, told: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        name: Environment(name=name, **{**one, "branches": frozenset(one["branches"])}) if one else None
        for name, one in told.items()
    }
    return {"environments": found}


def _settings(facts: Facts, told: Mapping[str, Any]) -> dict[str, Any]:
    assert facts.workflow_settings is not None
    return {"workflow_settings": replace(facts.workflow_settings, **told)}


def _code_owners(facts: Facts, told: Mapping[str, Any]) -> dict[str, Any]:
    assert facts.code_owners is not None
    changes = dict(told)
    if "errors" in changes:
        changes["errors"] = tuple((line, what) for line, what in changes["errors"])
    return {"code_owners": replace(facts.code_owners, **changes)}


_TOLD: Mapping[str, Callable[[Facts, Any], dict[str, Any]]] = {
    "about": _about,
    "branch_rules": _branch_rules,
    "environments": _environments,
    "workflow_settings": _settings,
    "code_owners": _code_owners,
    "models": lambda _, told: {"models": frozenset(told)},
    "rights": lambda _, told: {"rights": Rights(told)},
    "minutes_ahead": lambda _, told: {"now": NOW + timedelta(minutes=told)},
    "unseen": lambda _, told: {
        "unseen": tuple(Unseen(what=what, why=say(quote(why))) for what, why in told.items())
    },
}
