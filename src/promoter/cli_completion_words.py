"""Which words may follow on a command line that is being typed: from the parser's own options."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from promoter.cli_arguments import parser, verbs_of
from promoter.cli_help import VERBS
from promoter.inputs import Inputs

# Stands where the cursor is, while the line is taken apart.
_CURSOR = "\x1f"
# Where a stream goes to or comes from; the file stands behind it, or is the next word.
_REDIRECTION = re.compile(r"[0-9&]*[<>][<>&|]*")


class Kind(StrEnum):
    """What may follow: words of ours, or what the shell itself knows best."""

    WORDS = "words"
    FILES = "files"
    FOLDERS = "folders"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`words` are whole words that may stand at the cursor, each with its meaning, maybe empty."""

    kind: Kind = Kind.WORDS
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Named:
    """A model and an alias of it, as a promotion request names them."""

    model: str
    alias: str


# Glob of the requests → what they name.
Names: TypeAlias = Callable[[str], Sequence[Named]]
_Words: TypeAlias = list[tuple[str, str]]
_BY_METAVAR: Mapping[str, Kind] = {"PATH": Kind.FILES, "FILE": Kind.FILES, "DIR": Kind.FOLDERS}


@dataclass(frozen=True, kw_only=True)
class _Typed:
    """What stands before the cursor: options by their `dest`, words that are none, and the option whose value
    comes next."""

    options: Mapping[str, str]
    words: tuple[str, ...]
    waiting: argparse.Action | None


def reply(line: str, names: Names) -> Reply:
    """What may follow. `line` ends at the cursor, and begins with the program."""
    words = _split(line)
    if not words:
        return Reply()
    if _is_file_of_a_stream(words):
        return Reply(kind=Kind.FILES)
    *before, current = _without_streams(words)
    top = parser("")
    if not before:
        verbs = [(name, shown.summary) for name, shown in VERBS.items()]
        return _of(current, _options(top) if current.startswith("-") else verbs)
    verb = verbs_of(top).get(before[0])
    return _after(verb, before[1:], names=names, current=current) if verb else Reply()


def _after(verb: argparse.ArgumentParser, before: Sequence[str], *, names: Names, current: str) -> Reply:
    typed = _read(before, verb)
    if typed.waiting:
        return _values(typed.waiting, typed, names=names, current=current)
    option, equals, value = current.partition("=")
    if equals and option in verb._option_string_actions:
        found = _values(verb._option_string_actions[option], typed, names=names, current=value)
        return Reply(kind=found.kind, words=tuple((f"{option}={word}", said) for word, said in found.words))
    place = _place(verb, len(typed.words))
    if place is None or current.startswith("-"):
        return _of(current, _options(verb, typed.options))
    return _values(place, typed, names=names, current=current)


def _place(verb: argparse.ArgumentParser, number: int) -> argparse.Action | None:
    """What the word at a place means that is no option; None where no more are taken."""
    places = [one for one in verb._actions if not one.option_strings]
    if number < len(places):
        return places[number]
    return places[-1] if places and places[-1].nargs == "*" else None


def _split(line: str) -> list[str]:
    """The words after the program, without quotes; the last one ends at the cursor, and may be empty."""
    for closing in ("", '"', "'"):
        try:
            words = shlex.split(f"{line}{_CURSOR}{closing}")
        except ValueError:
            continue
        return [word.replace(_CURSOR, "") for word in words[1:]]
    return []


def _is_file_of_a_stream(words: Sequence[str]) -> bool:
    """Whether the last word says where a stream goes."""
    before, current = words[-2:-1], words[-1]
    return bool(_REDIRECTION.match(current) or any(_REDIRECTION.fullmatch(word) for word in before))


def _without_streams(words: Sequence[str]) -> list[str]:
    """What the program itself will see."""
    ours = (word for at, word in enumerate(words) if not _is_file_of_a_stream(words[: at + 1]))
    return list(ours)


def _read(words: Sequence[str], verb: argparse.ArgumentParser) -> _Typed:
    # argparse shows its options nowhere but in these attributes; shtab and argcomplete read them too.
    options: dict[str, str] = {}
    others: list[str] = []
    waiting: argparse.Action | None = None
    for word in words:
        option, equals, value = word.partition("=")
        action = verb._option_string_actions.get(option)
        if waiting:
            options[waiting.dest], waiting = word, None
        elif action:
            options[action.dest] = value
            waiting = action if action.nargs is None and not equals else None
        else:
            others.append(word)
    return _Typed(options=options, words=tuple(others), waiting=waiting)


def _options(verb: argparse.ArgumentParser, given: Mapping[str, str] = MappingProxyType({})) -> _Words:
    """Its options, in their long form, but those that were given and mean nothing a second time."""
    return [
        (one.option_strings[-1], one.help or "")
        for one in verb._actions
        if one.option_strings and (one.dest not in given or isinstance(one, argparse._AppendAction))
    ]


def _values(action: argparse.Action, typed: _Typed, *, names: Names, current: str) -> Reply:
    """What an option, or a word at its place, may be."""
    if action.choices is not None:
        return _of(current, [(str(one), "") for one in action.choices])
    if action.metavar in _BY_METAVAR:
        return Reply(kind=_BY_METAVAR[str(action.metavar)])
    if action.dest not in {"model", "models", "alias", "aliases"}:
        return Reply()
    known = names(typed.options.get("requests") or Inputs().requests)
    if action.dest.startswith("model"):
        return _of(current, dict.fromkeys((one.model, "") for one in known))
    return _of(current, dict.fromkeys((one.alias, "") for one in _about(known, typed.words[:1])))


def _about(known: Sequence[Named], model: tuple[str, ...]) -> list[Named]:
    """Those of the model that was typed before, of all models where none was."""
    return [one for one in known if model in {(), (one.model,)}]


def _of(current: str, words: Iterable[tuple[str, str]]) -> Reply:
    return Reply(words=tuple((word, said) for word, said in words if word.startswith(current)))
