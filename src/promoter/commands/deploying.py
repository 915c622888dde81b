"""Show on GitHub what apply moved: as deployments, where the team asked for them."""

from __future__ import annotations

from dataclasses import replace

from promoter.core.deployments import Deployment, Recorded, wanted
from promoter.core.report import Links, Report
from promoter.errors import PromoterError
from promoter.ports import Deployments
from promoter.render.links import job, model_version
from promoter.text import Message, quote, say

# New ones in a run: each is two writes, and GitHub wants a second between writes.
MOST_NEW = 40


def deployed(report: Report, deployments: Deployments) -> Report:
    """The report; what could not be recorded is a note. No outcome changes: the aliases have moved."""
    new = 0
    asked = wanted(report)
    for at, one in enumerate(asked):
        if new == MOST_NEW:
            return _noted(report, _too_many(len(asked) - at))
        try:
            recorded = deployments.record(_with_addresses(one, report.links))
        except PromoterError as error:
            # Where GitHub refuses one, or is not reached, the others would only take the time of the rest.
            return _noted(report, _failed(error, one, left=len(asked) - at))
        new += recorded is Recorded.NEW
    return report


def _with_addresses(one: Deployment, links: Links) -> Deployment:
    return replace(one, page=model_version(links, one.model, version=one.version), log=job(links))


def _noted(report: Report, note: Message) -> Report:
    return replace(report, notes=(*report.notes, note))


def _failed(error: PromoterError, one: Deployment, *, left: int) -> Message:
    which = say("the deployment to ", quote(one.environment))
    more = f" and {left - 1} more" if left > 1 else ""
    hint = say(". ", *error.hint.parts) if error.hint.parts else say()
    return say(*which.parts, f"{more} could not be recorded: ", *error.message.parts, *hint.parts)


def _too_many(left: int) -> Message:
    most = f"a run makes at most {MOST_NEW} new ones, and the next attempt of this job goes on"
    return say(f"{left} deployments are not recorded yet: {most}")
