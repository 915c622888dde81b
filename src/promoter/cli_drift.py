"""`promoter drift`: the comparison from a local clone. It asks no GitHub, writes nothing, keeps no issue."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from promoter.adapters.beside import Beside
from promoter.adapters.deadline import Deadline
from promoter.adapters.local_repository import LocalRepository
from promoter.addresses import links
from promoter.cli_screen import Terminal
from promoter.cli_validate import keep
from promoter.commands.drift import DriftWorld, drift
from promoter.core.drift import DriftReport
from promoter.core.drift_rules import Healing
from promoter.errors import ExitCode
from promoter.inputs import Inputs
from promoter.render.drift_json import drift_json
from promoter.render.drift_terminal import drift_terminal
from promoter.text import Message, say
from promoter.version import tool_version
from promoter.world import Registries, places

_BY_TAG = say(
    "only the registry's own tag tells here whether a version was applied, because GitHub is not asked which "
    "pull request did it: what was undone and merged again may be called moved instead of never applied"
)
_LOOKS_ONLY = say("the policy says `heal: true`; this command only looks, and the Action's drift run heals")
_SHALLOW = say("this clone is shallow, so what git says may be older than is shown (git fetch --unshallow)")


def show_drift(options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> ExitCode:
    """Print what differs, then save it where that was asked for."""
    registries = Registries(inputs=inputs, deadline=Deadline(inputs.deadline))
    report = local_drift(
        registries, directory=options.directory, revision=options.rev, environ=screen.environ
    )
    document = drift_json(report) + "\n"
    screen.out.write(document if options.json else drift_terminal(report, style=screen.style))
    keep(lambda runner: runner.save("drift.json", document), options, screen=screen)
    return report.reason.exit_code


def local_drift(
    registries: Registries, *, directory: str, revision: str | None, environ: Mapping[str, str]
) -> DriftReport:
    """What differs between the registry and a revision of a clone (None: the default branch as fetched).

    Raises USAGE_INVALID where there is no such clone or revision.
    """
    inputs: Inputs = registries.inputs
    repository = LocalRepository(Path(directory), environ=environ)
    commit = repository.base_tip(revision)
    world = DriftWorld(
        repository=repository,
        registry=registries.reader,
        places=places(inputs),
        now=datetime.now(UTC),
        tool_version=tool_version(),
        links=links(inputs),
        beside=Beside,
    )
    report = drift(world, branch=commit)
    return replace(report, branch=revision or "", notes=(*report.notes, *_notes(report, repository)))


def _notes(report: DriftReport, repository: LocalRepository) -> tuple[Message, ...]:
    heals = report.rules.healing is Healing.APPLY
    return (
        *((_BY_TAG,) if report.findings else ()),
        *((_LOOKS_ONLY,) if heals and report.findings else ()),
        *((_SHALLOW,) if repository.is_shallow() else ()),
    )
