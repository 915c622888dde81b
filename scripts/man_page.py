"""Write src/man/promoter.1, the manual page, from the command line's own parser and help.

    python scripts/man_page.py

The wheel carries it as share/man/man1/promoter.1. `man promoter` finds it in a system's or a user's own
installation, and by pipx; in a virtual environment `man -M .venv/share/man promoter` does. Own lines rather
than argparse-manpage, which shows no examples, exit codes and variables of each verb.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from promoter.cli_arguments import parser, verbs_of
from promoter.cli_help import ABOUT, VERBS, Help
from promoter.cli_help_layout import ENVIRONMENT, EXITS, STREAMS, exits_of

PAGE = Path(__file__).parents[1] / "src" / "man" / "promoter.1"
_FILES = {
    "promotions/**/*.yaml": "the requests, one for each model and alias; --requests moves them",
    ".github/promotion-policy.yaml": "the policy, read as it is before the change; --policy moves it",
}


def page() -> str:
    """The manual page in man(7)'s macros."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield '.\\" Written by scripts/man_page.py from the parser: change that, run it again.'
    yield '.TH PROMOTER 1 "" Promoter "User Commands"'
    yield ".SH NAME"
    yield f"promoter \\- {_text(ABOUT.rstrip('.').lower().replace('mlflow', 'MLflow'))}"
    yield from _section("SYNOPSIS", [".B promoter", ".I COMMAND", r"[\fIOPTION\fR]..."])
    yield from _section("DESCRIPTION", _description())
    yield ".SH COMMANDS"
    for name, verb in verbs_of(parser("")).items():
        yield from _verb(name, verb, VERBS[name])
    every = [one for one in verbs_of(parser(""))["lint"]._actions if one.dest in _EVERY]
    yield from _section("OPTIONS OF EVERY COMMAND", _options(every))
    yield from _section("ENVIRONMENT", _named(_variables()))
    yield from _section("FILES", _named(_FILES))
    yield from _section("EXIT STATUS", _named({str(code): said for code, said in EXITS.items()}))
    pages = dict.fromkeys(one for shown in VERBS.values() for one in shown.see)
    yield from _section("SEE ALSO", ["Promoter's documents:", _text(", ".join(sorted(pages)) + ".")])


_DESCRIPTION = """\
A file of the repository says which model version shall hold an alias of an
MLflow model registry. A pull request changes that file; the version is judged,
people review it, and the alias moves on merge.
`promoter` does by hand what the GitHub Action does in a job: the same code, the
same verdict.
"""
_EVERY = ("help", "json", "color")


def _description() -> Iterator[str]:
    yield from _prose(_DESCRIPTION)
    yield from (
        ".PP",
        _text(STREAMS),
        "Credentials are never options: they are variables, see",
        ".BR ENVIRONMENT .",
    )


def _options(actions: Iterable[argparse.Action]) -> Iterator[str]:
    for one in actions:
        yield from (".TP", _term(one), _text(str(one.help)))


def _verb(name: str, verb: argparse.ArgumentParser, shown: Help) -> Iterator[str]:
    yield f".SS promoter {name}"
    yield rf".B promoter {name}"
    yield from _usage(verb)
    yield ".PP"
    yield from _prose(shown.text)
    yield from _options(one for one in verb._actions if one.dest not in _EVERY)
    own = {code: said for code, said in exits_of(shown).items() if EXITS[code] != said}
    for code, said in own.items():
        yield from (".TP", f"exit {code}", _text(said))
    yield ".PP"
    yield "Examples:"
    for line, said in shown.examples:
        yield from (".PP", ".EX", f"    {_code(line)}", ".EE", ".RS 8", _text(said), ".RE")


def _usage(verb: argparse.ArgumentParser) -> Iterator[str]:
    """The words that are no options, and the options that must be given."""
    required = [one for one in verb._actions if one.option_strings and one.required]
    for one in required:
        yield rf"\fB{_code(one.option_strings[-1])}\fR \fI{one.metavar}\fR"
    yield r"[\fIOPTION\fR]..."
    for one in verb._actions:
        if not one.option_strings:
            word = rf"\fI{one.metavar or '|'.join(map(str, one.choices or ()))}\fR"
            yield {"?": f"[{word}]", "*": f"[{word}...]"}.get(str(one.nargs), word)


def _term(action: argparse.Action) -> str:
    """An option as it is typed, or the name of a word."""
    choices = "|".join(map(str, action.choices or ()))
    value = rf"\fI{_code(choices or str(action.metavar))}\fR"
    if not action.option_strings:
        return value
    names = ", ".join(rf"\fB{_code(one)}\fR" for one in action.option_strings)
    return names if action.nargs == 0 else f"{names} {value}"


def _variables() -> Mapping[str, str]:
    return {name: said for group in ENVIRONMENT.values() for name, said in group.items()}


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f".SH {title}"
    yield from lines


def _named(entries: Mapping[str, str]) -> Iterator[str]:
    for name, said in entries.items():
        yield from (".TP", rf"\fB{_code(name)}\fR", _text(said))


def _prose(text: str) -> Iterator[str]:
    """Lines of sentences, as they are: the page is filled anew."""
    return (_text(line) for line in text.splitlines())


def _text(words: str) -> str:
    """Words as they are, whatever they mean to troff; what stands in backquotes is bold."""
    return re.sub(r"`([^`]+)`", lambda found: rf"\fB{found[1]}\fR", _code(words))


def _code(words: str) -> str:
    escaped = words.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("~", r"\(ti")
    return f"\\&{escaped}" if escaped[:1] in {".", "'"} else escaped


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
