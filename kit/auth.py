"""Who is calling: the gateway's signed context, and the permission check of every route."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError

from contracts.permissions import ACTIONS, Reach, covers, reach
from contracts.words import Role
from kit.keyring import Key, KeyRing
from kit.problems import Problem
from kit.settings import ServiceSettings

#: The header in which the gateway tells a service on whose behalf it calls.
CONTEXT_HEADER: Final = "x-huiying-context"
#: Seconds that a signed context is good for.
CONTEXT_TERM: Final = 60
#: Seconds for which the gateway hands the same context on again: signing costs more than looking it up.
CONTEXT_REUSE: Final = 10
_SKEW: Final = 5
_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """On whose behalf a call is made. `kind` is "user", "api_key" or "public".

    `name` is what people are shown; `login`, the name that a person logs in by, identifies like `id`. Without one it is
    the name. `scopes` narrow what the roles allow (see :func:`contracts.permissions.covers`); None narrows nothing.
    """

    id: str
    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    unit: str | None = None
    kind: str = "user"
    login: str = ""
    scopes: frozenset[str] | None = None
    #: the login that the call belongs to, known to the gateway alone
    session: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Let a principal without a login name of its own be identified by its name."""
        if not self.login:
            object.__setattr__(self, "login", self.name)

    def may(self, action: str) -> bool:
        """Tell whether this principal may perform `action` of :data:`contracts.permissions.ACTIONS`, on whatever."""
        return self.reach(action) is not None

    def reach(self, action: str) -> Reach | None:
        """Return how far this principal may perform `action`; None: not at all."""
        found = reach(action, self.roles)
        return found if found is None or covers(self.scopes, action) else None


#: Anyone at all: what the public pages are served to.
PUBLIC: Final = Principal(id="public", name="public", kind="public")


class ContextSigner:
    """Signs and reads contexts (JWT): short-lived, each for one service, by the key of a ring that signs just now.

    With a ring of Ed25519 keys (docs/decisions/0013) only the gateway, which holds the private parts, can make a
    context, and it opens the one service that it names. With a word alone (the internal key, HS256) every holder of the
    word can make one; `audience` is checked where a context names it.

    Reading a signature takes 0.13 ms of a core and making one 0.05 ms, so that what was signed is signed again only
    after :data:`CONTEXT_REUSE` seconds, and what was read is remembered while it is good and its key in the ring.
    """

    def __init__(self, keys: str | KeyRing, audience: str = "") -> None:
        self._ring = keys if isinstance(keys, KeyRing) else KeyRing.of_words([keys], "HUIYING_INTERNAL_KEY")
        self._shared = isinstance(keys, str)
        self._algorithms: list[str] = ["HS256" if self._shared else "Ed25519"]
        self._audience = audience
        self._signed: dict[tuple[Principal, str], tuple[float, str]] = {}
        self._believed: dict[str, tuple[float, Principal]] = {}
        self._version = self._ring.version

    @property
    def strict(self) -> bool:
        """Tell whether the gateway alone can sign, so that a call without a context can only have gone around it."""
        return not self._shared

    def sign(self, principal: Principal, audience: str = "") -> str:
        """Return a context that tells the service `audience` of `principal`, good for about :data:`CONTEXT_TERM` s."""
        if not audience and not self._shared:
            raise ValueError("a context is for one service")
        now = time.time()
        key = self._ring.signing(now)
        self._notice_changes()
        found = self._signed.get((principal, audience))
        if found is not None and 0 <= now - found[0] < CONTEXT_REUSE:
            return found[1]
        claims: dict[str, Any] = {
            "sub": principal.id,
            "name": principal.name,
            "roles": sorted(principal.roles),
            "unit": principal.unit,
            "kind": principal.kind,
            "login": principal.login,
            "iat": int(now),
            "exp": int(now) + CONTEXT_TERM,
        }
        if principal.scopes is not None:
            claims["scopes"] = sorted(principal.scopes)
        if audience:
            claims["aud"] = audience
        head = {"alg": key.algorithm, "kid": key.id}
        token = jwt.encode(head, claims, key.material, algorithms=self._algorithms)
        if len(self._signed) >= _KEPT:
            self._signed.clear()
        self._signed[principal, audience] = (now, token)
        return token

    def read(self, token: str) -> Principal:
        """Return whom a context names; raises ValueError where it is forged, stale, malformed or for others."""
        now = time.time()
        self._ring.named(None)
        self._notice_changes()
        found = self._believed.get(token)
        if found is None:
            found = self._checked(token)
            if len(self._believed) >= _KEPT:
                self._believed.clear()
            self._believed[token] = found
        if not -_SKEW <= now - found[0] <= CONTEXT_TERM + _SKEW:
            self._believed.pop(token, None)
            raise ValueError("the context has expired")
        return found[1]

    def _checked(self, token: str) -> tuple[float, Principal]:
        try:
            keys = self._ring.named(jws.extract_compact(token.encode()).headers().get("kid"))
            if not keys:
                raise ValueError("the context's key is not known here")
            claims = self._claims(token, keys)
            audience = claims.get("aud")
            if audience != self._audience and self._audience and not (self._shared and audience is None):
                raise ValueError(f"the context is for {audience}")
            scopes = claims.get("scopes")
            return float(claims["iat"]), Principal(
                id=claims["sub"],
                name=claims["name"],
                roles=frozenset(Role(role) for role in claims["roles"]),
                unit=claims["unit"],
                kind=claims["kind"],
                login=claims.get("login", ""),
                scopes=None if scopes is None else frozenset(scopes),
            )
        except (JoseError, KeyError, TypeError, UnicodeError) as error:
            raise ValueError(f"not a context: {error}") from error

    def _claims(self, token: str, keys: tuple[Key, ...]) -> dict[str, Any]:
        for key in keys:
            try:
                return dict(jwt.decode(token, key.material, algorithms=self._algorithms).claims)
            except BadSignatureError:
                continue
        raise ValueError("the context is signed with another key")

    def _notice_changes(self) -> None:
        """Forget what rests on keys that may be gone."""
        if self._version != self._ring.version:
            self._version = self._ring.version
            self._signed.clear()
            self._believed.clear()


def context_keys(settings: ServiceSettings) -> str | KeyRing:
    """Return what contexts are signed and read with; raises ValueError where the settings name no usable keys."""
    if settings.context_keys_file is not None:
        return KeyRing.of_file(settings.context_keys_file, "Ed25519")
    text = settings.context_keys.get_secret_value()
    return KeyRing.of_text(text, "Ed25519") if text else settings.internal_key.get_secret_value()


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


_BY_ROLES: Final = ("您的角色不能执行此操作", "Your roles do not allow")


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
            narrowed = not covers(principal.scopes, action)
            if narrowed and principal.kind == "user":
                raise Problem(
                    403,
                    "forbidden",
                    zh="您的角色须先启用动态验证码：POST /api/v1/me/second-factor，启用后重新登录",
                    en="Your roles need an authenticator: POST /api/v1/me/second-factor, then log in with it",
                    action=action,
                )
            zh, en = ("密钥的权限范围不含", "The key's scopes do not name") if narrowed else _BY_ROLES
            raise Problem(
                403, "forbidden", zh=f"{zh}：{ACTIONS[action].zh}（{action}）", en=f"{en} {action}", action=action
            )
        return principal

    check.action = action  # type: ignore[attr-defined]
    return Depends(check)


def actions_of(dependant: Dependant) -> frozenset[str]:
    """Return every action that a route requires; give it the route's `dependant`."""
    own = getattr(dependant.call, "action", None)
    found = {own} if isinstance(own, str) else set()
    return frozenset(found.union(*(actions_of(inner) for inner in dependant.dependencies)))
