"""An override over HTTP: from the policy's word to the registry's tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House, result_of

pytestmark = pytest.mark.integration

ALLOWED = POLICY_TEXT.replace(
    "    evaluation:", "    override: {checks: [metrics], max_days: 7, minimum_approvals: 2}\n    evaluation:"
)


def asked(house: House, version: str, days: int) -> bytes:
    day = (datetime.now(UTC) + timedelta(days=days)).date()
    words = f"override: {{checks: [metrics], reason: Fewer false alarms, expires: {day}}}\n"
    return house.request(version) + words.encode()


def test_a_worse_model_is_promoted_by_an_override_that_two_people_approve(house: House) -> None:
    old, new = house.version(0.85), house.version(0.60)
    house.adopt(old)
    house.land({POLICY: ALLOWED.encode()})
    number = house.propose({house.path: asked(house, new, 3)})

    validated = house.validate(number)
    assert validated.outputs["reason-code"] == "validated", validated.log
    (result,) = result_of(validated)
    assert result["override"] == {
        "checks": ["metrics"],
        "reason": "Fewer false alarms",
        "expires": (datetime.now(UTC) + timedelta(days=3)).date().isoformat(),
    }
    (comment,) = house.comments(number)
    assert "🔓 **Overridden: `metrics`" in comment.body
    assert "Overridden: `metrics`" in validated.log

    house.approve(number)
    push = house.merge(number)
    assert house.apply(push).outputs["reason-code"] == "approval_missing"
    house.approve(number, by="bob")
    assert house.apply(push).outputs["reason-code"] == "applied"
    assert house.champion() == new
    assert house.tags(new)["promoter_override"].startswith("metrics until ")
    assert house.tags(new)["promoter_override"].endswith(": Fewer false alarms")


@pytest.mark.parametrize("days", [-1, 8])
def test_one_that_is_over_or_too_long_is_refused(house: House, days: int) -> None:
    old, new = house.version(0.85), house.version(0.60)
    house.adopt(old)
    house.land({POLICY: ALLOWED.encode()})
    validated = house.validate(house.propose({house.path: asked(house, new, days)}))
    assert (validated.exit_code, validated.outputs["reason-code"]) == (ExitCode.NO, "override_refused")
    assert house.champion() == old
