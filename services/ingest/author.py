"""An author's handle is never kept: only a keyed hash, good for counting distinct voices and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata


def author_hash(handle: str, channel: str, key: bytes) -> str | None:
    """Return HMAC-SHA-256 of a handle on its channel, as 32 hexadecimal digits; None for an empty handle.

    The same handle on two channels gives two hashes, so that people cannot be followed from one to the other.
    """
    folded = unicodedata.normalize("NFKC", handle).strip().removeprefix("@").casefold()
    if not folded:
        return None
    return hmac.new(key, f"{channel}\0{folded}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
