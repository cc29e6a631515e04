"""Request bodies, read whole and bounded."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import Message, Receive

#: what is read and thrown away before a request is refused: bytes, and seconds
_DRAINED: Final = 8 * 1024 * 1024
_DRAINING: Final = 1.0


class TooLarge(Exception):
    """The request carries more than it may."""


class CallerGone(Exception):
    """The caller left before the request was complete; what came of it must not be acted on."""


async def read_whole(receive: Receive, limit: int) -> bytes:
    """Return the body. Raises :class:`TooLarge` beyond `limit` bytes and :class:`CallerGone` where it breaks off."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        body.extend(message.get("body", b""))
        if len(body) > limit:
            raise TooLarge
        if not message.get("more_body", False):
            return bytes(body)


async def drain(receive: Receive) -> None:
    """Throw the rest of a body away, within bounds, before the request is refused.

    A connection that is closed over unread bytes is reset, and the caller sees that instead of the answer.
    """
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAINING):
            while size <= _DRAINED:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return


def again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives `body` once more, and after it whatever `receive` has to say."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
