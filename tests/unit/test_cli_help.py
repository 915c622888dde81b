"""What `--help` teaches is true: every verb has lines to try, and each of them is understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from promoter.cli_arguments import NotUnderstood, parser
from promoter.cli_help import VERBS
from promoter.errors import ExitCode

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^ {2}(promoter .+?)(?: {2,}.*)?$", re.MULTILINE)
EXAMPLES = [(verb, line) for verb, (_, text) in VERBS.items() for line in EXAMPLE.findall(text)]
TYPED = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def understood(line: str) -> str:
    """The verb of a line of a shell's, up to where its output goes."""
    words = shlex.split(line.split(" > ", maxsplit=1)[0], comments=True)
    words = words[[word.endswith("promoter") for word in words].index(True) + 1 :]
    return str(parser("0").parse_args(words).verb)


def test_every_verb_has_an_example() -> None:
    assert {verb for verb, _ in EXAMPLES} == VERBS.keys()


@pytest.mark.parametrize(("verb", "line"), EXAMPLES)
def test_an_example_is_understood(verb: str, line: str) -> None:
    assert understood(line) == verb


@pytest.mark.parametrize("line", TYPED)
def test_a_line_of_the_page_is_understood(line: str) -> None:
    assert understood(line) in VERBS


def test_the_oracle_refuses_what_is_wrong() -> None:
    with pytest.raises(NotUnderstood, match="invalid choice"):
        understood("promoter promote churn")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_says_what_the_codes_mean_and_where_results_go(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    with pytest.raises(SystemExit):
        parser("0").parse_args([verb, "--help"])
    shown = capsys.readouterr().out
    summary, text = VERBS[verb]
    assert text.strip() in shown
    assert summary == summary.rstrip(".")
    told = " ".join(shown.split())
    assert "The result goes to standard output, all else to standard error." in told
    assert [int(code) for code in ExitCode if f"{int(code)} " not in told] == []


def test_the_page_tells_every_verb_and_flag() -> None:
    assert [verb for verb in VERBS if f"\n## `promoter {verb}`\n" not in PAGE] == []
    sections = dict(
        zip(
            re.findall(r"^## `promoter (\w+)`$", PAGE, re.MULTILINE),
            re.split(r"^## `promoter \w+`$", PAGE, flags=re.MULTILINE)[1:],
            strict=True,
        )
    )
    for verb in VERBS:
        usage = flags_of(verb)
        named = set(re.findall(r"`(--[a-z-]+)", sections[verb]))
        assert named - {"--json", "--color"} == usage, verb


def flags_of(verb: str) -> set[str]:
    """The flags of a verb but those of every verb."""
    top = parser("0")
    (verbs,) = [one for one in top._actions if one.dest == "verb"]
    assert isinstance(verbs.choices, dict)
    found = {flag for action in verbs.choices[verb]._actions for flag in action.option_strings}
    return {flag for flag in found if flag.startswith("--")} - {"--help", "--json", "--color"}
