"""`promoter propose`: what the Action's command does, by hand, or only what it would do."""

from __future__ import annotations

import argparse

from promoter.cli_init import Screen
from promoter.cli_validate import keep
from promoter.core.propose_report import Writing
from promoter.errors import ExitCode
from promoter.inputs import Inputs
from promoter.render.propose_json import propose_json
from promoter.render.propose_summary import propose_terminal
from promoter.world_propose import Proposing, propose_by_hand


def propose(options: argparse.Namespace, inputs: Inputs, *, screen: Screen) -> ExitCode:
    """Open, change and close proposals; with `--dry-run` only show which."""
    log = screen.progress.note
    writing = Writing.SHOWN if options.dry_run else Writing.DONE
    report = propose_by_hand(inputs, Proposing(log=log, branch=options.branch or "", writing=writing))
    screen.out.write(
        propose_json(report) + "\n" if options.json else propose_terminal(report, style=screen.style)
    )
    keep(lambda runner: runner.save("propose.json", propose_json(report) + "\n"), options, screen=screen)
    return report.reason.exit_code
