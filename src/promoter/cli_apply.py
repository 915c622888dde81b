"""`promoter apply`: what the Action does after a merge, by hand."""

from __future__ import annotations

import argparse

from promoter.adapters.actions_runner import ActionsRunner
from promoter.cli_screen import Terminal
from promoter.cli_validate import show
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.event import Event, EventKind
from promoter.inputs import Inputs
from promoter.text import quote, say
from promoter.world import World


def apply_by_hand(options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> ExitCode:
    """Bring the registry to what the default branch asks for. Raises USAGE_INVALID without a token."""
    if not inputs.repository or not inputs.token:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("apply reads approvals from GitHub, and does not know ", quote("repository or token")),
            hint=say("Give `--repository owner/name` and set GITHUB_TOKEN."),
        )
    event = Event(
        kind=EventKind.WORKFLOW_DISPATCH,
        name="promoter apply",
        default_branch=options.branch,
        branch=options.branch,
    )
    runner = ActionsRunner(
        stream=screen.err, output="", summary="", report_directory="", progress=screen.progress
    )
    report = World(inputs=inputs, runner=runner, event=event, stop=screen.stop).apply()
    return show(report, options, screen=screen)
