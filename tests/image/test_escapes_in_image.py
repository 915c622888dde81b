"""The escape suite where it counts: in the built image, under the engine's default profile."""

from __future__ import annotations

import os
import re

import pytest

from tests.image.escapes import run_in_image
from tests.image.runner import find_engine
from tests.sandbox.table import ATTACKS

pytestmark = [pytest.mark.image, pytest.mark.slow]


def test_no_attack_escapes_in_the_image() -> None:
    engine = find_engine(os.environ, tag="promoter:test")
    if engine is None:
        why = "no container engine: start Docker, or name a tool that brings one in PROMOTER_IMAGE_TOOL"
        if os.environ.get("PROMOTER_REQUIRE_IMAGE"):
            pytest.fail(why)
        pytest.skip(why)
    engine.build()
    ran = run_in_image(engine)
    assert ran.exit_code == 0, ran.log
    told = re.search(r"^(\d+) attacks, (\d+) escapes, ", ran.log, re.MULTILINE)
    assert told, ran.log
    assert (int(told[1]), int(told[2])) == (len(ATTACKS), 0)
