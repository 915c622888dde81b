"""`signature`: the challenger says what it accepts, and accepts what the champion accepts.

Columns may be dropped or become optional, and a type may widen as MLflow itself widens it. A new required
column or a narrower type fails, and so does any change of what the model returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.model_version import Column, Signature
from promoter.core.policy import SignatureRule
from promoter.text import Message, Part, quote, say

ID = "signature"
PRESENT = "present"
COMPATIBLE = "compatible_with_champion"

# Type of the champion's column → wider types that take every value of it unchanged. The same conversions
# as MLflow's own enforcement (mlflow/models/utils.py, _enforce_mlflow_datatype): long → double is not among
# them, for a double holds no integer beyond 2**53 exactly.
_WIDER: dict[str, frozenset[str]] = {
    "integer": frozenset({"long", "double"}),
    "float": frozenset({"double"}),
}
_MOST_DIFFERENCES = 5

_WAY_OUT = "; `compatible_with_champion: false` in a reviewed change of the policy lets one promotion through"


def run(rule: SignatureRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result on whether there is a signature, and one on the comparison where it is asked for."""
    challenger = evidence.challenger_signature
    if challenger is None:
        return (
            _result(PRESENT, Outcome.FAILED, message=say("the challenger was logged without a signature")),
        )
    if not rule.compatible_with_champion:
        return (_result(PRESENT, Outcome.PASSED, message=_counts(challenger)),)
    if not challenger.inputs:
        message = say("the challenger's signature does not say what it accepts")
        return (_result(PRESENT, Outcome.FAILED, message=message),)
    return (_result(PRESENT, Outcome.PASSED, message=_counts(challenger)), _compare(challenger, evidence))


def _compare(challenger: Signature, evidence: Evidence) -> CheckResult:
    if evidence.champion is None:
        message = say("no version holds the alias yet, so there is nothing to be compatible with")
        return _result(COMPATIBLE, Outcome.SKIPPED, message=message)
    champion = evidence.champion_signature
    if champion is None:
        message = say("the champion was logged without a signature, so nothing can be compared", _WAY_OUT)
        return _result(COMPATIBLE, Outcome.INCONCLUSIVE, message=message)
    return _compare_signatures(challenger, champion)


def _compare_signatures(challenger: Signature, champion: Signature) -> CheckResult:
    differences: list[Message] = []
    if champion.inputs:
        differences.extend(_input_differences(challenger.inputs, champion.inputs))
    if champion.outputs:
        differences.extend(_output_differences(challenger.outputs, champion.outputs))
    if differences:
        return _result(COMPATIBLE, Outcome.FAILED, message=_listed(differences))
    unsaid = _unsaid(challenger, champion)
    if unsaid is not None:
        message = say(f"the champion's signature does not say what it {unsaid}", _WAY_OUT)
        return _result(COMPATIBLE, Outcome.INCONCLUSIVE, message=message)
    message = say("the challenger accepts what the champion accepts, and returns the same")
    return _result(COMPATIBLE, Outcome.PASSED, message=message)


def _unsaid(challenger: Signature, champion: Signature) -> str | None:
    """What the champion left unsaid and the challenger says: nobody knows whether it changed."""
    if not champion.inputs:
        return "accepts"
    return "returns" if challenger.outputs and not champion.outputs else None


def _input_differences(challenger: Sequence[Column], champion: Sequence[Column]) -> Iterator[Message]:
    """What the challenger refuses and the champion accepts."""
    if _is_named(challenger) != _is_named(champion):
        ways = ("name", "position") if _is_named(challenger) else ("position", "name")
        yield say(f"its inputs go by {ways[0]}, the champion's by {ways[1]}")
        return
    if not _is_named(champion) and len(challenger) != len(champion):
        # Without names, one more or one fewer shifts the meaning of all that follow.
        yield say(f"it has {len(challenger)} inputs without names, the champion {len(champion)}")
        return
    accepted = _by_key(champion)
    for key, column in _by_key(challenger).items():
        yield from _narrowed(key, column, before=accepted.get(key))


def _narrowed(key: Part, column: Column, *, before: Column | None) -> Iterator[Message]:
    if before is None:
        if column.required:
            yield say("input ", key, " is new and required")
        return
    if column.required and not before.required:
        yield say("input ", key, " was optional and is required now")
    if column.kind != before.kind and column.kind not in _WIDER.get(before.kind, frozenset()):
        yield say("input ", key, " was ", quote(before.kind), " and is ", quote(column.kind))


def _output_differences(challenger: Sequence[Column], champion: Sequence[Column]) -> Iterator[Message]:
    """Whatever is not the same: whoever reads the predictions may depend on any of it."""
    now, before = _by_key(challenger), _by_key(champion)
    for key, old in before.items():
        if key not in now:
            yield say("output ", key, " is gone")
        elif now[key].kind != old.kind:
            yield say("output ", key, " was ", quote(old.kind), " and is ", quote(now[key].kind))
        elif now[key].required != old.required:
            yield say("output ", key, " is ", "always there now" if now[key].required else "optional now")
    for key in now:
        if key not in before:
            yield say("output ", key, " is new")


def _is_named(columns: Sequence[Column]) -> bool:
    """Whether names tell the columns apart. Tensors often have none, and are numbered from 0 then."""
    names = [column.name for column in columns]
    are_numbers = names == [str(position) for position in range(len(names))]
    return not names or not (are_numbers or "" in names or len(set(names)) < len(names))


def _by_key(columns: Sequence[Column]) -> dict[Part, Column]:
    """The columns by name, or by position (from 1) where names do not tell them apart."""
    if _is_named(columns):
        return {quote(column.name): column for column in columns}
    return {f"number {position}": column for position, column in enumerate(columns, start=1)}


def _listed(differences: Sequence[Message]) -> Message:
    shown = differences[:_MOST_DIFFERENCES]
    parts: list[Part] = ["not compatible with the champion: "]
    for difference in shown:
        parts += [*difference.parts, "; "]
    more = len(differences) - len(shown)
    return say(*parts[:-1], f"; and {more} more" if more else "")


def _counts(signature: Signature) -> Message:
    inputs, outputs = len(signature.inputs), len(signature.outputs)
    return say(f"the challenger has a signature (inputs: {inputs}, outputs: {outputs})")


def _result(subject: str, outcome: Outcome, *, message: Message) -> CheckResult:
    return CheckResult(check=ID, subject=subject, outcome=outcome, message=message)
