"""What is mutated, and which tests ought to notice: verdict, approval, and plan with what carries it out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """A module of the source, and its own unit tests; both as paths from the top of the repository."""

    module: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """The module as Python imports it."""
        return self.module.removeprefix("src/").removesuffix(".py").replace("/", ".")


def _target(module: str, *tests: str) -> Target:
    return Target(module=f"src/promoter/{module}.py", tests=tuple(f"tests/unit/{name}.py" for name in tests))


_APPLY = tuple(f"commands/test_{name}" for name in ("moving", "landing", "apply", "stopped", "copies"))

_LIMITS = tuple(
    f"checks/test_{name}" for name in ("measured_metrics", "metrics", "numbers", "business_value", "slices")
)

# By the words of the promise: a score of 90 % on verdict, approval and plan.
TARGETS: dict[str, tuple[Target, ...]] = {
    "verdict": (
        _target("core/verdict", "core/test_verdict"),
        _target("core/overall", "core/test_overall", "commands/test_apply"),
        _target("checks/comparing/limits", *_LIMITS),
        _target("checks/comparing/holm", "checks/test_holm", "checks/test_slices"),
    ),
    "approval": (
        _target("core/approval", "core/test_approval"),
        _target("core/pin", "core/test_pin", "commands/test_pinning"),
        _target("commands/weighing", "commands/test_weighing", "commands/test_apply"),
    ),
    "plan": (
        _target("core/plan", "core/test_plan"),
        _target("commands/moving", *_APPLY),
        _target("commands/landing", *_APPLY),
    ),
}
