"""Blocks of YAML in the documents: which kind of file each is of, and whether it is a valid one.

A kind is recognised by its keys. A part of a file is made whole before it is read.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any, TypeAlias

import yaml

from promoter.checks.catalog import CATALOG
from promoter.core.policy_file import parse_policy
from promoter.core.request_file import parse_request
from promoter.errors import PromoterError
from promoter.inputs import read_inputs
from tests.docs import shell_lines

ROOT = Path(__file__).parents[2]
CHECKS = {check.id for check in CATALOG}
_ENTRY = {"evaluation", "statistics", "override", "propose", "sources", "unsafe_sandbox", "task", "mode"}
_EVALUATION = re.compile(r"^# evaluation: (\{.*\})$", re.MULTILINE)
_ROWS = 'source: inference, data: data/holdout.parquet, target: churn, positive_label: "Yes"'
_NO_LABEL = "source: inference, data: data/holdout.parquet, target: churn"
_METRICS = "metrics: [{name: f1_score, greater_is_better: true, min_absolute_change: 0.0}]"
# Lines of an entry of `models` that stand beside a part of a policy. One of them has to fit.
_BESIDE = (
    "",
    "kind: prompt\n",
    "evaluation: {source: run_metrics}\n",
    f"task: binary_classification\nevaluation: {{{_ROWS}}}\n",
    f"task: multiclass_classification\nevaluation: {{{_NO_LABEL}}}\n",
    f"task: regression\nevaluation: {{{_NO_LABEL}}}\n",
)

_Said: TypeAlias = list[str]


def _said(read: Callable[[bytes], object], text: str) -> _Said:
    try:
        read(text.encode())
    except PromoterError as error:
        return list(map(str, error.problems)) or [str(error)]
    return []


def _policy(text: str) -> _Said:
    return _said(lambda data: parse_policy(data, path="policy.yaml"), text)


def _request(text: str) -> _Said:
    return _said(lambda data: parse_request(data, path="request.yaml"), text)


def _models(text: str) -> _Said:
    return _policy(f"version: 1\n{text}")


def _checks(text: str) -> _Said:
    """Lines below `checks:`."""
    said = _EVALUATION.search(text)
    told = f"task: binary_classification\nevaluation: {said[1]}\n" if said and "inference" in said[1] else ""
    beside = (told,) if told else _BESIDE
    return _one_fits(f"{lines}checks:\n{indent(text, '  ')}" for lines in beside)


def _entry(text: str) -> _Said:
    """Lines of an entry of `models`."""
    task = "" if "task:" in text else "task: binary_classification\n"
    evaluation = "" if "evaluation:" in text else f"evaluation: {{{_ROWS}}}\n"
    return _one_fits([f"{task}{evaluation}{text}\nchecks:\n  {_METRICS}\n"])


def _one_fits(entries: Iterable[str]) -> _Said:
    """Nothing where one of the entries is right, else what is said of the last."""
    said: _Said = []
    for entry in entries:
        whole = f"version: 1\nmodels:\n  - match: '*'\n    aliases: [champion]\n{indent(entry, ' ' * 4)}"
        said = _policy(whole)
        if not said:
            return []
    return said


# --- workflows ------------------------------------------------------------------------------------


def _workflow(text: str) -> _Said:
    """Whole workflows, jobs and steps; their form is linted by tests/trust/test_supply_chain.py, and here
    what they hand to Promoter is read as Promoter reads it."""
    steps = list(_steps(yaml.safe_load(text)))
    return [problem for step in steps for problem in _handed(step)] if steps else ["it has no step"]


def _steps(found: Any) -> Iterable[Mapping[str, Any]]:  # noqa: ANN401 - whatever YAML holds
    if isinstance(found, list):
        yield from (one for one in found if isinstance(one, dict) and {"uses", "run"} & one.keys())
    for one in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _steps(one)


def _handed(step: Mapping[str, Any]) -> _Said:
    if "promoter@" not in str(step.get("uses", "")):
        return []
    declared = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    given = {name: _plain(value) for name, value in step.get("with", {}).items()}
    unknown = [f"action.yml has no input {name}" for name in sorted(given.keys() - declared.keys())]
    try:
        read_inputs({f"INPUT_{name.upper()}": value for name, value in given.items()})
    except PromoterError as error:
        return [*unknown, str(error)]
    return unknown


def _plain(value: object) -> str:
    """As the runner hands it on; what only the runner knows is left empty."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "" if "${{" in text else text


def _pre_commit(text: str) -> _Said:
    """A reader's `.pre-commit-config.yaml`: its hooks are those that this repository offers, and take what
    they are given."""
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    entries = {one["id"]: one["entry"] for one in offered}
    return [
        problem
        for repo in yaml.safe_load(text)["repos"]
        for hook in repo["hooks"]
        for problem in _hook(entries.get(hook["id"], ""), hook)
    ]


def _hook(entry: str, hook: Mapping[str, Any]) -> _Said:
    re.compile(hook.get("files", ""))
    given = shlex.join(hook.get("args", []))
    return shell_lines.problems_of(f"{entry} {given}") if entry else [f"there is no hook {hook['id']}"]


# --- which is which -------------------------------------------------------------------------------

_OF_A_WORKFLOW = {"jobs", "steps", "uses", "runs-on"}


def _is_steps(found: object) -> bool:
    return isinstance(found, list) and all(
        isinstance(one, dict) and {"uses", "run"} & one.keys() for one in found
    )


_KINDS: Mapping[str, tuple[Callable[[set[str]], bool], Callable[[str], _Said]]] = {
    "policy": (lambda keys: {"version", "models"} <= keys, _policy),
    "models of a policy": (lambda keys: keys == {"models"}, _models),
    "promotion request": (lambda keys: {"model", "alias"} <= keys, _request),
    "workflow": (lambda keys: bool(_OF_A_WORKFLOW & keys), _workflow),
    "pre-commit": (lambda keys: keys == {"repos"}, _pre_commit),
    "checks": (lambda keys: bool(keys) and keys <= CHECKS, _checks),
    "entry of a policy": (lambda keys: bool(keys) and keys <= _ENTRY, _entry),
}


def kind_of(text: str) -> str:
    """What a block is; empty for what is none of the kinds."""
    found = yaml.safe_load(text)
    if _is_steps(found):
        return "workflow"
    keys = set(found) if isinstance(found, dict) else set()
    return next((name for name, (fits, _) in _KINDS.items() if fits(keys)), "")


def problems_of(text: str) -> list[str]:
    """What is wrong with a block; nothing for one that its own parser takes."""
    kind = kind_of(text)
    return _KINDS[kind][1](text) if kind else ["it is of no kind that is known"]
