"""What a person may type: options and defaults. No command is imported here."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from promoter import cli_help

if TYPE_CHECKING:
    _Verbs: TypeAlias = "argparse._SubParsersAction[Parser]"


class NotUnderstood(Exception):
    """What was typed means nothing. `usage` ends with a line break; `program` is what was understood."""

    def __init__(self, message: str, *, usage: str, program: str) -> None:
        super().__init__(message)
        self.usage = usage
        self.program = program


class Parser(argparse.ArgumentParser):
    """Raises NotUnderstood, where the original prints to a stream of its own choice and ends the process."""

    def error(self, message: str) -> NoReturn:
        raise NotUnderstood(message, usage=self.format_usage(), program=self.prog)


def parser(version: str) -> Parser:
    """The whole command line."""
    top = Parser(
        prog="promoter",
        allow_abbrev=False,
        description="Promote MLflow models by pull request.",
        epilog=cli_help.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"promoter {version}")
    verbs = top.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for name, (summary, text) in cli_help.VERBS.items():
        _OPTIONS[name](_verb(verbs, name, summary=summary, text=text))
    return top


def _verb(verbs: _Verbs, name: str, *, summary: str, text: str) -> Parser:
    verb = verbs.add_parser(
        name,
        allow_abbrev=False,
        help=summary,
        description=text,
        epilog=cli_help.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if name != "action":
        verb.add_argument("--json", action="store_true", help="print one JSON document, for programs")
        colours = ("auto", "always", "never")
        verb.add_argument("--color", choices=colours, default="auto", help="default: auto, on terminals")
    return verb


def _places(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--requests", metavar="GLOB", help="default: promotions/**/*.yaml")
    verb.add_argument("--policy", metavar="PATH", help="default: .github/promotion-policy.yaml")


def _registry(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--tracking-uri", metavar="URI", help="default: MLFLOW_TRACKING_URI")
    verb.add_argument("--registry-uri", metavar="URI", help="default: MLFLOW_REGISTRY_URI")
    verb.add_argument("--deadline", metavar="MINUTES", help="default: 30")


def _report(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--report-directory", metavar="DIR", help="also write what was found into files")


def _validate(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--base", metavar="REV", help="where it would be merged; default: origin/HEAD, main")
    verb.add_argument("--head", metavar="REV", help="judge a commit instead of the working tree")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)
    _registry(verb)
    _report(verb)


def _lint(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("paths", metavar="PATH", nargs="*", help="files taken for requests or the policy")
    scopes = ("all", "requests", "policy")
    verb.add_argument("--only", choices=scopes, default="all", help="what to look at; default: all")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)


def _apply(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    verb.add_argument("--branch", metavar="NAME", default="main", help="the default branch; default: main")
    _places(verb)
    _registry(verb)
    _report(verb)


def _drift(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--rev", metavar="REV", help="what git asks for; default: origin/HEAD, main")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)
    _registry(verb)
    _report(verb)


def _init(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--models", metavar="GLOB", action="append", help="which registered models; default: *")
    verb.add_argument("--prompts", metavar="GLOB", action="append", help="which prompts; default: *")
    verb.add_argument("--aliases", metavar="GLOB", action="append", help="which of their aliases; default: *")
    steps = ("all", "policy", "requests")
    verb.add_argument("--step", choices=steps, default="all", help="what to write; default: all")
    verb.add_argument("--action", metavar="REF", help="the action: owner/promoter@commit")
    verb.add_argument("--branch", metavar="NAME", help="the default branch; default: origin's, main")
    verb.add_argument("--yes", action="store_true", help="ask nothing; what differs is kept")
    verb.add_argument("--force", action="store_true", help="replace files that differ")
    verb.add_argument("--dry-run", action="store_true", help="write nothing, only show")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)
    _registry(verb)


def _request(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", metavar="MODEL")
    verb.add_argument("version", metavar="VERSION", nargs="?", help="its number; or give --from")
    verb.add_argument("--from", dest="source", metavar="MODEL/VERSION", help="copy this one into MODEL")
    verb.add_argument("--alias", metavar="ALIAS", required=True, help="the alias that it shall hold")
    verb.add_argument("--reason", metavar="TEXT", help="why; without it the one that is there stays")
    verb.add_argument("--no-validate", dest="validate", action="store_false", help="do not judge it")
    verb.add_argument("--pull-request", action="store_true", help="open it on GitHub, with GITHUB_TOKEN")
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    verb.add_argument("--base", metavar="REV", help="where it would be merged; default: the default branch")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)
    _registry(verb)


def _propose(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--dry-run", action="store_true", help="only show what would be done")
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    verb.add_argument("--branch", metavar="NAME", help="the default branch; default: GitHub's answer")
    _places(verb)
    _registry(verb)
    _report(verb)


def _rollback(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", metavar="MODEL")
    verb.add_argument("alias", metavar="ALIAS")
    verb.add_argument("--to", metavar="VERSION", help="a version that held it; default: the one before")
    verb.add_argument("--reason", metavar="TEXT", help="why, for the reviewers and the history")
    verb.add_argument("--pull-request", action="store_true", help="open it on GitHub, with GITHUB_TOKEN")
    verb.add_argument("--dry-run", action="store_true", help="write nothing, only show")
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    verb.add_argument("--no-registry", action="store_true", help="do not ask the registry what was applied")
    verb.add_argument("--rev", metavar="REV", help="the revision to look from; default: HEAD")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)
    _registry(verb)


def _doctor(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    verb.add_argument("--directory", metavar="DIR", help="a clone; default: GitHub's files, else here")
    _places(verb)
    _registry(verb)
    _report(verb)


def _history(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", metavar="MODEL")
    verb.add_argument("alias", metavar="ALIAS")
    verb.add_argument("--as-of", metavar="DATE", help="who held it then (YYYY-MM-DD, or a time with zone)")
    verb.add_argument("--limit", metavar="N", type=_count, help="the newest N changes")
    verb.add_argument("--no-registry", action="store_true", help="do not ask the registry")
    verb.add_argument("--rev", metavar="REV", default="HEAD", help="the revision to look from; default: HEAD")
    _looking(verb)


def _status(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--models", metavar="GLOB", default="*", help="only these registered models")
    verb.add_argument("--only", choices=("drifted", "pending"), help="only what differs, or is on its way")
    verb.add_argument("--exit-code", action="store_true", help="exit 1 where something is out of sync")
    verb.add_argument("--rev", metavar="REV", help="what git asks for; default: origin/HEAD, main")
    _looking(verb)


def _looking(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--html", metavar="FILE", help="also write a page")
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    verb.add_argument("--tracking-uri", metavar="URI", help="default: MLFLOW_TRACKING_URI")
    verb.add_argument("--registry-uri", metavar="URI", help="default: MLFLOW_REGISTRY_URI")
    verb.add_argument("--deadline", metavar="MINUTES", help="default: 30")
    _places(verb)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a number from 1 on")
    return number


def _schema(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", choices=("request", "policy"), help="which kind of file")


def _demo(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--output", default="demo-output", metavar="DIR", help="folder for what it leaves")


def _action(verb: argparse.ArgumentParser) -> None:
    """The runner's environment says everything."""


_OPTIONS: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
    "validate": _validate,
    "lint": _lint,
    "apply": _apply,
    "drift": _drift,
    "history": _history,
    "status": _status,
    "doctor": _doctor,
    "init": _init,
    "request": _request,
    "propose": _propose,
    "rollback": _rollback,
    "schema": _schema,
    "demo": _demo,
    "action": _action,
}
