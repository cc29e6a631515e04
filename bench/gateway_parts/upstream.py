"""The service behind every proxy of the comparison: a raw ASGI app that answers everything with 1 KB of JSON."""

from __future__ import annotations

import json
from typing import Any, Final

BODY: Final = json.dumps({"items": [{"id": f"{number:032x}", "title": "回应" * 8} for number in range(10)]}).encode()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer every request at once; read its body first."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})
