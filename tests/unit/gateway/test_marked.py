"""Every answer of the mock says that it is fictional."""

from __future__ import annotations

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gateway.marked import Marked


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    path = Request(scope).url.path
    answer = PlainTextResponse("no" if path == "/missing" else "yes", 404 if path == "/missing" else 200)
    await answer(scope, receive, send)


async def test_answers_and_refusals_bear_the_mark() -> None:
    transport = httpx.ASGITransport(app=Marked(_app))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        for path, status in (("/", 200), ("/missing", 404)):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers.get_list("X-Huiying-Mock")) == (status, ["fictional-data"])
