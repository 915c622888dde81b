"""What `--help` teaches is true: every verb has lines to try, and each of them is understood."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from pathlib import Path

import pytest

from promoter.adapters.local_repository import LocalRepository
from promoter.cli_arguments import NotUnderstood, parser, verbs_of
from promoter.cli_help import VERBS
from promoter.errors import ExitCode, PromoterError
from tests.git_clone import GitClone

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
EXAMPLES = [(verb, line) for verb, shown in VERBS.items() for line, _ in shown.examples]
WIDTH = 80
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
TYPED = [line for block in BLOCKS for line in block.splitlines() if not line.startswith("pip ")]


def understood(line: str) -> str:
    """The verb of a line of a shell's, up to where its output goes."""
    words = shlex.split(re.split(r" >>? ", line)[0], comments=True)
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


# --- what is shown --------------------------------------------------------------------------------


def help_of(*verb: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What `--help` prints."""
    with pytest.raises(SystemExit):
        parser("0").parse_args([*verb, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_says_what_the_codes_mean_and_where_results_go(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    shown, told = VERBS[verb], help_of(verb, capsys=capsys)
    assert shown.text.strip() in told
    assert shown.summary == shown.summary.rstrip(".")
    assert "\nThe result goes to standard output, all else to standard error.\n" in told
    listed = dict(re.findall(r"^ {2}(\d+) +(.+)$", section("exit codes", told), re.MULTILINE))
    never = {code for code, said in shown.exits.items() if not said}
    assert set(map(int, listed)) == {int(code) for code in ExitCode} - never
    assert never <= {ExitCode.NO}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_has_examples_with_what_they_do_and_pages_to_read_on(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    told = help_of(verb, capsys=capsys)
    for line, said in VERBS[verb].examples:
        assert f"\n  {line}\n      {said}\n" in told
    pages = section("see also", told).split()
    assert "docs/reason-codes.md" in pages
    assert [page for page in pages if not (ROOT / page).is_file()] == []


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"action"}))
def test_help_names_the_variables_that_its_options_fall_back_on(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    told = help_of(verb, capsys=capsys)
    options, environment = told.split("\nexamples:\n")[0], section("environment", told)
    named = set(re.findall(r"\b(?:MLFLOW|GITHUB)_[A-Z_]+", options))
    assert [name for name in named if f"  {name} " not in environment] == []
    assert "NO_COLOR" in environment


@pytest.mark.parametrize("columns", ["80", "200"])
@pytest.mark.parametrize("verb", ["", *sorted(VERBS)])
def test_no_line_of_help_is_wider_than_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    told = help_of(*verb.split(), capsys=capsys)
    assert [line for line in told.splitlines() if len(line) > WIDTH] == []


def test_the_list_of_verbs_says_what_each_does(capsys: pytest.CaptureFixture[str]) -> None:
    told = help_of(capsys=capsys)
    listed = re.findall(r"^ {2}([a-z]+) +(.+)$", section("commands", told), re.MULTILINE)
    assert listed == [(verb, shown.summary) for verb, shown in VERBS.items()]
    codes = re.findall(r"^ {2}(\d+) ", section("exit codes", told), re.MULTILINE)
    assert [int(code) for code in codes] == [int(code) for code in ExitCode]


def section(title: str, told: str) -> str:
    """The lines below a title, up to the next empty one."""
    return told.partition(f"\n{title}:\n")[2].partition("\n\n")[0]


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_option_says_what_it_is_for(verb: str) -> None:
    silent = [one.dest for one in verbs_of(parser("0"))[verb]._actions if not one.help]
    assert silent == []


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_tells_the_default_that_the_parser_has(verb: str) -> None:
    wrong = [
        one.dest
        for one in verbs_of(parser("0"))[verb]._actions
        if one.option_strings
        and isinstance(one.default, str)
        and one.default not in {".", argparse.SUPPRESS}
        and not re.search(rf"default: {re.escape(one.default)}(?!\w)", str(one.help))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "flag", [("validate", "base"), ("request", "base"), ("drift", "rev"), ("status", "rev")]
)
def test_help_tells_every_revision_that_is_taken_for_the_default_branch(
    flag: tuple[str, str], tmp_path: Path
) -> None:
    (said,) = (one.help for one in verbs_of(parser("0"))[flag[0]]._actions if one.dest == flag[1])
    names = re.findall(r"[\w/]+", str(said).partition("default: ")[2].partition(";")[0])
    assert len(names) == 3
    for number, name in enumerate(names):
        clone = GitClone(tmp_path / str(number))
        commit = clone.commit({}, "Begin")
        clone.git("branch", "-m", "away")
        repository = LocalRepository(clone.folder, environ={"PATH": os.environ["PATH"]})
        with pytest.raises(PromoterError, match="no base revision"):
            repository.base_tip(None)
        clone.git("update-ref", f"refs/{'remotes' if '/' in name else 'heads'}/{name}", commit)
        assert repository.base_tip(None) == commit


@pytest.mark.parametrize("verb", ["lint", "schema", "completion"])
def test_a_verb_that_asks_nobody_has_nothing_out_of_reach(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    codes = section("exit codes", help_of(verb, capsys=capsys))
    assert "out of reach" not in codes
    assert "  4    standard output took nothing" in codes


# --- the page -------------------------------------------------------------------------------------


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
    found = {flag for action in verbs_of(parser("0"))[verb]._actions for flag in action.option_strings}
    return {flag for flag in found if flag.startswith("--")} - {"--help", "--json", "--color"}
