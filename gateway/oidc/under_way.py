"""A login under way: what the browser keeps of it until it comes back, and where it goes then."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlsplit

from kit.sealing import Sealer

#: seconds that a person has for logging in at the provider
TERM: Final = 600
#: what the gateway's own key for single sign-on is made for (:class:`kit.sealing.Sealer`)
PURPOSE: Final = "huiying gateway: single sign-on"


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One login between the click and the way back. `begun`: seconds of the Unix epoch.

    `challenge` is the front end's own (S256), which must show its verifier for the login code; empty where it has none.
    """

    state: str
    nonce: str
    verifier: str
    return_to: str
    begun: float
    challenge: str = ""

    @classmethod
    def begin(cls, return_to: str, now: float, challenge: str = "") -> UnderWay:
        """Begin a login that ends at `return_to`."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, return_to, now, challenge)

    @property
    def cookie(self) -> str:
        """The name of the cookie that binds it to the browser; each login has its own, so that tabs don't collide."""
        return cookie_of(self.state)

    def sealed(self, sealer: Sealer) -> str:
        """Return it as the cookie's value."""
        return sealer.sealed(json.dumps(asdict(self)))

    @classmethod
    def opened(cls, value: str, state: str, now: float, sealer: Sealer) -> UnderWay | None:
        """Read the cookie of the login `state`; None where it is another's, changed, or too old."""
        text = sealer.opened(value)
        if text is None:
            return None
        found = cls(**json.loads(text))
        same = hmac.compare_digest(found.state.encode(), state.encode())
        return found if same and 0 <= now - found.begun + 5 <= TERM + 5 else None


def cookie_of(state: str) -> str:
    """Return the name of the cookie of a login's state."""
    return f"huiying_sign_on_{hashlib.sha256(state.encode()).hexdigest()[:12]}"


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def may_return_to(target: str, origins: str) -> bool:
    """Tell whether a browser may be sent to `target` after logging in: a path here, or a page of one of `origins`.

    `origins` are separated by commas. Control characters and backslashes, which browsers drop or turn round, make a
    path another address and are refused.
    """
    if any(ord(sign) <= 0x20 or sign in "\\\x7f" for sign in target) or "#" in target:
        return False
    if target.startswith("/"):
        return not target.startswith("//")
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("https", "http") or parts.username is not None or not parts.hostname:
        return False
    origin = f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port is not None else "")
    return origin in {one.strip().rstrip("/").lower() for one in origins.split(",") if one.strip()}
