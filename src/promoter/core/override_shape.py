"""What `override` must hold, in a promotion request and in the policy, declared once each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from promoter.core.nodes import ScalarNode
from promoter.core.override_rules import MAX_DAYS, Overridable, Override, OverrideRules
from promoter.core.scalars import Choice, Count, Scalar, Text
from promoter.core.shape import Complaint, JsonSchema, ListOf, Map, defaulted, required
from promoter.text import quote, say

_DAY = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


@dataclass(frozen=True, kw_only=True)
class Day(Scalar[date]):
    """A day of the calendar as YYYY-MM-DD and nothing else, with quotes or without."""

    about: str
    write: str

    def value(self, node: ScalarNode, name: str) -> date | Complaint:
        """The day, where the calendar has it."""
        if not re.fullmatch(_DAY, node.text):
            return self._refused(node, name)
        try:
            return date(*map(int, node.text.split("-")))
        except ValueError:
            found = say("found ", quote(node.text), f" for `{name}`, a day that no calendar has")
            return Complaint(found, say(self.write))

    def schema(self) -> JsonSchema:
        """A text with that form."""
        return {"description": self.about, "type": "string", "pattern": f"^{_DAY}$"}


_CHECK = Choice(about="A check's id, as the policy names it.", options=tuple(Overridable))


def _checks(about: str) -> ListOf[Overridable]:
    return ListOf(
        about=about, write="Write a list of check ids, such as `[metrics]`", item=_CHECK, distinct=str
    )


# --- in a request --------------------------------------------------------------------------------

_asked = required(
    "checks",
    _checks("The checks whose failure is accepted. Only those that the policy's `override` names."),
    write="Write `checks:` and a list of check ids",
)
_reason = required(
    "reason",
    Text(
        about="Why this failure is acceptable: shown in the comment, kept in the registry's tags.",
        write="Write a sentence",
        pattern=r"[\s\S]*\S[\s\S]*",
        longest=1_000,
    ),
    write="Write `reason:` and why",
)
_expires = required(
    "expires",
    Day(
        about="The last day on which it counts, in UTC: the merge has to be applied by its end.",
        write="Write a day as YYYY-MM-DD, such as `2026-03-31`",
    ),
    write="Write `expires:` and a day, such as `2026-03-31`",
)
OVERRIDE = Map(
    about="Failures of checks that are accepted for this once, where the policy allows it.",
    write="Write `checks`, `reason` and `expires` below it",
    fields=(_asked, _reason, _expires),
    build=lambda record: Override(
        checks=record[_asked], reason=record[_reason].strip(), expires=record[_expires]
    ),
)

# --- in the policy -------------------------------------------------------------------------------

_allowed = required(
    "checks",
    _checks("The checks whose failure a request may override, with a reason and an end."),
    write="Write `checks:` and a list of check ids, such as `[metrics]`",
)
_max_days = defaulted(
    "max_days",
    Count(
        about="How many days from today `expires` may lie ahead.",
        write="Write a whole number from 1 to 90, without quotes",
        minimum=1,
        maximum=90,
    ),
    default=MAX_DAYS,
)
_minimum_approvals = defaulted(
    "minimum_approvals",
    Count(
        about="How many approvals a request with an override needs at least; more than `approvals.minimum`.",
        write="Write a whole number from 0 to 20, without quotes",
        minimum=0,
        maximum=20,
    ),
    default=0,
)
OVERRIDE_RULES = Map(
    about="Which checks a request may override. Left out: none.",
    write="Write `checks`, `max_days` or `minimum_approvals` below it",
    fields=(_allowed, _max_days, _minimum_approvals),
    build=lambda record: OverrideRules(
        checks=record[_allowed], max_days=record[_max_days], minimum_approvals=record[_minimum_approvals]
    ),
)
