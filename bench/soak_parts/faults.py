"""Answers that go wrong."""

from __future__ import annotations

import asyncio
import gzip
import os
import random
from functools import cache
from typing import Final

from bench.crawl_parts.answering import Act, Wire, answer

#: bytes that a bomb unpacks or runs to
BOMB: Final = 50 * 2**20
_CHUNK: Final = 64 * 1024


def storm(chance: random.Random) -> bytes:
    """Return an answer of an overloaded server."""
    return answer(b"busy", "text/plain", status=chance.choice((500, 502, 503, 504)))


def limited(chance: random.Random) -> tuple[bytes, float]:
    """Return a 429, and the seconds that it asks for."""
    seconds = chance.randint(2, 6)
    return answer(b"slow down", "text/plain", status=429, Retry_After=str(seconds)), float(seconds)


def slow(whole: bytes, seconds: float) -> Act:
    """Return the right answer, which takes `seconds` to come."""

    async def act(wire: Wire) -> None:
        size = max(1, len(whole) // 8)
        for start in range(0, len(whole), size):
            await asyncio.sleep(seconds * size / len(whole))
            await wire.write(whole[start : start + size])

    return act


def closed(whole: bytes, chance: random.Random) -> Act:
    """Break off before the answer, or in the middle of it."""
    kept = chance.choice((0, len(whole) // 2))

    async def act(wire: Wire) -> None:
        if kept:
            await wire.write(whole[:kept])
            await asyncio.sleep(0.01)
        wire.abort()

    return act


def garbage(chance: random.Random) -> Act:
    """Return bytes that are no HTTP, or HTTP around bytes that are no page."""
    noise = os.urandom(20_000)
    whole = noise if chance.random() < 0.5 else answer(noise)

    async def act(wire: Wire) -> None:
        await wire.write(whole)
        wire.close()

    return act


def loop(path: str) -> bytes:
    """Return a redirect that leads back in three steps."""
    base, _, step = path.partition("?loop=")
    after = (int(step) + 1) % 3 if step.isdigit() else 0
    return answer(b"", "text/plain", status=302, Location=f"{base}?loop={after}")


def bomb(chance: random.Random) -> bytes | Act:
    """Return far more than a page: stated, in chunks without an end in sight, or packed small."""
    kind = chance.randrange(3)
    if kind == 0:
        return answer(_packed(), "text/html", Content_Encoding="gzip")

    async def act(wire: Wire) -> None:
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        if kind == 1:
            await wire.write(f"{head}Content-Length: {BOMB}\r\n\r\n".encode())
        else:
            await wire.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        piece = b"<p>" + b"x" * (_CHUNK - 3)
        for _ in range(BOMB // _CHUNK):
            await wire.write(piece if kind == 1 else b"%x\r\n" % _CHUNK + piece + b"\r\n")
        if kind == 2:
            await wire.write(b"0\r\n\r\n")

    return act


@cache
def _packed() -> bytes:
    return gzip.compress(b"<p>" + b" " * BOMB, 6)
