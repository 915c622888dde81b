"""What `--help` teaches: what a verb does, what it writes, and lines to try. No code."""

from __future__ import annotations

from collections.abc import Mapping

EPILOG = """\
exit codes: 0 done or nothing to do, 1 the answer is no, 2 wrong request, policy or usage,
3 a bug, 4 could not decide, 130 interrupted. Every reason code: docs/reason-codes.md
The result goes to standard output, all else to standard error. All of it: docs/command-line.md
"""

VALIDATE = """\
Judge the promotion requests that your working tree changes, against a base revision, exactly as the
pull request would be judged. Needs no GitHub, and writes nothing to the registry.

  promoter validate                       working tree against origin's default branch
  promoter validate --base main --json    the same against main, as JSON
"""

LINT = """\
Say what is wrong with the requests and the policy as they lie here: asks no registry, no GitHub, no network,
and loads no model. What needs the registry, validate says. Made for editors, pre-commit hooks and CI.

  promoter lint                                    every request, the policy, and one against the other
  promoter lint promotions/churn/champion.yaml     the same; a file that Promoter never reads is a problem
"""

APPLY = """\
Move every alias to what the tip of the default branch asks for, as the Action does after a merge:
approvals are read from GitHub (GITHUB_TOKEN), checks are run again, and nothing is moved that
reviewers did not see. Writes aliases and tags of the registry, and no comment.

  promoter apply --repository your-org/models             everything that is merged and not yet live
  promoter apply --repository your-org/models --json      the same, told as JSON
"""

DRIFT = """\
Compare what the default branch asks for with every alias of the registry. Asks no GitHub, opens no issue
and moves nothing: the Action's drift run does.

  promoter drift                          origin's default branch, as you last fetched it
  promoter drift --rev HEAD --json        another revision, as JSON
"""

HISTORY = """\
Who held an alias, since when and by whose change, newest first: from git; with a registry what was really
applied, and with --repository and GITHUB_TOKEN who asked and who approved. Asks only, writes nothing.

  promoter history churn champion
  promoter history churn champion --as-of 2026-03-01
  promoter history churn champion --html champion.html --repository your-org/models
"""

STATUS = """\
Every alias at once: what git asks for, what the registry holds, since when, and what is proposed.

  promoter status                               origin's default branch, as you last fetched it
  promoter status --only drifted --exit-code    for a script: exit 1 where something is out of sync
"""

DOCTOR = """\
Find what is set up so that it does not hold: branch rules, environments, workflows, policy,
CODEOWNERS, and what the registry's credentials may do. Writes nothing anywhere. Give it
validate's registry credentials. Each finding says why it matters and what to paste.

  promoter doctor                               the files of the clone here, without GitHub
  promoter doctor --repository your-org/models  all of it, with GITHUB_TOKEN
"""

INIT = """\
Put under git what a registry holds: a request for each alias of models and prompts, a policy guessed from
the models' own metrics, and the workflows. Asks on a terminal, never overwrites without a yes, moves nothing.

  promoter init                                 ask, then write into the clone here
  promoter init --yes --models 'churn*' --aliases champion   and no prompt
  promoter init --dry-run                       only show what would be written
"""

REQUEST = """\
Write that a model version shall hold an alias: into the alias's own request file, comments and all, and
tell what validate says of it. With --pull-request the working tree stays as it is.

  promoter request churn 8 --alias champion --reason "Q3 retrain"
  promoter request churn 8 --alias champion --pull-request --repository your-org/models
  promoter request prod.churn --from dev.churn/8 --alias champion
  promoter request prompts:/greeting 3 --alias production
"""

PROPOSE = """\
Open, change and close the pull requests that the policy's `propose` asks for, as the Action does on a
schedule: one for each alias, at most `limit`. Reads and writes GitHub (GITHUB_TOKEN); reads the registry.

  promoter propose --repository your-org/models --dry-run   what would be done; nothing is written
"""

ROLLBACK = """\
Go back to the version that held an alias before: in the alias's own request file, or in a pull request that
says when that version was champion and why it left. Merging it rolls back, with its approval.

  promoter rollback churn champion --reason "Too many alarms"
  promoter rollback churn champion --to 6 --pull-request --repository your-org/models
"""

SCHEMA = """\
Print the JSON Schema (draft-07) of a kind of file, with which editors complete and check it.

  promoter schema request > promotion-request.schema.json
  promoter schema policy
"""

DEMO = """\
See the whole flow on this machine alone, with a registry, a repository and a GitHub of its own: models are
trained, a pull request is judged, approved and merged, its alias moves, and a revert moves it back.
Writes the comment, the HTML report and the evidence into a folder. Needs `pip install 'promoter[demo]'`.

  promoter demo
  promoter demo --output what-it-left
"""

ACTION = """\
What the Action's image runs: it reads the runner's environment and event, and no options. On a runner, use
the action itself.

  promoter action
"""

VERBS: Mapping[str, tuple[str, str]] = {
    "validate": ("judge what the working tree asks for", VALIDATE),
    "lint": ("what is wrong with requests and policy, offline", LINT),
    "apply": ("move aliases to what the default branch asks for", APPLY),
    "drift": ("where the registry is not what git asks for", DRIFT),
    "history": ("who held an alias, since when, by whose change", HISTORY),
    "status": ("every alias at once, git and registry side by side", STATUS),
    "doctor": ("what is set up so that it does not hold", DOCTOR),
    "init": ("put under git what a registry holds", INIT),
    "request": ("ask for a version, in a file or a pull request", REQUEST),
    "propose": ("open pull requests for new challengers", PROPOSE),
    "rollback": ("go back to the version that held an alias", ROLLBACK),
    "schema": ("print a JSON Schema (draft-07) for your editor", SCHEMA),
    "demo": ("see the whole flow, on this machine alone", DEMO),
    "action": ("what the Action's image runs; reads the runner's environment", ACTION),
}
"""What each verb does in a few words, and its help; in the order in which they are listed."""
