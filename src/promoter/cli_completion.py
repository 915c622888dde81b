"""`promoter completion`: the script that a shell reads, and the answers that the script asks for.

The scripts hold no words. They hand over the line as it is typed, and one piece of code answers all three
shells: nothing to print anew after an update, and what a clone's requests name is completed, too. A press of
Tab costs one start of `promoter`, without MLflow, GitHub or git. shtab's scripts know no names of a clone;
argcomplete would be one more package beside the image's tokens, for what takes a hundred lines.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import deque
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from pathlib import Path

from promoter.cli_completion_words import Named, reply
from promoter.cli_screen import Terminal
from promoter.core.files import matches
from promoter.errors import ExitCode, PromoterError
from promoter.inputs import read_inputs

# A clone with more is completed from some of it: Tab must not be felt.
_MOST_REQUESTS = 2_000
_MOST_ENTRIES = 100_000
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


def named(folder: Path, pattern: str, *, most: int = _MOST_ENTRIES) -> tuple[Named, ...]:
    """What the requests of the clone around a folder name; prompts as `prompts:/NAME`.

    `most` is how many files and folders are looked at. A glob that no verb takes, such as one that leads out
    of the clone, finds nothing.
    """
    try:
        pattern = read_inputs({"INPUT_REQUESTS": pattern}).requests
    except PromoterError:
        return ()
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    found: dict[Named, None] = {}
    for path, _ in zip(_requests(root, pattern, most=most), range(_MOST_REQUESTS), strict=False):
        said = dict(_SAID.findall(_start_of(path)))
        if {"model", "alias"} <= said.keys():
            prefix = "prompts:/" if said.get("kind") == "prompt" else ""
            found[Named(model=f"{prefix}{said['model']}", alias=said["alias"])] = None
    return tuple(found)


def _requests(root: Path, pattern: str, *, most: int) -> Iterator[Path]:
    """The files that the glob finds, those nearest to the root first; no folder is entered whose name begins
    with a dot. Links, pipes and other things that are no files are passed over: to open one may wait forever.
    """
    fixed = pattern.partition("*")[0].partition("?")[0].rpartition("/")[0]
    waiting = deque([str(root / fixed)])
    left = most
    while waiting and left > 0:
        try:
            with os.scandir(waiting.popleft()) as found:
                inside = sorted(islice(found, left), key=lambda entry: entry.name)
        except OSError:
            continue
        left -= len(inside)
        for entry in inside:
            # As text: a Path for each entry would take longer than all the rest.
            name = entry.path[len(str(root)) :].lstrip("/")
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    waiting.append(entry.path)
            elif entry.is_file(follow_symlinks=False) and matches(name, pattern):
                yield Path(entry.path)


def _start_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
