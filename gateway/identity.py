"""Who comes in: logins, refresh tokens, API keys, and the administrator of the first start."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from contracts.words import Role
from gateway import store
from gateway.api_keys import ApiKeys
from gateway.models import REFRESH, USERS
from gateway.passwords import generated, hash_password, matches
from gateway.remembered import Remembered
from gateway.second_factor import SecondFactor, decides
from gateway.sessions import Origin, Sessions
from gateway.settings import GatewaySettings
from gateway.throttle import LoginThrottle
from gateway.tokens import TokenError, access_tokens, fingerprint, new_secret
from kit.auth import Principal
from kit.ids import new_id
from kit.problems import Problem
from kit.runtime import Runtime

_log = structlog.get_logger(__name__)
#: seconds for which a user's being enabled is taken for granted
_REMEMBERED: Final = 10.0


@dataclass(frozen=True, slots=True)
class Login:
    """What a successful login gives."""

    access_token: str
    refresh_token: str
    expires_in: int


class Identity:
    """Answers who a caller is, from what their request carries."""

    def __init__(self, runtime: Runtime, settings: GatewaySettings) -> None:
        self._runtime, self._settings = runtime, settings
        self._tokens = access_tokens(settings)
        self.throttle = LoginThrottle(runtime.redis)
        self.keys = ApiKeys(runtime)
        self.sessions = Sessions(runtime.database)
        self.factor = SecondFactor(settings.internal_key.get_secret_value())
        self._users: Remembered[Principal | None] = Remembered(_REMEMBERED)

    async def principal(
        self, authorization: str | None, api_key: str | None, address: str | None = None
    ) -> Principal | None:
        """Return whom the headers identify, None where they identify nobody; raises TokenError where they are bad.

        `address` is whence the call comes, for keys that are bound to networks.
        """
        if api_key:
            return await self.keys.principal(api_key, address)
        scheme, _, token = (authorization or "").partition(" ")
        if not token:
            return None
        if scheme.lower() != "bearer":
            raise TokenError("only Bearer tokens are accepted")
        principal = self._tokens.read(token.strip(), self._runtime.clock.now())
        current = await self._current(principal)
        if current is None:
            raise TokenError("the user has been disabled or changed")
        standing = await self.sessions.standing(principal.session) if principal.session else None
        if principal.session and standing is None:
            raise TokenError("the login has been ended")
        vouched = standing is not None and standing.second_factor
        narrowed = self.needs_second_factor(current.roles) and not vouched
        return replace(current, session=principal.session, scopes=frozenset() if narrowed else current.scopes)

    def needs_second_factor(self, roles: frozenset[Role]) -> bool:
        """Tell whether who holds `roles` may do nothing but enrol until a second factor was checked."""
        return self._settings.second_factor == "required" and decides(roles)

    async def log_in(self, username: str, password: str, origin: Origin, otp: str = "") -> Login:
        """Check a password, and the second factor of who has one, and give tokens.

        401 where one of them is wrong, or the second factor is wanted (`second-factor-required`: ask for the code and
        send all again with `otp`); 429 where that address has guessed too often.
        """
        client = origin.address
        with self.throttle.place(client):
            await self.throttle.attempt(username, client)
            async with self._runtime.database.reading() as session:
                row = await store.user_named(session, username)
            right = await matches(row.password_hash if row else None, password)
        if not right or row is None or not row.enabled:
            _log.warning("login.refused", username=username[:64], client=client)
            raise Problem(
                401,
                "bad-credentials",
                zh="用户名或口令不正确",
                en="The user name or the password is not correct",
                headers={"WWW-Authenticate": "Bearer"},
            )
        vouched = await self._second_factor(row.id, otp)
        await self.throttle.succeeded(username, client)
        return await self._login(row, new_id(), origin, second_factor=vouched)

    async def _second_factor(self, user_id: str, otp: str) -> bool:
        """Check the second factor of a user whose password was right; tells whether they have one."""
        async with self._runtime.database.reading() as session:
            if not await self.factor.has(session, user_id):
                return False
        if otp:
            async with self._runtime.database.writing() as session:
                if await self.factor.check(session, user_id, otp, self._runtime.clock.now()):
                    return True
        slug = "bad-second-factor" if otp else "second-factor-required"
        if otp:
            _log.warning("login.second_factor_refused", user=user_id)
        raise Problem(
            401,
            slug,
            zh="动态验证码不正确或已用过" if otp else "请输入动态验证码（otp）",
            en="The code is not right, or was used already" if otp else "Send the code of your authenticator as otp",
            headers={"WWW-Authenticate": "Bearer"},
        )

    async def refresh(self, token: str) -> Login:
        """Exchange a refresh token for new ones. Each is good once: a second use ends every token of that login."""
        now = self._runtime.clock.now()
        async with self._runtime.database.writing() as session:
            row = await store.refresh_token(session, fingerprint(token))
            reused = row is not None and row.used_at is not None
            if row is not None and reused:
                await store.end_family(session, row.family)
            elif row is not None:
                await store.use_refresh_token(session, row.hash, now)
            person = await store.user(session, row.user_id) if row is not None else None
        if row is not None and reused:
            _log.warning("refresh.reused", user=row.user_id)
        if row is None or reused or row.expires_at < now or person is None or not person.enabled:
            raise Problem(
                401,
                "bad-refresh-token",
                zh="登录已失效，请重新登录",
                en="The refresh token is not good any more; log in again",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return await self._login(person, row.family, Origin())

    async def begin_login(self, row: Any, *, family: str, second_factor: bool) -> Login:
        """Let a user in whom the identity provider vouches for; `second_factor`: it has checked one that counts."""
        _log.info("login.by_sign_on", user=row.id, second_factor=second_factor)
        return await self._login(row, family, Origin(), method="oidc", second_factor=second_factor)

    async def _login(
        self, row: Any, family: str, origin: Origin, *, method: str = "password", second_factor: bool = False
    ) -> Login:
        now = self._runtime.clock.now()
        secret = new_secret("hyr")
        async with self._runtime.database.writing() as session:
            await store.add(
                session,
                REFRESH,
                {
                    "hash": fingerprint(secret),
                    "family": family,
                    "user_id": row.id,
                    "expires_at": now + timedelta(days=self._settings.refresh_days),
                    "used_at": None,
                },
            )
            await self.sessions.begin(
                session,
                family,
                row.id,
                origin,
                method=method,
                second_factor=second_factor,
                now=now,
                until=now + timedelta(days=self._settings.refresh_days),
            )
        access = self._tokens.issue(replace(principal_of(row), session=family), now)
        return Login(access, secret, int(self._tokens.term.total_seconds()))

    async def _current(self, principal: Principal) -> Principal | None:
        """Return the user as stored, where enabled and with the roles and the unit that the token claims."""

        async def look_up() -> Principal | None:
            async with self._runtime.database.reading() as session:
                row = await store.user(session, principal.id)
            return principal_of(row) if row is not None and row.enabled else None

        stored = await self._users.get(principal.id, look_up)
        same = stored is not None and (stored.roles, stored.unit) == (principal.roles, principal.unit)
        return stored if same else None

    async def welcome(self, principal: Principal) -> bool:
        """Tell whether someone who was let in earlier would be let in now (as of the last ten seconds)."""
        if principal.kind == "api_key":
            return await self.keys.welcome(principal.id)
        if principal.session and await self.sessions.standing(principal.session) is None:
            return False
        return await self._current(principal) is not None

    def forget(self) -> None:
        """Look everybody up anew: users or keys have changed."""
        self._users.forget()
        self.keys.forget()
        self.sessions.forget()

    async def bootstrap(self) -> None:
        """Make the administrator at the first start; later take over HUIYING_ADMIN_PASSWORD where it is set."""
        given = self._settings.admin_password.get_secret_value()
        async with self._runtime.database.reading() as session:
            row = await store.user_named(session, self._settings.admin_name)
        if row is not None:
            if given and not await matches(row.password_hash, given):
                values = {"password_hash": await hash_password(given)}
                async with self._runtime.database.writing() as session:
                    await store.change_user(session, row.id, row.version, values)
                    await store.end_logins(session, row.id)
                _log.info("admin.password_changed", why="HUIYING_ADMIN_PASSWORD differs from the one stored")
            return
        password = given or await asyncio.to_thread(_kept_password, self._settings.data / "admin-password")
        async with self._runtime.database.writing() as session:
            await store.add(
                session,
                USERS,
                {
                    "id": new_id(),
                    "username": self._settings.admin_name,
                    "name": "系统管理员",
                    "password_hash": await hash_password(password),
                    "roles": [Role.ADMIN.value, Role.OFFICE.value],
                    "unit": None,
                    "enabled": True,
                    "version": 1,
                    "created_at": self._runtime.clock.now(),
                },
            )


def principal_of(row: Any) -> Principal:
    """Return the principal of a stored user, by the name that the office knows them by, else their login name."""
    return Principal(
        id=row.id,
        name=row.name.strip() or row.username,
        roles=_roles(row.roles),
        unit=row.unit,
        login=row.username,
    )


def _roles(names: list[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names)


def _kept_password(path: Path) -> str:
    """Return the password that `path` keeps, made at the first call; only the owner can read the file.

    Of several processes that start at once, the first one's password is everybody's.
    """
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    password = generated()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    finally:
        partial.unlink()
    return password
