"""Tell a diagnosis in the job's files."""

from __future__ import annotations

from promoter.commands.job_files import kept, write_all
from promoter.core.doctor import Diagnosis
from promoter.errors import ExitCode
from promoter.ports import Runner
from promoter.render.doctor_json import doctor_json, doctor_outputs
from promoter.render.doctor_summary import doctor_annotations, doctor_summary


def tell_diagnosis(diagnosis: Diagnosis, runner: Runner) -> ExitCode:
    """Write `doctor.json`, annotations, outputs and summary. What cannot be written changes no outcome."""
    path, _ = kept(runner, "doctor.json", text=doctor_json(diagnosis) + "\n")
    runner.annotate(doctor_annotations(diagnosis))
    write_all(
        runner,
        lambda: runner.outputs(doctor_outputs(diagnosis, report_path=path)),
        lambda: runner.summary(doctor_summary(diagnosis)),
    )
    return diagnosis.reason.exit_code
