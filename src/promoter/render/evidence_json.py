"""The evidence as canonical JSON: same input, same bytes. No clock, no address, no opinion of a reviewer.

What depends on when it is asked (approvals, reason codes, what apply did) stays out, so that the digest
names what was judged and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import TypeAlias

from promoter.core.evidence import CheckResult, Evidence, MetricComparison
from promoter.core.model_version import ModelFiles, ModelVersion, Signature
from promoter.core.override_rules import Override
from promoter.core.prompt import Kind, Prompt
from promoter.core.report import Report, RequestReport
from promoter.core.request import PromotionRequest
from promoter.text import Message

SCHEMA_VERSION = 1

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


def evidence(report: Report) -> str:
    """ASCII JSON with sorted keys and a newline at its end; NaN and infinities are strings."""
    requests = sorted(report.requests, key=lambda request: request.request.path)
    document: dict[str, Json] = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": report.tool_version,
        "commits": {"base": report.base_commit, "head": report.head_commit},
        "policy": {"path": report.policy_path, "sha256": report.policy_digest},
        "requests": [_request(request) for request in requests],
    }
    return json.dumps(document, sort_keys=True, indent=2, allow_nan=False) + "\n"


def digest(text: str) -> str:
    """sha256 of the text in UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


# What differs from run to run on the same evidence, and the check whose sentences tell of it.
_VARYING = frozenset({"load_seconds", "p50_latency_ms", "p95_latency_ms", "peak_memory"})
# Of a layer of the sandbox, the machine's own words; of the files, what stands elsewhere; of pictures, which
# nothing is judged by, nothing.
_TOLD_APART = frozenset({"challenger_files", "note", "pictures"})
_OF_VARYING = frozenset({"inference"})


def _request(request: RequestReport) -> Json:
    asked, found = request.request, request.evidence
    return {
        "path": asked.path,
        "blob": asked.blob_id,
        "model": asked.model,
        "alias": asked.alias,
        **_asked_version(asked),
        **_prompts(request),
        "reason": asked.reason,
        **override_json(asked.override),
        "now": request.now,
        "step": request.step,
        "mode": request.mode,
        "verdict": request.verdict,
        "challenger": _version(found.challenger) if found else None,
        "champion": _version(found.champion) if found and found.champion else None,
        "challenger_signature": _signature(found.challenger_signature) if found else None,
        "champion_signature": _signature(found.champion_signature) if found else None,
        "challenger_files": _files(found.challenger_files) if found else None,
        "measurement": _plain(found.measurement) if found else None,
        "custom": _plain(found.answers) if found else [],
        "checks": [_check(result) for result in request.results],
    }


def _prompts(request: RequestReport) -> dict[str, Json]:
    """What a prompt's versions hold, as digests; nothing of a model, so that other digests stay."""
    found = request.evidence
    kind: dict[str, Json] = {} if request.request.kind is Kind.MODEL else {"kind": request.request.kind.value}
    if found is None or found.challenger.prompt is None:
        return kind
    champion = found.champion.prompt if found.champion else None
    held = prompt_json(champion) if champion else None
    return {**kind, "prompts": {"challenger": prompt_json(found.challenger.prompt), "champion": held}}


def prompt_json(prompt: Prompt) -> Json:
    """A prompt without its text."""
    variables: list[Json] = [*sorted(prompt.variables)]
    return {
        "type": prompt.form,
        "sha256": prompt.digest,
        "template_sha256": prompt.text_digest,
        "length": prompt.length,
        "variables": variables,
    }


def with_templates(text: str, found: Evidence) -> str:
    """The evidence of one request with both templates whole, for custom checks."""
    document = json.loads(text)
    for role, version in (("challenger", found.challenger), ("champion", found.champion)):
        prompt = version.prompt if version is not None else None
        if prompt is not None:
            document["requests"][0]["prompts"][role] |= {
                "template": prompt.template,
                "response_format": prompt.response_format,
                "model_config": prompt.model_config,
            }
    return json.dumps(document, sort_keys=True, indent=2, allow_nan=False) + "\n"


def _asked_version(asked: PromotionRequest) -> dict[str, Json]:
    """A copy's number is not known before it is made, and says nothing of what was judged."""
    if asked.source is None:
        return {"version": asked.version}
    return {"version": None, "from": str(asked.source)}


def override_json(override: Override | None) -> dict[str, Json]:
    """What the request wants accepted; nothing where it asks for none, so that other digests stay."""
    if override is None:
        return {}
    checks: list[Json] = [str(check) for check in override.checks]
    expires = override.expires.isoformat()
    return {"override": {"checks": checks, "reason": override.reason, "expires": expires}}


def _files(files: ModelFiles | None) -> Json:
    if files is None:
        return None
    listed: list[Json] = [{"path": one.path, "sha256": one.sha256, "size": one.size} for one in files.files]
    return {"sha256": files.digest, "location": files.location, "files": listed}


def _version(version: ModelVersion) -> Json:
    datasets = [*(version.run.datasets if version.run else ())]
    datasets += [*(version.logged_model.datasets if version.logged_model else ())]
    return {
        "model": version.model,
        "version": version.version,
        "status": version.status,
        "source": version.source,
        "created_at": version.created_at,
        "description_length": len(version.description.strip()),
        "run_id": version.run_id,
        "run_status": version.run.status if version.run else None,
        "git_commit": version.run.git_commit if version.run else None,
        "model_id": version.logged_model.model_id if version.logged_model else None,
        "datasets": [{"name": one.name, "digest": one.digest, "context": one.context} for one in datasets],
    }


def _signature(signature: Signature | None) -> Json:
    if signature is None:
        return None
    sides = {"inputs": signature.inputs, "outputs": signature.outputs}
    return {
        side: [{"name": one.name, "kind": one.kind, "required": one.required} for one in columns]
        for side, columns in sides.items()
    }


def _check(result: CheckResult) -> Json:
    return {
        "check": result.check,
        "subject": result.subject,
        "outcome": result.outcome,
        "message": None if result.check in _OF_VARYING else str(result.message),
        "metric": _metric(result.comparison) if result.comparison else None,
        **({"overridden": result.overridden} if result.overridden else {}),
    }


def _metric(comparison: MetricComparison) -> Json:
    return {
        "name": comparison.name,
        "greater_is_better": comparison.greater_is_better,
        "champion": _number(comparison.champion),
        "challenger": _number(comparison.challenger),
        "change": _number(comparison.change),
        "rule": comparison.rule,
        "source": comparison.source,
        "lower": _number(comparison.lower),
        "upper": _number(comparison.upper),
        "rows": comparison.rows,
    }


def _plain(value: object) -> Json:
    """A value of `core.measurement` or `core.evidence` with every field, whatever fields it has."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return _number(value)
        case Message():
            return str(value)
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return _fields(value)


def _fields(value: object) -> Json:
    names = [field.name for field in fields(value)]  # type: ignore[arg-type]
    return {name: _plain(getattr(value, name)) for name in names if name not in _VARYING | _TOLD_APART}


def _number(value: float | None) -> Json:
    if value is None:
        return None
    # repr of a float is the shortest text that reads back as the same float, everywhere
    return float(value) if math.isfinite(value) else str(float(value))
