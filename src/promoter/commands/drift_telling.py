"""Tell what a drift run found, in the job's files."""

from __future__ import annotations

from dataclasses import replace

from promoter.commands.job_files import kept, write_all
from promoter.core.drift import DriftReport
from promoter.errors import ExitCode
from promoter.ports import Runner
from promoter.render.drift_json import drift_json, drift_outputs
from promoter.render.drift_summary import drift_annotations, drift_summary


def tell_drift(report: DriftReport, runner: Runner) -> ExitCode:
    """Write `drift.json`, annotations, outputs and summary. What cannot be written changes no outcome."""
    path, unwritten = kept(runner, "drift.json", text=drift_json(report) + "\n")
    report = replace(report, notes=(*report.notes, *unwritten))
    runner.annotate(drift_annotations(report))
    write_all(
        runner,
        lambda: runner.outputs(drift_outputs(report, report_path=path)),
        lambda: runner.summary(drift_summary(report)),
    )
    return report.reason.exit_code
