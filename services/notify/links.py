"""Acknowledgement links: signed, bound to one delivery, good for one acknowledgement until they expire.

A link holds nothing but the delivery's id: once that delivery is acknowledged, by whatever way, the link can only show
who did so and when.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Final

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

_PURPOSE: Final = "huiying.notify.acknowledgement"
_ALGORITHM: Final = "HS256"


class LinkError(Exception):
    """The token was not made here, or was changed."""


class LinkExpired(LinkError):
    """The token is genuine, but its time is over."""


class AcknowledgementLinks:
    """Makes and reads acknowledgement links. Their key is derived from the deployment's internal key."""

    def __init__(self, internal_key: str, public_url: str) -> None:
        derived = hmac.new(internal_key.encode(), _PURPOSE.encode(), hashlib.sha256).digest()
        self._key = OctKey.import_key(derived)
        self._base = public_url.rstrip("/")

    def token(self, delivery_id: str, expires_at: datetime) -> str:
        """Return the token that acknowledges `delivery_id` until `expires_at` (whole seconds)."""
        claims = {"sub": delivery_id, "aud": _PURPOSE, "exp": int(expires_at.timestamp())}
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)

    def url(self, delivery_id: str, expires_at: datetime) -> str:
        """Return the address of the acknowledgement page of `delivery_id`."""
        return f"{self._base}/public/v1/acknowledgements/{self.token(delivery_id, expires_at)}"

    def read(self, token: str, now: datetime) -> str:
        """Return the delivery id that `token` stands for. Raises LinkExpired or, for any other fault, LinkError."""
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            sub={"essential": True},
            aud={"essential": True, "value": _PURPOSE},
            exp={"essential": True},
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
            registry.validate(claims)
        except ExpiredTokenError as error:
            raise LinkExpired from error
        except (JoseError, ValueError, UnicodeError) as error:
            raise LinkError from error
        return str(claims["sub"])
