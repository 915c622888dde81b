"""Reads a policy file."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from promoter.core.policy import Policy
from promoter.core.policy_shape import POLICY, approvals, drift, models, override, propose
from promoter.core.problems import Problems
from promoter.core.strict_yaml import read_tree
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say


def parse_policy(data: bytes, *, path: str) -> Policy:
    """The policy in a file's bytes.

    Raises PromoterError(POLICY_INVALID) whose `problems` are all that is wrong in it.
    """
    problems = Problems(path)
    root = read_tree(data, problems)
    record = POLICY.read(root, name="the file", problems=problems) if root else None
    found = problems.all()
    if record is None or found:
        raise PromoterError(
            ReasonCode.POLICY_INVALID,
            say("the policy ", quote(path), " cannot be read as one"),
            hint=say("Correct the file; docs/policy.md shows every key."),
            problems=found,
        )
    return Policy(
        path=path,
        digest=sha256(data).hexdigest(),
        approvals=record[approvals],
        models=tuple(replace(rule, override=rule.override or record[override]) for rule in record[models]),
        drift=record[drift],
        propose=record[propose],
    )
