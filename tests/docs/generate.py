"""Write what the documents take from the code: `python -m tests.docs.generate`. Read the difference.

A generated part stands between `<!-- generated: name -->` and `<!-- end of generated -->`; whatever stands
around it is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from textwrap import fill, indent

import yaml

from promoter.checks.catalog import run_checks
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.policy import ModelRule
from promoter.core.policy_file import parse_policy
from promoter.render.markdown import sentence
from promoter.render.sentences import full, title_of
from promoter.render.words import OUTCOME_ICONS
from promoter.text import say
from tests.docs.check_cases import EXAMPLES, Case, Example
from tests.docs.github_routes import calls_table

ROOT = Path(__file__).parents[2]
_PART = re.compile(r"(<!-- generated: ([^>]+) -->\n)(.*?)(<!-- end of generated -->)", re.DOTALL)
_WIDTH = 118
_WHOLE = """\
version: 1
models:
  - match: "*"
    kind: {kind}
    aliases: [champion]
{task}    checks:
{checks}
"""


# --- examples of checks ---------------------------------------------------------------------------


def rule_of(example: Example) -> ModelRule:
    """The rule that a policy with the example's lines has, read as a policy is read."""
    task = "    task: binary_classification\n" if "inference" in example.evaluation else ""
    evaluation = f"    evaluation: {{{example.evaluation}}}\n" if example.evaluation else ""
    text = _WHOLE.format(kind=example.kind, task=task + evaluation, checks=indent(example.policy, " " * 6))
    (rule,) = parse_policy(text.encode(), path="policy.yaml").models
    return rule


def results_of(example: Example, evidence: Evidence) -> tuple[CheckResult, ...]:
    """What the example's check finds."""
    found = run_checks(rule_of(example), evidence)
    return tuple(result for result in found if result.check == example.check)


def shown(example: Example) -> str:
    """The example as it stands in the document."""
    asked = f"# evaluation: {{{example.evaluation}}}\n" if example.evaluation else ""
    cases = "\n".join(_case(example, case) for case in example.cases)
    return f"\n```yaml\n{asked}{example.policy}\n```\n\n{cases}\n"


def _case(example: Example, case: Case) -> str:
    results = results_of(example, case.evidence)
    if case.outcome is not Outcome.PASSED:
        # What passes beside it says nothing of the case.
        results = tuple(result for result in results if result.outcome is not Outcome.PASSED)
    lines = [_wrapped(f"- {_line(result)}") for result in results]
    return "\n".join([f"- **{case.outcome.value.capitalize()}**, {case.what}:", *lines])


def _wrapped(line: str) -> str:
    """A line of a list inside a list, in as many lines as it takes."""
    return fill(
        line,
        width=_WIDTH,
        initial_indent=" " * 4,
        subsequent_indent=" " * 6,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _line(result: CheckResult) -> str:
    title = sentence(say(*title_of(result)))
    return f"{OUTCOME_ICONS[result.outcome]} {title}: {sentence(full(result.message))}"


# --- inputs and outputs ---------------------------------------------------------------------------


def _declared(kind: str) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))[kind]
    return found


def inputs_table() -> str:
    """Every input of action.yml, with its default."""
    rows = (
        f"| `{name}` | {_default(one['default'])} | {_one_line(one['description'])} |"
        for name, one in _declared("inputs").items()
    )
    return "\n" + "\n".join(["| input | default | what it is |", "|---|---|---|", *rows]) + "\n"


def outputs_table() -> str:
    """Every output of action.yml."""
    rows = (f"| `{name}` | {_one_line(one['description'])} |" for name, one in _declared("outputs").items())
    return "\n" + "\n".join(["| output | what it is |", "|---|---|", *rows]) + "\n"


def _default(value: str) -> str:
    return f"`{value}`" if value else "empty"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# --- documents ------------------------------------------------------------------------------------

PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "docs/checks.md": {one.block: partial(shown, one) for one in EXAMPLES},
    "docs/inputs.md": {"inputs": inputs_table, "outputs": outputs_table},
    "docs/github-calls.md": {"calls": calls_table},
}


def with_parts(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """The document with its generated parts as the code has them."""
    return _PART.sub(lambda found: f"{found[1]}{parts[found[2]]()}\n{found[4]}", text)


def names_in(text: str) -> Iterator[str]:
    """The names of a document's generated parts, in order."""
    return (found[2] for found in _PART.finditer(text))


def main() -> None:
    """Write every document anew that has generated parts."""
    for name, parts in PARTS.items():
        path = ROOT / name
        path.write_text(with_parts(path.read_text(encoding="utf-8"), parts), encoding="utf-8")


if __name__ == "__main__":
    main()
