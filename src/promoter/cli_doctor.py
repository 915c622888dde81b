"""`promoter doctor`: what a clone, GitHub and the registry say of how a team has set this up."""

from __future__ import annotations

import argparse

from promoter.cli_screen import Terminal
from promoter.cli_validate import keep
from promoter.errors import ExitCode
from promoter.inputs import Inputs
from promoter.render.doctor_json import doctor_json
from promoter.render.doctor_terminal import doctor_terminal
from promoter.world_doctor import Asked, doctor_by_hand


def show_doctor(options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> ExitCode:
    """Print what was found, then save it where that was asked for."""
    asked = Asked(directory=options.directory, environ=screen.environ, log=screen.progress.note)
    diagnosis = doctor_by_hand(inputs, asked)
    document = doctor_json(diagnosis) + "\n"
    screen.out.write(document if options.json else doctor_terminal(diagnosis, style=screen.style))
    keep(lambda runner: runner.save("doctor.json", document), options, screen=screen)
    return diagnosis.reason.exit_code
