"""Names that go to a registry: ASCII allow-lists, matched as a whole.

MLflow itself takes an alias with a line feed behind it or a Cyrillic letter in it, and an Arabic digit as
a version.
"""

from __future__ import annotations

from promoter.core.scalars import Digits, Refusal, Text

ALIAS = Text(
    about="An alias of the registered model: lower-case letters, digits, `_` and `-`, a letter first.",
    write="Write lower-case letters, digits, `_` and `-`, beginning with a letter, such as `champion`",
    pattern=r"[a-z][a-z0-9_-]{0,62}",
    longest=63,
    refusals=(
        Refusal(
            pattern=r"latest|v[0-9]+",
            why="MLflow reserves `latest` and `v` with a number",
            write="Choose another alias, such as `champion`",
        ),
    ),
    nearly=str.lower,
)

MODEL = Text(
    about="The exact name of the registered model; in Unity Catalog all three levels, as `prod.ml.churn`.",
    write="Write the registered model's exact name: ASCII letters, digits, `_`, `-`, `.` and spaces",
    pattern=r"[A-Za-z0-9_](?:[A-Za-z0-9_. -]{0,253}[A-Za-z0-9_-])?",
)

VERSION = Digits(
    about="The number of the model version that shall hold the alias.",
    write="Write the model version's number in digits, such as `7`",
)

METRIC = Text(
    about="The metric's name, as it was logged at training.",
    write="Write the metric's name in ASCII: letters, digits, spaces and `_./:-`",
    pattern=r"[A-Za-z0-9_./: -]+",
    longest=250,
)

TAG_KEY = Text(
    about="The tag's key.",
    write="Write the tag's key in ASCII: letters, digits, spaces and `_./:-`",
    pattern=r"[A-Za-z0-9_./: -]+",
    longest=250,
)
