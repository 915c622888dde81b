"""What stands around code that is not ours: refusals by event, and traces in the job (T13, T45)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from promoter.adapters.runner_traces import traces
from promoter.core.evidence import CustomAnswer, ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.policy import Checks, Evaluation, ModelRule, Source
from promoter.errors import ExitCode, PromoterError, ReasonCode, Tampered
from promoter.evaluation.guards import (
    GuardedCustomChecks,
    GuardedMeasurer,
    RefusingCustomChecks,
    RefusingMeasurer,
)
from promoter.ports import RegistryReader
from promoter.text import say
from tests.builders import (
    BASE_COMMIT,
    a_champion,
    a_custom_answer,
    a_custom_rule,
    a_measurement,
    a_model_rule,
    a_model_version,
)
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.registry import InMemoryRegistry

RULE = a_model_rule(checks=Checks(custom=(a_custom_rule(),)))


def to_measure(source: Source = Source.INFERENCE) -> ToMeasure:
    rule = a_model_rule(evaluation=Evaluation(source=source))
    return ToMeasure(rule=rule, challenger=a_model_version(), champion=a_champion(), commit=BASE_COMMIT)


@dataclass
class Hostile:
    """Measures and answers; what it does to the job meanwhile is `act`. `error` is raised afterwards."""

    act: Callable[[], object]
    error: PromoterError | None = None
    ran: list[str] = field(default_factory=list)

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        self._go("model")
        return a_measurement()

    def ask(self, rule: ModelRule, evidence: str, *, commit: str) -> tuple[CustomAnswer, ...]:
        self._go("command")
        return (a_custom_answer(),)

    def _go(self, what: str) -> None:
        self.ran.append(what)
        self.act()
        if self.error:
            raise self.error


def guarded(hostile: Hostile, files: list[Path]) -> tuple[Callable[[], object], Callable[[], object]]:
    """Both ways in which code is run beside the files of a job."""

    def left() -> dict[str, str]:
        return dict(traces(str(file) for file in files))

    measurer = GuardedMeasurer(inner=hostile, traces=left)
    checks = GuardedCustomChecks(inner=hostile, traces=left)
    return (
        lambda: measurer.measure(to_measure(), InMemoryRegistry()),
        lambda: checks.ask(RULE, "{}", commit=BASE_COMMIT),
    )


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The runner's five files, one of them with what an earlier step wrote."""
    found = [tmp_path / name for name in ("env", "path", "output", "state", "summary")]
    for file in found:
        file.write_text("", encoding="utf-8")
    found[2].write_text("a=b\n", encoding="utf-8")
    return found


def test_t45_what_leaves_no_trace_is_believed(files: list[Path]) -> None:
    hostile = Hostile(act=lambda: None)
    measure, ask = guarded(hostile, files)
    assert measure() == a_measurement()
    assert ask() == (a_custom_answer(),)
    assert hostile.ran == ["model", "command"]


@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("way", [0, 1], ids=["model", "custom check"])
def test_t45_each_of_the_runners_files_is_watched(files: list[Path], at: int, way: int) -> None:
    hostile = Hostile(act=lambda: files[at].write_text("LD_PRELOAD=/tmp/evil.so\n"))
    with pytest.raises(Tampered) as caught:
        guarded(hostile, files)[way]()
    assert (caught.value.reason, caught.value.exit_code) == (ReasonCode.MODEL_UNSAFE, ExitCode.NO)
    assert str(caught.value.message).endswith(f"files of the runner changed: `{files[at]}`")
    assert "secret" in str(caught.value.hint)


@pytest.mark.parametrize(
    "act",
    [
        lambda file: file.unlink(),
        lambda file: file.chmod(0o777),
        lambda file: (file.unlink(), file.symlink_to("/etc/passwd")),
        lambda file: (file.unlink(), file.mkdir()),
        lambda file: file.write_bytes(b"a=c\n"),
    ],
    ids=["removed", "made writable", "made a link", "made a folder", "of the same size"],
)
def test_t45_whatever_is_done_to_a_file_is_seen(files: list[Path], act: Callable[[Path], object]) -> None:
    with pytest.raises(Tampered):
        guarded(Hostile(act=lambda: act(files[2])), files)[0]()


def test_t45_a_file_that_was_not_there_is_seen_when_it_is(tmp_path: Path) -> None:
    file = tmp_path / "late"
    with pytest.raises(Tampered):
        guarded(Hostile(act=file.touch), [file])[0]()


def test_t45_a_model_that_also_fails_does_not_hide_it(files: list[Path]) -> None:
    error = PromoterError(ReasonCode.DATA_UNAVAILABLE, say("no data"))
    with pytest.raises(Tampered):
        guarded(Hostile(act=lambda: files[0].write_text("x"), error=error), files)[0]()
    with pytest.raises(PromoterError, match="no data"):
        guarded(Hostile(act=lambda: None, error=error), files)[0]()


def test_t13_on_pull_request_target_no_model_is_loaded() -> None:
    inner = FakeMeasurer()
    measurer = RefusingMeasurer(inner=inner, event="pull_request_target")
    with pytest.raises(PromoterError, match="on `pull_request_target` nothing of that kind is run") as caught:
        measurer.measure(to_measure(), InMemoryRegistry())
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE
    assert "`pull_request`" in str(caught.value.hint)
    assert inner.asked == []


def test_t13_predictions_that_were_logged_are_read_there_too() -> None:
    measurer = RefusingMeasurer(inner=FakeMeasurer(gives=a_measurement()), event="pull_request_target")
    assert measurer.measure(to_measure(Source.PREDICTIONS), InMemoryRegistry()) == a_measurement()


def test_t13_nor_is_a_custom_check_run() -> None:
    with pytest.raises(PromoterError, match="running a custom check") as caught:
        RefusingCustomChecks(event="pull_request_target").ask(RULE, "{}", commit=BASE_COMMIT)
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE


def test_the_rule_is_handed_on() -> None:
    inner = FakeCustomChecks(gives=(a_custom_answer(),))
    assert GuardedCustomChecks(inner=inner, traces=dict).ask(RULE, "{}", commit="c") == (a_custom_answer(),)
    assert inner.asked == [("c", "{}")]
