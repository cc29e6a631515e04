"""From bytes to text, as Chinese pages need it. Written out by the fetching room."""

from __future__ import annotations


def decode(body: bytes, content_type: str) -> str:
    """Return `body` as text; never fails."""
    return body.decode("utf-8", "replace")
