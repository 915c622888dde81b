"""Judge one promotion request: the path that validate and apply share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from promoter.commands.copies import hold_to_source, identify, refuse_unproven, told_of
from promoter.commands.differing import with_differences
from promoter.commands.gathering import Bench, gather, results_of, with_answers
from promoter.commands.overriding import weigh_override
from promoter.commands.tenure import tenure
from promoter.commands.versions import Claim, three_way
from promoter.core.advice import advice, only_warns
from promoter.core.evidence import Evidence, Outcome
from promoter.core.files import matches
from promoter.core.layers import missing_in
from promoter.core.model_version import READY, ModelVersion
from promoter.core.plan import Step, plan_step
from promoter.core.policy import Mode, ModelRule, Policy
from promoter.core.prompt import Kind
from promoter.core.report import RequestReport
from promoter.core.request import PromotionRequest
from promoter.core.verdict import Verdict, decide
from promoter.errors import PromoterError, ReasonCode, Tampered
from promoter.text import Message, Part, quote, say

# Workflows, and the local actions they may use: what says how this action is started.
WORKFLOWS = (
    *(".github/workflows", ".github/workflows/**", ".github/actions", ".github/actions/**", ".gitmodules"),
    *("**/action.yml", "**/action.yaml", "**/Dockerfile"),
)
# The registry as a whole does not answer: asking on would only spend the deadline. That one model may not be
# seen says nothing of the others.
OUTAGES = frozenset({ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED})


def brings_workflows(paths: Iterable[str]) -> bool:
    """Whether a change edits what runs: inputs of the Action, the policy's place among them."""
    return any(matches(path, pattern) for path in paths for pattern in WORKFLOWS)


def own_rules(message: Message) -> PromoterError:
    """A request beside the rules it would be judged by."""
    return PromoterError(
        ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST,
        message,
        hint=say("Make two pull requests of it, the rules first: no request brings its own."),
    )


_ENTRY = {Kind.MODEL: "Add an entry to ", Kind.PROMPT: "Add an entry with `kind: prompt` to "}


def rule_for(policy: Policy, request: PromotionRequest) -> ModelRule:
    """The rule that speaks for a request. Raises ALIAS_NOT_ALLOWED where none allows it."""
    rule = policy.rule_for(request.model, request.kind)
    where = quote(policy.path)
    if rule is None:
        message = say(f"no entry of the policy matches the {request.kind} ", quote(request.model))
        hint = say(_ENTRY[request.kind], where, " in a pull request of its own.")
    elif rule.mode is Mode.DISABLED:
        message = say("the policy has promotions of ", quote(request.model), " disabled")
        hint = say("Set `mode: enforce` for it in ", where, " in a pull request of its own.")
    elif not rule.sources.allow(request.source):
        asked = quote(str(request.source))
        message = say("the policy lets no request copy ", asked, " to ", quote(request.model))
        hint = say("Its entry needs `sources` with that model, in a pull request of its own: ", where, ".")
    elif request.alias not in rule.aliases:
        message = say("the policy does not let requests move ", quote(request.alias))
        hint = say("For ", quote(request.model), " it allows: ", quote(", ".join(rule.aliases)), ".")
    else:
        return rule
    raise PromoterError(ReasonCode.ALIAS_NOT_ALLOWED, message, hint=hint)


def judge(bench: Bench, claim: Claim) -> RequestReport:
    """Everything there is to say of one request. Never raises for what the request or registry does.

    Raises Tampered, after which nothing can be said of any request.
    """
    try:
        return _judge(bench, rule_for(bench.policy, claim.request), claim=claim)
    except Tampered:
        raise
    except PromoterError as error:
        return refused(claim.request, error)


def already_applied(request: PromotionRequest) -> RequestReport:
    """A request whose alias is where it should be; its version is in digits."""
    asked = quote(f"{request.model}@{request.alias}")
    return RequestReport(
        request=request,
        reason=ReasonCode.ALREADY_APPLIED,
        message=say(asked, " is version ", quote(request.version), " already"),
        step=Step.ALREADY_APPLIED,
        now=request.version,
    )


def refused(request: PromotionRequest, error: PromoterError) -> RequestReport:
    """A request that an error kept from being judged."""
    return RequestReport(request=request, reason=error.reason, message=error.message, hint=error.hint)


_ONLY_WARNS = say(
    "no limit of this policy can reject: each of its rules has `severity: warn`, so a challenger that breaks "
    "them all is promoted too"
)


def _judge(bench: Bench, rule: ModelRule, *, claim: Claim) -> RequestReport:
    registry = bench.registry
    holders = registry.aliases(claim.request.model, kind=claim.request.kind)
    live = holders.get(claim.request.alias)
    found = identify(registry, claim, live=live)
    claim, challenger, request = found.claim, found.challenger, found.claim.request
    _refuse_other_kind(request, challenger)
    if challenger.status != READY:
        raise _not_ready(challenger)
    versions = three_way(registry, claim, challenger=found.holder, live=live)
    step = plan_step(versions, on_missing=rule.on_missing_champion)
    refuse_unproven(registry, found, step=step)
    report = RequestReport(
        request=request,
        reason=ReasonCode.ALREADY_APPLIED,
        message=say(),
        step=step,
        now=live,
        mode=rule.mode,
        notes=(*_twins(holders, request.alias), *told_of(found)),
    )
    if not step.moves:
        return _without_judgement(report, before=versions.before)
    try:
        overriding = weigh_override(rule, request, step=step, now=bench.now)
        evidence = gather(bench, rule, challenger=challenger, champion=(request.model, live))
        hold_to_source(registry, found, evidence=evidence)
        if rule.checks.custom:
            evidence = with_answers(bench, rule, evidence=evidence, report=report)
    except Tampered:
        raise
    except PromoterError as error:
        return replace(report, reason=error.reason, message=error.message, hint=error.hint)
    if step is Step.ROLLBACK:
        report = replace(report, notes=(*report.notes, *tenure(registry, claim, challenger=found.holder)))
    told = (*_toothless(rule), *_unpinned(evidence), *_uses(claim, evidence), *_unconfined(evidence))
    notes = (*report.notes, *told)
    report = replace(report, notes=notes)
    report = overriding.judged(replace(report, evidence=evidence), results_of(rule, evidence, step=step))
    return _with_verdict(with_differences(registry, replace(report, verdict=decide(report.results))))


def _refuse_other_kind(request: PromotionRequest, challenger: ModelVersion) -> None:
    """A version may carry other tags than its registered model: MLflow checks neither."""
    if (challenger.prompt is not None) is (request.kind is Kind.PROMPT):
        return
    is_not = "no template, so it is no prompt" if request.kind is Kind.PROMPT else "the tags of a prompt"
    raise PromoterError(
        ReasonCode.VERSION_NOT_FOUND,
        say("version ", quote(challenger.version), " of ", quote(challenger.model), f" has {is_not}"),
        hint=say("Register it anew with MLflow, and ask for that version."),
    )


def _toothless(rule: ModelRule) -> tuple[Message, ...]:
    return (_ONLY_WARNS,) if only_warns(rule.checks) else ()


def _unpinned(evidence: Evidence) -> tuple[Message, ...]:
    why = evidence.unpinned.parts
    return (say("the version's files are not pinned, because they could not be read: ", *why),) if why else ()


_MANY = 3


def _uses(claim: Claim, evidence: Evidence) -> tuple[Message, ...]:
    """How often the holdout has decided, as far as git knows: proposals that were never merged are not in it.

    Whoever tries often enough on the same rows finds a version that suits them by chance.
    """
    if evidence.measurement is None:
        return ()
    asked = {past.version for past in claim.past if past.version} | {claim.request.version}
    if len(asked) < _MANY:
        return ()
    return (
        say(
            f"{len(asked)} versions have asked for this alias by now, this one included: the more are judged "
            "by the same rows, the more of what they show is chance. Renew the data from time to time"
        ),
    )


def _unconfined(evidence: Evidence) -> tuple[Message, ...]:
    """What was not around code that ran, said as loudly as words can."""
    gone = missing_in(evidence.sandboxes)
    if not gone:
        return ()
    layers: list[Part] = [part for layer in gone for part in ("; ", f"{layer}: ", quote(gone[layer]))]
    return (
        say(
            "NOT CONFINED: the policy says `unsafe_sandbox: best_effort`, and models or custom checks ran "
            "without these layers of the sandbox (",
            *layers[1:],
            "). Unless you trust whoever wrote them, replace every secret that this job was given",
        ),
    )


def _twins(holders: Mapping[str, str], alias: str) -> tuple[Message, ...]:
    twins = sorted(name for name in holders if name != alias and name.casefold() == alias.casefold())
    return tuple(
        say("the registry also has the alias ", quote(twin), ": only ", quote(alias), " is meant here")
        for twin in twins
    )


def _without_judgement(report: RequestReport, *, before: str | None) -> RequestReport:
    request, live = report.request, report.now
    asked = quote(f"{request.model}@{request.alias}")
    if report.step is Step.ALREADY_APPLIED:
        return replace(report, message=say(asked, " is version ", quote(request.version), " already"))
    if report.step is Step.MISSING_CHAMPION:
        return replace(
            report,
            reason=ReasonCode.MISSING_CHAMPION,
            message=say("no version holds ", asked, ", so there is no champion to compare with"),
            hint=say("For a first promotion set `on_missing_champion: bootstrap` in the policy."),
        )
    held = say("version ", quote(live)) if live else say("nobody")
    if report.step is Step.ADOPT_FIRST:
        message = say(asked, " is held by ", *held.parts, ", and git does not know of it yet")
        hint = say("First merge a request that names that version: then both start from the same.")
    else:
        git_says = quote(before or "none")
        message = say(asked, " is held by ", *held.parts, " where git says version ", git_says)
        hint = _MOVED if live else _DELETED
    return replace(report, reason=ReasonCode.CONFLICT, message=message, hint=hint)


_MOVED = say(
    "It was moved outside git. Merge a request that names what the registry holds now, or put the alias back "
    "by hand; then ask again."
)
_DELETED = say("Somebody deleted the alias. Set it by hand to what git says, then ask again.")


def _with_verdict(report: RequestReport) -> RequestReport:
    if report.mode is Mode.DRY_RUN:
        return replace(
            report,
            reason=ReasonCode.DRY_RUN,
            message=say(f"dry run: the checks say {report.verdict}; merging moves nothing"),
        )
    reason, text = _BY_VERDICT[report.verdict or Verdict.ERROR]
    if report.verdict is Verdict.PROMOTE and report.step is Step.ROLLBACK:
        reason, text = ReasonCode.ROLLBACK_VALIDATED, "this version held the alias before: a rollback"
    elif report.verdict is Verdict.PROMOTE and not _has_passed(report):
        text = _BUT_WARNINGS
        report = replace(report, notes=(*report.notes, say(text)))
    verdict, evidence = report.verdict, report.evidence
    hint = advice(verdict, report.results, evidence=evidence) if verdict and evidence else report.hint
    return replace(report, reason=reason, message=say(text), hint=hint)


def _has_passed(report: RequestReport) -> bool:
    return any(result.outcome is Outcome.PASSED for result in report.results)


_BUT_WARNINGS = "no check says no, and none has passed: nothing but warnings"
_BY_VERDICT = {
    Verdict.PROMOTE: (ReasonCode.VALIDATED, "all checks that decide have passed"),
    Verdict.REJECT: (ReasonCode.CHECKS_FAILED, "at least one check says no"),
    Verdict.INCONCLUSIVE: (ReasonCode.INCONCLUSIVE, "the checks could not tell yes from no"),
    Verdict.ERROR: (ReasonCode.CHECK_UNAVAILABLE, "a check could not be carried out"),
}


def _not_ready(challenger: ModelVersion) -> PromoterError:
    return PromoterError(
        ReasonCode.VERSION_NOT_READY,
        say(
            "version ",
            quote(challenger.version),
            " of ",
            quote(challenger.model),
            " has the status ",
            quote(challenger.status),
        ),
        hint=say("Wait until the registry says READY, or ask for another version; then run the job again."),
    )
