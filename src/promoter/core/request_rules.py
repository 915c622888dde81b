"""What must hold between the keys of a promotion request."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.core.nodes import MapNode, ScalarNode
from promoter.core.problems import Problems
from promoter.core.prompt import Kind
from promoter.core.request import SourceVersion
from promoter.core.shape import JsonSchema, Rule
from promoter.core.shape_rules import AsksForSomething, Holds, NotBeside
from promoter.text import quote, say

VERSION_OR_FROM = AsksForSomething(
    names=("version", "from"),
    found="no `version`",
    write="Write `version:` and the number of the model version",
)


@dataclass(frozen=True, kw_only=True)
class FromAnotherModel(Rule):
    """A model's own versions need no copy."""

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the source."""
        source, model = _scalar(node, "from"), _scalar(node, "model")
        named = SourceVersion.of(source.text) if source else None
        if source and model and named and named.model == model.text:
            problems.add(
                source.place,
                found=say("found ", quote(source.text), " for `from`, a version of the model itself"),
                write=say("Write its number for `version`, and delete `from`"),
            )

    def schema(self) -> JsonSchema:
        """A schema cannot compare two values."""
        return {"description": "`from` names a version of another registered model than `model`."}


@dataclass(frozen=True, kw_only=True)
class SameVersionTwice(Rule):
    """The number of the copy is not known before: beside `from`, `version` can only say the same again."""

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the version."""
        source, version = _scalar(node, "from"), _scalar(node, "version")
        named = SourceVersion.of(source.text) if source else None
        # What is no number at all is refused as such.
        if version and named and version.text.isdigit() and version.text != named.version:
            problems.add(
                version.place,
                found=say("found ", quote(version.text), " for `version`, and `from` names another one"),
                write=say("Delete `version`: the copy's own number is not known before it is made"),
            )

    def schema(self) -> JsonSchema:
        """A schema cannot compare two values."""
        return {"description": "Beside `from`, `version` is left out, or is the version in `from`."}


NO_COPIES_OF_PROMPTS = NotBeside(
    when=Holds(path=("kind",), words=(str(Kind.PROMPT),)),
    refused=(("from",),),
    found="`from` beside `kind: prompt`",
    write="Delete it, and name a version of the prompt itself: MLflow copies no versions of prompts",
)

BETWEEN_KEYS: tuple[Rule, ...] = (
    VERSION_OR_FROM,
    FromAnotherModel(),
    SameVersionTwice(),
    NO_COPIES_OF_PROMPTS,
)


def _scalar(node: MapNode, name: str) -> ScalarNode | None:
    entry = node.get(name)
    return entry.value if entry is not None and isinstance(entry.value, ScalarNode) else None
