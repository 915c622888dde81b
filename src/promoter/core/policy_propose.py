"""The part of a policy that says for which versions Promoter opens pull requests itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from promoter.core.bounded_pattern import BoundedPattern
from promoter.core.names import ALIAS, TAG_KEY, VERSION
from promoter.core.nodes import ListNode, MapNode, Node, ScalarNode
from promoter.core.problems import Problems
from promoter.core.propose_rules import ProposeLimits, ProposeRule
from promoter.core.scalars import Count
from promoter.core.shape import JsonSchema, ListOf, Map, MapOf, Rule, defaulted, optional
from promoter.core.shape_rules import Holds
from promoter.text import quote, say

_LONGEST_COOLDOWN = 90 * 24
_MOST_OPEN = 100

_from_alias = optional("from_alias", ALIAS)
_NO_TAGS: Mapping[str, re.Pattern[str]] = {}
_newest_with_tag = defaulted(
    "newest_with_tag",
    MapOf(
        about="Tag key → regular expression that the whole value must match. Of the versions whose tags all "
        "match, the newest is proposed.",
        write='Write at least one key with a pattern, such as `ready: "yes"`',
        key=TAG_KEY,
        value=BoundedPattern(
            about="A regular expression, as Python's `re` knows it, for the whole value.",
            write="Write a simple pattern, such as `.+` or `(yes|true)`, in quotes",
        ),
    ),
    default=_NO_TAGS,
)
_to = optional("to", ALIAS)
_ignore = defaulted(
    "ignore",
    ListOf(
        about="Versions that are never proposed.",
        write="Write a list of versions, such as `[12, 15]`",
        item=VERSION,
        distinct=str,
    ),
    default=(),
)
_cooldown_hours = defaulted(
    "cooldown_hours",
    Count(
        about="How old a version must be before it is proposed.",
        write=f"Write a whole number of hours from 0 to {_LONGEST_COOLDOWN}, without quotes",
        minimum=0,
        maximum=_LONGEST_COOLDOWN,
    ),
    default=0,
)


@dataclass(frozen=True, kw_only=True)
class ExactlyOne(Rule):
    """One of the keys is there, and no other of them."""

    names: tuple[str, ...]
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands where the mapping begins."""
        there = [name for name in self.names if node.get(name) is not None]
        if len(there) != 1:
            found = " and ".join(f"`{name}`" for name in there) if there else "neither of the two"
            problems.add(node.place, found=say(f"found {found}"), write=say(self.write))

    def schema(self) -> JsonSchema:
        """The same."""
        return {"description": self.write, "oneOf": [{"required": [name]} for name in self.names]}


PROPOSE = Map(
    about="For which version Promoter opens a pull request itself. Left out: for none.",
    write="Write `from_alias: challenger`, or `newest_with_tag` with a tag below it",
    fields=(_from_alias, _newest_with_tag, _to, _ignore, _cooldown_hours),
    build=lambda record: ProposeRule(
        to=record[_to] or "",
        from_alias=record[_from_alias] or "",
        tags=record[_newest_with_tag],
        ignore=record[_ignore],
        cooldown=timedelta(hours=record[_cooldown_hours]),
    ),
    rules=(
        ExactlyOne(
            names=("from_alias", "newest_with_tag"),
            write="Write either `from_alias: challenger` or `newest_with_tag`: one of them names the version",
        ),
    ),
)

_limit = defaulted(
    "limit",
    Count(
        about="How many of these pull requests are open at once.",
        write=f"Write a whole number from 1 to {_MOST_OPEN}, without quotes",
        minimum=1,
        maximum=_MOST_OPEN,
    ),
    default=ProposeLimits().limit,
)
PROPOSE_LIMITS = Map(
    about="What holds for all the pull requests that Promoter opens itself.",
    write="Write `limit` below it",
    fields=(_limit,),
    build=lambda record: ProposeLimits(limit=record[_limit]),
)


@dataclass(frozen=True, kw_only=True)
class ToIsOneOfTheAliases(Rule):
    """What is proposed is for an alias that requests may move, and is not that alias's own holder.

    A schema cannot compare two values: it only knows when `to` must be there.
    """

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the value that does not fit, or at `propose`."""
        proposing, listed = node.get("propose"), node.get("aliases")
        if proposing is None or not isinstance(proposing.value, MapNode):
            return
        aliases = _texts(listed.value) if listed is not None else ()
        to = proposing.value.get("to")
        if to is None and len(aliases) > 1:
            found = say("found no `to` in `propose`, and several `aliases`")
            problems.add(proposing.key.place, found=found, write=say("Write `to:` and one of the aliases"))
            return
        if to is not None:
            self._check_target(to.value, aliases, problems=problems)
        self._check_source(node, to.value if to is not None else None, aliases=aliases, problems=problems)

    def _check_target(self, to: Node, aliases: tuple[str, ...], *, problems: Problems) -> None:
        if isinstance(to, ScalarNode) and aliases and to.text not in aliases:
            found = say("found ", quote(to.text), " for `to`, which is none of `aliases`")
            problems.add(to.place, found=found, write=say("Write one of: ", quote(", ".join(aliases))))

    def _check_source(
        self, node: MapNode, to: Node | None, *, aliases: tuple[str, ...], problems: Problems
    ) -> None:
        target = to.text if isinstance(to, ScalarNode) else next(iter(aliases), "")
        source = Holds(path=("propose", "from_alias"), words=(target,)).entry(node)
        if source is not None:
            found = say("found ", quote(target), " for `from_alias`, which is the alias to move")
            write = say("Name another alias, such as `challenger`")
            problems.add(source.value.place, found=found, write=write)

    def schema(self) -> JsonSchema:
        """With several aliases, `to` must be there."""
        several = {"properties": {"aliases": {"minItems": 2}}}
        return {
            "description": "With several `aliases`, `propose` says by `to` which of them it is about.",
            "if": {"required": ["propose", "aliases"], **several},
            "then": {"properties": {"propose": {"required": ["to"]}}},
        }


def _texts(node: Node) -> tuple[str, ...]:
    items = node.items if isinstance(node, ListNode) else ()
    return tuple(item.text for item in items if isinstance(item, ScalarNode))
