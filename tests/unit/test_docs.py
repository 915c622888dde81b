"""What the documents promise is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from promoter.core.policy_file import parse_policy
from promoter.core.requests import read_requests
from promoter.errors import ExitCode, ReasonCode
from tests.builders import a_file_entry

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
POLICY = ROOT / "examples" / "promotion-policy.yaml"
REQUESTS = sorted((ROOT / "examples" / "promotions").rglob("*.yaml"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


# --- reason codes ---------------------------------------------------------------------------------


def documented_codes() -> dict[int, list[str]]:
    """Exit code of a heading → the codes in the table under it."""
    found: dict[int, list[str]] = {}
    for section in re.split(r"^## ", text_of("docs/reason-codes.md"), flags=re.MULTILINE)[1:]:
        heading = re.match(r"[^\n]*\(exit (\d+)\)", section)
        if heading:
            found[int(heading[1])] = re.findall(r"^\| `([a-z_]+)` \|", section, flags=re.MULTILINE)
    return found


@pytest.mark.parametrize("exit_code", list(ExitCode))
def test_reason_codes_stand_under_their_exit_code(exit_code: ExitCode) -> None:
    expected = [code.value for code in ReasonCode if code.exit_code is exit_code]
    found = documented_codes()[exit_code]
    assert sorted(found) == sorted(expected)
    assert len(found) == len(set(found))


def test_every_reason_code_says_when_and_what_to_do() -> None:
    rows = re.findall(
        r"^\| `([a-z_]+)` \| (.*?) \| (.*?) ?\|$", text_of("docs/reason-codes.md"), re.MULTILINE
    )
    assert {code for code, when, what in rows if when and what} == {code.value for code in ReasonCode}


def test_every_exit_code_is_in_the_first_table() -> None:
    codes = re.findall(r"^\| (\d+) \|", text_of("docs/reason-codes.md"), flags=re.MULTILINE)
    assert [int(code) for code in codes] == [code.value for code in ExitCode]


# --- inputs and outputs ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_readme_names_every_input_and_output(kind: str) -> None:
    declared = yaml.safe_load(text_of("action.yml"))[kind]
    readme = text_of("README.md")
    assert [one for one in declared if f"`{one}`" not in readme] == []


# --- links ----------------------------------------------------------------------------------------


def links_of(document: Path) -> list[str]:
    tokens = (
        MarkdownIt("commonmark", {"html": True}).enable("table").parse(document.read_text(encoding="utf-8"))
    )
    inline = [child for token in tokens for child in token.children or ()]
    found = [str(child.attrs.get("href") or child.attrs.get("src") or "") for child in inline]
    return [link for link in found if link and not re.match(r"[a-z]+:", link)]


def anchors_of(document: Path) -> set[str]:
    """As GitHub names them: lower case, without punctuation, spaces as dashes."""
    tokens = MarkdownIt("commonmark").parse(document.read_text(encoding="utf-8"))
    opened = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    titles = [_plain(tokens[at + 1]) for at in opened]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _plain(inline: Token) -> str:
    """A heading without its markup."""
    return "".join(child.content for child in inline.children or ())


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in links_of(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors_of(target)):
            broken.append(link)
    assert broken == []


# The recipe in CONTRIBUTING.md names the files of a check that is still to be written.
@pytest.mark.parametrize("document", [one for one in DOCUMENTS if one.stem != "CONTRIBUTING"], ids=name)
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = re.findall(
        r"`((?:docs|examples|tests|scripts|src)/[\w./-]+\.(?:md|yaml|yml|py|sh))`",
        document.read_text(encoding="utf-8"),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


# --- files to copy --------------------------------------------------------------------------------


def test_the_example_policy_is_one() -> None:
    policy = parse_policy(POLICY.read_bytes(), path=name(POLICY))
    assert policy.rule_for("churn") is not None


def test_the_example_requests_are_ones_that_the_example_policy_allows() -> None:
    assert REQUESTS
    files = [(a_file_entry(path=name(path), blob_id=name(path)), path.read_bytes()) for path in REQUESTS]
    found = read_requests(files)
    assert (found.reason, len(found.requests)) == (None, len(REQUESTS))
    policy = parse_policy(POLICY.read_bytes(), path=name(POLICY))
    for request in found.requests:
        rule = policy.rule_for(request.model, request.kind)
        assert rule is not None
        assert request.alias in rule.aliases
        assert rule.sources.allow(request.source)
