"""Around whatever runs code that is not ours: it may not be run at all, or must leave no trace in the job.

No layer of the sandbox is believed alone. The files by which a step tells the runner what later steps see are
compared before and after: a model that reached one has won, and nothing of the run counts any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from promoter.core.evidence import CustomAnswer, ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.policy import ModelRule, Source
from promoter.errors import PromoterError, ReasonCode, Tampered
from promoter.ports import CustomChecks, Measurer, RegistryReader
from promoter.text import Part, quote, say

_Traces = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class GuardedMeasurer:
    """Measures, and raises Tampered when `traces` (file → what it is and holds) are others afterwards."""

    inner: Measurer
    traces: _Traces

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        """See `ports.Measurer`."""
        with _untouched(self.traces):
            return self.inner.measure(asked, registry)


@dataclass(frozen=True, kw_only=True)
class GuardedCustomChecks:
    """The same for custom checks."""

    inner: CustomChecks
    traces: _Traces

    def ask(self, rule: ModelRule, evidence: str, *, commit: str) -> tuple[CustomAnswer, ...]:
        """See `ports.CustomChecks`."""
        with _untouched(self.traces):
            return self.inner.ask(rule, evidence, commit=commit)


@dataclass(frozen=True, kw_only=True)
class RefusingMeasurer:
    """Loads no model, because of the event named; predictions that were logged are only read."""

    inner: Measurer
    event: str

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        """See `ports.Measurer`. Raises MODEL_UNSAFE where the policy wants a model to run."""
        if asked.rule.evaluation is not None and asked.rule.evaluation.source is Source.INFERENCE:
            raise _refused(self.event, what="loading a model")
        return self.inner.measure(asked, registry)


@dataclass(frozen=True, kw_only=True)
class RefusingCustomChecks:
    """Runs no command, because of the event named."""

    event: str

    def ask(self, rule: ModelRule, evidence: str, *, commit: str) -> tuple[CustomAnswer, ...]:
        """Raises MODEL_UNSAFE: it is asked only where the policy has custom checks."""
        raise _refused(self.event, what="running a custom check")


@contextmanager
def _untouched(traces: _Traces) -> Iterator[None]:
    before = traces()
    try:
        yield
    finally:
        after = traces()
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if changed:
            raise _tampered(changed)


def _tampered(changed: list[str]) -> Tampered:
    names: list[Part] = [part for name in changed for part in (", ", quote(name))]
    return Tampered(
        ReasonCode.MODEL_UNSAFE,
        say("while a model or a custom check ran, files of the runner changed: ", *names[1:]),
        hint=say(
            "Nothing was decided, and nothing is to be believed of this job, later steps included. Take the "
            "model for hostile, replace every secret this job was given, and report how it got out."
        ),
    )


def _refused(event: str, *, what: str) -> PromoterError:
    return PromoterError(
        ReasonCode.MODEL_UNSAFE,
        say(
            f"the policy asks for {what}, and on ",
            quote(event),
            " nothing of that kind is run: there, whoever opens a pull request, from a fork too, would have "
            "it run beside the repository's secrets",
        ),
        hint=say("Start the workflow on `pull_request` instead. What needs no model is judged here too."),
    )
