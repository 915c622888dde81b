"""The part of a policy that says how drift is looked for, and whether it is healed."""

from __future__ import annotations

from datetime import timedelta

from promoter.core.drift_rules import DriftRules, Healing, Unmanaged
from promoter.core.scalars import Choice, Count, Flag
from promoter.core.shape import Map, defaulted

_LONGEST_GRACE = 7 * 24 * 60

_heal = defaulted(
    "heal",
    Flag(
        about="Whether a drift run also puts right what it finds, with the approvals and checks of apply. "
        "It then needs a credential that may write to the registry.",
    ),
    default=False,
)
_grace_minutes = defaulted(
    "grace_minutes",
    Count(
        about="How long after its merge a request may still wait for its apply before that is drift.",
        write=f"Write a whole number of minutes from 0 to {_LONGEST_GRACE}, without quotes",
        minimum=0,
        maximum=_LONGEST_GRACE,
    ),
    default=30,
)
_unmanaged = defaulted(
    "unmanaged",
    Choice(
        about="What becomes of an alias that this policy lets requests move and no request asks for.",
        options=tuple(Unmanaged),
    ),
    default=Unmanaged.IGNORE,
)
DRIFT = Map(
    about="What a drift run looks for, and whether it heals what it finds.",
    write="Write `heal`, `grace_minutes` or `unmanaged` below it",
    fields=(_heal, _grace_minutes, _unmanaged),
    build=lambda record: DriftRules(
        healing=Healing.APPLY if record[_heal] else Healing.NEVER,
        grace=timedelta(minutes=record[_grace_minutes]),
        unmanaged=record[_unmanaged],
    ),
)
