"""Who asks, what they may see, and how often they have asked."""

from collections.abc import Mapping
from datetime import timedelta

from promoter.demo.github.exchange import Answer, Call, Refusal, Request, json_answer
from promoter.demo.github.model import Permission, Token, TokenKind, Visibility
from promoter.demo.github.show_repository import Json
from promoter.demo.github.world import World

_HOURLY = {TokenKind.PERSON: 5000, TokenKind.INSTALLATION: 1000}
_HOUR = timedelta(hours=1)


def caller_of(world: World, headers: Mapping[str, str]) -> Token:
    """Whose request it is; raise `Refusal` for a token nobody was given, or none."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if not scheme:
        raise Refusal(401, "Requires authentication")
    token = world.tokens.get(value.strip()) if scheme.lower() in {"token", "bearer"} else None
    if token is None:
        raise Refusal(401, "Bad credentials")
    return token


def can_see(world: World, caller: Token, *, full_name: str) -> bool:
    """Tell whether the caller learns that a repository exists."""
    repository = world.repository
    if full_name.lower() != repository.full_name.lower():
        return False
    if repository.visibility is Visibility.PUBLIC:
        return True
    if caller.kind is TokenKind.INSTALLATION:
        return bool(caller.grants)
    return world.users[caller.login].permission is not Permission.NONE


def refuse_unless_granted(caller: Token, needs: tuple[str, ...]) -> None:
    """Raise `Refusal` when the token carries none of these permissions."""
    if needs and not any(caller.allows(need) for need in needs):
        whose = "integration" if caller.kind is TokenKind.INSTALLATION else "personal access token"
        raise Refusal(403, f"Resource not accessible by {whose}", headers=accepted(needs))


def accepted(needs: tuple[str, ...]) -> dict[str, str]:
    """The header that names the permissions a route takes."""
    return {"X-Accepted-GitHub-Permissions": "; ".join(needs)} if needs else {}


def charge(world: World, request: Request, *, caller: Token) -> None:
    """Count a request against the caller's hour; asking how many are left is free."""
    if request.path != "/rate_limit":
        world.used[caller.login] += 1


def limits(world: World, caller: Token) -> dict[str, int]:
    """The caller's hour."""
    limit, used = _HOURLY[caller.kind], world.used[caller.login]
    reset = int((world.created_at + _HOUR).timestamp())
    while reset <= world.now().timestamp():
        reset += int(_HOUR.total_seconds())
    return {"limit": limit, "remaining": max(0, limit - used), "reset": reset, "used": used}


def limit_headers(world: World, caller: Token) -> dict[str, str]:
    """The caller's hour as every answer tells it."""
    named = {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in limits(world, caller).items()}
    return {**named, "X-RateLimit-Resource": "core"}


def rate_limit(call: Call) -> Answer:
    """GET /rate_limit."""
    core = limits(call.world, call.caller)
    search = {"limit": 30, "remaining": 30, "reset": core["reset"], "used": 0}
    body: Json = {"resources": {"core": core, "search": search, "graphql": core}, "rate": core}
    return json_answer(body)
