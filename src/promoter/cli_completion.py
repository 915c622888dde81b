"""`promoter completion`: the script that a shell reads, and the answers that the script asks for.

The scripts hold no words. They hand over the line as it is typed, and one piece of code answers all three
shells: nothing to print anew after an update, and what a clone's requests name is completed, too. A press of
Tab costs one start of `promoter`, without MLflow, GitHub or git. shtab's scripts know no names of a clone;
argcomplete would be one more package beside the image's tokens, for what takes a hundred lines.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from promoter.cli_completion_words import Named, reply
from promoter.cli_screen import Terminal
from promoter.core.files import matches
from promoter.errors import ExitCode

# A clone with more files is completed from some of them: Tab must not be felt.
_MOST_FILES = 2_000
_MOST_BYTES = 4_096
# Of each file only these lines: reading YAML as validate does takes longer, and nothing is decided here.
# A name with a space is left out: no shell completes one that needs quotes in the same way.
_SAID = re.compile(r"^(kind|model|alias):[ \t]*[\"']?([A-Za-z0-9_.-]+)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)


def show_completion(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    """Print the shell's script; with `--line` the kind of what may follow, then each word and its meaning."""
    if options.line is not None:
        found = reply(options.line, lambda pattern: named(Path.cwd(), pattern))
        text = "\n".join([found.kind, *("\t".join(one) for one in found.words), ""])
        document: dict[str, object] = {"kind": found.kind, "words": dict(found.words)}
    else:
        path = files("promoter").joinpath("completions", f"promoter.{options.shell}")
        text = path.read_text(encoding="utf-8")
        document = {"shell": options.shell, "script": text}
    terminal.out.write(json.dumps(document) + "\n" if options.json else text)
    return ExitCode.DONE


def named(folder: Path, pattern: str) -> tuple[Named, ...]:
    """What the requests of the clone around a folder name; prompts as `prompts:/NAME`."""
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    found: dict[Named, None] = {}
    for path, _ in zip(_requests(root, pattern), range(_MOST_FILES), strict=False):
        said = dict(_SAID.findall(_start_of(path)))
        if {"model", "alias"} <= said.keys():
            prefix = "prompts:/" if said.get("kind") == "prompt" else ""
            found[Named(model=f"{prefix}{said['model']}", alias=said["alias"])] = None
    return tuple(found)


def _requests(root: Path, pattern: str) -> Iterator[Path]:
    """The files that the glob finds; no folder is entered whose name begins with a dot."""
    fixed = pattern.partition("*")[0].partition("?")[0].rpartition("/")[0]
    waiting = [root / fixed]
    while waiting:
        folder = waiting.pop()
        try:
            inside = sorted(folder.iterdir())
        except OSError:
            continue
        for path in inside:
            if path.is_symlink():
                continue
            if path.is_dir() and not path.name.startswith("."):
                waiting.append(path)
            elif matches(path.relative_to(root).as_posix(), pattern):
                yield path


def _start_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
