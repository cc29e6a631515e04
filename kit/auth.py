"""Who is calling: the gateway's signed context, and the permission check of every route."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from contracts.permissions import ACTIONS, Reach, allowed, reach
from contracts.words import Role
from kit.problems import Problem

#: The header in which the gateway tells a service on whose behalf it calls.
CONTEXT_HEADER: Final = "x-huiying-context"
#: Seconds that a signed context is good for.
CONTEXT_TERM: Final = 60
_SKEW: Final = 5


@dataclass(frozen=True, slots=True)
class Principal:
    """On whose behalf a call is made. `kind` is "user", "api_key" or "public".

    `name` is what people are shown; `login`, the name that a person logs in by, identifies like `id`. Without one it is
    the name.
    """

    id: str
    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    unit: str | None = None
    kind: str = "user"
    login: str = ""

    def __post_init__(self) -> None:
        """Let a principal without a login name of its own be identified by its name."""
        if not self.login:
            object.__setattr__(self, "login", self.name)

    def may(self, action: str) -> bool:
        """Tell whether this principal may perform `action` of :data:`contracts.permissions.ACTIONS`, on whatever."""
        return allowed(action, self.roles)

    def reach(self, action: str) -> Reach | None:
        """Return how far this principal may perform `action`; None: not at all."""
        return reach(action, self.roles)


#: Anyone at all: what the public pages are served to.
PUBLIC: Final = Principal(id="public", name="public", kind="public")


class ContextSigner:
    """Signs and reads contexts (JWT, HS256) with the deployment's internal key."""

    def __init__(self, key: str) -> None:
        if len(key) < 32:
            raise ValueError("HUIYING_INTERNAL_KEY must have at least 32 characters")
        self._key = OctKey.import_key(key)

    def sign(self, principal: Principal) -> str:
        """Return a context for `principal`, good for :data:`CONTEXT_TERM` seconds."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "sub": principal.id,
            "name": principal.name,
            "roles": sorted(principal.roles),
            "unit": principal.unit,
            "kind": principal.kind,
            "login": principal.login,
            "iat": now,
            "exp": now + CONTEXT_TERM,
        }
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, token: str) -> Principal:
        """Return whom a context names; raises ValueError where it is forged, stale or malformed."""
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
            if not -_SKEW <= time.time() - claims["iat"] <= CONTEXT_TERM + _SKEW:
                raise ValueError("the context has expired")
            return Principal(
                id=claims["sub"],
                name=claims["name"],
                roles=frozenset(Role(role) for role in claims["roles"]),
                unit=claims["unit"],
                kind=claims["kind"],
                login=claims.get("login", ""),
            )
        except (JoseError, KeyError, TypeError) as error:
            raise ValueError(f"not a context: {error}") from error


def principal_of(request: Request) -> Principal:
    """Return on whose behalf the request is made; 401 where it did not come through the gateway."""
    principal = request.scope.get("huiying.principal")
    if not isinstance(principal, Principal):
        raise Problem(
            401,
            "unauthenticated",
            zh="请通过网关登录后访问",
            en="Call through the gateway, with a valid token",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return principal


def require(action: str) -> Any:
    """Return a dependency that gives the :class:`Principal` and answers 403 unless it may perform `action`.

    Where the table says that the right goes only to what is the caller's own, the service checks that besides; it
    finds a route's actions with :func:`actions_of`.
    """
    if action not in ACTIONS:
        raise KeyError(f"{action!r} is no action of contracts.permissions")

    async def check(request: Request) -> Principal:
        principal = principal_of(request)
        if not principal.may(action):
            raise Problem(
                403,
                "forbidden",
                zh=f"您的角色不能执行此操作：{ACTIONS[action].zh}（{action}）",
                en=f"Your roles do not allow {action}",
                action=action,
            )
        return principal

    check.action = action  # type: ignore[attr-defined]
    return Depends(check)


def actions_of(dependant: Dependant) -> frozenset[str]:
    """Return every action that a route requires; give it the route's `dependant`."""
    own = getattr(dependant.call, "action", None)
    found = {own} if isinstance(own, str) else set()
    return frozenset(found.union(*(actions_of(inner) for inner in dependant.dependencies)))
