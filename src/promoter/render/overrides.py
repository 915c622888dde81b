"""What a request's override made pass: said beside the verdict, in the same words everywhere."""

from __future__ import annotations

from promoter.core.evidence import CheckResult
from promoter.core.override_rules import Override
from promoter.core.report import Report, RequestReport
from promoter.text import Message, Part, quote, say


def overridden(request: RequestReport) -> tuple[CheckResult, ...]:
    """The results that are warnings only because the request says so."""
    return tuple(result for result in request.results if result.overridden is not None)


def overrides(report: Report) -> tuple[Message, ...]:
    """A sentence for each request of which something was overridden."""
    return tuple(
        _told(one, one.request.override)
        for one in report.requests
        if one.request.override is not None and overridden(one)
    )


def _told(request: RequestReport, override: Override) -> Message:
    asked = request.request
    checks = ", ".join(f"`{check}`" for check in dict.fromkeys(one.check for one in overridden(request)))
    whose: tuple[Part, ...] = (" of ", quote(asked.model), " @ ", quote(asked.alias))
    return say(
        f"Overridden: {checks}",
        *whose,
        f" did not pass, and is accepted until {override.expires} (UTC) all the same. Reason given: ",
        quote(override.reason),
    )
