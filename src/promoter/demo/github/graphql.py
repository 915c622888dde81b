"""POST /graphql: who am I, and many files of the repository in one request.

Everything else is refused with GraphQL's own kind of error: a query this cannot answer must not look as if
GitHub had answered it with nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promoter.demo.github.access import can_see
from promoter.demo.github.exchange import Answer, Call, json_answer
from promoter.demo.github.git import Commit, StoredObject
from promoter.demo.github.graphql_syntax import (
    Document,
    Field,
    Inline,
    Selection,
    SyntaxProblem,
    Variable,
    parse,
)
from promoter.demo.github.show_repository import Json, node_id, timestamp

TEXT_LIMIT = 512_000
_BINARY_PROBE = 8000
_GIT = {"__typename": "", "id": "", "oid": "", "abbreviatedOid": ""}
# Type → field → the field's type ("" for plain values).
_TYPES: dict[str, dict[str, str]] = {
    "Query": {"__typename": "", "viewer": "User", "repository": "Repository"},
    "User": {"__typename": "", "login": ""},
    "Repository": {"__typename": "", "id": "", "name": "", "nameWithOwner": "", "object": "GitObject"},
    "GitObject": _GIT,
    "Blob": {**_GIT, "byteSize": "", "isBinary": "", "isTruncated": "", "text": ""},
    "Tree": _GIT,
    "Commit": {**_GIT, "committedDate": "", "history": "CommitHistoryConnection"},
    "CommitHistoryConnection": {"__typename": "", "nodes": "Commit", "totalCount": ""},
    "Tag": _GIT,
}
_ARGUMENTS = {
    ("Query", "repository"): {"owner", "name", "followRenames"},
    ("Repository", "object"): {"expression", "oid"},
    ("Commit", "history"): {"first", "path"},
}
# GitHub says of the last one that `first` or `last` must be there.
_REQUIRED = {("Query", "repository"): {"owner", "name"}, ("Commit", "history"): {"first"}}
_MOST_AT_ONCE = 100
_KINDS = {"Blob", "Tree", "Commit", "Tag"}


class Problem(Exception):
    """A query that cannot be answered, in GraphQL's words."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.error: Json = {"message": message, "extensions": {"code": code}}


@dataclass(frozen=True, kw_only=True)
class _Query:
    call: Call
    document: Document
    variables: Mapping[str, object]

    def fields(self, selections: tuple[Selection, ...], on: str) -> Iterator[Field]:
        """The fields that apply to an object of one type, fragments unfolded."""
        for selection in selections:
            if isinstance(selection, Field):
                yield selection
                continue
            fragment = selection if isinstance(selection, Inline) else self.fragment(selection.name)
            if fragment.on in {None, on} or (fragment.on == "GitObject" and on in _KINDS):
                yield from self.fields(fragment.selections, on)

    def fragment(self, name: str) -> Inline:
        """A named fragment."""
        if name not in self.document.fragments:
            raise Problem(f"Fragment {name} was used, but not defined", code="undefinedFragment")
        return self.document.fragments[name]

    def argument(self, field: Field, name: str) -> object:
        """An argument's value, variables filled in."""
        value = field.arguments.get(name)
        if not isinstance(value, Variable):
            return value
        return self.variables.get(value.name, self.document.defaults.get(value.name))


def answer(call: Call) -> Answer:
    """POST /graphql: errors too come with status 200, as GitHub sends them."""
    sent = call.body()
    source, variables = sent.get("query"), sent.get("variables") or {}
    if not isinstance(source, str) or not isinstance(variables, dict):
        return _failed({"message": "A query attribute must be specified and must be a string."})
    try:
        document = parse(source)
        query = _Query(call=call, document=document, variables=variables)
        _check_variables(query)
        _check(query, document.selections, on="Query")
        errors: list[Json] = []
        data = _answer_query(query, errors)
    except SyntaxProblem as problem:
        return _failed({"message": f"Parse error: {problem}", "extensions": {"code": "parseError"}})
    except Problem as problem:
        return _failed(problem.error)
    return json_answer({"data": data, "errors": errors} if errors else {"data": data})


def _failed(error: Json) -> Answer:
    return json_answer({"errors": [error]})


def _check_variables(query: _Query) -> None:
    missing = sorted(
        name
        for name in query.document.required
        if query.variables.get(name, query.document.defaults.get(name)) is None
    )
    if missing:
        raise Problem(f"Variable ${missing[0]} was provided invalid value", code="missingVariable")


def _check(query: _Query, selections: tuple[Selection, ...], *, on: str) -> None:
    """Refuse what the types do not have, also where the answer would be null."""
    for selection in selections:
        if isinstance(selection, Field):
            _check_field(query, selection, on=on)
            continue
        fragment = selection if isinstance(selection, Inline) else query.fragment(selection.name)
        kind = fragment.on or on
        if kind not in _TYPES:
            raise Problem(f"No such type {kind}, so it can't be a fragment condition", code="undefinedType")
        _check(query, fragment.selections, on=kind)


def _check_field(query: _Query, field: Field, *, on: str) -> None:
    if field.name not in _TYPES[on]:
        raise Problem(f"Field '{field.name}' doesn't exist on type '{on}'", code="undefinedField")
    place = (on, field.name)
    if unknown := sorted(field.arguments.keys() - _ARGUMENTS.get(place, set())):
        message = f"Field '{field.name}' doesn't accept argument '{unknown[0]}'"
        raise Problem(message, code="argumentNotAccepted")
    if missing := sorted(_REQUIRED.get(place, set()) - field.arguments.keys()):
        message = f"Field '{field.name}' is missing required arguments: {', '.join(missing)}"
        raise Problem(message, code="missingRequiredArguments")
    kind = _TYPES[on][field.name]
    if bool(kind) != bool(field.selections):
        message = f"Field '{field.name}' must{'' if kind else ' not'} have selections"
        raise Problem(message, code="selectionMismatch")
    if kind:
        _check(query, field.selections, on=kind)


def _answer_query(query: _Query, errors: list[Json]) -> Json:
    shown: Json = {}
    for field in query.fields(query.document.selections, "Query"):
        if field.name == "viewer":
            viewer: Json = {"__typename": "User", "login": query.call.caller.login}
            shown[field.alias] = _pick(query, field, values=viewer)
        elif field.name == "repository":
            shown[field.alias] = _answer_repository(query, field, errors=errors)
        else:
            shown[field.alias] = "Query"
    return shown


def _answer_repository(query: _Query, field: Field, *, errors: list[Json]) -> Json | None:
    call = query.call
    full_name = f"{query.argument(field, 'owner')}/{query.argument(field, 'name')}"
    if not can_see(call.world, call.caller, full_name=full_name):
        message = f"Could not resolve to a Repository with the name '{full_name}'."
        errors.append({"type": "NOT_FOUND", "path": [field.alias], "message": message})
        return None
    if not call.caller.allows("contents=read"):
        message = "Resource not accessible by integration"
        errors.append({"type": "FORBIDDEN", "path": [field.alias], "message": message})
        return None
    repository = call.world.repository
    plain: Json = {
        "__typename": "Repository",
        "id": node_id("Repository", repository.full_name),
        "name": repository.name,
        "nameWithOwner": repository.full_name,
    }
    asked = list(query.fields(field.selections, "Repository"))
    wanted = [one for one in asked if one.name == "object"]
    stored = call.world.git.objects([_expression(query, one) for one in wanted])
    found = dict(zip([one.alias for one in wanted], stored, strict=True))
    return {
        one.alias: _show_object(query, one, stored=found[one.alias])
        if one.name == "object"
        else plain[one.name]
        for one in asked
    }


def _expression(query: _Query, field: Field) -> str:
    return str(query.argument(field, "oid") or query.argument(field, "expression") or "")


def _show_object(query: _Query, field: Field, *, stored: StoredObject | None) -> Json | None:
    if stored is None:
        return None
    shown = _git_fields(stored.kind.capitalize(), stored.sha)
    if shown["__typename"] == "Commit":
        shown = _commit_fields(query.call.world.git.commit(stored.sha))
    elif shown["__typename"] == "Blob":
        is_binary = b"\0" in stored.content[:_BINARY_PROBE]
        text = None if is_binary else stored.content[:TEXT_LIMIT].decode(errors="replace")
        shown |= {
            "byteSize": len(stored.content),
            "isBinary": is_binary,
            "isTruncated": len(stored.content) > TEXT_LIMIT,
            "text": text,
        }
    return _pick(query, field, values=shown)


def _git_fields(kind: str, sha: str) -> Json:
    return {"__typename": kind, "id": node_id(kind, sha), "oid": sha, "abbreviatedOid": sha[:7]}


def _commit_fields(commit: Commit) -> Json:
    return {**_git_fields("Commit", commit.sha), "committedDate": timestamp(commit.committer.when)}


def _pick(query: _Query, field: Field, *, values: Json) -> Json:
    kind = str(values["__typename"])
    return {
        one.alias: _show_history(query, one, start=str(values["oid"]))
        if (kind, one.name) == ("Commit", "history")
        else values[one.name]
        for one in query.fields(field.selections, kind)
    }


def _show_history(query: _Query, field: Field, *, start: str) -> Json:
    """The newest commits, or those that changed a path, as `git log` prunes."""
    first, path = query.argument(field, "first"), query.argument(field, "path")
    if not isinstance(first, int) or not 0 < first <= _MOST_AT_ONCE:
        raise Problem(f"`first` on the `history` connection is not within 1..{_MOST_AT_ONCE}", code="first")
    found = query.call.world.git.commits(start, *(["--", str(path)] if path else []))
    kind = "CommitHistoryConnection"
    return {
        one.alias: [_pick(query, one, values=_commit_fields(commit)) for commit in found[:first]]
        if one.name == "nodes"
        else {"__typename": kind, "totalCount": len(found)}[one.name]
        for one in query.fields(field.selections, kind)
    }
