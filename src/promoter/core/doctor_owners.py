"""CODEOWNERS as GitHub reads it: the last line that matches a path decides, also for nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promoter.core.doctor import CodeOwnersFile, Facts, Found, Rule, Severity, found
from promoter.text import quote

# In the order in which GitHub looks; the first that is there counts, and no other.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
LARGEST = 3 * 1024 * 1024
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


def owners(text: str, path: str) -> tuple[str, ...]:
    """Who owns a path; nobody where the last line that matches names nobody."""
    named: tuple[str, ...] = ()
    for line in text.splitlines():
        words = _WORD.findall(re.sub(r"(?:^|(?<=\s))#.*", "", line))
        if words and _matches(path, words[0].replace("\\ ", " ")):
            named = tuple(words[1:])
    return named


def _matches(path: str, pattern: str) -> bool:
    """Git's rules for ignored files, without `!`, `[…]` and an escaped `#`, which GitHub does not take."""
    anchored = "/" in pattern.rstrip("/")
    text = pattern.strip("/")
    out = "" if anchored else r"(?:.*/)?"
    for piece in re.split(r"(/\*\*/|^\*\*/|/\*\*$|\*\*|\*|\?)", text):
        special = {
            "/**/": r"/(?:.*/)?",
            "**/": r"(?:.*/)?",
            "/**": r"/.*",
            "**": r".*",
            "*": r"[^/]*",
            "?": r"[^/]",
        }
        out += special.get(piece, re.escape(piece))
    # `docs/*` owns the files in the folder, not those of folders below; every other name owns what is below.
    below = r"/.+" if pattern.endswith("/") else "" if text.endswith("/*") else r"(?:/.+)?"
    return re.fullmatch(out + below, path, re.DOTALL) is not None


def _missing(facts: Facts) -> Iterator[Found]:
    if facts.code_owners is not None and not facts.code_owners.path:
        yield found("there is no CODEOWNERS file")


def _too_large(facts: Facts) -> Iterator[Found]:
    file = facts.code_owners
    if file is not None and file.path and file.size > LARGEST:
        yield found(f"it has {file.size:,} bytes; GitHub takes 3 MB at most", path=file.path)


def _invalid(facts: Facts) -> Iterator[Found]:
    file = facts.code_owners
    for line, what in file.errors if file else ():
        yield found("GitHub says: ", quote(what), path=file.path if file else "", line=line)


def _usable(facts: Facts) -> CodeOwnersFile | None:
    file = facts.code_owners
    return file if file is not None and file.path and file.text is not None else None


def _workflows_unowned(facts: Facts) -> Iterator[Found]:
    file = _usable(facts)
    paths = sorted({use.workflow.path for use in facts.uses} | {".github/workflows/any-new-one.yml"})
    for path in paths if file and file.text is not None else ():
        if file and file.text is not None and not owners(file.text, path):
            yield found("nobody owns ", quote(path), path=file.path)


def _policy_unowned(facts: Facts) -> Iterator[Found]:
    file = _usable(facts)
    if file and file.text is not None and not owners(file.text, facts.policy_path):
        yield found("nobody owns ", quote(facts.policy_path), path=file.path)


RULES = (
    Rule(
        id="codeowners_missing",
        severity=Severity.WARNING,
        why="Anybody's approval is enough to change workflows and the policy.",
        fix="Write `.github/CODEOWNERS`.",
        paste="/.github/ @your-org/ml-platform",
        look=_missing,
    ),
    Rule(
        id="codeowners_too_large",
        severity=Severity.ERROR,
        why="GitHub ignores the whole file, and asks no owner.",
        fix="Write fewer and wider patterns.",
        look=_too_large,
    ),
    Rule(
        id="codeowners_invalid",
        severity=Severity.ERROR,
        why="GitHub passes over the line; whoever it should name is not asked, and an earlier line may "
        "decide.",
        fix="Correct the line: a pattern, then people or teams who may write to the repository.",
        look=_invalid,
    ),
    Rule(
        id="workflows_unowned",
        severity=Severity.WARNING,
        why="Whoever edits a workflow on the default branch may take the writing credential. The last "
        "line that "
        "matches decides: a later, wider one takes an owner away.",
        fix="Add this as the last line of CODEOWNERS.",
        paste="/.github/ @your-org/ml-platform",
        look=_workflows_unowned,
    ),
    Rule(
        id="policy_unowned",
        severity=Severity.WARNING,
        why="The policy says how models are judged and who approves.",
        fix="Add the policy's path at the end of CODEOWNERS.",
        paste="/.github/promotion-policy.yaml @your-org/risk-ml",
        look=_policy_unowned,
    ),
)
