"""`promoter init`: asks, plans, shows, asks again, writes into the clone."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Protocol, TextIO

from promoter.adapters.deadline import Deadline
from promoter.adapters.local_folder import LocalFolder
from promoter.adapters.local_repository import LocalRepository
from promoter.cli_asking import Asking
from promoter.commands.adopting import Wanted
from promoter.commands.init import Choice, InitWorld, looked_at, plan_init, write
from promoter.core.progress import Progress
from promoter.core.starter_workflow import PLACEHOLDER, Setting, is_action, is_shown
from promoter.core.starting import FileState, InitPlan, InitResult, Step
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.inputs import Inputs
from promoter.render.init_words import asks_to_replace, difference, init_json, init_text
from promoter.render.terminal import Style
from promoter.text import Message, quote, say
from promoter.world import Registries, places

COMMANDS = ("validate", "apply", "drift")
_THIS_MACHINE = ("http://127.", "http://localhost", "http://[::1]")


class Screen(Protocol):
    """A person's terminal, as the door has it."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment."""

    @property
    def given(self) -> TextIO:
        """What is typed."""

    @property
    def out(self) -> TextIO:
        """Where results go."""

    @property
    def err(self) -> TextIO:
        """Where everything else goes."""

    @property
    def style(self) -> Style:
        """How results are shown."""

    @property
    def progress(self) -> Progress:
        """Who looks on."""


def initialise(options: argparse.Namespace, inputs: Inputs, *, screen: Screen) -> ExitCode:
    """Put what the registry holds under git."""
    is_person = screen.given.isatty() and screen.err.isatty() and not (options.yes or options.json)
    asking = Asking(given=screen.given, shown=screen.err, is_person=is_person)
    clone = LocalRepository(Path(options.directory), environ=screen.environ)
    branch = options.branch or clone.default_branch()
    choice = _choice(options, inputs, branch=branch, asking=asking)
    registries = Registries(inputs=inputs, deadline=Deadline(inputs.deadline))
    folder = LocalFolder(clone.root, environ=screen.environ)
    world = InitWorld(
        registry=registries.reader,
        folder=folder,
        places=places(inputs),
        templates=templates(),
        tell=screen.progress.note,
    )
    plan = plan_init(world, choice)
    plan = _with_notes(plan, inputs)
    replace = _to_replace(plan, options, asking=asking, shown=screen.err)
    if options.dry_run:
        done = looked_at(plan, replace=replace)
    else:
        _refuse_unless(asking, plan, replace=replace)
        done = write(plan, folder, replace=replace)
    result = InitResult(
        plan=plan,
        files=done,
        branch=branch,
        pending=_pending(clone, folder, plan=plan, branch=branch),
        places=_owned(inputs),
    )
    screen.out.write(init_json(result) if options.json else init_text(result))
    return ExitCode.DONE


def templates() -> Mapping[str, str]:
    """The example workflows by command, as the package carries them."""
    folder = files("promoter") / "templates"
    return {name: (folder / f"{name}.yml").read_text(encoding="utf-8") for name in COMMANDS}


def _choice(options: argparse.Namespace, inputs: Inputs, *, branch: str, asking: Asking) -> Choice:
    models, prompts = _names(options, asking)
    aliases = ",".join(options.aliases or ()) or asking.text("Which of their aliases?", "*")
    action = options.action
    if action is None:
        action = asking.text("Which release of the action? owner/promoter@commit, empty: later", "")
    if action and not is_action(action):
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say(quote(action), " is no action that a workflow can use"),
            hint=say("Write it like ", quote(PLACEHOLDER), ", with the release's own commit."),
        )
    defaults = Inputs()
    given = {
        name: value
        for name, value, default in (
            ("requests", inputs.requests, defaults.requests),
            ("policy", inputs.policy, defaults.policy),
        )
        if value != default
    }
    setting = Setting(
        branch=branch,
        action=action or "",
        tracking_uri=inputs.tracking_uri.value,
        registry_uri=inputs.registry_uri.value,
        given=given,
    )
    wanted = Wanted(models=models, prompts=prompts, aliases=_globs(aliases) or ("*",))
    return Choice(wanted=wanted, setting=setting, step=Step(options.step))


def _names(options: argparse.Namespace, asking: Asking) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Globs on models and on prompts. Who chooses of one kind only wants nothing of the other."""
    if options.models or options.prompts:
        return _globs(",".join(options.models or ())), _globs(",".join(options.prompts or ()))
    models = asking.text("Which models? Globs, with commas; - for none", "*")
    prompts = asking.text("Which prompts? Globs, with commas; - for none", "*")
    return _globs(models), _globs(prompts)


def _globs(text: str) -> tuple[str, ...]:
    """No name begins with the dash that means none."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _to_replace(
    plan: InitPlan, options: argparse.Namespace, *, asking: Asking, shown: TextIO
) -> frozenset[str]:
    """The paths that may be replaced; every difference is shown first."""
    replace = set()
    for file in plan.files:
        if file.state is FileState.DIFFERS:
            if not options.json:
                shown.write("\n".join(difference(file)) + "\n")
            if options.force or asking.insists(str(asks_to_replace(file))):
                replace.add(file.path)
    return frozenset(replace)


def _refuse_unless(asking: Asking, plan: InitPlan, *, replace: frozenset[str]) -> None:
    new = sum(file.state is FileState.NEW for file in plan.files)
    if new + len(replace) and not asking.agrees(
        f"Write {new} new file(s) and replace {len(replace)}, for {plan.adopted} alias(es)?"
    ):
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("nothing was written, as you asked"),
            hint=say("`--dry-run` shows what would be; `--models`, `--prompts` and `--aliases` choose."),
        )


def _with_notes(plan: InitPlan, inputs: Inputs) -> InitPlan:
    notes: list[Message] = []
    address = inputs.tracking_uri.value
    if not is_shown(address):
        notes.append(say("the workflows read the registry's address from the variable MLFLOW_TRACKING_URI"))
    elif address.startswith(_THIS_MACHINE):
        notes.append(say("the workflows name ", quote(address), ", which only this machine can reach"))
    return InitPlan(files=plan.files, adopted=plan.adopted, skipped=plan.skipped, notes=(*plan.notes, *notes))


def _pending(clone: LocalRepository, folder: LocalFolder, *, plan: InitPlan, branch: str) -> frozenset[str]:
    """The paths whose bytes on disk the default branch does not hold, as far as it was fetched."""
    paths = [file.path for file in plan.files]
    held: dict[str, bytes] = {}
    for name in (f"origin/{branch}", branch):
        try:
            entries = [entry for entry in clone.files(clone.tip(name), ("**",)) if entry.path in set(paths)]
            contents = clone.contents(entries) if entries else {}
        except PromoterError:
            continue
        held = {entry.path: contents[entry.blob_id] for entry in entries}
        break
    return frozenset(path for path in paths if held.get(path) != folder.read(path))


def _owned(inputs: Inputs) -> tuple[str, ...]:
    """The places that say what is promoted, by whom, and how it is judged."""
    folder = inputs.requests.partition("*")[0].rpartition("/")[0]
    policy = "/.github/" if inputs.policy.startswith(".github/") else f"/{inputs.policy}"
    return tuple(dict.fromkeys(("/.github/", policy, f"/{folder}/" if folder else "/")))
