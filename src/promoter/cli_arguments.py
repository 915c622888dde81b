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
Which version git asked for, since when and by whose change, newest first.

  promoter history churn champion
  promoter history churn champion --as-of 2026-03-01
"""

_DOCTOR = """\
Find what is set up so that it does not hold: branch rules, environments, workflows, policy,
CODEOWNERS, and what the registry's credentials may do. Writes nothing anywhere. Give it
validate's registry credentials. Each finding says why it matters and what to paste.

  promoter doctor                               the files of the clone here, without GitHub
  promoter doctor --repository your-org/models  all of it, with GITHUB_TOKEN
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
    _history(_verb(verbs, "history", summary="which version git asked for, and since when", text=_HISTORY))
    _doctor(_verb(verbs, "doctor", summary="what is set up so that it does not hold", text=_DOCTOR))
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


def _doctor(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    verb.add_argument("--directory", metavar="DIR", help="a clone; default: GitHub's files, else here")
    _places(verb)
    _registry(verb)


def _history(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", metavar="MODEL")
    verb.add_argument("alias", metavar="ALIAS")
    verb.add_argument("--as-of", metavar="DATE", help="only the version in force then (YYYY-MM-DD)")
    verb.add_argument("--rev", metavar="REV", default="HEAD", help="the revision to look from; default: HEAD")
    verb.add_argument("--directory", metavar="DIR", default=".", help="the clone; default: here")
    _places(verb)
