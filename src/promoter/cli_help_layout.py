"""How help is laid out in a terminal: at most 80 columns, and below the options what a man page has."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping

from promoter.cli_help import ABOUT, VERBS, Help

_WIDTH = 80
EXITS: Mapping[int, str] = {
    0: "done, or nothing to do",
    1: "decided, and the answer is no",
    2: "the request, the policy or the usage is wrong",
    3: "a bug in Promoter; the message says what to report",
    4: "could not decide: registry, GitHub or data out of reach, or the deadline",
    130: "interrupted",
}
# The groups that cli_help.Help.environment names; a screen is read by every verb.
ENVIRONMENT: Mapping[str, Mapping[str, str]] = {
    "registry": {
        "MLFLOW_TRACKING_URI": "the registry, unless --tracking-uri says",
        "MLFLOW_REGISTRY_URI": "where models are, if not where their runs are",
        "MLFLOW_TRACKING_USERNAME": "who asks, with MLFLOW_TRACKING_PASSWORD",
        "MLFLOW_TRACKING_TOKEN": "or a bearer token; all of MLflow's own count",
    },
    "github": {
        "GITHUB_TOKEN": "who asks, where GitHub is asked",
        "GITHUB_REPOSITORY": "OWNER/NAME, unless --repository says",
        "GITHUB_API_URL": "another GitHub: https://HOST/api/v3",
        "GITHUB_SERVER_URL": "and its pages: https://HOST",
    },
    "screen": {
        "NO_COLOR, FORCE_COLOR": "set: never, or always; --color outranks them",
        "COLUMNS": "how wide a terminal is",
    },
}


STREAMS = "The result goes to standard output, all else to standard error."


class Layout(argparse.RawDescriptionHelpFormatter):
    """Options in lines of at most 80 columns, however wide the terminal: the sentences have no more."""

    def __init__(self, prog: str) -> None:
        from shutil import get_terminal_size  # noqa: PLC0415

        super().__init__(prog, max_help_position=26, width=min(_WIDTH, get_terminal_size().columns))


def exits_of(shown: Help) -> dict[int, str]:
    """What each exit code means that the verb ends with."""
    return {code: said for code, said in {**EXITS, **shown.exits}.items() if said}


def environment_of(shown: Help) -> dict[str, str]:
    """The variables that a verb reads, with what they say."""
    groups = (*shown.environment, "screen")
    return {name: said for group in groups for name, said in ENVIRONMENT[group].items()}


def top_text() -> str:
    """What stands above the options. The verbs are listed here: argparse breaks its columns at a long one."""
    return f"{ABOUT}\n\n{_listed('commands', ((name, one.summary) for name, one in VERBS.items()))}\n"


def top_epilog() -> str:
    """What stands below the options of all verbs."""
    return _joined(
        [
            "`promoter COMMAND --help` explains one: options, examples, exit codes.",
            _listed("exit codes", ((str(code), said) for code, said in EXITS.items())),
            STREAMS,
            "see also:\n  docs/command-line.md\n  docs/reason-codes.md",
        ]
    )


def epilog(shown: Help) -> str:
    """What stands below a verb's options."""
    examples = [f"  {line}\n      {said}" for line, said in shown.examples]
    see = dict.fromkeys([*shown.see, "docs/reason-codes.md"])
    return _joined(
        [
            "\n".join(["examples:", *examples]),
            _listed("environment", environment_of(shown).items()) if shown is not VERBS["action"] else "",
            _listed("exit codes", ((str(code), said) for code, said in exits_of(shown).items())),
            STREAMS,
            "\n".join(["see also:", *(f"  {page}" for page in see)]),
        ]
    )


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _listed(title: str, entries: Iterable[tuple[str, str]]) -> str:
    """Names and what they mean, in two columns."""
    rows = list(entries)
    width = min(24, max(len(name) for name, _ in rows))
    return "\n".join([f"{title}:", *(f"  {name:<{width}}  {said}" for name, said in rows)])
