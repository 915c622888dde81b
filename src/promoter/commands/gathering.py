"""Gather what a request is judged by: versions, their files, what was measured, what custom checks say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from promoter.checks.catalog import needs_signature, report_only, run_checks
from promoter.core.evidence import CheckResult, Evidence, ToMeasure
from promoter.core.model_version import ModelVersion
from promoter.core.plan import Step
from promoter.core.policy import ModelRule, Policy, Source
from promoter.core.report import Phase, Report, RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import CustomChecks, Measurer, RegistryIndex, RegistryReader
from promoter.render import evidence_json
from promoter.text import quote, say


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What requests are judged with. Data and commands in the repository are read at `commit`, where the
    request, which stands at `head`, was not there yet. `now` has a time zone."""

    registry: RegistryIndex
    measurer: Measurer
    custom_checks: CustomChecks
    policy: Policy
    commit: str
    head: str
    now: datetime


def gather(
    bench: Bench, rule: ModelRule, *, challenger: ModelVersion, champion: tuple[str, str | None]
) -> Evidence:
    """Everything but the answers of custom checks. Raises what registry and measurer raise.

    `champion` is the registered model whose alias is to move, and who holds it.
    """
    registry, (model, live) = bench.registry, champion
    held = registry.model_version(model, live) if live is not None else None
    evidence = Evidence(challenger=challenger, champion=held, model=model)
    if challenger.prompt is not None:
        # Its tags are all there is of it.
        return evidence
    if needs_signature(rule):
        evidence = replace(
            evidence,
            challenger_signature=registry.signature(challenger),
            champion_signature=registry.signature(held) if held else None,
        )
    if rule.evaluation is None or rule.evaluation.source is Source.RUN_METRICS:
        return _pinned(registry, rule, evidence=evidence)
    reference = rule.evaluation.reference
    asked = ToMeasure(
        rule=rule,
        challenger=challenger,
        champion=held,
        reference=_reference(bench, model, version=reference) if reference else None,
        commit=bench.commit,
        policy_digest=bench.policy.digest,
    )
    measured = bench.measurer.measure(asked, registry)
    evidence = replace(evidence, measurement=measured, challenger_files=measured.challenger_files)
    return evidence if measured.challenger_files else _pinned(registry, rule, evidence=evidence)


def _reference(bench: Bench, model: str, *, version: str) -> ModelVersion:
    """The policy's reference version: one that is not there is the policy's mistake, not the request's."""
    try:
        return bench.registry.model_version(model, version)
    except PromoterError as error:
        if error.reason is not ReasonCode.VERSION_NOT_FOUND:
            raise
        raise PromoterError(
            ReasonCode.POLICY_INVALID,
            say(
                "the policy's `reference` is version ",
                quote(version),
                ", and ",
                quote(model),
                " has none such",
            ),
            hint=say(
                "In a pull request of its own, name in `reference` of ",
                quote(bench.policy.path),
                " a version that the registry has, or delete it.",
            ),
        ) from error


def _pinned(registry: RegistryReader, rule: ModelRule, *, evidence: Evidence) -> Evidence:
    """The evidence with what the challenger is made of.

    A policy that neither runs models nor asks for their files is not kept from deciding where they cannot be
    read: the report says so.
    """
    try:
        return replace(evidence, challenger_files=registry.files(evidence.challenger))
    except PromoterError as error:
        if rule.checks.artifacts is not None or error.reason is ReasonCode.DEADLINE_EXCEEDED:
            raise
        return replace(evidence, unpinned=error.message)


def with_answers(bench: Bench, rule: ModelRule, *, evidence: Evidence, report: RequestReport) -> Evidence:
    """The evidence with what the user's own commands say to it, and to what all other checks found."""
    others = replace(rule, checks=replace(rule.checks, custom=()))
    found = replace(report, evidence=evidence, results=results_of(others, evidence, step=report.step))
    told = evidence_json.evidence(
        Report(
            phase=Phase.VALIDATE,
            reason=found.reason,
            message=found.message,
            requests=(found,),
            head_commit=bench.head,
            base_commit=bench.commit,
            policy_path=bench.policy.path,
            policy_digest=bench.policy.digest,
        )
    )
    if evidence.challenger.prompt is not None:
        told = evidence_json.with_templates(told, evidence)
    return replace(evidence, answers=bench.custom_checks.ask(rule, told, commit=bench.commit))


def results_of(rule: ModelRule, evidence: Evidence, *, step: Step | None) -> tuple[CheckResult, ...]:
    """What all checks find; of a rollback, comparisons only tell."""
    results = run_checks(rule, evidence)
    return report_only(results) if step is Step.ROLLBACK else results
