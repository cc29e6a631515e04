"""Signed links: each bound to one thing and one purpose, good until they expire.

An acknowledgement link holds nothing but the delivery's id: once that delivery is acknowledged, by whatever way, the
link can only show who did so and when.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import ClassVar, Final

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

_ALGORITHM: Final = "HS256"


class LinkError(Exception):
    """The token was not made here, or was changed."""


class LinkExpired(LinkError):
    """The token is genuine, but its time is over."""


class _Links:
    """Makes and reads the links of one purpose. Their key is derived from the deployment's internal key."""

    _PURPOSE: ClassVar[str]
    #: the link's path; `{}` stands for the token
    _PATH: ClassVar[str]

    def __init__(self, internal_key: str, public_url: str) -> None:
        derived = hmac.new(internal_key.encode(), self._PURPOSE.encode(), hashlib.sha256).digest()
        self._key = OctKey.import_key(derived)
        self._base = public_url.rstrip("/")

    def token(self, subject: str, expires_at: datetime) -> str:
        """Return the token that stands for `subject` until `expires_at` (whole seconds)."""
        claims = {"sub": subject, "aud": self._PURPOSE, "exp": int(expires_at.timestamp())}
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)

    def url(self, subject: str, expires_at: datetime) -> str:
        """Return the address that stands for `subject` until `expires_at`."""
        return self._base + self._PATH.format(self.token(subject, expires_at))

    def read(self, token: str, now: datetime) -> str:
        """Return what `token` stands for. Raises LinkExpired or, for any other fault, LinkError."""
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            sub={"essential": True},
            aud={"essential": True, "value": self._PURPOSE},
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


class AcknowledgementLinks(_Links):
    """Links by which a person acknowledges a delivery, whose id they stand for."""

    _PURPOSE = "huiying.notify.acknowledgement"
    _PATH = "/public/v1/acknowledgements/{}"


class CalendarLinks(_Links):
    """Links at which calendar apps read a roster; what they stand for is the roster's to say."""

    _PURPOSE = "huiying.notify.calendar"
    _PATH = "/public/v1/calendars/{}/roster.ics"
