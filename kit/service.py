"""How a service faces HTTP: one FastAPI app with health, metrics, problems, request ids and the caller's context."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit import problems
from kit.auth import CONTEXT_HEADER, ContextSigner, actions_of, context_keys
from kit.described import describe
from kit.ids import new_id
from kit.keyed_paths import loggable
from kit.logging import bind_contextvars, configure, reset_contextvars
from kit.metrics import HTTP_SECONDS
from kit.runtime import Runtime

_log = structlog.get_logger("http")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: What a service tells the gateway with every answer, and the gateway no one else: the route's path with its
#: parameters' names, and the actions (contracts/permissions.py) that it takes.
ROUTE_HEADER: Final = b"x-huiying-route"
ACTIONS_HEADER: Final = b"x-huiying-actions"
_QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
#: what the platform and the gateway itself read, on nobody's behalf
_OPEN: Final = _QUIET | {"/openapi.json"}


def create_app(
    runtime: Runtime,
    routes: Sequence[BaseRoute],
    *,
    title: str,
    description: str = "",
    tags: Sequence[dict[str, Any]] = (),
    own_pages: bool = False,
) -> FastAPI:
    """Assemble a service's app around its runtime.

    Its lifespan starts and drains the runtime. `app.state.runtime` is the runtime (see :data:`RuntimeDep`). With
    `own_pages` the routes hold its own /readyz, /metrics and /openapi.json.
    """
    settings = runtime.settings
    configure(runtime.service, fmt=settings.log_format, level=settings.log_level)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        try:
            yield
        finally:
            await runtime.stop()

    app = FastAPI(
        title=title,
        description=description,
        version="1.0.0",
        lifespan=lifespan,
        openapi_tags=list(tags),
        docs_url=None,
        openapi_url=None if own_pages else "/openapi.json",
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.runtime = runtime
    problems.install(app)
    app.router.routes.extend(routes)
    app.include_router(_health(runtime))
    # the gateway's own routes are told by its door who calls; nothing that is signed reaches them
    signer = ContextSigner(
        settings.internal_key.get_secret_value() if own_pages else context_keys(settings), runtime.service
    )
    app.add_middleware(_Edge, signer=signer, routes=app.router.routes)
    describe(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def routes_of(*routers: APIRouter) -> Sequence[BaseRoute]:
    """Return the routes of routers, for :func:`create_app`; what they take and give is worked out once for all apps."""
    whole = APIRouter(generate_unique_id_function=_operation_id)
    for router in routers:
        whole.include_router(router)
    return tuple(whole.routes)


def runtime_of(request: Request) -> Runtime:
    """Return the runtime of the app that serves `request`."""
    runtime: Runtime = request.app.state.runtime
    return runtime


#: Dependency that gives the service's runtime.
RuntimeDep = Annotated[Runtime, Depends(runtime_of)]


def _trace_of(given: bytes) -> dict[str, str]:
    """Return the id of the trace that the gateway tells of (W3C `traceparent`), for the log."""
    parts = given.decode("latin-1").split("-")
    return {"trace_id": parts[1]} if len(parts) == 4 else {}


class _Edge:
    """Request id in and out, the caller's context, the access log and the time taken, as plain ASGI.

    Where contexts are signed by keys that the gateway alone holds, a call without one is refused on every path, public
    ones too: the gateway signs for the public as well.
    """

    def __init__(self, app: ASGIApp, signer: ContextSigner, routes: Sequence[BaseRoute]) -> None:
        self._app, self._signer, self._routes = app, signer, _Routes(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in (b"x-request-id", _CONTEXT, _TRACE)}
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
        if _CONTEXT in headers:
            try:
                scope["huiying.principal"] = self._signer.read(headers[_CONTEXT].decode("latin-1"))
            except ValueError as error:
                _log.warning("http.bad_context", error=str(error))
        app = self._app
        if self._signer.strict and "huiying.principal" not in scope and scope["path"] not in _OPEN:
            app = _refusal(scope)
        tokens = bind_contextvars(request_id=request_id, **_trace_of(headers.get(_TRACE, b"")))
        began = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _, told = self._routes.of(scope.get("route"))
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *told]
            await send(message)

        try:
            await app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            route, _ = self._routes.of(scope.get("route"))
            HTTP_SECONDS.labels(scope["method"], route, str(status)).observe(seconds)
            if scope["path"] not in _QUIET:
                _log.info(
                    "http.answered",
                    method=scope["method"],
                    path=loggable(scope["path"]),
                    status=status,
                    ms=round(seconds * 1000, 1),
                )
            reset_contextvars(**tokens)


_CONTEXT: Final = CONTEXT_HEADER.encode()
_TRACE: Final = b"traceparent"


def _refusal(scope: Scope) -> ASGIApp:
    """Return the answer to a call that came around the gateway."""
    language = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    body = problems.document(
        401,
        "unauthenticated",
        chinese=problems.prefers_chinese(language.decode("latin-1")),
        zh="请通过网关登录后访问",
        en="Call through the gateway, with a valid token",
        instance=scope["path"],
    )
    return JSONResponse(body, 401, {"WWW-Authenticate": "Bearer"}, media_type=problems.MEDIA_TYPE)


class _Routes:
    """The routes of an app as they are reached: with every prefix under which their routers were included."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes
        self._known: dict[int, tuple[str, tuple[tuple[bytes, bytes], ...]]] = {}

    def _look(self) -> None:
        for one in iter_route_contexts(self._routes):
            dependant = getattr(one, "dependant", None)
            told: tuple[tuple[bytes, bytes], ...] = ()
            if dependant is not None:
                actions = ",".join(sorted(actions_of(dependant)))
                told = ((ROUTE_HEADER, str(one.path).encode()), (ACTIONS_HEADER, actions.encode()))
            self._known[id(getattr(one, "original_route", one))] = (str(one.path), told)

    def of(self, route: object) -> tuple[str, tuple[tuple[bytes, bytes], ...]]:
        """Return the path of the route that answers, "-" for none, and what the gateway is told of it."""
        if route is None:
            return "-", ()
        if not self._known:
            self._look()
        return self._known.get(id(route), (str(getattr(route, "path", "-")), ()))


def _health(runtime: Runtime) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok", "service": runtime.service}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        found = await runtime.ready()
        ready = all(ok for ok, _ in found.values())
        body = {
            "ready": ready,
            "service": runtime.service,
            "checks": {name: {"ok": ok, "detail": detail} for name, (ok, detail) in found.items()},
        }
        return JSONResponse(body, 200 if ready else 503, headers={} if ready else {"Retry-After": "2"})

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
