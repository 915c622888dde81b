"""What a person may type: options and defaults. No command is imported here."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn, TypeAlias, cast

from promoter.cli_help import VERBS
from promoter.cli_help_layout import Layout, epilog, top_epilog, top_text

if TYPE_CHECKING:
    _Group: TypeAlias = argparse._ArgumentGroup

# As LocalRepository.base_tip looks for it: the first that there is.
_BASE = "default: origin/HEAD, main, master"
_OPENS = "open it there instead of writing the file here; takes GITHUB_TOKEN"


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
        usage="promoter [-h] [--version] COMMAND ...",
        description=top_text(),
        epilog=top_epilog(),
        formatter_class=Layout,
    )
    top.add_argument("--version", action="version", version=f"promoter {version}", help="print the version")
    verbs = top.add_subparsers(
        prog="promoter", dest="verb", metavar="COMMAND", required=True, help=argparse.SUPPRESS
    )
    for name, shown in VERBS.items():
        verb = verbs.add_parser(
            name,
            allow_abbrev=False,
            description=shown.text,
            epilog=epilog(shown),
            formatter_class=Layout,
        )
        _OPTIONS[name](verb)
        if name != "action":
            _output(verb)
    return top


def verbs_of(top: Parser) -> Mapping[str, argparse.ArgumentParser]:
    """The parser of each verb, by its name; for those who tell what can be typed."""
    (verbs,) = (one for one in top._actions if isinstance(one, argparse._SubParsersAction))
    return cast("Mapping[str, argparse.ArgumentParser]", verbs.choices)


def _output(verb: argparse.ArgumentParser) -> None:
    output = verb.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print one JSON document, for programs")
    colours = ("auto", "always", "never")
    output.add_argument("--color", choices=colours, default="auto", help="default: auto, on terminals only")


def _files(verb: argparse.ArgumentParser) -> _Group:
    """Where requests and policy are; without the clone, which apply and propose have none of."""
    files = verb.add_argument_group("files")
    files.add_argument("--requests", metavar="GLOB", help="the requests; default: promotions/**/*.yaml")
    files.add_argument("--policy", metavar="PATH", help="default: .github/promotion-policy.yaml")
    return files


def _clone(verb: argparse.ArgumentParser) -> None:
    _files(verb).add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")


def _registry(verb: argparse.ArgumentParser) -> None:
    registry = verb.add_argument_group("registry")
    registry.add_argument("--tracking-uri", metavar="URI", help="its address; default: MLFLOW_TRACKING_URI")
    registry.add_argument(
        "--registry-uri", metavar="URI", help="where models are, if elsewhere; default: MLFLOW_REGISTRY_URI"
    )
    registry.add_argument(
        "--deadline", metavar="MINUTES", help="when the whole run gives up, undecided; default: 30"
    )


def _github(verb: argparse.ArgumentParser) -> _Group:
    github = verb.add_argument_group("GitHub")
    github.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    return github


def _report(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--report-directory", metavar="DIR", help="also write what was found into files there")


def _validate(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--base", metavar="REV", help=f"where it would be merged; {_BASE}")
    verb.add_argument("--head", metavar="REV", help="judge a commit instead of the working tree")
    _report(verb)
    _clone(verb)
    _registry(verb)


def _lint(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="files taken for requests or the policy; default: those that Promoter reads",
    )
    scopes = ("all", "requests", "policy")
    verb.add_argument("--only", choices=scopes, default="all", help="what to look at; default: all")
    _clone(verb)


def _apply(verb: argparse.ArgumentParser) -> None:
    _report(verb)
    _github(verb).add_argument(
        "--branch", metavar="NAME", default="main", help="the default branch; default: main"
    )
    _files(verb)
    _registry(verb)


def _drift(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--rev", metavar="REV", help=f"what git asks for; {_BASE}")
    _report(verb)
    _clone(verb)
    _registry(verb)


def _init(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--models", metavar="GLOB", action="append", help="which registered models; default: *")
    verb.add_argument("--prompts", metavar="GLOB", action="append", help="which prompts; default: *")
    verb.add_argument("--aliases", metavar="GLOB", action="append", help="which of their aliases; default: *")
    steps = ("all", "policy", "requests")
    verb.add_argument("--step", choices=steps, default="all", help="what to write; default: all")
    verb.add_argument(
        "--action", metavar="REF", help="what the workflows use: owner/promoter@commit; default: to fill in"
    )
    verb.add_argument(
        "--branch", metavar="NAME", help="the default branch; default: origin's, main, master, HEAD's"
    )
    verb.add_argument("--yes", action="store_true", help="ask nothing; files that differ are kept")
    verb.add_argument("--force", action="store_true", help="replace files that differ")
    verb.add_argument("--dry-run", action="store_true", help="write nothing, only show")
    _clone(verb)
    _registry(verb)


def _request(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", metavar="MODEL", help="a registered model, or prompts:/NAME")
    verb.add_argument("version", metavar="VERSION", nargs="?", help="its number; or give --from")
    verb.add_argument("--alias", metavar="ALIAS", required=True, help="the alias that it shall hold")
    verb.add_argument("--from", dest="source", metavar="MODEL/VERSION", help="copy this one into MODEL")
    verb.add_argument("--reason", metavar="TEXT", help="why; default: what the file says already")
    verb.add_argument(
        "--base", metavar="REV", help=f"where it would be merged; {_BASE}; with --pull-request GitHub's"
    )
    verb.add_argument(
        "--no-validate", dest="validate", action="store_false", help="only write, do not judge it"
    )
    _github(verb).add_argument("--pull-request", action="store_true", help=_OPENS)
    _clone(verb)
    _registry(verb)


def _propose(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--dry-run", action="store_true", help="only show what would be done")
    _report(verb)
    _github(verb).add_argument(
        "--branch", metavar="NAME", help="the default branch; default: GitHub's answer"
    )
    _files(verb)
    _registry(verb)


def _rollback(verb: argparse.ArgumentParser) -> None:
    _model_and_alias(verb)
    verb.add_argument("--to", metavar="VERSION", help="a version that held it; default: the one before")
    verb.add_argument("--reason", metavar="TEXT", help="why, for the reviewers and the history")
    verb.add_argument(
        "--rev",
        metavar="REV",
        help="look from there; default: HEAD, with --pull-request origin/HEAD, main, master",
    )
    verb.add_argument("--no-registry", action="store_true", help="do not ask the registry what was applied")
    verb.add_argument("--dry-run", action="store_true", help="write nothing, only show")
    _github(verb).add_argument("--pull-request", action="store_true", help=_OPENS)
    _clone(verb)
    _registry(verb)


def _model_and_alias(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", metavar="MODEL", help="a registered model, or prompts:/NAME")
    verb.add_argument("alias", metavar="ALIAS", help="one of its aliases, such as champion")


def _doctor(verb: argparse.ArgumentParser) -> None:
    _report(verb)
    _github(verb)
    _files(verb).add_argument(
        "--directory", metavar="DIR", help="a clone; default: GitHub's files, else here"
    )
    _registry(verb)


def _history(verb: argparse.ArgumentParser) -> None:
    _model_and_alias(verb)
    verb.add_argument("--as-of", metavar="DATE", help="who held it then: YYYY-MM-DD, or a time with its zone")
    verb.add_argument("--limit", metavar="N", type=_count, help="the newest N changes; default: all")
    verb.add_argument("--no-registry", action="store_true", help="do not ask the registry")
    verb.add_argument("--rev", metavar="REV", default="HEAD", help="the revision to look from; default: HEAD")
    _looking(verb)


def _status(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--models", metavar="GLOB", default="*", help="only these registered models; default: *"
    )
    verb.add_argument(
        "--only", choices=("drifted", "pending"), help="only what differs, or is on its way; default: all"
    )
    verb.add_argument("--exit-code", action="store_true", help="exit 1 where something is out of sync")
    verb.add_argument("--rev", metavar="REV", help=f"what git asks for; {_BASE}")
    _looking(verb)


def _looking(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--html", metavar="FILE", help="also write a page")
    _github(verb)
    _clone(verb)
    _registry(verb)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a number from 1 on")
    return number


def _schema(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", choices=("request", "policy"), help="which kind of file")


def _completion(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("shell", choices=("bash", "zsh", "fish"), help="whose script")
    verb.add_argument(
        "--line", metavar="TEXT", help="what the script asks with: the words that may follow this line"
    )


def _demo(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--output",
        metavar="DIR",
        default="demo-output",
        help="the folder for what it leaves; default: demo-output",
    )


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
    "completion": _completion,
    "demo": _demo,
    "action": _action,
}
