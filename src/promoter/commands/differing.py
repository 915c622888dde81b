"""Tell what differs between champion and challenger, once both are judged.

Nothing is decided by it, so nothing that keeps it from being read may change what was decided.
"""

from __future__ import annotations

from dataclasses import replace

from promoter.core.differences import Described, differences
from promoter.core.evidence import Evidence
from promoter.core.model_version import Papers
from promoter.core.report import RequestReport
from promoter.errors import PromoterError
from promoter.ports import RegistryReader
from promoter.text import Message, say


def with_differences(registry: RegistryReader, report: RequestReport) -> RequestReport:
    """The report with them; a note in it where not all could be compared. Never raises."""
    evidence = report.evidence
    if evidence is None or evidence.champion is None or evidence.challenger.prompt is not None:
        return report
    champion, challenger, notes = _papers(registry, evidence)
    found = differences(
        Described(version=evidence.champion, papers=champion),
        Described(version=evidence.challenger, papers=challenger),
    )
    return replace(report, differences=found, notes=(*report.notes, *notes))


def _papers(registry: RegistryReader, evidence: Evidence) -> tuple[Papers, Papers, tuple[Message, ...]]:
    """Of champion and challenger; and why there is no more."""
    known = (
        Papers(signature=evidence.champion_signature),
        Papers(signature=evidence.challenger_signature),
    )
    if evidence.champion is None or evidence.unpinned.parts:
        # Files that could not be read a moment ago are not asked for again.
        return (*known, ())
    try:
        return registry.papers(evidence.champion), registry.papers(evidence.challenger), ()
    except PromoterError as error:
        note = say("packages and signatures of both versions were not compared: ", *error.message.parts)
        return (*known, (note,))
