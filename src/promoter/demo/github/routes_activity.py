"""The route about who moved which branch."""

from datetime import timedelta
from urllib.parse import urlencode

from promoter.demo.github.activity import Move, MoveKind
from promoter.demo.github.exchange import Answer, Call, Page, json_answer
from promoter.demo.github.git import ZERO_SHA
from promoter.demo.github.show_repository import Json, node_id, show_user, timestamp
from promoter.demo.github.world import World

_PERIODS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def activities(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/activity: pages follow a cursor, not a number."""
    found = _matching(call)
    query = call.request.query
    ids = [str(move.id) for move in found]
    start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    size = Page.of(query).size
    shown = found[start : start + size]
    headers: dict[str, str] = {}
    if start + size < len(found):
        following = {**query, "after": str(shown[-1].id)}
        # The request's path begins behind the API's root, whose base path it repeats.
        headers["Link"] = f'<{call.view.api}{call.request.path}?{urlencode(following)}>; rel="next"'
    return json_answer([_show(call, move) for move in shown], headers=headers)


def _matching(call: Call) -> list[Move]:
    """The moves that are asked for, newest first unless the query says otherwise."""
    query, world = call.request.query, call.world
    days = _PERIODS.get(query.get("time_period", ""))
    oldest = world.now() - timedelta(days=days) if days else world.created_at
    found = [move for move in world.activity.moves if move.at >= oldest and _is_wanted(call, move)]
    return found if query.get("direction") == "asc" else found[::-1]


def _is_wanted(call: Call, move: Move) -> bool:
    query = call.request.query
    ref, actor, kind = query.get("ref"), query.get("actor", "").lower(), query.get("activity_type")
    if ref and move.ref != (ref if ref.startswith("refs/") else f"refs/heads/{ref}"):
        return False
    if actor and (move.actor or "").lower() != actor:
        return False
    return not kind or _kind(call.world, move) == kind


def _kind(world: World, move: Move) -> MoveKind:
    if move.kind is not None:
        return move.kind
    if move.before == ZERO_SHA:
        return MoveKind.BRANCH_CREATION
    if move.after == ZERO_SHA:
        return MoveKind.BRANCH_DELETION
    is_forward = world.git.is_ancestor(move.before, move.after)
    return MoveKind.PUSH if is_forward else MoveKind.FORCE_PUSH


def _show(call: Call, move: Move) -> Json:
    user = call.world.user(move.actor) if move.actor else None
    return {
        "id": move.id,
        "node_id": node_id("Push", move.id),
        "before": move.before,
        "after": move.after,
        "ref": move.ref,
        "timestamp": timestamp(move.at),
        "activity_type": str(_kind(call.world, move)),
        "actor": show_user(call.view, user) if user else None,
    }
