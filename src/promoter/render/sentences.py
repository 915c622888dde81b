"""What a report says in sentences: built once as messages, rendered by each channel in its own way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from promoter.core.approval import ApprovalState
from promoter.core.evidence import CheckResult, MetricComparison, Outcome
from promoter.core.plan import Step
from promoter.core.report import Phase, Report, RequestReport
from promoter.errors import ExitCode, ReasonCode
from promoter.render.overrides import overridden
from promoter.render.words import (
    CUSTOM,
    LEADS,
    REASONS,
    ROLLBACK_LEADS,
    TONE_COUNTS,
    VERDICT_WORDS,
    Tone,
    capital,
    count,
)
from promoter.text import NOTHING, Message, Part, quote, say

_TONES = tuple(Tone)
_SEVERAL = 2
_NAMED = 3
_UNDO = "To undo: `git revert` the merge and merge that."
_FIRST_UNDO = (
    "Nobody held the alias before, so `git revert` alone does not take it away: merge a request for another "
    "version, or delete the alias in the registry."
)

# After a merge: nobody has touched the alias, so it is where it was judged.
_KEPT = frozenset(
    {
        ReasonCode.CHECKS_FAILED,
        ReasonCode.INCONCLUSIVE,
        ReasonCode.APPROVAL_MISSING,
        ReasonCode.APPROVAL_STALE,
        ReasonCode.APPROVAL_SELF,
    }
)
# What stays as it is however often the job is run.
_NOT_BY_ITSELF = frozenset(
    {ReasonCode.DATA_UNAVAILABLE, ReasonCode.CHECK_UNAVAILABLE, ReasonCode.PERMISSION_DENIED}
)
_UNDECIDED = frozenset({ExitCode.UNDECIDED, ExitCode.BUG, ExitCode.INTERRUPTED})


@dataclass(frozen=True)
class Headline:
    """The verdict in one line."""

    tone: Tone
    message: Message


def tone(request: RequestReport) -> Tone:
    """How one request came out."""
    return REASONS[request.reason].tone


def in_order(requests: tuple[RequestReport, ...]) -> tuple[RequestReport, ...]:
    """What blocks first, what needs no thought last; otherwise as given."""
    return tuple(sorted(requests, key=lambda request: _TONES.index(tone(request))))


def headline(report: Report) -> Headline:
    """The whole run in one line a manager understands."""
    words = REASONS[report.reason]
    alike = [request for request in report.requests if tone(request) is words.tone]
    others = [request for request in report.requests if tone(request) not in {words.tone, Tone.QUIET}]
    if not alike or report.problems:
        return Headline(words.tone, _general(report))
    if len(alike) == 1 and not others:
        return Headline(words.tone, request_headline(alike[0], report.phase))
    total = len(alike) + len(others)
    share = count(total, "request") if not others else f"{len(alike)} of {count(total, 'request')}"
    return Headline(words.tone, say(_lead(report.reason, report.phase), f": {share}"))


def counts(report: Report, signs: Mapping[Tone, str]) -> str:
    """How many requests came out how: "❌ 2 refused · ✅ 17 ready"; empty where all came out alike."""
    tones = Counter(tone(request) for request in report.requests)
    if len(tones) < _SEVERAL:
        return ""
    return " · ".join(
        f"{signs[one]} {tones[one]} {TONE_COUNTS[report.phase, one]}" for one in Tone if tones[one]
    )


def request_headline(request: RequestReport, phase: Phase) -> Message:
    """One request in one line: "Ready to promote: churn 6 → 7 as champion"."""
    lead = _lead(request.reason, phase)
    if request.reason is ReasonCode.ALREADY_APPLIED:
        target = version(request.request.version)
        return say(lead, ": ", *alias_of(request), " is version ", target, " already")
    if request.step is Step.ROLLBACK and tone(request) is Tone.GOOD:
        lead = ROLLBACK_LEADS[phase]
    ending: tuple[Part, ...] = (", with checks overridden",) if overridden(request) else ()
    if request.reason is ReasonCode.APPLIED:
        return say(lead, ": ", *alias_of(request), " moved", *_from_to(request), *ending)
    if tone(request) is Tone.TRIAL:
        ending = (" ", VERDICT_WORDS[request.verdict], *ending)
    elif doubt(request).parts:
        ending = (" (too few rows to tell)",)
    return say(lead, ": ", *change_of(request), *ending)


def change_of(request: RequestReport) -> tuple[Part, ...]:
    """The change asked for: "churn 6 → 7 as champion", or "churn version 7 as champion" with no champion."""
    asked = request.request
    before = (version(request.now), " → ") if request.now else ("version ",)
    return (quote(asked.model), " ", *before, version(asked.version), " as ", quote(asked.alias))


def alias_of(request: RequestReport) -> tuple[Part, ...]:
    """The alias and the registered model it belongs to."""
    return (quote(request.request.alias), " of ", quote(request.request.model))


def version(number: str) -> Part:
    """A version number as it stands, when it is one."""
    return number if number.isascii() and number.isdigit() else quote(number)


def consequence(report: Report) -> tuple[Message, ...]:
    """What merging will do, or what the merge did, and how to undo it. Empty where nothing follows."""
    if report.phase is Phase.APPLY:
        return _after_merge(report)
    active = [request for request in report.requests if tone(request) is not Tone.QUIET]
    overall = REASONS[report.reason].tone
    if report.reason.exit_code in _UNDECIDED:
        return (_run_again(report.reason),)
    if overall.blocks:
        return (_moves_nothing(active),)
    moving = [one for one in active if tone(one) is Tone.GOOD and one.step is not None and one.step.moves]
    if moving:
        return (_will_move(moving), *_approvals_needed(moving))
    return (say("Merging this moves no alias: the policy says dry run."),) if overall is Tone.TRIAL else ()


def _run_again(reason: ReasonCode) -> Message:
    first = "do what is said below, then " if reason in _NOT_BY_ITSELF else ""
    return say(f"Nothing has been decided: {first}run this job again before you merge.")


def _will_move(moving: list[RequestReport]) -> Message:
    if len(moving) > 1:
        return say(f"Merging this pull request moves {len(moving)} aliases as the table says. {_UNDO}")
    request = moving[0]
    if request.now is None:
        target = version(request.request.version)
        first = ("Merging this pull request makes version ", target, " the first ", *alias_of(request))
        return say(*first, f". {_FIRST_UNDO}")
    return say("Merging this pull request moves ", *alias_of(request), *_from_to(request), f". {_UNDO}")


def _approvals_needed(moving: list[RequestReport]) -> tuple[Message, ...]:
    lacking = [one.approval for one in moving if one.approval is not None and not one.approval.is_enough]
    if not lacking:
        return ()
    if len(moving) > 1:
        return (say(f"Approvals are missing for {len(lacking)} of them: merged without, nothing moves."),)
    given = f"{len(lacking[0].counted)} of {lacking[0].needed}"
    return (say(f"Approvals that count so far: {given}. Merged without, nothing moves."),)


def _moves_nothing(active: list[RequestReport]) -> Message:
    nothing = "Merged as it is, this pull request moves nothing"
    if len(active) == 1 and active[0].now is not None:
        return say(nothing, ": ", *alias_of(active[0]), " stays at version ", version(active[0].now), ".")
    if len(active) > 1:
        return say(nothing, ": its requests move together or not at all.")
    return say(nothing, ".")


def _after_merge(report: Report) -> tuple[Message, ...]:
    moved = [request for request in report.requests if request.reason is ReasonCode.APPLIED]
    if moved:
        return (say(_UNDO if any(request.now for request in moved) else _FIRST_UNDO),)
    kept = [request for request in report.requests if request.reason in _KEPT and request.now is not None]
    return tuple(
        say("Nothing was moved: ", *alias_of(request), " is still version ", version(request.now or ""), ".")
        for request in kept
        if len(kept) == 1
    )


def _from_to(request: RequestReport) -> tuple[Part, ...]:
    target = version(request.request.version)
    if request.now is None:
        return (" to version ", target, ", its first")
    return (" from version ", version(request.now), " to ", target)


def _lead(reason: ReasonCode, phase: Phase) -> str:
    words = REASONS[reason]
    return words.lead or LEADS[phase, words.tone]


def _general(report: Report) -> Message:
    words = REASONS[report.reason]
    if words.tone in {Tone.GOOD, Tone.QUIET, Tone.TRIAL} and not words.lead:
        return say(capital(words.title))
    problems = f" ({count(len(report.problems), 'problem')})" if report.problems else ""
    return say(f"{_lead(report.reason, report.phase)}: {words.title}{problems}")


def doubt(request: RequestReport) -> Message:
    """What chance leaves open and how many rows would decide, for somebody who does no statistics; empty
    where the request is open for another reason."""
    by_chance = [one for one in _left_open(request) if one.rows and None not in (one.lower, one.upper)]
    if request.reason is not ReasonCode.INCONCLUSIVE or not by_chance:
        return NOTHING
    most = max(by_chance, key=lambda one: one.rows or 0)
    names = _listed([one.name for one in by_chance])
    asked = version(request.request.version)
    begin = (f"With {most.rows:,} rows we cannot tell whether version ", asked, " keeps the rules for ")
    needed = [one.rows_needed for one in by_chance if one.rows_needed is not None]
    ending = ": what they show may be chance."
    if len(needed) == len(by_chance):
        ending += f" About {max(needed):,} rows would decide, if the changes are what they look like."
    return say(*begin, *names, ending)


def _left_open(request: RequestReport) -> list[MetricComparison]:
    results = (one for one in request.results if one.outcome is Outcome.INCONCLUSIVE)
    return [one.comparison for one in results if one.comparison is not None]


def _listed(names: list[str]) -> tuple[Part, ...]:
    """Names in a sentence; of many the first three."""
    parts: list[Part] = [part for name in names[:_NAMED] for part in (", ", quote(name))][1:]
    if len(names) > _NAMED:
        parts.append(f" and {len(names) - _NAMED:,} more")
    elif len(names) > 1:
        parts[-2] = " and "
    return tuple(parts)


def title_of(result: CheckResult) -> tuple[Part, ...]:
    """A check and what it speaks of; the user's own checks by the names they have in the policy."""
    if result.check == CUSTOM:
        return (f"{CUSTOM}: ", quote(result.subject))
    subject = subject_of(result)
    return (quote(result.check), " ", quote(subject)) if subject else (quote(result.check),)


def subject_of(result: CheckResult) -> str:
    """What a check speaks of, where its message does not begin with that."""
    return "" if result.message.parts[:1] == (quote(result.subject),) else result.subject


def approvals(state: ApprovalState | None) -> tuple[Message, ...]:
    """Which approvals do not count, and why."""
    if state is None:
        return ()
    return tuple(
        say(quote(login), " approved, but that does not count: ", quote(login), f" {why.value}.")
        for login, why in state.refused
    )


def why(request: RequestReport) -> Message:
    """Why a request came out as it did. Where nothing was judged, the reason in words comes first."""
    if request.verdict is None:
        return say(f"{capital(REASONS[request.reason].title)}: ", *ended(request.message).parts)
    return doubt(request) if doubt(request).parts else full(request.message)


def full(message: Message) -> Message:
    """The message as a full sentence: capital letter and full stop."""
    first, *rest = ended(message).parts or ("",)
    return say(capital(first) if isinstance(first, str) else first, *rest)


def ended(message: Message) -> Message:
    """The message with a full stop at its end, unless it has one or is empty."""
    if not message.parts:
        return message
    last = message.parts[-1]
    if isinstance(last, str) and last.rstrip().endswith((".", "!", "?", ":")):
        return message
    return say(*message.parts, ".")
