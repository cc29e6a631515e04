"""A whole gateway on a real server, with a real upstream beside it that says what it was asked."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.embedded import free_port
from kit.service import ACTIONS_HEADER, ROUTE_HEADER
from kit.testing import INTERNAL_KEY

ADMIN_PASSWORD = "the-administrators-own-word"
TOKEN_KEY = "a-token-key-of-the-tests-0123456789abcdef"


@contextmanager
def serving(app: Any, port: int) -> Iterator[str]:
    """Serve an ASGI app in a thread of its own; gives its address."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # else uvicorn itself believes X-Forwarded-For of a loopback caller
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the server ended while it started"
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive(), "the server did not stop"


@dataclass
class Call:
    """One request as the upstream got it."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    principal: Principal | None

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass
class Upstream:
    """A service behind the gateway: answers every path and keeps what it was asked."""

    calls: list[Call] = field(default_factory=list)
    #: seconds that `/api/v1/cases/slow` takes
    slow: float = 0.6
    #: lets `/api/v1/cases/ticks` say its second word
    released: threading.Event = field(default_factory=threading.Event)
    #: callers that `/api/v1/cases/ticks` is answering
    ticking: int = 0
    #: what `/readyz` answers
    ready: tuple[int, bytes] = (200, b'{"ready": true, "checks": {"workers": {"ok": true, "detail": "1 live"}}}')
    #: what the service tells the gateway of the route that answers (route, actions), by the method and path asked for
    told: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: more headers of an answer, by path
    more: dict[str, dict[str, str]] = field(default_factory=dict)
    metrics: str = "# HELP demo_total What it says\n# TYPE demo_total counter\ndemo_total 3.0\n"

    def to(self, path: str) -> list[Call]:
        """Return the calls of one path."""
        return [call for call in self.calls if call.path == path]

    def app(self) -> FastAPI:
        """Return the service's app."""
        app = FastAPI(title="upstream")
        signer = ContextSigner(INTERNAL_KEY)

        @app.get("/readyz", include_in_schema=False)
        async def readyz() -> Response:
            return Response(self.ready[1], self.ready[0], media_type="application/json")

        @app.get("/metrics", include_in_schema=False)
        async def metrics() -> Response:
            return Response(self.metrics, media_type="text/plain")

        @app.get("/api/v1/cases/ticks", include_in_schema=False)
        async def ticks() -> StreamingResponse:
            async def chunks() -> AsyncIterator[bytes]:
                self.ticking += 1
                try:
                    yield b"data: 1\n\n"
                    while not self.released.is_set():
                        await asyncio.sleep(0.02)
                    yield b"data: 2\n\n"
                finally:
                    self.ticking -= 1

            return StreamingResponse(chunks(), media_type="text/event-stream")

        @app.get("/api/v1/cases/broken", include_in_schema=False)
        async def broken() -> StreamingResponse:
            async def chunks() -> AsyncIterator[bytes]:
                yield b"x" * 1000
                raise ConnectionAbortedError("on purpose")

            return StreamingResponse(chunks(), headers={"content-length": "100000"})

        @app.get("/api/v1/cases/{case_id}", tags=["cases"])
        async def get_case(case_id: str) -> dict[str, str]:
            return {"id": case_id}

        @app.api_route(
            "/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"], include_in_schema=False
        )
        async def anything(request: Request) -> Response:
            body = await request.body()
            given = request.headers.get(CONTEXT_HEADER)
            call = Call(
                request.method,
                request.scope["raw_path"].decode(),
                request.url.query,
                [(key.decode(), value.decode("latin-1")) for key, value in request.headers.raw],
                body,
                signer.read(given) if given else None,
            )
            self.calls.append(call)
            if call.path.endswith("/slow"):
                await asyncio.sleep(self.slow)
            if call.path.endswith("/hang"):
                await asyncio.sleep(30)
            if call.path.endswith("/fails"):
                return JSONResponse({"status": 500}, 500)
            if call.path.endswith("/large"):
                return Response(b"y" * 1_000_000, media_type="application/octet-stream")
            headers = {
                "connection": "x-secret-hop",
                "x-secret-hop": "1",
                "keep-alive": "timeout=5",
                "server": "upstream/1.0",
                "etag": '"7"',
            }
            route, actions = self.told.get(f"{call.method} {call.path}", ("", ""))
            if route:
                headers |= {ROUTE_HEADER.decode(): route, ACTIONS_HEADER.decode(): actions}
            headers |= self.more.get(call.path, {})
            if call.path.endswith("/chunked"):

                async def chunks() -> AsyncIterator[bytes]:
                    for _ in range(3):
                        yield b"z" * 1000

                return StreamingResponse(chunks(), headers=headers)
            content = {"call": len(self.calls), "length": len(body), "who": call.principal and call.principal.name}
            return JSONResponse(content, 201 if request.method == "POST" else 200, headers=headers)

        return app


@dataclass
class Gateway:
    """A running gateway, and the means to talk to it as a front end does."""

    base: str
    http: httpx.AsyncClient
    upstream: Upstream
    redis_url: str

    async def log_in(self, username: str = "admin", password: str = ADMIN_PASSWORD) -> dict[str, Any]:
        """Log in with a password; returns the token answer."""
        answer = await self.token(username=username, password=password)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def token(self, **form: str) -> httpx.Response:
        """Ask for a token, with the password grant unless the form says otherwise."""
        return await self.http.post("/api/v1/auth/token", data={"grant_type": "password", **form})

    async def bearer(self, username: str = "admin", password: str = ADMIN_PASSWORD) -> dict[str, str]:
        """Log in and return the header that says so."""
        return {"Authorization": f"Bearer {(await self.log_in(username, password))['access_token']}"}

    async def add_user(self, username: str, *roles: str, password: str = "a-long-enough-word") -> dict[str, Any]:
        """Enter a user as the administrator; returns the user."""
        body = {"username": username, "name": username, "password": password, "roles": list(roles)}
        answer = await self.http.post("/api/v1/users", json=body, headers=await self.bearer())
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Check that an answer is the problem document of that status and slug, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = dict(json.loads(answer.text))
    assert body["type"].rsplit("/", 1)[1] == slug
    assert body["status"] == status
    assert body["title"]
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def reserve() -> int:
    """Return a port that nobody listens on."""
    return free_port()
