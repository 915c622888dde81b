"""Tell what a propose run did, in the job's files."""

from __future__ import annotations

from dataclasses import replace

from promoter.commands.job_files import kept, write_all
from promoter.core.propose_report import ProposeReport
from promoter.errors import ExitCode
from promoter.ports import Runner
from promoter.render.propose_json import propose_json, propose_outputs
from promoter.render.propose_summary import propose_annotations, propose_summary


def tell_propose(report: ProposeReport, runner: Runner) -> ExitCode:
    """Write `propose.json`, annotations, outputs and summary. What cannot be written changes no outcome."""
    path, unwritten = kept(runner, "propose.json", text=propose_json(report) + "\n")
    report = replace(report, notes=(*report.notes, *unwritten))
    runner.annotate(propose_annotations(report))
    write_all(
        runner,
        lambda: runner.outputs(propose_outputs(report, report_path=path)),
        lambda: runner.summary(propose_summary(report)),
    )
    return report.reason.exit_code
