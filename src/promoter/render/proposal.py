"""A pull request that Promoter opens: its title and its body, which change only when the facts do."""

from __future__ import annotations

from dataclasses import replace

from promoter.core.drift import Key
from promoter.core.propose_rules import ProposeRule
from promoter.core.report import Report
from promoter.core.request import PromotionRequest
from promoter.render.layout import Limit, fit, in_utf16
from promoter.render.markdown import code, sentence
from promoter.render.sections import blocks
from promoter.render.sentences import ended
from promoter.text import Message, printable, quote, say

# What the adapter takes, less a line for the marker and some for what is said below the comparison.
_LIMIT = 56_000
_LONGEST_NAME = 80


def proposal_title(key: Key, *, live: str | None, version: str) -> str:
    """Plain text of at most 200 characters."""
    model, alias = (printable(name, longest=_LONGEST_NAME) for name in key)
    before = f"{live} → " if live is not None else "version "
    return f"Promote {model} {before}{version} as {alias}"


def why_proposed(rule: ProposeRule, version: str) -> Message:
    """Why there is this proposal, in a sentence that also stands in the request file."""
    if rule.from_alias:
        return say(quote(rule.from_alias), " names version ", quote(version))
    tags = ", ".join(f"{key}: {pattern.pattern}" for key, pattern in sorted(rule.tags.items()))
    return say("version ", quote(version), " is the newest with the tags ", quote(tags))


def proposal_body(
    request: PromotionRequest, rule: ProposeRule, *, report: Report | None, marker: str, notes: Message
) -> str:
    """Markdown whose first line is the marker. `report` None: what is needed to judge is not at hand here."""
    why = say(*why_proposed(rule, request.version).parts, ".")
    parts = [
        f"{marker}\n{_comparison(request, report)}",
        f"**Why this pull request:** {sentence(why)} {sentence(notes)}".rstrip(),
        _how(request),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _comparison(request: PromotionRequest, report: Report | None) -> str:
    if report is None:
        names = f"version {code(request.version)} of {code(request.model)} as {code(request.alias)}"
        return (
            f"### Proposed: {names}\n\n"
            "The policy has models run, or their predictions compared, to judge this. The validate run of "
            "this pull request does that, and its comment holds the comparison."
        )
    limit = Limit(size=_LIMIT, measure=in_utf16, pointer="the comment of this pull request's validate run")
    plain = replace(report, links=replace(report.links, run=""))
    return fit(blocks(plain, limit), limit, footer=_PREVIEW).rstrip()


_PREVIEW = (
    "<sub>A preview, by the policy and the registry as they are while this is open. What decides is the "
    "validate run of this pull request, and apply after the merge.</sub>"
)


def _how(request: PromotionRequest) -> str:
    version = code(request.version)
    return (
        f"- **Yes:** review and merge it. Merging is what moves {code(request.alias)}.\n"
        f"- **No:** close it. Version {version} is not proposed again unless its description, its tags or "
        "the policy change.\n"
        "- **Differently:** commit to the branch. From then on it is yours, and Promoter leaves it alone.\n\n"
        "<sub>Promoter keeps this pull request: one for each alias, brought up to date when another version "
        "is to be proposed, and closed when none is. What is edited in this text is written over.</sub>"
    )


def withdrawn_body(why: Message, *, marker: str) -> str:
    """The last text of a proposal that we close."""
    return (
        f"{marker}\n### Not proposed any more\n\n{sentence(ended(why))}\n\n"
        "<sub>Promoter has closed this pull request. What it said stands in its edits. Its version "
        "was not rejected by that: it is proposed again once the policy asks for it.</sub>\n"
    )
