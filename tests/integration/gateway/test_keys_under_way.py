"""Keys are followed by new ones under load: nobody is refused, nobody is logged out."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from huiying.errors import CommandError
from huiying.keys import keep, listed, rotate
from kit.auth import CONTEXT_HEADER, ContextSigner
from kit.keyring import KeyRing
from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import problem, reserve, serving


def service(folder: Path) -> FastAPI:
    """Return a service that answers whom the gateway's word names, and 401 to all else."""
    app = FastAPI()
    signer = ContextSigner(KeyRing.of_file(folder / "context_public_keys", "Ed25519"), "cases")

    @app.get("/api/v1/cases")
    async def cases(request: Request) -> JSONResponse:
        try:
            return JSONResponse({"who": signer.read(request.headers[CONTEXT_HEADER]).login})
        except ValueError as error:
            return JSONResponse({"why": str(error)}, 401)

    return app


async def test_keys_change_under_load_without_one_refusal(open_gateway: OpenGateway, tmp_path: Path) -> None:
    keep(tmp_path, datetime.now(UTC), timedelta(days=7))
    with serving(service(tmp_path), reserve()) as behind:
        files = {
            "context_keys_file": tmp_path / "context_keys",
            "token_keys_file": tmp_path / "token_keys",
            "cases_url": behind,
        }
        async with open_gateway(**files) as gateway:
            headers = await gateway.bearer()
            seen: Counter[int] = Counter()
            over = asyncio.Event()

            async def ask() -> None:
                while not over.is_set():
                    answer = await gateway.http.get("/api/v1/cases", headers=headers)
                    seen[answer.status_code] += 1

            asking = [asyncio.create_task(ask()) for _ in range(4)]
            for _ in range(5):
                before = seen.total()
                await asyncio.to_thread(rotate, tmp_path, ["context", "token"], at_once=True, drop=False)
                async with asyncio.timeout(60):
                    while seen.total() < before + 40:
                        await asyncio.sleep(0.05)
            over.set()
            await asyncio.gather(*asking)
            assert set(seen) == {200}, seen
            assert len(listed(tmp_path)) == 12

            # a leaked key is believed no more: who held a token by it logs in anew, and is let in
            await asyncio.to_thread(rotate, tmp_path, ["context", "token"], at_once=True, drop=True)
            async with asyncio.timeout(60):
                while (answer := await gateway.http.get("/api/v1/me", headers=headers)).status_code == 200:
                    await asyncio.sleep(0.2)
            problem(answer, 401, "unauthenticated")
            fresh = await gateway.bearer()
            async with asyncio.timeout(60):
                while (await gateway.http.get("/api/v1/cases", headers=fresh)).status_code != 200:
                    await asyncio.sleep(0.2)


def test_keys_are_made_once_and_followed_when_their_days_are_over(tmp_path: Path) -> None:
    now, week = datetime.now(UTC), timedelta(days=7)
    assert keep(tmp_path, now, week) == ["context", "token"]
    assert keep(tmp_path, now + timedelta(days=6), week) == []
    (tmp_path / "context_public_keys").unlink()
    assert keep(tmp_path, now, week) == []
    assert (tmp_path / "context_public_keys").exists()
    assert keep(tmp_path, now + timedelta(days=8), week) == ["context", "token"]
    assert [name for name, *_ in listed(tmp_path)] == ["context", "context", "token", "token"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert '"d"' not in (tmp_path / "context_public_keys").read_text()
    (tmp_path / "token_keys").write_text("{")
    with pytest.raises(CommandError, match="token_keys"):
        keep(tmp_path, now, week)


def test_a_file_that_containers_mount_keeps_its_place(tmp_path: Path) -> None:
    keep(tmp_path, datetime.now(UTC), timedelta(days=7))
    for path in tmp_path.iterdir():
        path.chmod(0o644)
    places = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
    rotate(tmp_path, ["context", "token"], at_once=False, drop=False)
    assert {path.name: path.stat().st_ino for path in tmp_path.iterdir()} == places
