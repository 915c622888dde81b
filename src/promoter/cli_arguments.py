"""What a person may type: options, defaults and help. No command is imported here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    _Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

_EPILOG = """\
exit codes: 0 done or nothing to do, 1 the answer is no, 2 wrong request, policy or usage,
3 a bug, 4 could not decide, 130 interrupted. Every reason code: docs/reason-codes.md
"""

_VALIDATE = """\
Judge the promotion requests that your working tree changes, against a base revision, exactly as the
pull request would be judged. Needs no GitHub, and writes nothing to the registry.

  promoter validate                       working tree against origin's default branch
  promoter validate --base main --json    the same against main, as JSON
"""

_APPLY = """\
Move every alias to what the tip of the default branch asks for, as the Action does after a merge:
approvals are read from GitHub (GITHUB_TOKEN), checks are run again, and nothing is moved that
reviewers did not see.
"""

_DRIFT = """\
Compare what the default branch asks for with every alias of the registry. Asks no GitHub, opens no issue
and moves nothing: the Action's drift run does.

  promoter drift                          origin's default branch, as you last fetched it
  promoter drift --rev HEAD --json        another revision, as JSON
"""

_HISTORY = """\
Who held an alias, since when and by whose change, newest first: from git; with a registry what was really
applied, and with --repository and GITHUB_TOKEN who asked and who approved. Asks only, writes nothing.

  promoter history churn champion
  promoter history churn champion --as-of 2026-03-01
  promoter history churn champion --html champion.html --repository your-org/models
"""

_STATUS = """\
Every alias at once: what git asks for, what the registry holds, since when, and what is proposed.

  promoter status                               origin's default branch, as you last fetched it
  promoter status --only drifted --exit-code    for a script: exit 1 where something is out of sync
"""

_DOCTOR = """\
Find what is set up so that it does not hold: branch rules, environments, workflows, policy,
CODEOWNERS, and what the registry's credentials may do. Writes nothing anywhere. Give it
validate's registry credentials. Each finding says why it matters and what to paste.

  promoter doctor                               the files of the clone here, without GitHub
  promoter doctor --repository your-org/models  all of it, with GITHUB_TOKEN
"""

_INIT = """\
Put under git what a registry holds: a request for each alias, a policy guessed from the models' own
metrics, and the workflows. Asks on a terminal, never overwrites without a yes, moves nothing.

  promoter init                                 ask, then write into the clone here
  promoter init --yes --models 'churn*' --aliases champion
  promoter init --dry-run                       only show what would be written
"""

_REQUEST = """\
Write that a model version shall hold an alias: into the alias's own request file, comments and all, and
tell what validate says of it. With --pull-request the working tree stays as it is.

  promoter request churn 8 --alias champion --reason "Q3 retrain"
  promoter request churn 8 --alias champion --pull-request --repository your-org/models
"""


_PROPOSE = """\
Open, change and close the pull requests that the policy's `propose` asks for, as the Action does on a
schedule: one for each alias, at most `limit`. Reads and writes GitHub (GITHUB_TOKEN); reads the registry.

  promoter propose --repository your-org/models --dry-run   what would be done; nothing is written
"""


_ROLLBACK = """\
Go back to the version that held an alias before: in the alias's own request file, or in a pull request that
says when that version was champion and why it left. Merging it rolls back, with its approval.

  promoter rollback churn champion --reason "Too many alarms"
  promoter rollback churn champion --to 6 --pull-request --repository your-org/models
"""


def parser(version: str) -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="promoter",
        description="Promote MLflow models by pull request.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"promoter {version}")
    verbs = top.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    _validate(_verb(verbs, "validate", summary="judge what the working tree asks for", text=_VALIDATE))
    _apply(_verb(verbs, "apply", summary="move aliases to what the default branch asks for", text=_APPLY))
    _drift(_verb(verbs, "drift", summary="where the registry is not what git asks for", text=_DRIFT))
    _history(_verb(verbs, "history", summary="who held an alias, since when, by whose change", text=_HISTORY))
    _status(
        _verb(verbs, "status", summary="every alias at once, git and registry side by side", text=_STATUS)
    )
    _doctor(_verb(verbs, "doctor", summary="what is set up so that it does not hold", text=_DOCTOR))
    _init(_verb(verbs, "init", summary="put under git what a registry holds", text=_INIT))
    _request(_verb(verbs, "request", summary="ask for a version, in a file or a pull request", text=_REQUEST))
    _propose(_verb(verbs, "propose", summary="open pull requests for new challengers", text=_PROPOSE))
    _rollback(_verb(verbs, "rollback", summary="go back to the version that held an alias", text=_ROLLBACK))
    schema = _verb(verbs, "schema", summary="print a JSON Schema (draft-07) for your editor", text="")
    schema.add_argument("file", choices=("request", "policy"), help="which kind of file")
    demo = _verb(verbs, "demo", summary="see the whole flow, on this machine alone", text="")
    demo.add_argument("--output", default="demo-output", metavar="DIR", help="folder for what it leaves")
    _verb(verbs, "action", summary="what the Action's image runs; reads the runner's environment", text="")
    return top


def _verb(verbs: _Verbs, name: str, *, summary: str, text: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(
        name,
        help=summary,
        description=text or summary[0].upper() + summary[1:] + ".",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if name != "action":
        verb.add_argument("--json", action="store_true", help="print JSON, for programs")
    return verb


def _places(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--requests", metavar="GLOB", help="default: promotions/**/*.yaml")
    verb.add_argument("--policy", metavar="PATH", help="default: .github/promotion-policy.yaml")


def _registry(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--tracking-uri", metavar="URI", help="default: MLFLOW_TRACKING_URI")
    verb.add_argument("--registry-uri", metavar="URI", help="default: MLFLOW_REGISTRY_URI")
    verb.add_argument("--deadline", metavar="MINUTES", help="default: 30")
    verb.add_argument("--report-directory", metavar="DIR", help="also write HTML report, comment, evidence")


def _validate(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--base", metavar="REV", help="where it would be merged; default: origin/HEAD, main")
    verb.add_argument("--head", metavar="REV", help="judge a commit instead of the working tree")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)
    _registry(verb)


def _apply(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    verb.add_argument("--branch", metavar="NAME", default="main", help="the default branch; default: main")
    _places(verb)
    _registry(verb)


def _drift(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--rev", metavar="REV", help="what git asks for; default: origin/HEAD, main")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)
    _registry(verb)


def _init(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--models", metavar="GLOB", action="append", help="which registered models; default: *")
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
    verb.add_argument("version", metavar="VERSION")
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
