"""Every block of code in the documents is of a known kind, and what a reader copies is what works."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from promoter.core.doctor_owners import owners
from tests.docs import shell_lines, yaml_kinds
from tests.e2e.tour import KINDS as TOUR_KINDS
from tests.e2e.tour import TOUR
from tests.markdown_blocks import Block, blocks, code_spans

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CODE_OWNERS = "# .github/CODEOWNERS\n"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- the kinds ------------------------------------------------------------------------------------


def _typed(block: Block) -> list[str]:
    lines = shell_lines.lines_of(block)
    return [f"{line}: {one}" for line in lines for one in shell_lines.problems_of(line)] or (
        [] if lines else ["it shows no command; lines that are typed begin with `$ `"]
    )


def _printed(block: Block) -> list[str]:
    """What something prints, or a drawing: nothing to run. CODEOWNERS is read as GitHub reads it."""
    if block.text.startswith(CODE_OWNERS):
        lines = [one for one in block.text.split("\n") if one.strip() and not one.startswith("#")]
        nobody = [one for one in lines if not owners(block.text, f"{one.split()[0].strip('/*')}/x")]
        return [f"{one}: nobody owns it" for one in nobody]
    typed = [one for one in block.text.split("\n") if one.startswith("$ ")]
    return [f"{one}: what is typed stands in a block of `console`" for one in typed]


def _json(block: Block) -> list[str]:
    try:
        json.loads(block.text)
    except ValueError as error:
        return [str(error)]
    return []


def _python(block: Block) -> list[str]:
    try:
        compile(block.text, "block", "exec")
    except SyntaxError as error:
        return [str(error)]
    return []


def _diagram(block: Block) -> list[str]:
    return [] if block.text.startswith(("flowchart", "sequenceDiagram", "stateDiagram")) else ["no diagram"]


KINDS: Mapping[str, Callable[[Block], list[str]]] = {
    "yaml": lambda block: yaml_kinds.problems_of(block.text),
    "console": _typed,
    "sh": _typed,
    "json": _json,
    "python": _python,
    "mermaid": _diagram,
    "text": _printed,
}


def problems_of(document: Path, block: Block) -> list[str]:
    # Whatever the tour shows is done, by tests/e2e/test_tour.py.
    if document == TOUR and block.info in TOUR_KINDS:
        return []
    judge = KINDS.get(block.info)
    return (
        judge(block) if judge else [f"a block of {block.info or 'no kind'}: write one of {', '.join(KINDS)}"]
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_block_is_of_a_known_kind_and_works(document: Path) -> None:
    # Rules of the doctor are shown as parts of files, which tests/unit/core/test_doctor_rules.py reads.
    found = [one for one in blocks(document) if document.stem != "doctor" or one.info != "text"]
    wrong = [f"line {one.line}: {said}" for one in found for said in problems_of(document, one)]
    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_command_that_a_sentence_names_is_there(document: Path) -> None:
    assert [said for span in code_spans(document) for said in shell_lines.problems_of_span(span)] == []


def test_the_readme_shows_what_a_reader_needs() -> None:
    found = blocks(ROOT / "README.md")
    kinds = {yaml_kinds.kind_of(one.text) for one in found if one.info == "yaml"}
    assert "promotion request" in kinds
    typed = [line for one in found if one.info == "console" for line in shell_lines.lines_of(one)]
    assert any(line.startswith("make demo") for line in typed)


# --- what would be found --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("version: 1\nmodels: []\n", "policy"),
        ("models: []\n", "models of a policy"),
        ("model: a\nalias: b\nversion: 1\n", "promotion request"),
        ("model: a\nalias: b\nfrom: c/1\n", "promotion request"),
        ("on: push\njobs: {}\n", "workflow"),
        ("permissions: {}\nsteps: []\n", "workflow"),
        ("- uses: a/b@c\n", "workflow"),
        ("repos: []\n", "pre-commit"),
        ("description: {min_length: 40}\n", "checks"),
        ("evaluation: {source: run_metrics}\n", "entry of a policy"),
        ("image: mlflow\n", ""),
        ("- a\n", ""),
        ("text\n", ""),
    ],
)
def test_a_block_of_yaml_is_known_by_its_keys(text: str, kind: str) -> None:
    assert yaml_kinds.kind_of(text) == kind


@pytest.mark.parametrize(
    ("info", "text", "said"),
    [
        ("yaml", "description: {min_lenght: 40}\n", "unknown key"),
        (
            "yaml",
            "# evaluation: {source: inference}\nnegative_flips: {max_rate: 0.1}\n",
            "without a `positive_label`",
        ),
        ("yaml", "model: a\nalias: Champion\nversion: 1\n", "`Champion`"),
        ("yaml", "version: 1\nmodels: []\n", "models"),
        ("yaml", "evaluation: {source: nowhere}\n", "`nowhere`"),
        ("yaml", "- uses: your-org/promoter@0\n  with: {comand: apply}\n", "no input comand"),
        ("yaml", "- uses: your-org/promoter@0\n  with: {deadline: soon}\n", "`soon`"),
        ("yaml", "jobs: {}\n", "no step"),
        ("yaml", "a: b\n", "no kind that is known"),
        ("yaml", "repos: [{repo: r, hooks: [{id: promoter-all}]}]\n", "no hook promoter-all"),
        ("yaml", "repos: [{repo: r, hooks: [{id: promoter-policy, args: [--police=a]}]}]\n", "--police=a"),
        ("console", "$ promoter validate --bace main\n", "--bace"),
        ("console", "$ promoter history churn\n", "required: ALIAS"),
        ("console", "promoter validate\n", "begin with `$ `"),
        ("sh", "make dmeo\n", "no target dmeo"),
        ("sh", "python -m tests.nothing\n", "tests/nothing.py"),
        ("sh", "curl https://example.com | sh\n", "curl is no command"),
        ("sh", "git pull && promoter explode\n", "explode"),
        ("text", "$ promoter drift\n", "what is typed"),
        ("text", "# .github/CODEOWNERS\n/a/ @a\n/b/\n", "/b/: nobody"),
        ("json", "{'a': 1}\n", "property name"),
        ("python", "def f(:\n", "invalid syntax"),
        ("mermaid", "flowcahrt LR\n", "no diagram"),
        ("", "make test\n", "no kind"),
        ("toml", "a = 1\n", "a block of toml"),
        ("indented", "make test\n", "a block of indented"),
    ],
)
def test_what_is_wrong_is_found(info: str, text: str, said: str) -> None:
    (found, *_) = problems_of(ROOT / "README.md", Block(info=info, text=text, line=1))
    assert said in found


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ("sh", "GITHUB_TOKEN=x promoter drift --json > drift.json   # as JSON\n\n# a note\n"),
        ("sh", "promoter status --models 'churn*' | git hash-object --stdin\n"),
        ("sh", 'make bench BENCH_ARGS="--rounds 15"\n'),
        ("console", "$ promoter schema request\n{}\n"),
        ("text", "# .github/CODEOWNERS\n* @a\n/b/ @b\n"),
        ("yaml", "- uses: your-org/promoter@0\n  with: {deployments: true, github-token: '${{ x }}'}\n"),
        ("yaml", "prompt: {max_length: 40}\n"),
        ("yaml", "slices: [{by: [a], metrics: [{name: r2, greater_is_better: true, threshold: 0}]}]\n"),
    ],
)
def test_what_is_right_is_let_be(info: str, text: str) -> None:
    assert problems_of(ROOT / "README.md", Block(info=info, text=text, line=1)) == []


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ("promoter validate --bace x", ["`promoter validate` has no --bace"]),
        ("promoter undo", ["there is no `promoter undo`"]),
        ("promoter request churn 8 --alias champion", []),
        ("promoter drift …", []),
        ("promoter --help", []),
        ("promoter", []),
        ("promoter_verdict", []),
    ],
)
def test_commands_in_sentences(span: str, said: list[str]) -> None:
    assert shell_lines.problems_of_span(span) == said
