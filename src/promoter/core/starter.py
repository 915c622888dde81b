"""The first policy and the first requests of a repository, made from what a registry holds.

Floors are not invented: what a challenger must not do is be worse than the champion. What was guessed, and
from what, stands as a comment beside it.
"""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promoter.core.drift import Key
from promoter.core.model_version import ModelVersion, Signature
from promoter.core.prompt import Kind, Prompt
from promoter.core.request import SourceVersion, named_by
from promoter.core.request_edit import scalar
from promoter.core.starter_guess import Guess, KnownMetric, guess

ADOPTED = "adopts the version that the registry holds"
# A policy file has a largest size; models past this many share one entry.
_MOST_ENTRIES = 40
_TEST = "point"


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """A registered model, or a prompt, whose aliases are put under git: alias → version. `model` is its name
    as it stands in a key; `champion` is the alias whose holder the policy is guessed from, `version` that
    holder, as it was read."""

    model: str
    aliases: Mapping[str, str]
    champion: str
    version: ModelVersion
    signature: Signature | None = None

    @property
    def kind(self) -> Kind:
        """Which of both it is."""
        return named_by(self.model)[0]

    @property
    def name(self) -> str:
        """What requests and policies call it."""
        return named_by(self.model)[1]


def request_text(key: Key, *, version: str, reason: str) -> str:
    """A request file without its first line. `version` is digits, or `dev.ml.churn/7` for a version of
    another model to copy."""
    kind, name = named_by(key[0])
    asks = "version" if SourceVersion.of(version) is None else "from"
    return (
        f"# The version that shall hold the alias. To promote another, change `{asks}` in a pull request;\n"
        "# to go back, revert that pull request.\n"
        + (f"kind: {kind}\n" if kind is Kind.PROMPT else "")
        + f"model: {_name(name)}\nalias: {_name(key[1])}\n"
        + f"{asks}: {version if version.isdigit() else _name(version)}\n"
        + (f"reason: {scalar(reason)}\n" if reason else "")
    )


def schema_line(path: str, *, schema: str) -> str:
    """The first line of a file: where an editor finds the schema, seen from the file; both are in the
    repository, so that it works without a network."""
    return f"# yaml-language-server: $schema={posixpath.relpath(schema, posixpath.dirname(path) or '.')}\n"


def policy_text(models: Sequence[Adopted]) -> str:
    """A policy file without its first line: one entry for each model and prompt, or for all that are
    alike."""
    of_kinds = ([one for one in models if one.kind is kind] for kind in Kind)
    return _HEAD + "\n".join(entry for alike in of_kinds for entry in _entries(alike))


def _entries(models: Sequence[Adopted]) -> list[str]:
    """Those of one kind."""
    bodies = {one.name: _body(one) for one in sorted(models, key=lambda one: one.name)}
    notes = {one.name: _notes(one) for one in models}
    if len(bodies) <= _MOST_ENTRIES:
        return [_entry(name, body, notes=notes[name]) for name, body in bodies.items()]
    shared = _lines(_all_aliases(models), checks=["description: {min_length: 1}"], kind=models[0].kind)
    return _gathered(bodies, notes, shared=shared)


_HEAD = """\
# How promotion requests are judged. `promoter init` guessed this from what the registry holds: change it.
# It is read from the default branch, never from the pull request that it judges. Every key: docs/policy.md
version: 1

approvals:                   # who must have approved exactly what is merged
  minimum: 1                 # of anyone with write access; `from: [alice, my-org/risk-ml]` names whose count
  allow_author: false

models:                      # the first entry that matches is used; no match means refused
"""


def _gathered(bodies: Mapping[str, str], notes: Mapping[str, Sequence[str]], *, shared: str) -> list[str]:
    """Too many for an entry each: the models whose entries are like most others share the last one."""
    commonest = Counter(bodies.values()).most_common(1)[0][0]
    different = [model for model, body in bodies.items() if body != commonest]
    own = [_entry(one, bodies[one], notes=notes[one]) for one in different[:_MOST_ENTRIES]]
    if len(different) <= _MOST_ENTRIES:
        told = [f"The other {len(bodies) - len(different)}, all alike."]
        return [*own, _entry("*", commonest, notes=told)]
    told = [
        f"The other {len(bodies) - len(own)} are too many for an entry each: only what holds for any of them",
        "is asked. Give those that matter entries of their own, above this one.",
    ]
    return [*own, _entry("*", shared, notes=told)]


def _all_aliases(models: Sequence[Adopted]) -> list[str]:
    return sorted({alias for one in models for alias in one.aliases})


def _entry(match: str, body: str, *, notes: Sequence[str]) -> str:
    told = "".join(f"    # {line}\n" for line in notes)
    return f"  - match: {json.dumps(match)}\n{told}{body}"


def _body(one: Adopted) -> str:
    if one.version.prompt is not None:
        return _lines(sorted(one.aliases), checks=_of_prompt(one.version.prompt), kind=Kind.PROMPT)
    found = guess(one.version, one.signature)
    run = one.version.run
    checks = []
    if run is not None and run.status == "FINISHED":
        checks.append("lineage: {run_status: FINISHED}")
    if one.signature is not None:
        checks.append("signature: {compatible_with_champion: true}   # takes what the champion takes")
    checks += _metrics(found.metrics)
    checks = checks or ["description: {min_length: 1}   # nothing else is known that could be asked"]
    return _lines(sorted(one.aliases), checks=checks, guessed=found)


def _of_prompt(prompt: Prompt) -> list[str]:
    """What its callers rely on."""
    lines = ["prompt:", "  variables: subset          # whoever fills those of the champion can call it"]
    if prompt.response_format:
        lines.append("  response_format: same      # whoever reads the champion's answers can read these")
    return lines


def _lines(
    aliases: Sequence[str], *, checks: Sequence[str], guessed: Guess | None = None, kind: Kind = Kind.MODEL
) -> str:
    lines = ["kind: prompt"] if kind is Kind.PROMPT else []
    lines += [
        f"aliases: [{', '.join(_name(alias) for alias in aliases)}]   # the only ones a request may move",
        "mode: enforce              # dry_run: judge and show, but move nothing",
        "on_missing_champion: block",
    ]
    if guessed and guessed.task:
        lines.append(f"task: {guessed.task}")
    if guessed and guessed.metrics:
        lines.append("evaluation: {source: run_metrics}   # figures that the training runs logged: claims")
    lines += ["checks:", *(f"  {check}" for check in checks)]
    return "".join(f"    {line}\n" for line in lines)


def _metrics(metrics: Sequence[KnownMetric]) -> list[str]:
    """The most telling one decides, the others warn."""
    lines = ["metrics:"] if metrics else []
    for place, metric in enumerate(metrics):
        lines += [
            f"  - name: {_name(metric.name)}",
            f"    greater_is_better: {str(metric.greater_is_better).lower()}",
            "    max_absolute_degradation: 0.0   # not worse than the champion",
            f"    test: {_TEST}",
            f"    severity: {'warn' if place else 'fail'}",
        ]
    return lines


def _notes(one: Adopted) -> list[str]:
    if one.kind is Kind.PROMPT:
        return [f"Guessed from version {one.version.version}, which holds {one.champion}."]
    found = guess(one.version, one.signature)
    lines = [f"Guessed from version {one.version.version}, which holds {one.champion}:"]
    if found.task:
        lines.append(f"- the task from {found.task_from}")
    if found.metrics:
        lines.append("- the metrics are those it logged whose names and direction are known")
    if found.left_out:
        lines.append(f"- {found.left_out} other metric(s) it logged are left out")
    if not found.metrics:
        lines.append("- it logged no metric whose name is known: name one here, or score it on your own data")
    if one.signature is None:
        lines.append("- no signature of it was found, so none is asked for")
    return lines


def _name(text: str) -> str:
    """A name of the grammar, which may look like a number or hold spaces."""
    return scalar(text) if " " not in text else json.dumps(text)
