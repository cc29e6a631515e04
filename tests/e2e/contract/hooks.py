"""What Schemathesis needs besides the document: how to write the media types that it does not know."""

from __future__ import annotations

from typing import Any

import schemathesis


def _written(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.serializer("application/x-ndjson", "message/rfc822")
def text(_context: Any, value: Any) -> bytes:
    """Write a body as it is."""
    return _written(value)
