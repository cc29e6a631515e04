"""An author's handle is never kept: only a keyed hash, good for counting distinct voices and nothing else.

The key changes by policy. Each period of some days has its own, derived from one master key and the period's number:
a handle's hashes of two periods cannot be brought together by whoever sees the hashes, every replica uses the same key
at the same time, and no key but the master's is stored anywhere. Replacing the master key replaces them all. Whoever
holds the master key can try handles against hashes of any period: it belongs where the other secrets lie.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PURPOSE: Final = "huiying/ingest/author"


def author_hash(handle: str, channel: str, key: bytes) -> str | None:
    """Return HMAC-SHA-256 of a handle on its channel, as 32 hexadecimal digits; None for an empty handle.

    The same handle on two channels gives two hashes, so that people cannot be followed from one to the other.
    """
    folded = unicodedata.normalize("NFKC", handle).strip().removeprefix("@").casefold()
    if not folded:
        return None
    return hmac.new(key, f"{channel}\0{folded}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


class AuthorKeys:
    """Hashes handles with the key of the period in which a post is collected.

    Periods are `days` long and begin at 00:00 UTC, counted from 1970-01-01, whatever the deployment's start. It is the
    time of collecting that counts, never that of publication, which a page can claim as it likes. An event whose posts
    are collected on both sides of a boundary counts a voice that speaks on both sides twice at most, once for each
    period that it touches. Another length of period gives other keys: it counts as a change of the master key.
    """

    def __init__(self, master: str | bytes, days: int = 90) -> None:
        """Take the master key, of at least 32 bytes, and the length of a period; raises ValueError for less."""
        secret = master.encode() if isinstance(master, str) else master
        if len(secret) < 32:
            raise ValueError("the master key of author hashes has fewer than 32 bytes")
        if days < 1:
            raise ValueError("a period of author keys has at least one day")
        self._master, self._days = secret, days
        # two periods live at a boundary; more only where time is moved about
        self._key = lru_cache(maxsize=8)(self._derive)

    def period(self, at: datetime) -> int:
        """Return the number of the period in which `at` (aware) falls; raises ValueError for a time without zone."""
        if at.tzinfo is None:
            raise ValueError("the time of collecting needs a zone")
        return (at - _EPOCH) // timedelta(days=self._days)

    def ends(self, at: datetime) -> datetime:
        """Return the instant at which the period of `at` gives way to the next, in UTC."""
        return _EPOCH + timedelta(days=self._days) * (self.period(at) + 1)

    def hash(self, handle: str, channel: str, at: datetime) -> str | None:
        """Return the hash of a handle seen on `channel` at `at`, the time of collecting; None for an empty handle."""
        return author_hash(handle, channel, self._key(self.period(at)))

    def _derive(self, period: int) -> bytes:
        """Return a period's key: HKDF (RFC 5869) with SHA-256 for one block of 32 bytes."""
        extracted = hmac.new(bytes(32), self._master, hashlib.sha256).digest()
        info = f"{_PURPOSE}/{self._days}/{period}".encode()
        return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()
