"""What `--help` and the man page teach: what a verb does, what it writes, lines to try. No code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ABOUT = "Promote MLflow models by pull request."


# What is left of exit code 4 where nobody is asked anything.
_UNWRITABLE = "standard output took nothing, such as a full disk"


@dataclass(frozen=True, kw_only=True)
class Help:
    """`summary` is a few words for the list of verbs, `text` sentences in lines of at most 80 columns.

    `examples` are lines to type, each with what it does. `exits` are this verb's own meanings of exit codes;
    "" takes a code out that it never ends with. `environment` names groups of cli_help_layout.ENVIRONMENT.
    """

    summary: str
    text: str
    examples: tuple[tuple[str, str], ...]
    exits: Mapping[int, str]
    environment: tuple[str, ...] = ()
    see: tuple[str, ...] = ("docs/command-line.md",)


VALIDATE = Help(
    summary="judge what the working tree asks for",
    text="""\
Judge the promotion requests that your working tree changes, against a base
revision, exactly as the pull request would be judged. Needs no GitHub, and
writes nothing to the registry.
""",
    examples=(
        ("promoter validate", "the working tree, against origin's default branch"),
        ("promoter validate --base main --json", "the same against main, as JSON"),
        ("promoter validate --head my-branch --report-directory report", "a commit, with the HTML report"),
    ),
    exits={
        0: "every request passed, or none was changed",
        1: "a request is rejected, inconclusive or blocked",
    },
    environment=("registry",),
    see=("docs/what-you-see.md", "docs/policy.md"),
)

LINT = Help(
    summary="what is wrong with requests and policy, offline",
    text="""\
Say what is wrong with the requests and the policy as they lie here. Asks no
registry, no GitHub, no network, and loads no model: what needs the registry,
`promoter validate` says. Made for editors, pre-commit hooks and CI.
""",
    examples=(
        ("promoter lint", "every request, the policy, and one against the other"),
        (
            "promoter lint promotions/churn/champion.yaml",
            "one file; that Promoter never reads it is a problem",
        ),
        ("promoter lint --only policy", "the policy alone"),
    ),
    exits={0: "nothing is wrong", 1: "", 2: "a file or the usage is wrong", 4: _UNWRITABLE},
    see=("docs/editors.md", "docs/promotion-request.md", "docs/policy.md"),
)

APPLY = Help(
    summary="move aliases to what the default branch asks for",
    text="""\
Move every alias to what the tip of the default branch asks for, as the Action
does after a merge: approvals are read from GitHub (GITHUB_TOKEN), checks are
run again, and nothing is moved that reviewers did not see. Writes aliases and
tags of the registry, and no comment.
""",
    examples=(
        ("promoter apply --repository your-org/models", "everything that is merged and not yet live"),
        ("promoter apply --repository your-org/models --json", "the same, told as JSON"),
    ),
    exits={0: "every alias is where git asks for it", 1: "an alias was not moved: the answer is no"},
    environment=("registry", "github"),
    see=("docs/security.md", "docs/reliability.md"),
)

DRIFT = Help(
    summary="where the registry is not what git asks for",
    text="""\
Compare what the default branch asks for with every alias of the registry. Asks
no GitHub, opens no issue and moves nothing: the Action's drift run does.
""",
    examples=(
        ("promoter drift", "origin's default branch, as you last fetched it"),
        ("promoter drift --rev HEAD --json", "another revision, as JSON"),
    ),
    exits={0: "the registry is what git asks for", 1: "it is not: drift was found"},
    environment=("registry",),
    see=("docs/drift.md",),
)

HISTORY = Help(
    summary="who held an alias, since when, by whose change",
    text="""\
Tell who held an alias, since when and by whose change, newest first: from git;
with a registry what was really applied, and with --repository and GITHUB_TOKEN
who asked and who approved. Asks only, writes nothing but the page of --html.
""",
    examples=(
        ("promoter history churn champion", "every change of the alias"),
        ("promoter history churn champion --as-of 2026-03-01", "who held it on that day"),
        ("promoter history churn champion --html champion.html", "also a page to hand on"),
    ),
    exits={0: "told", 1: ""},
    environment=("registry", "github"),
    see=("docs/history.md",),
)

STATUS = Help(
    summary="every alias at once, git and registry side by side",
    text="""\
Show every alias at once: what git asks for, what the registry holds, since
when, and what is proposed. Writes nothing but the page of --html.
""",
    examples=(
        ("promoter status", "origin's default branch, as you last fetched it"),
        ("promoter status --only drifted --exit-code", "for a script: exit 1 where something is out of sync"),
    ),
    exits={0: "told", 1: "with --exit-code: a shown alias is out of sync"},
    environment=("registry", "github"),
    see=("docs/history.md",),
)

DOCTOR = Help(
    summary="what is set up so that it does not hold",
    text="""\
Find what is set up so that it does not hold: branch rules, environments,
workflows, policy, CODEOWNERS, and what the registry's credentials may do.
Each finding says why it matters and what to paste. Writes nothing anywhere.
Give it validate's registry credentials.
""",
    examples=(
        ("promoter doctor", "the files of the clone here, without GitHub"),
        ("promoter doctor --repository your-org/models", "all of it, with GITHUB_TOKEN"),
    ),
    exits={0: "no error; warnings and notes may be left", 1: "at least one error"},
    environment=("registry", "github"),
    see=("docs/doctor.md",),
)

INIT = Help(
    summary="put under git what a registry holds",
    text="""\
Put under git what a registry holds: a request for each alias of models and
prompts, a policy guessed from the models' own metrics, and the workflows. Asks
on a terminal, never overwrites without a yes, and moves nothing.
""",
    examples=(
        ("promoter init", "ask, then write into the clone here"),
        ("promoter init --yes --models 'churn*' --aliases champion", "ask nothing, take these"),
        ("promoter init --dry-run", "only show what would be written"),
    ),
    exits={0: "written, or shown", 1: ""},
    environment=("registry",),
    see=("docs/init.md",),
)

REQUEST = Help(
    summary="ask for a version, in a file or a pull request",
    text="""\
Write that a model version shall hold an alias: into the alias's own request
file, comments and all, and tell what `promoter validate` says of it. With
--pull-request the working tree stays as it is, and GitHub gets a branch and a
pull request.
""",
    examples=(
        ('promoter request churn 8 --alias champion --reason "Q3 retrain"', "into the request file"),
        ("promoter request churn 8 --alias champion --pull-request", "as a pull request, with GITHUB_TOKEN"),
        ("promoter request prod.churn --from dev.churn/8 --alias champion", "copy from another model"),
        ("promoter request prompts:/greeting 3 --alias production", "a prompt"),
    ),
    exits={0: "written, and it would pass", 1: "written, and it would be refused as it is"},
    environment=("registry", "github"),
    see=("docs/promotion-request.md", "docs/across-models.md", "docs/prompts.md"),
)

PROPOSE = Help(
    summary="open pull requests for new challengers",
    text="""\
Open, change and close the pull requests that the policy's `propose` asks for,
as the Action does on a schedule: one for each alias, at most `limit`. Reads and
writes GitHub (GITHUB_TOKEN); reads the registry.
""",
    examples=(
        ("promoter propose --repository your-org/models --dry-run", "only show what would be done"),
        ("promoter propose --repository your-org/models", "do it"),
    ),
    exits={0: "done, or nothing to do", 1: ""},
    environment=("registry", "github"),
    see=("docs/propose.md",),
)

ROLLBACK = Help(
    summary="go back to the version that held an alias",
    text="""\
Go back to the version that held an alias before: in the alias's own request
file, or in a pull request that says when that version was champion and why it
left. The alias moves when that is merged, with its approval.
""",
    examples=(
        ('promoter rollback churn champion --reason "Too many alarms"', "the version before this one"),
        ("promoter rollback churn champion --to 6 --pull-request", "an older one, as a pull request"),
    ),
    exits={0: "written, or shown", 1: ""},
    environment=("registry", "github"),
    see=("docs/rollback.md",),
)

SCHEMA = Help(
    summary="print a JSON Schema (draft-07) for your editor",
    text="""\
Print the JSON Schema (draft-07) of a kind of file, with which editors complete
and check it.
""",
    examples=(
        ("promoter schema request > promotion-request.schema.json", "of promotion requests"),
        ("promoter schema policy", "of the policy"),
    ),
    exits={0: "printed", 1: "", 4: _UNWRITABLE},
    see=("docs/editors.md",),
)

COMPLETION = Help(
    summary="print a script with which your shell completes words",
    text="""\
Print a script that has bash, zsh or fish complete verbs, options, choices,
files, and the models and aliases that the clone's requests name. The script
asks `promoter` itself, so it stays right when Promoter is updated.
""",
    examples=(
        ("promoter completion bash >> ~/.bashrc", "bash: once; better places: docs/command-line.md"),
        ("promoter completion zsh > ~/.zfunc/_promoter", "zsh: a folder of $fpath, before compinit"),
        ("promoter completion fish > ~/.config/fish/completions/promoter.fish", "fish: once"),
    ),
    exits={0: "printed", 1: "", 4: _UNWRITABLE},
)

DEMO = Help(
    summary="see the whole flow, on this machine alone",
    text="""\
See the whole flow on this machine alone, with a registry, a repository and a
GitHub of its own: models are trained, a pull request is judged, approved and
merged, its alias moves, and a revert moves it back. Writes the comment, the
HTML report and the evidence into a folder. Takes about a minute and needs
`pip install 'promoter[demo]'`.
""",
    examples=(
        ("promoter demo", "into the folder demo-output"),
        ("promoter demo --output what-it-left", "into another"),
    ),
    exits={0: "everything went as it is told", 1: ""},
    see=("docs/tour.md",),
)

ACTION = Help(
    summary="what the Action's image runs, from the runner's environment",
    text="""\
What the Action's image runs: it reads the runner's environment and event, and
no options. On a runner, use the action itself.
""",
    examples=(("promoter action", "inside a job's container"),),
    exits={},
    see=("docs/inputs.md",),
)

VERBS: Mapping[str, Help] = {
    "validate": VALIDATE,
    "lint": LINT,
    "apply": APPLY,
    "drift": DRIFT,
    "history": HISTORY,
    "status": STATUS,
    "doctor": DOCTOR,
    "init": INIT,
    "request": REQUEST,
    "propose": PROPOSE,
    "rollback": ROLLBACK,
    "schema": SCHEMA,
    "completion": COMPLETION,
    "demo": DEMO,
    "action": ACTION,
}
"""Every verb's help, in the order in which they are listed."""
