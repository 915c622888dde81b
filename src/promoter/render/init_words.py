"""What `promoter init` says: which files, what differs, and what to do with git."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from difflib import unified_diff

from promoter.core.starting import Done, InitResult, Part, PlannedFile
from promoter.text import Message, printable, quote, say

_MOST_LINES = 60
_MOST_NAMED = 8
_LONGEST = 160
_SAID = {
    Done.CREATED: "created",
    Done.UNCHANGED: "unchanged",
    Done.REPLACED: "replaced",
    Done.KEPT: "kept as it is (it differs)",
    Done.WOULD_CREATE: "would be created",
    Done.WOULD_REPLACE: "would be replaced",
}
_BRANCHES = {Part.RULES: "promoter-set-up", Part.REQUESTS: "promoter-adopt"}
_SUBJECTS = {
    Part.RULES: "Set up promotions by pull request",
    Part.REQUESTS: "Adopt the aliases that the registry holds",
}


def difference(file: PlannedFile) -> list[str]:
    """How the file that is there differs from what would be written; one line of text each."""
    both = (file.before or b"", file.data)
    before, after = (data.decode("utf-8", "replace").splitlines() for data in both)
    if before == after:
        return [f"{printable(file.path)}: only its line ends differ"]
    path = printable(file.path)
    found = list(unified_diff(before, after, f"{path} (there)", f"{path} (init)", lineterm="", n=2))
    shown = [printable(line, longest=_LONGEST) for line in found[:_MOST_LINES]]
    left = len(found) - len(shown)
    return [*shown, f"… and {left:,} more line(s)"] if left else shown


def init_text(result: InitResult) -> str:
    """Lines of text, with a line break at the end."""
    blocks = [
        [_headline(result)],
        [f"  {_SAID[one.done]:<26} {printable(one.file.path)}" for one in result.files],
        [
            f"  left out: {printable(f'{one.model}@{one.alias}')}: {one.why}"
            for one in result.plan.skipped[:_MOST_LINES]
        ],
        [f"  note: {note}" for note in result.plan.notes[:_MOST_LINES]],
        *recipes(result),
        _owners(result),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _headline(result: InitResult) -> str:
    done = {one.done for one in result.files}
    count = f"{result.plan.adopted} alias{'' if result.plan.adopted == 1 else 'es'} of the registry"
    if done & {Done.WOULD_CREATE, Done.WOULD_REPLACE}:
        return f"Would put {count} under git; nothing was written."
    if done <= {Done.UNCHANGED}:
        return f"Unchanged: {count} and the set-up are in these files already."
    if done <= {Done.UNCHANGED, Done.KEPT}:
        return "Nothing was written: what differs was kept. `--force` replaces it."
    return f"Put {count} into files."


def recipes(result: InitResult) -> list[list[str]]:
    """What to type so that it reaches the default branch: the rules first, the requests in the next one."""
    parts = [part for part in Part if result.to_merge(part)]
    if not parts or any(one.done in {Done.WOULD_CREATE, Done.WOULD_REPLACE} for one in result.files):
        return []
    why = (
        "Two pull requests, one after the other: requests do not come with the rules they are judged by."
        if len(parts) > 1
        else "One pull request:"
    )
    return [[why], *(_recipe(result, part, place=place) for place, part in enumerate(parts, start=1))]


def _recipe(result: InitResult, part: Part, *, place: int) -> list[str]:
    title = "the policy and the workflows" if part is Part.RULES else "the requests; merging moves nothing"
    return [f"  {place}. {title}", *(f"     {line}" for line in commands(result, part))]


def commands(result: InitResult, part: Part) -> list[str]:
    """The lines for one pull request."""
    branch = shlex.quote(result.branch)
    begin = [] if part is Part.RULES else [f"git switch {branch} && git pull"]
    return [
        *begin,
        f"git switch -c {_BRANCHES[part]}",
        f"git add -- {' '.join(shlex.quote(path) for path in _folded(result.to_merge(part)))}",
        f"git commit -m {shlex.quote(_SUBJECTS[part])}",
        f"git push -u origin {_BRANCHES[part]}   # then open the pull request, and merge it",
    ]


def _folded(paths: Sequence[str]) -> Sequence[str]:
    """Many files by the folder they share."""
    if len(paths) <= _MOST_NAMED:
        return paths
    return sorted({path.partition("/")[0] for path in paths})


def _owners(result: InitResult) -> list[str]:
    if not result.places:
        return []
    return [
        "Suggested for .github/CODEOWNERS, with your own teams (it is not written):",
        *(f"  {place} @your-org/your-team" for place in result.places),
    ]


def init_json(result: InitResult) -> str:
    """The same for programs."""
    value = {
        "schema_version": 1,
        "adopted": result.plan.adopted,
        "files": [
            {
                "path": one.file.path,
                "part": one.file.part,
                "done": one.done,
                "on_default_branch": one.file.path not in result.pending,
                "difference": difference(one.file) if one.done in {Done.KEPT, Done.WOULD_REPLACE} else [],
            }
            for one in result.files
        ],
        "skipped": [
            {"model": one.model, "alias": one.alias, "why": str(one.why)} for one in result.plan.skipped
        ],
        "notes": [str(note) for note in result.plan.notes],
        "pull_requests": [
            {"part": part, "commands": commands(result, part)} for part in Part if result.to_merge(part)
        ],
        "code_owners": list(result.places),
    }
    return json.dumps(value, indent=2) + "\n"


def asks_to_replace(file: PlannedFile) -> Message:
    """The question about one file."""
    return say("Replace ", quote(file.path), "?")
