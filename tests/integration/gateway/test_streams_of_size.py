"""200 MB each way through a gateway process: it holds little of them at any time, and waits for who is slower."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.gateway.harness import reserve, serving
from tests.integration.gateway.process import GatewayProcess, gateway_process

_SIZE = 200_000_000
_CHUNK = 16_384
#: bytes that the gateway's memory may grow by, of 200 MB that pass it
_GROWTH = 40_000_000


@pytest.fixture
def door(valkey_url: str, tmp_path: Path) -> Iterator[GatewayProcess]:
    """Give a gateway before a service that counts what it gets, and sends as much as it is asked for."""
    with (
        serving(_service, reserve()) as behind,
        gateway_process(tmp_path, valkey_url, reserve(), behind) as made,
    ):
        yield made


async def test_an_upload_passes_without_being_held(door: GatewayProcess) -> None:
    highest = before = door.memory()

    async def sent() -> AsyncIterator[bytes]:
        nonlocal highest
        for number in range(_SIZE // _CHUNK):
            yield b"u" * _CHUNK
            if number % 500 == 0:
                highest = max(highest, door.memory())

    headers = door.bearer() | {"Content-Type": "application/octet-stream"}
    async with httpx.AsyncClient(base_url=door.base, trust_env=False, verify=False, timeout=120) as http:
        answer = await http.post("/api/v1/imports", content=sent(), headers=headers)

    assert answer.json() == {"got": _SIZE // _CHUNK * _CHUNK}
    assert highest - before < _GROWTH


async def test_a_download_passes_without_being_held(door: GatewayProcess) -> None:
    headers, got = door.bearer(), 0
    highest = before = door.memory()
    async with (
        httpx.AsyncClient(base_url=door.base, trust_env=False, verify=False, timeout=120) as http,
        http.stream("GET", "/api/v1/exports", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        async for piece in answer.aiter_raw():
            got += len(piece)
            if got % 64 == 0:
                highest = max(highest, door.memory())

    assert got == _SIZE // _CHUNK * _CHUNK
    assert highest - before < _GROWTH


async def _service(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    got, more = 0, True
    while more:
        message = await receive()
        got, more = got + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    if scope["method"] == "GET":
        for _ in range(_SIZE // _CHUNK):
            await send({"type": "http.response.body", "body": b"d" * _CHUNK, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": b'{"got": %d}' % got})
