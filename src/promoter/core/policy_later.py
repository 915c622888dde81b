"""Keys of a policy that a later version will read. Their form is checked, and their use refused.

Ignoring one would let a policy promise a check that nobody runs.
"""

from __future__ import annotations

from promoter.core.scalars import Anything
from promoter.core.shape import later

ANYWHERE = (
    later("propose", Anything(), write="Delete it; open promotion requests by hand"),
    later("override", Anything(), write="Delete it: no failed check can be overridden"),
    later("overrides", Anything(), write="Delete it: no failed check can be overridden"),
)
