"""What runs the models that a policy has judged."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """This job, or a Spark cluster."""

    LOCAL = "local"
    SPARK = "spark"
