"""The part of a policy that asks for checks of the user's own."""

from __future__ import annotations

from promoter.core.policy import CustomRule
from promoter.core.policy_metrics import severity
from promoter.core.policy_rules import AtMost
from promoter.core.scalars import Number, Refusal, Text
from promoter.core.shape import ListOf, Map, defaulted, required

_MOST_WORDS = 50
_MOST_GLOBS = 50
_LONGEST_TIME = 3_600
# The ids of `checks/catalog.py`: in a report nobody would know which of two is meant.
BUILT_IN = (
    "description",
    "tags",
    "lineage",
    "prompt",
    "signature",
    "artifacts",
    "inference",
    "metrics",
    "slices",
    "business_value",
    "negative_flips",
    "custom",
)
_FILE = r"[A-Za-z0-9_.*?=+,()@ -]+"

_name = required(
    "name",
    Text(
        about="What the check is called in reports: lower-case letters, digits and `_`, a letter first.",
        write="Write lower-case letters, digits and `_`, beginning with a letter, such as `fairness`",
        pattern=r"[a-z][a-z0-9_]{0,39}",
        longest=40,
        refusals=(
            Refusal(
                pattern="|".join(BUILT_IN),
                why="that is a check of Promoter's own",
                write="Choose another name, such as `fairness`",
            ),
        ),
        nearly=lambda text: text.lower().replace("-", "_"),
    ),
    write="Write `name:` and what the check is called, such as `fairness`",
)
_command = required(
    "command",
    ListOf(
        about="The program and its arguments, each a word of its own: no shell reads them.",
        write="Write a list of words, such as `[python, checks/fairness.py]`",
        item=Text(
            about="One word of the command. A file of the repository is read at the base commit.",
            write="Write one line of text without control characters",
            pattern=r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+",
            longest=1_000,
        ),
    ),
    write="Write `command:` and a list of words, such as `[python, checks/fairness.py]`",
)
_files = defaulted(
    "files",
    ListOf(
        about="Globs of files the command needs beside those it names.",
        write='Write a list of globs, such as `["checks/*.py"]`',
        item=Text(
            about="A glob on paths from the repository's root, where `**/` is any number of folders.",
            write="Write a path from the repository's root, or a glob such as `checks/*.py`",
            pattern=rf"(?:(?!\.{{1,2}}/){_FILE}/)*(?!\.{{1,2}}$){_FILE}",
            longest=1_000,
            refusals=(
                Refusal(
                    pattern=r"/.*",
                    why="a path from the repository's root is asked for",
                    write="Write a path such as `checks/*.py`",
                ),
                Refusal(
                    pattern=r"(?:.*/)?\.\.(?:/.*)?",
                    why="the path leaves the repository",
                    write="Write a path without `..`",
                ),
            ),
            nearly=lambda text: text.removeprefix("./"),
        ),
        distinct=str,
    ),
    default=(),
)
_timeout_seconds = defaulted(
    "timeout_seconds",
    Number(
        about="How long the command may take, in seconds.",
        write=f"Write a number of seconds up to {_LONGEST_TIME}, such as `60`",
        above=0,
        maximum=_LONGEST_TIME,
    ),
    default=60.0,
)
CUSTOM = ListOf(
    about="Checks of your own: commands of the base commit that get the evidence as JSON and answer JSON.",
    write="Write a list of checks, each with `name` and `command`",
    item=Map(
        about="One check of your own.",
        write="Write `name` and `command` below it",
        fields=(_name, _command, _files, _timeout_seconds, severity),
        build=lambda record: CustomRule(
            name=record[_name],
            command=record[_command],
            files=record[_files],
            timeout_seconds=record[_timeout_seconds],
            severity=record[severity],
        ),
        rules=(
            AtMost(name="command", most=_MOST_WORDS, write=f"Write at most {_MOST_WORDS} words"),
            AtMost(name="files", most=_MOST_GLOBS, write=f"Write at most {_MOST_GLOBS} globs"),
        ),
    ),
    distinct=lambda rule: rule.name,
)
