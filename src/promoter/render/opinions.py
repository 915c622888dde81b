"""Second opinions: the same change by another method, shown and not judged by."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from promoter.core.measurement import Estimate, Measurement, SecondOpinion
from promoter.core.report import RequestReport
from promoter.render.figures import between
from promoter.render.scores import level_of, measurement_of
from promoter.render.sentences import version
from promoter.text import Message, Part, quote, say

# In percent
_LEAST_SHARE = 0.01
TITLE = "Second opinions, shown and not judged by"


def opinions(request: RequestReport) -> tuple[Message, ...]:
    """A sentence for each, in the order of the metrics; empty where there are none."""
    found = measurement_of(request)
    return tuple(_told(found)) if found is not None else ()


def _told(found: Measurement) -> Iterator[Message]:
    yield from _of(found.estimates, (), level=level_of(found))
    if found.reference is not None:
        against = (" against version ", version(found.reference.version))
        yield from _of(found.reference.estimates, against, level=level_of(found))


def _of(estimates: Mapping[str, Estimate], against: tuple[Part, ...], *, level: str) -> Iterator[Message]:
    for name, estimate in estimates.items():
        for opinion in estimate.opinions:
            text = _sentence(opinion, level=level)
            if text:
                yield say(quote(name), *against, f", {opinion.method}: {text}.")


def _sentence(opinion: SecondOpinion, *, level: str) -> str:
    parts: list[str] = []
    if opinion.p_value is not None and math.isfinite(opinion.p_value):
        parts.append(f"{_chance(opinion.p_value)} (two-sided p-value)")
    ends = between(opinion.lower, opinion.upper)
    if ends:
        parts.append(f"the true change lies in {ends}, with {level} confidence")
    return "; ".join(parts)


def _chance(p_value: float) -> str:
    """A p-value as what it says: how often chance alone does as much."""
    share = p_value * 100
    size = f"less than {_LEAST_SHARE} %" if share < _LEAST_SHARE else f"{min(share, 100.0):.3g} %"
    return f"between models that are equally good, chance makes such a difference in {size} of cases"
