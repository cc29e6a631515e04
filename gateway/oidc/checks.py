"""What makes an ID token or a logout token the provider's word to us.

OpenID Connect Core 1.0, 3.1.3.7, and Back-Channel Logout 1.0, 2.6.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import Key, KeySet

#: Signatures that are believed: public-key ones alone. `none` proves nothing, and with HS256 whoever knows the
#: provider's public key, or our client secret, could sign.
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
#: seconds that an ID token may be old when it arrives, which is right after it was made
_OLDEST: Final = 600
_LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_HASHES: Final = {"256": "sha256", "384": "sha384", "512": "sha512"}


class TokenRefused(Exception):
    """A token that is not the provider's word to us; says why, for the log."""


class KeyUnknown(TokenRefused):
    """The token names a key that is not among the provider's known ones."""


def id_claims(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
    now: float,
    skew: int,
) -> dict[str, Any]:
    """Return the claims of an ID token; raises :class:`TokenRefused`. `now` in seconds of the Unix epoch."""
    algorithm, claims = _signed(token, keys)
    _check_common(claims, issuer=issuer, client_id=client_id, now=now, skew=skew)
    if _number(claims, "exp") <= now - skew:
        raise TokenRefused("it has expired")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise TokenRefused("its nonce is of another login")
    if "at_hash" in claims and not _hash_matches(str(claims["at_hash"]), access_token, algorithm):
        raise TokenRefused("its at_hash is of another access token")
    _subject(claims)
    return claims


def logout_claims(token: str, keys: KeySet, *, issuer: str, client_id: str, now: float, skew: int) -> dict[str, Any]:
    """Return the claims of a back-channel logout token; raises :class:`TokenRefused`."""
    _, claims = _signed(token, keys)
    _check_common(claims, issuer=issuer, client_id=client_id, now=now, skew=skew)
    if "exp" in claims and _number(claims, "exp") <= now - skew:
        raise TokenRefused("it has expired")
    events = claims.get("events")
    if not isinstance(events, Mapping) or not isinstance(events.get(_LOGOUT_EVENT), Mapping):
        raise TokenRefused("it tells of no logout")
    if "nonce" in claims:
        raise TokenRefused("it has a nonce, as only an ID token has")
    if not isinstance(claims.get("jti"), str):
        raise TokenRefused("it has no jti")
    if not (claims.get("sub") or claims.get("sid")):
        raise TokenRefused("it names nobody")
    return claims


def _signed(token: str, keys: KeySet) -> tuple[str, dict[str, Any]]:
    try:
        head = jws.extract_compact(token.encode()).headers()
        algorithm = str(head.get("alg"))
        if algorithm not in ALGORITHMS:
            raise TokenRefused(f"it is signed with {algorithm}")
        key = _key(keys, head.get("kid"), algorithm)
        return algorithm, dict(jwt.decode(token, key, algorithms=[algorithm]).claims)
    except BadSignatureError as error:
        if head.get("kid") is None:  # it may be of a key that followed the one that we know
            raise KeyUnknown("it names no key, and none of the provider's known ones signed it") from error
        raise TokenRefused("its signature is not the provider's") from error
    except (JoseError, ValueError, UnicodeError) as error:
        raise TokenRefused(f"its signature: {type(error).__name__} {error}") from error


def _key(keys: KeySet, kid: object, algorithm: str) -> Key:
    kind = {"R": "RSA", "P": "RSA", "E": "EC"}[algorithm[0]] if not algorithm.startswith("Ed") else "OKP"
    fitting = [
        key
        for key in keys.keys
        if key.key_type == kind and (kid is None or key.kid == kid) and key.alg in (None, algorithm)
    ]
    if not fitting:
        raise KeyUnknown(f"its key {kid} is not among the provider's")
    if len(fitting) > 1:
        raise TokenRefused("it does not say which of the provider's keys signed it")
    return fitting[0]


def _check_common(claims: Mapping[str, Any], *, issuer: str, client_id: str, now: float, skew: int) -> None:
    if claims.get("iss") != issuer:
        raise TokenRefused("it is another issuer's")
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if client_id not in listed:
        raise TokenRefused("it is for another client")
    azp = claims.get("azp")
    if azp is not None and azp != client_id:
        raise TokenRefused("it was asked for by another client")
    if len(listed) > 1 and azp is None:
        raise TokenRefused("it is for several clients and does not say who asked for it")
    made = _number(claims, "iat")
    if not now - _OLDEST - skew <= made <= now + skew:
        raise TokenRefused("it was not made just now")
    if "nbf" in claims and _number(claims, "nbf") > now + skew:
        raise TokenRefused("it is not good yet")


def _subject(claims: Mapping[str, Any]) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise TokenRefused("it names nobody")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenRefused(f"its {name} is no time")
    return float(value)


def _hash_matches(given: str, access_token: str, algorithm: str) -> bool:
    name = "sha512" if algorithm.startswith("Ed") else _HASHES[algorithm[-3:]]
    digest = hashlib.new(name, access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    return hmac.compare_digest(given.encode(), half)
