"""Access tokens: short-lived JWTs that say who comes in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError

from contracts.words import Role
from gateway.settings import GatewaySettings
from kit.auth import Principal
from kit.keyring import KeyRing

_ISSUER = "huiying"


class TokenError(ValueError):
    """A token that does not open the door."""


class AccessTokens:
    """Signs and reads access tokens (HS256) by a ring of keys.

    A ring in a file signs where there is one; the words of HUIYING_TOKEN_KEY (one, or several separated by white space,
    the newest first) go on being believed beside it, so that no change of keys logs anybody out.
    """

    def __init__(self, words: str, term: timedelta, ring: KeyRing | None = None) -> None:
        self._rings = [ring] if ring is not None else []
        if words or ring is None:
            self._rings.append(KeyRing.of_words(words.split() or [""], "HUIYING_TOKEN_KEY"))
        self.term = term

    def issue(self, principal: Principal, now: datetime) -> str:
        """Return a token for `principal`, good from `now` for the term."""
        claims: dict[str, Any] = {
            "iss": _ISSUER,
            "sub": principal.id,
            "name": principal.login,
            "roles": sorted(principal.roles),
            "unit": principal.unit,
            "iat": int(now.timestamp()),
            "exp": int((now + self.term).timestamp()),
            "sid": principal.session,
        }
        key = self._rings[0].signing(now.timestamp())
        return jwt.encode({"alg": "HS256", "kid": key.id}, claims, key.material)

    def read(self, token: str, now: datetime) -> Principal:
        """Return whom a token names; raises :class:`TokenError` where it is forged, expired or malformed."""
        try:
            claims = self._claims(token)
            if claims["iss"] != _ISSUER or claims["exp"] < now.timestamp():
                raise TokenError("expired")
            roles = frozenset(Role(role) for role in claims["roles"])
            return Principal(
                id=claims["sub"],
                name=claims["name"],
                roles=roles,
                unit=claims["unit"],
                session=str(claims.get("sid", "")),
            )
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise TokenError(str(error)) from error

    def _claims(self, token: str) -> dict[str, Any]:
        named = jws.extract_compact(token.encode()).headers().get("kid")
        for ring in self._rings:
            for key in ring.named(named):
                try:
                    return dict(jwt.decode(token, key.material, algorithms=["HS256"]).claims)
                except BadSignatureError:
                    continue
        raise TokenError("signed with a key that is not known here")


def access_tokens(settings: GatewaySettings) -> AccessTokens:
    """Return the access tokens of these settings; raises ValueError where they name no usable key."""
    ring = None
    if settings.token_keys_file is not None:
        ring = KeyRing.of_file(settings.token_keys_file, "HS256")
    elif text := settings.token_keys.get_secret_value():
        ring = KeyRing.of_text(text, "HS256")
    return AccessTokens(settings.token_key.get_secret_value(), timedelta(minutes=settings.access_minutes), ring)


def new_secret(prefix: str) -> str:
    """Return a new random secret (256 bits) that begins with `prefix`, so that leaks can be searched for."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def fingerprint(secret: str) -> str:
    """Return what is stored of a random secret. It is long and random, so that one SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
