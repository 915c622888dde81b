"""Tell what a propose run did, in the job's files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from promoter.core.propose_report import ProposeReport
from promoter.errors import ExitCode, PromoterError
from promoter.ports import Runner
from promoter.render.propose_json import propose_json, propose_outputs
from promoter.render.propose_summary import propose_annotations, propose_summary


def tell_propose(report: ProposeReport, runner: Runner) -> ExitCode:
    """Write `propose.json`, annotations, outputs and summary. What cannot be written changes no outcome."""
    try:
        path = runner.save("propose.json", propose_json(report) + "\n")
    except PromoterError as error:
        report, path = replace(report, notes=(*report.notes, error.message)), ""
        runner.log(error.message)
    runner.annotate(propose_annotations(report))
    writes: tuple[Callable[[], None], ...] = (
        lambda: runner.outputs(propose_outputs(report, report_path=path)),
        lambda: runner.summary(propose_summary(report)),
    )
    for write in writes:
        try:
            write()
        except PromoterError as error:
            runner.log(error.message)
    return report.reason.exit_code
