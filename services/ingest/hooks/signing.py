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
            raise ValueError("密钥须为 16 至 200 个字符 / a secret has 16 to 200 characters")
        return
    try:
        size = len(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not secret.startswith(_PREFIX) or not 24 <= size <= 64:
        raise ValueError("密钥须为 whsec_ 加 24 至 64 字节的 base64 / a secret is whsec_ and 24 to 64 bytes in base64")


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
                "没有签名：缺少 webhook-id、webhook-timestamp 或 webhook-signature",
                "There is no signature: webhook-id, webhook-timestamp or webhook-signature is missing",
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
            raise Refused(
                "unsigned",
                f"没有签名：缺少请求头 {names[0]}",
                f"There is no signature: the header {names[1]} is missing",
            )
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
            "bad-signature",
            "签名不符（并非登录问题）：请核对密钥与签名方式，并对原样发送的请求体签名",
            "The signature does not match (this is no matter of logging in): check the secret and the scheme, "
            "and sign the body exactly as it is sent",
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
            f"签名的时间过旧、过新或无效：与本机相差不得超过 {tolerance} 秒，请校准时钟并重新签名（并非登录问题）",
            f"The signature's time is too old, too far ahead or no time: it may be {tolerance} seconds away from ours; "
            "set the clock and sign anew (this is no matter of logging in)",
        )


def _decoded(signature: str) -> bytes:
    """Return the bytes of a signature in hexadecimal or base64; empty where it is neither."""
    try:
        if len(signature) == 64:
            return bytes.fromhex(signature)
        return base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        return b""
