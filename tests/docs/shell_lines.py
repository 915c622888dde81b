"""Lines of shell in the documents: which commands they name, and whether there are such commands."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from promoter.cli_arguments import NotUnderstood, parser
from tests.markdown_blocks import Block

ROOT = Path(__file__).parents[2]
# Not ours, so only named here, each with why a document may say it.
OTHERS: Mapping[str, str] = {
    "git": "every reader has it; docs/tour.md is run with it",
    "cd": "into a clone",
    "export": "how a shell sets what the next lines read",
    "pip": "installs a clone; CI does it through make install",
    "pre-commit": "the reader's own tool, for the hook that this repository offers",
    "code": "the reader's own editor",
}
_OPERATORS = frozenset({"|", "||", "&&", ";", "&"})
_ASSIGNED = re.compile(r"[A-Z_][A-Z0-9_]*=")


def lines_of(block: Block) -> list[str]:
    """The lines that a reader types; of a `console` block those behind `$ `: the rest is what is printed."""
    lines = block.text.split("\n")
    if block.info == "console":
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [line for line in lines if line.strip() and not line.startswith("#")]


def problems_of(line: str) -> list[str]:
    """What is wrong with a line of shell; nothing where each of its commands is one that there is."""
    found = [_problem(words) for words in _commands(line)]
    return [problem for problem in found if problem]


def _commands(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.wordchars += ":,=@{}$…%^+[]!"
    words: list[str] = []
    skip = False
    for word in lexer:
        if skip or set(word) <= {"<", ">"}:
            skip = not skip
        elif word in _OPERATORS:
            yield words
            words = []
        else:
            words.append(word)
    yield words


def _problem(words: list[str]) -> str:
    while words and _ASSIGNED.match(words[0]):
        words = words[1:]
    if not words:
        return ""
    name = Path(words[0]).name
    if name in _OURS:
        return _OURS[name](words[1:])
    return "" if name in OTHERS else f"{name} is no command of ours and not on the list of others"


def _promoter(arguments: list[str]) -> str:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            parser("0").parse_args(arguments)
    except NotUnderstood as refused:
        return str(refused)
    except SystemExit:
        # It was asked for help or for its version.
        return ""
    return ""


def _make(arguments: list[str]) -> str:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    unknown = [one for one in arguments if "=" not in one and one not in targets]
    return f"the Makefile has no target {', '.join(unknown)}" if unknown else ""


def _python(arguments: list[str]) -> str:
    if arguments[:1] == ["-m"] and arguments[1:2] == ["http.server"]:
        return ""
    file = arguments[1].replace(".", "/") + ".py" if arguments[:1] == ["-m"] else arguments[0]
    return "" if (ROOT / file).exists() or (ROOT / "examples" / file).exists() else f"there is no {file}"


_OURS: Mapping[str, Callable[[list[str]], str]] = {
    "promoter": _promoter,
    "make": _make,
    "python": _python,
}


# --- in running text ------------------------------------------------------------------------------


def options_of(verb: str) -> set[str] | None:
    """The options of a verb; None where there is no such verb."""
    (verbs,) = (one for one in parser("0")._actions if isinstance(one, argparse._SubParsersAction))
    found = verbs.choices.get(verb)
    return None if found is None else {name for one in found._actions for name in one.option_strings}


def problems_of_span(span: str) -> list[str]:
    """What is wrong with a command that a sentence names: its verb and its options are looked at, for a
    sentence may leave out the rest."""
    words = span.split()
    if len(words) < 2 or words[0] != "promoter" or not re.fullmatch(r"[a-z]+", words[1]):
        return []
    options = options_of(words[1])
    if options is None:
        return [f"there is no `promoter {words[1]}`"]
    given = {re.split(r"[=…]", word)[0] for word in words[2:] if word.startswith("--")}
    return [f"`promoter {words[1]}` has no {name}" for name in sorted(given - options)]
