"""Tell a diagnosis in the job's files."""

from __future__ import annotations

from collections.abc import Callable

from promoter.core.doctor import Diagnosis
from promoter.errors import ExitCode, PromoterError
from promoter.ports import Runner
from promoter.render.doctor_json import doctor_json, doctor_outputs
from promoter.render.doctor_summary import doctor_annotations, doctor_summary


def tell_diagnosis(diagnosis: Diagnosis, runner: Runner) -> ExitCode:
    """Write `doctor.json`, annotations, outputs and summary. What cannot be written changes no outcome."""
    try:
        path = runner.save("doctor.json", doctor_json(diagnosis) + "\n")
    except PromoterError as error:
        path = ""
        runner.log(error.message)
    runner.annotate(doctor_annotations(diagnosis))
    writes: tuple[Callable[[], None], ...] = (
        lambda: runner.outputs(doctor_outputs(diagnosis, report_path=path)),
        lambda: runner.summary(doctor_summary(diagnosis)),
    )
    for write in writes:
        try:
            write()
        except PromoterError as error:
            runner.log(error.message)
    return diagnosis.reason.exit_code
