"""Signatures of deliveries: Standard Webhooks, or an HMAC-SHA256 in a header. Comparisons take the same time always."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Scheme = Literal["standard", "hmac"]
_PREFIX: Final = "whsec_"


class Refused(Exception):
    """A delivery that is not proven; `slug` is stable, the reasons are for its sender."""

    def __init__(self, slug: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.slug, self.zh, self.en = slug, zh, en


@dataclass(frozen=True, slots=True)
class Signing:
    """How a hook's deliveries are signed.

    `standard` (standardwebhooks.com) has its own headers. `hmac` signs the body, or, where `timestamp_header` is set,
    the timestamp, a dot and the body; the signature is hexadecimal or base64, with or without ``sha256=``.
    """

    scheme: Scheme = "standard"
    signature_header: str = "x-signature"
    timestamp_header: str | None = None
    tolerance_seconds: int = 300


def new_secret(scheme: Scheme) -> str:
    """Return a new secret of 32 random bytes, as the scheme writes it."""
    raw = secrets.token_bytes(32)
    return _PREFIX + base64.b64encode(raw).decode() if scheme == "standard" else raw.hex()


def check_secret(scheme: Scheme, secret: str) -> None:
    """Raise ValueError unless a given secret is one: ``whsec_`` and 24 to 64 bytes in base64, or 16 to 200 signs."""
    if scheme == "hmac":
        if not 16 <= len(secret) <= 200:
            raise ValueError("a secret has 16 to 200 characters")
        return
    try:
        size = len(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not secret.startswith(_PREFIX) or not 24 <= size <= 64:
        raise ValueError("a secret is whsec_ and 24 to 64 bytes in base64")


def verify(signing: Signing, known: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return what a replay of this delivery would have too (64 hexadecimal digits); raises :class:`Refused`.

    `headers` have lower-case names; `known` are the secrets that are good.
    """
    if signing.scheme == "standard":
        id_ = headers.get("webhook-id")
        stamp = headers.get("webhook-timestamp")
        given = headers.get("webhook-signature")
        if not (id_ and stamp and given):
            raise Refused(
                "unsigned",
                "缺少 webhook-id、webhook-timestamp 或 webhook-signature",
                "webhook-id, webhook-timestamp or webhook-signature is missing",
            )
        _check_time(stamp, now, signing.tolerance_seconds)
        signed = id_.encode() + b"." + stamp.encode() + b"." + body
        keys = [base64.b64decode(secret.removeprefix(_PREFIX)) for secret in known]
        found = [_decoded(one.partition(",")[2]) for one in given.split() if one.startswith("v1,")]
        basis = id_.encode()
    else:
        given = headers.get(signing.signature_header.lower())
        stamp = headers.get(signing.timestamp_header.lower()) if signing.timestamp_header else None
        wanted = [signing.signature_header, *([signing.timestamp_header] if signing.timestamp_header else [])]
        if not given or (signing.timestamp_header and not stamp):
            names = "、".join(wanted), " or ".join(wanted)
            raise Refused("unsigned", f"缺少请求头 {names[0]}", f"the header {names[1]} is missing")
        if stamp:
            _check_time(stamp, now, signing.tolerance_seconds)
        signed = stamp.encode() + b"." + body if stamp else body
        keys = [secret.encode() for secret in known]
        found = [_decoded(given.strip().removeprefix("sha256="))]
        basis = signed
    wanted_digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    # every pair is compared, so that the time says nothing of which was nearly right
    good = [hmac.compare_digest(one, digest) for one in found for digest in wanted_digests]
    if not any(good):
        raise Refused(
            "bad-signature", "签名不符：请核对密钥与签名方式", "The signature does not fit the body and the secret"
        )
    return hashlib.sha256(basis).hexdigest()


def _check_time(stamp: str, now: datetime, tolerance: int) -> None:
    try:
        seconds = float(stamp) if len(stamp) < 20 else float("nan")
    except ValueError:
        seconds = float("nan")
    if seconds > 1e11:  # milliseconds
        seconds /= 1000
    if not abs(now.timestamp() - seconds) <= tolerance:
        raise Refused(
            "stale",
            f"时间戳与本机相差超过 {tolerance} 秒（或无效）",
            f"The timestamp is more than {tolerance} seconds away from ours, or none",
        )


def _decoded(signature: str) -> bytes:
    """Return the bytes of a signature in hexadecimal or base64; empty where it is neither."""
    try:
        if len(signature) == 64:
            return bytes.fromhex(signature)
        return base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        return b""
