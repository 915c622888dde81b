"""The words and signs of outcomes, verdicts, steps and reasons: the same in every renderer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from promoter.core.evidence import CheckResult, Outcome
from promoter.core.plan import Step
from promoter.core.report import Phase
from promoter.core.verdict import Verdict
from promoter.errors import ReasonCode


class Tone(StrEnum):
    """How a reason should be taken; listed in the order a reader needs to see them."""

    BAD = "bad"
    UNSURE = "unsure"
    WAITING = "waiting"
    TRIAL = "trial"
    GOOD = "good"
    QUIET = "quiet"

    @property
    def blocks(self) -> bool:
        """Whether somebody has to do something before the alias moves."""
        return self in _BLOCKING_TONES


_BLOCKING_TONES = frozenset({Tone.BAD, Tone.UNSURE, Tone.WAITING})

TONE_ICONS: dict[Tone, str] = {
    Tone.BAD: "❌",
    Tone.UNSURE: "⚠️",
    Tone.WAITING: "⏸️",
    Tone.TRIAL: "🧪",
    Tone.GOOD: "✅",
    Tone.QUIET: "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}",
}

# One column wide in every terminal, unlike the icons above.
TONE_SIGNS: dict[Tone, str] = {
    Tone.BAD: "✗",
    Tone.UNSURE: "?",
    Tone.WAITING: "‖",
    Tone.TRIAL: "~",
    Tone.GOOD: "✓",
    Tone.QUIET: "·",
}

OUTCOME_ICONS: dict[Outcome, str] = {
    Outcome.FAILED: "❌",
    Outcome.ERROR: "❗",
    Outcome.INCONCLUSIVE: "❓",
    Outcome.WARNED: "⚠️",
    Outcome.PASSED: "✅",
    Outcome.SKIPPED: "\N{HEAVY MINUS SIGN}",
}

OUTCOME_SIGNS: dict[Outcome, str] = {
    Outcome.FAILED: "✗",
    Outcome.ERROR: "!",
    Outcome.INCONCLUSIVE: "?",
    Outcome.WARNED: "!",
    Outcome.PASSED: "✓",
    Outcome.SKIPPED: "-",
}

# What stands before a verdict that a check did not give alone.
OVERRIDE_ICON = "🔓"

# How a count of an outcome reads: "2 failed", "1 could not be checked".
OUTCOME_COUNTS: dict[Outcome, str] = {
    Outcome.FAILED: "failed",
    Outcome.ERROR: "could not be checked",
    Outcome.INCONCLUSIVE: "undecided",
    Outcome.WARNED: "warned",
    Outcome.PASSED: "passed",
    Outcome.SKIPPED: "skipped",
}

STEP_WORDS: dict[Step, str] = {
    Step.PROMOTE: "promotion",
    Step.FIRST_PROMOTION: "first promotion",
    Step.ROLLBACK: "rollback",
    Step.ALREADY_APPLIED: "in place already",
    Step.MISSING_CHAMPION: "nobody holds the alias",
    Step.ADOPT_FIRST: "adopt first",
    Step.CONFLICT: "conflict",
}

VERDICT_WORDS: dict[Verdict | None, str] = {
    Verdict.PROMOTE: "would be promoted",
    Verdict.REJECT: "would be rejected",
    Verdict.INCONCLUSIVE: "could not be decided",
    Verdict.ERROR: "could not be decided",
    None: "was not judged",
}

# What results and comparisons call what Promoter measured itself.
MEASURED = "measured"
SLICES = "slices"
CUSTOM = "custom"
_CLAIMED = "Figures as claimed by the training runs; Promoter did not measure them."
SOURCE_NOTES: dict[str, str] = dict.fromkeys(
    ("run", "logged model", "run and logged model", "logged model and run"), _CLAIMED
)

LEADS: dict[tuple[Phase, Tone], str] = {
    (Phase.VALIDATE, Tone.BAD): "Not ready to promote",
    (Phase.VALIDATE, Tone.UNSURE): "Could not decide",
    (Phase.VALIDATE, Tone.WAITING): "Not ready to promote",
    (Phase.VALIDATE, Tone.TRIAL): "Dry run",
    (Phase.VALIDATE, Tone.GOOD): "Ready to promote",
    (Phase.VALIDATE, Tone.QUIET): "Nothing to do",
    (Phase.APPLY, Tone.BAD): "Not promoted",
    (Phase.APPLY, Tone.UNSURE): "Could not decide",
    (Phase.APPLY, Tone.WAITING): "Not promoted",
    (Phase.APPLY, Tone.TRIAL): "Dry run",
    (Phase.APPLY, Tone.GOOD): "Promoted",
    (Phase.APPLY, Tone.QUIET): "Nothing to do",
}
# How a count of requests reads: "2 refused", "1 undecided".
TONE_COUNTS: dict[tuple[Phase, Tone], str] = {
    (phase, one): word
    for phase, good in ((Phase.VALIDATE, "ready"), (Phase.APPLY, "promoted"))
    for one, word in (
        (Tone.BAD, "refused"),
        (Tone.UNSURE, "undecided"),
        (Tone.WAITING, "waiting for approval"),
        (Tone.TRIAL, "dry run"),
        (Tone.GOOD, good),
        (Tone.QUIET, "in place already"),
    )
}
ROLLBACK_LEADS: dict[Phase, str] = {Phase.VALIDATE: "Ready to roll back", Phase.APPLY: "Rolled back"}


# Titles of the one table with a row per request.
OVERVIEW: dict[Phase, tuple[str, str, str, str, str]] = {
    Phase.VALIDATE: ("Model @ alias", "Now", "Proposed", "Checks", "Approval"),
    Phase.APPLY: ("Model @ alias", "Before", "Proposed", "Checks", "Approval"),
}


@dataclass(frozen=True)
class ReasonWords:
    """A reason code in words. `lead` replaces the opening words that the tone alone would give."""

    tone: Tone
    title: str
    lead: str = ""


_R = ReasonCode
_WAITING = "Not promoted, waiting for approval"
REASONS: dict[ReasonCode, ReasonWords] = {
    _R.NOTHING_TO_PROMOTE: ReasonWords(Tone.QUIET, "nothing to promote"),
    _R.VALIDATED: ReasonWords(Tone.GOOD, "ready to promote"),
    _R.ROLLBACK_VALIDATED: ReasonWords(Tone.GOOD, "ready to roll back"),
    _R.APPLIED: ReasonWords(Tone.GOOD, "promoted"),
    _R.ALREADY_APPLIED: ReasonWords(Tone.QUIET, "in place already"),
    _R.SETUP_SOUND: ReasonWords(Tone.GOOD, "set up soundly"),
    _R.IN_SYNC: ReasonWords(Tone.GOOD, "registry and git agree"),
    _R.PROPOSED: ReasonWords(Tone.GOOD, "proposals written"),
    _R.PROPOSALS_CURRENT: ReasonWords(Tone.GOOD, "proposals are up to date"),
    _R.DRY_RUN: ReasonWords(Tone.TRIAL, "dry run"),
    _R.PULL_REQUEST_CLOSED: ReasonWords(Tone.QUIET, "the pull request is closed"),
    _R.CHECKS_FAILED: ReasonWords(Tone.BAD, "checks failed"),
    _R.INCONCLUSIVE: ReasonWords(Tone.UNSURE, "not enough evidence to decide"),
    _R.MISSING_CHAMPION: ReasonWords(Tone.BAD, "nobody holds the alias"),
    _R.CHAMPION_MOVED: ReasonWords(Tone.BAD, "the champion has moved since"),
    _R.CONFLICT: ReasonWords(Tone.BAD, "git and the registry disagree"),
    _R.FORK_UNSUPPORTED: ReasonWords(Tone.BAD, "pull request from a fork", "Not judged"),
    _R.NOT_DEFAULT_BRANCH: ReasonWords(Tone.BAD, "not the default branch"),
    _R.SUPERSEDED: ReasonWords(Tone.QUIET, "a newer change has taken over", "Superseded"),
    _R.APPROVAL_MISSING: ReasonWords(Tone.WAITING, "approval is missing", _WAITING),
    _R.APPROVAL_STALE: ReasonWords(
        Tone.WAITING, "the approval is for something else than this change", _WAITING
    ),
    _R.APPROVAL_SELF: ReasonWords(Tone.WAITING, "authors cannot approve their own change", _WAITING),
    _R.NO_PULL_REQUEST: ReasonWords(Tone.WAITING, "no pull request brought this change"),
    _R.READBACK_MISMATCH: ReasonWords(Tone.BAD, "the registry shows another version", "Promotion failed"),
    _R.ARTIFACTS_CHANGED: ReasonWords(Tone.BAD, "the version is no longer what was validated"),
    _R.MODEL_UNSAFE: ReasonWords(Tone.BAD, "the model is not safe to load"),
    _R.SETUP_UNSAFE: ReasonWords(Tone.BAD, "not set up safely", "Set-up is not safe"),
    _R.OVERRIDE_REFUSED: ReasonWords(Tone.BAD, "the override does not count"),
    _R.DRIFT_FOUND: ReasonWords(Tone.BAD, "registry and git differ", "Drift found"),
    _R.REQUEST_INVALID: ReasonWords(Tone.BAD, "the promotion request is not valid"),
    _R.POLICY_INVALID: ReasonWords(Tone.BAD, "the policy is not valid"),
    _R.DUPLICATE_REQUEST: ReasonWords(Tone.BAD, "two promotion requests for one alias"),
    _R.ALIAS_NOT_ALLOWED: ReasonWords(Tone.BAD, "the policy does not allow this alias"),
    _R.MODEL_NOT_FOUND: ReasonWords(Tone.BAD, "the registered model does not exist"),
    _R.VERSION_NOT_FOUND: ReasonWords(Tone.BAD, "the model version does not exist"),
    _R.VERSION_NOT_READY: ReasonWords(Tone.BAD, "the model version is not ready"),
    _R.POLICY_CHANGED_IN_PULL_REQUEST: ReasonWords(Tone.BAD, "policy and promotion requests change together"),
    _R.ALL_REQUESTS_DELETED: ReasonWords(Tone.BAD, "every promotion request would be deleted"),
    _R.TOO_MANY_FILES: ReasonWords(Tone.BAD, "too many changed files to see them all"),
    _R.USAGE_INVALID: ReasonWords(Tone.BAD, "Promoter was started in a wrong way"),
    _R.NOT_AVAILABLE: ReasonWords(Tone.BAD, "not available in this version"),
    _R.APPLY_FAILED: ReasonWords(Tone.UNSURE, "writing to the registry failed", "Promotion failed"),
    _R.REGISTRY_UNAVAILABLE: ReasonWords(Tone.UNSURE, "the registry did not answer"),
    _R.GITHUB_UNAVAILABLE: ReasonWords(Tone.UNSURE, "GitHub did not answer"),
    _R.DATA_UNAVAILABLE: ReasonWords(Tone.UNSURE, "the data could not be read"),
    _R.CHECK_UNAVAILABLE: ReasonWords(Tone.UNSURE, "a check could not be carried out"),
    _R.OUTPUT_UNWRITABLE: ReasonWords(Tone.UNSURE, "the result could not be written"),
    _R.DEADLINE_EXCEEDED: ReasonWords(Tone.UNSURE, "the deadline was reached"),
    _R.PERMISSION_DENIED: ReasonWords(Tone.UNSURE, "a permission is missing"),
    _R.INTERNAL_ERROR: ReasonWords(Tone.UNSURE, "a bug in Promoter", "Promoter failed"),
    _R.INTERRUPTED: ReasonWords(Tone.UNSURE, "interrupted", "Stopped"),
}

# What must be seen first; also the order of rows in every table of checks.
OUTCOME_ORDER: tuple[Outcome, ...] = tuple(OUTCOME_ICONS)
_NOT_IN_FAVOUR = frozenset({Outcome.FAILED, Outcome.ERROR, Outcome.INCONCLUSIVE})


def capital(text: str) -> str:
    """The text with its first letter in upper case, the others as they are."""
    return text[:1].upper() + text[1:]


def count(number: int, noun: str) -> str:
    """A number and its noun: "1 problem", "2 problems"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def worst_first(results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """Results in the order of their outcomes, otherwise as given."""
    return tuple(sorted(results, key=lambda result: OUTCOME_ORDER.index(result.outcome)))


def worst_outcome(results: Sequence[CheckResult]) -> Outcome | None:
    """The outcome that decides; None for no results."""
    return worst_first(results)[0].outcome if results else None


def tally(results: Sequence[CheckResult]) -> str:
    """How many checks ended how: "2 of 6 failed", "6 passed", "5 passed, 1 warned"; empty for none."""
    counts = Counter(result.outcome for result in results)
    against = [outcome for outcome in OUTCOME_ORDER if outcome in _NOT_IN_FAVOUR and counts[outcome]]
    if against:
        return ", ".join(
            f"{counts[outcome]} of {len(results)} {OUTCOME_COUNTS[outcome]}"
            if outcome is against[0]
            else f"{counts[outcome]} {OUTCOME_COUNTS[outcome]}"
            for outcome in against
        )
    quiet = (Outcome.PASSED, Outcome.WARNED, Outcome.SKIPPED)
    return ", ".join(f"{counts[outcome]} {OUTCOME_COUNTS[outcome]}" for outcome in quiet if counts[outcome])
