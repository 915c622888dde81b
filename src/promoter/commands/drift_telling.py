"""Tell what a drift run found, in the job's files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from promoter.core.drift import DriftReport
from promoter.errors import ExitCode, PromoterError
from promoter.ports import Runner
from promoter.render.drift_json import drift_json, drift_outputs
from promoter.render.drift_summary import drift_annotations, drift_summary


def tell_drift(report: DriftReport, runner: Runner) -> ExitCode:
    """Write `drift.json`, annotations, outputs and summary. What cannot be written changes no outcome."""
    try:
        path = runner.save("drift.json", drift_json(report) + "\n")
    except PromoterError as error:
        report, path = replace(report, notes=(*report.notes, error.message)), ""
        runner.log(error.message)
    runner.annotate(drift_annotations(report))
    writes: tuple[Callable[[], None], ...] = (
        lambda: runner.outputs(drift_outputs(report, report_path=path)),
        lambda: runner.summary(drift_summary(report)),
    )
    for write in writes:
        try:
            write()
        except PromoterError as error:
            runner.log(error.message)
    return report.reason.exit_code
