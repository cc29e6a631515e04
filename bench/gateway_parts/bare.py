"""The proxy that one writes in an hour: a Starlette route and httpx. No login, no limits, no log."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_LIMITS: Final = httpx.Limits(max_connections=256, max_keepalive_connections=256)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM"], trust_env=False, timeout=30, limits=_LIMITS) as http:
        app.state.http = http
        yield


async def _forward(request: Request) -> Response:
    answer = await request.app.state.http.request(
        request.method, request.url.path, headers=request.headers.raw, content=await request.body()
    )
    return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])


app = Starlette(routes=[Route("/{path:path}", _forward)], lifespan=_lifespan)
