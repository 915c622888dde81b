"""`promoter lint`: the files of a clone, without registry, GitHub or network."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from promoter.adapters.local_folder import LocalFolder
from promoter.adapters.local_repository import LocalRepository
from promoter.commands.lint import Asked, lint
from promoter.commands.trees import Places
from promoter.core.linting import Scope
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.inputs import Inputs
from promoter.render.lint_words import lint_exit_code, lint_json, lint_text
from promoter.text import quote, say

if TYPE_CHECKING:
    from promoter.cli_init import Screen


def show_lint(options: argparse.Namespace, inputs: Inputs, *, screen: Screen) -> ExitCode:
    """Look at the files, and tell what is wrong on `out`: that is the result."""
    root = LocalRepository(Path(options.directory), environ=screen.environ).root
    asked = Asked(
        # Not the world's own function for it: the world brings GitHub, registry and sandbox.
        places=Places(requests=inputs.requests, policy=inputs.policy),
        now=datetime.now(UTC),
        paths=tuple(dict.fromkeys(_inside(root, options.paths))),
        scope=Scope(options.only),
    )
    report = lint(LocalFolder(root, environ=screen.environ), asked)
    screen.out.write(lint_json(report) if options.json else lint_text(report))
    return lint_exit_code(report)


def _inside(root: Path, paths: Sequence[str]) -> list[str]:
    """The paths as seen from the root. A link is itself, and not where it leads."""
    found = []
    for given in paths:
        path = Path(given)
        real = path.resolve() if path.name == ".." else path.parent.resolve() / path.name
        if not real.is_relative_to(root.resolve()):
            raise PromoterError(
                ReasonCode.USAGE_INVALID,
                say(quote(given), " is not in the clone ", quote(root)),
                hint=say("Run this in the clone whose files they are, or name it by `--directory`."),
            )
        found.append(real.relative_to(root.resolve()).as_posix())
    return found
