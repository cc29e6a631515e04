"""Access tokens: short-lived JWTs that say who comes in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from contracts.words import Role
from kit.auth import Principal

_ISSUER = "huiying"


class TokenError(ValueError):
    """A token that does not open the door."""


class AccessTokens:
    """Signs and reads access tokens (HS256) with the deployment's token key."""

    def __init__(self, key: str, term: timedelta) -> None:
        if len(key) < 32:
            raise ValueError("HUIYING_TOKEN_KEY must have at least 32 characters")
        self._key = OctKey.import_key(key)
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
        }
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, token: str, now: datetime) -> Principal:
        """Return whom a token names; raises :class:`TokenError` where it is forged, expired or malformed."""
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
            if claims["iss"] != _ISSUER or claims["exp"] < now.timestamp():
                raise TokenError("expired")
            roles = frozenset(Role(role) for role in claims["roles"])
            return Principal(id=claims["sub"], name=claims["name"], roles=roles, unit=claims["unit"])
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise TokenError(str(error)) from error


def new_secret(prefix: str) -> str:
    """Return a new random secret (256 bits) that begins with `prefix`, so that leaks can be searched for."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def fingerprint(secret: str) -> str:
    """Return what is stored of a random secret. It is long and random, so that one SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
