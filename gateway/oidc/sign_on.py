"""Logging in at the identity provider: from the click to the tokens, and out again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from sqlalchemy.exc import IntegrityError

from gateway import store as users
from gateway.identity import Identity, Login
from gateway.models import ONCE, SIGN_ON_LOGINS
from gateway.oidc import refusals, store
from gateway.oidc.checks import KeyUnknown, TokenRefused, id_claims, logout_claims
from gateway.oidc.mapping import lacks, person_of
from gateway.oidc.people import People
from gateway.oidc.provider import GrantRefused, Provider, ProviderAway
from gateway.oidc.under_way import PURPOSE, TERM, UnderWay, challenge_of, may_return_to
from gateway.settings import GatewaySettings
from gateway.tokens import fingerprint
from kit.ids import new_id
from kit.problems import Problem
from kit.runtime import Runtime
from kit.sealing import Sealer

_log = structlog.get_logger(__name__)
CALLBACK: Final = "/api/v1/auth/oidc/callback"
#: seconds in which a front end exchanges a login code
_CODE_TERM: Final = 60


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a browser is sent to log in, and the cookie that it keeps until it is back."""

    url: str
    cookie: str
    value: str


class SignOn:
    """Single sign-on by the authorization code flow with PKCE (RFC 7636); raises ValueError where it cannot work."""

    def __init__(self, runtime: Runtime, settings: GatewaySettings, identity: Identity) -> None:
        self.settings = settings.oidc
        self._runtime, self._identity = runtime, identity
        self._refresh_days = settings.refresh_days
        self._base = settings.public_url.rstrip("/")
        if self.settings.configured and not (self._base and self.settings.client_id and self.settings.roles):
            raise ValueError(
                "single sign-on needs HUIYING_OIDC_CLIENT_ID, HUIYING_OIDC_ROLES and HUIYING_PUBLIC_URL besides "
                "HUIYING_OIDC_ISSUER"
            )
        self._provider = Provider(self.settings)
        self._sealer = Sealer(settings.internal_key.get_secret_value(), PURPOSE)
        self._people = People(runtime, self.settings)

    @property
    def secure(self) -> bool:
        """Tell whether browsers come by https, so that cookies may go no other way."""
        return self._base.startswith("https://")

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._provider.close()

    async def depart(self, return_to: str, challenge: str = "") -> Departure:
        """Begin a login that ends at `return_to`; 400 where nobody is sent there, 503 where the provider is away."""
        self._check_configured()
        if not may_return_to(return_to, self.settings.return_origins):
            raise refusals.bad_return()
        under_way = UnderWay.begin(return_to, self._now(), challenge)
        url = await self._provider.authorization_url(
            self._base + CALLBACK, under_way.state, under_way.nonce, challenge_of(under_way.verifier)
        )
        return Departure(url, under_way.cookie, under_way.sealed(self._sealer))

    async def arrive(self, cookie: str, *, state: str, code: str, error: str, issuer: str) -> str:
        """Finish a login when the browser is back; returns where it goes on, with a login code in the fragment.

        Raises the problems of :mod:`gateway.oidc.refusals`, and 503 where the provider is away.
        """
        self._check_configured()
        under_way = UnderWay.opened(cookie, state, self._now(), self._sealer) if cookie and state else None
        if under_way is None:
            raise refusals.not_begun_here()
        await self._use_state(state)
        metadata = await self._provider.metadata()
        if issuer != metadata.issuer and (issuer or metadata.names_itself):
            _log.warning("oidc.refused", why=f"the answer is of the issuer {issuer[:200]!r}")
            raise refusals.bad_answer()
        if error or not code:
            _log.info("oidc.not_logged_in", error=error[:100])
            raise refusals.cancelled() if error == "access_denied" else refusals.bad_answer()
        claims, id_token = await self._claims(code, under_way)
        person = person_of(claims, self.settings)
        try:
            user_id = await self._people.known(person)
        finally:
            self._identity.forget()  # roles may be gone, though nobody is let in
        login_code = await self._give_code(
            {
                "user": user_id,
                "issuer": person.issuer,
                "subject": person.subject,
                "sid": claims["sid"][:255] if isinstance(claims.get("sid"), str) else None,
                "id_token": self._sealer.sealed(id_token),
                "challenge": under_way.challenge,
                "second_factor": person.second_factor,
            }
        )
        return f"{under_way.return_to}#{urlencode({'login_code': login_code})}"

    async def exchange(self, login_code: str, verifier: str) -> Login:
        """Exchange a login code, good once and for a minute, for tokens; 401 where it is not good."""
        now = self._runtime.clock.now()
        async with self._runtime.database.writing() as session:
            row = await store.use(session, fingerprint(login_code), "code", now)
            given: dict[str, Any] = row.data if row is not None else {}
            user = await users.user(session, given["user"]) if given else None
        fits = not given.get("challenge") or secrets.compare_digest(challenge_of(verifier), given["challenge"])
        if user is None or not fits:
            raise refusals.bad_code()
        if not user.enabled:
            raise refusals.disabled()
        family = new_id()
        login = await self._identity.begin_login(user, family=family, second_factor=given["second_factor"])
        async with self._runtime.database.writing() as session:
            await store.add(
                session,
                SIGN_ON_LOGINS,
                {
                    "family": family,
                    **{name: given[name] for name in ("issuer", "subject", "sid", "id_token")},
                    "expires_at": now + timedelta(days=self._refresh_days),
                },
            )
        return login

    async def leave(self, refresh_token: str) -> str | None:
        """End the login of a refresh token; returns where to log out at the provider too, None: nowhere."""
        async with self._runtime.database.writing() as session:
            row = await store.login_of_token(session, fingerprint(refresh_token))
            if row is not None:
                await store.end_login(session, row.family)
        if row is None or row.id_token is None or not self.settings.configured or row.issuer != self.settings.issuer:
            return None
        id_token = self._sealer.opened(row.id_token)
        try:
            return await self._provider.logout_url(id_token or "", f"{self._base}/")
        except ProviderAway:
            return None

    async def ended_there(self, logout_token: str) -> None:
        """End the logins that the provider says have ended (back-channel logout); 400 where it is not its word."""
        self._check_configured()
        try:
            claims = await self._believed(logout_token, logout_claims)
        except TokenRefused as error:
            _log.warning("oidc.logout_refused", why=str(error))
            raise refusals.bad_logout() from None
        sid = claims.get("sid")
        subject = claims.get("sub")
        await self._once(f"logout:{claims['jti']}", "logout", refusals.bad_logout())
        async with self._runtime.database.writing() as session:
            rows = await store.logins_of(session, self.settings.issuer, subject=subject, sid=sid)
            for row in rows:
                await store.end_login(session, row.family)
        self._identity.forget()
        _log.info("oidc.logged_out_there", logins=len(rows))

    async def forget(self) -> None:
        """Delete what is over."""
        async with self._runtime.database.writing() as session:
            await store.forget(session, self._runtime.clock.now() - timedelta(hours=1))

    def _check_configured(self) -> None:
        if not self.settings.configured:
            raise refusals.not_configured()

    async def _claims(self, code: str, under_way: UnderWay) -> tuple[dict[str, Any], str]:
        try:
            answer = await self._provider.exchange(code, self._base + CALLBACK, under_way.verifier)
            claims = await self._believed(
                answer.id_token, id_claims, nonce=under_way.nonce, access_token=answer.access_token
            )
        except (GrantRefused, TokenRefused) as error:
            _log.warning("oidc.refused", why=f"{type(error).__name__}: {error}")
            raise refusals.bad_answer() from None
        if lacks(claims, self.settings):
            more = await self._provider.userinfo(answer.access_token)
            if more and more.get("sub") != claims["sub"]:
                _log.warning("oidc.refused", why="userinfo is of another person")
                raise refusals.bad_answer()
            # what the ID token says is signed and goes before
            claims = {**more, **claims}
        return claims, answer.id_token

    async def _believed(self, token: str, check: Any, **more: str) -> dict[str, Any]:
        """Check a token against the provider's keys, which are asked anew once where it names one not among them."""
        settings = self.settings
        common = {
            "issuer": settings.issuer,
            "client_id": settings.client_id,
            "now": self._now(),
            "skew": settings.skew_seconds,
        }
        claims: dict[str, Any]
        try:
            claims = check(token, await self._provider.keys(), **common, **more)
        except KeyUnknown:
            claims = check(token, await self._provider.keys(unknown=True), **common, **more)
        return claims

    async def _use_state(self, state: str) -> None:
        await self._once(f"state:{state}", "state", refusals.not_begun_here())

    async def _once(self, what: str, purpose: str, otherwise: Problem) -> None:
        values = {
            "hash": fingerprint(what),
            "purpose": purpose,
            "data": None,
            "used": True,
            "expires_at": self._runtime.clock.now() + timedelta(seconds=2 * TERM),
        }
        try:
            async with self._runtime.database.writing() as session:
                await store.add(session, ONCE, values)
        except IntegrityError:
            _log.warning("oidc.replayed", what=purpose)
            raise otherwise from None

    async def _give_code(self, data: dict[str, Any]) -> str:
        code = secrets.token_urlsafe(32)
        values = {
            "hash": fingerprint(code),
            "purpose": "code",
            "data": data,
            "used": False,
            "expires_at": self._runtime.clock.now() + timedelta(seconds=_CODE_TERM),
        }
        async with self._runtime.database.writing() as session:
            await store.add(session, ONCE, values)
        return code

    def _now(self) -> float:
        return self._runtime.clock.now().timestamp()
