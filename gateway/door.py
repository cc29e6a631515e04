"""The door: every request comes through here. Who is it, where does it go, and what is it told."""

from __future__ import annotations

import re
import time
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.answers import address_of, header, problem, respond
from gateway.audit.watch import CLAIMED, Watch, refuse
from gateway.bodies import CallerGone, TooLarge, again, drain, read_whole
from gateway.headers import Headers
from gateway.idempotency import Idempotency
from gateway.identity import Identity
from gateway.proxy import Proxy
from gateway.rates import limiter as rates
from gateway.rates.limiter import RateLimiter
from gateway.rates.policy import Call, call_of
from gateway.routes import needs_login, service_for
from gateway.tokens import TokenError
from gateway.tracing import trace_of
from kit.auth import CONTEXT_HEADER, PUBLIC, ContextSigner, Principal
from kit.ids import new_id
from kit.keyed_paths import loggable
from kit.logging import bind_contextvars, reset_contextvars
from kit.transient import passes

_log = structlog.get_logger("door")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: bytes that a request to the gateway's own routes may carry; they take small forms and documents only
_OWN_BODY: Final = 1_048_576
_STRIPPED: Final = frozenset({CONTEXT_HEADER.encode(), b"x-request-id"})


class Door:
    """The ASGI app of the gateway: its own routes (`own`) beside the proxy to the services."""

    def __init__(
        self,
        own: ASGIApp,
        identity: Identity,
        proxy: Proxy,
        idempotency: Idempotency,
        signer: ContextSigner,
        limiter: RateLimiter,
        watch: Watch,
        headers: Headers,
    ) -> None:
        self.own = own
        self.state = getattr(own, "state", None)
        self._identity, self._proxy, self._idempotency, self._signer = identity, proxy, idempotency, signer
        self._limiter = limiter
        self._watch, self._headers = watch, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.own(scope, receive, send)
            return
        given = header(scope, b"x-request-id") or ""
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
        trace = scope["huiying.trace"] = trace_of(header(scope, b"traceparent"))
        tokens = bind_contextvars(request_id=request_id, trace_id=trace.id)
        began = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {key for key, _ in message["headers"]}
                extra = [] if b"x-request-id" in present else [(b"x-request-id", request_id.encode())]
                if b"cache-control" not in present and needs_login(scope["path"]):
                    extra.append((b"cache-control", b"no-store"))
                extra += scope.get("huiying.rate", ())
                message = {**message, "headers": self._headers.dress(scope, [*message["headers"], *extra])}
            await send(message)

        try:
            await self._serve(scope, receive, answer, request_id)
        except Exception:
            _log.exception("door.crashed", path=scope["path"])
            if not status:
                await problem(scope, answer, 500, "internal", zh="系统内部错误", en="Something broke here")
        finally:
            service = service_for(scope["method"], scope["path"])
            if service != "gateway":  # the gateway's own routes log for themselves
                _log.info(
                    "door.answered",
                    method=scope["method"],
                    path=loggable(scope["path"]),
                    service=service,
                    status=status,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                )
            reset_contextvars(**tokens)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        preflight = self._headers.preflight(scope)
        if preflight is not None:
            await respond(send, 204, preflight, b"")
            return
        refused = "no credentials were given"
        try:
            principal = await self._identity.principal(
                header(scope, b"authorization"), header(scope, b"x-api-key"), address_of(scope)
            )
        except TokenError as error:
            refused, principal = str(error), None
        except Exception as error:
            if not passes(error):
                raise
            _log.warning("door.identity_away", error=str(error).split("\n")[0])
            await problem(
                scope,
                send,
                503,
                "identity-away",
                zh="身份服务暂不可用",
                en="Identity is away",
                headers={"Retry-After": "2"},
            )
            return
        if not await self._within_limits(scope, send, principal):
            return
        if principal is None and needs_login(scope["path"]):
            await _unauthenticated(scope, send, refused)
            return
        caller = principal or PUBLIC
        service = service_for(scope["method"], scope["path"])
        if await self._watch.closed(scope):
            await refuse(scope, send)
            return
        scope[CLAIMED] = []
        send = self._watch.over(scope, send, caller, request_id)

        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            if service == "gateway":
                await self._own(scope, receive, send, caller, request_id)
            else:
                await self._proxy.forward(
                    service,
                    scope,
                    receive,
                    send,
                    context=self._signer.sign(caller, service),
                    request_id=request_id,
                    trace=scope["huiying.trace"],
                )

        key = header(scope, b"idempotency-key")
        if key is not None and scope["method"] == "POST" and principal is not None:
            await self._idempotency.run(key, principal, scope, receive, send, call)
        else:
            await call(scope, receive, send)

    async def _within_limits(self, scope: Scope, send: Send, principal: Principal | None) -> bool:
        """Count the request against its caller's limit; 429 where it was one too many, before anything is done."""
        call = call_of(scope["method"], scope["path"], known=principal is not None)
        if call is None:
            return True
        by_address = principal is None or call in (Call.LOGIN, Call.PUBLIC)
        who = address_of(scope) if principal is None or by_address else f"{principal.kind}:{principal.id}"
        verdict = await self._limiter.ask(call, who)
        if verdict is None:
            return True
        scope["huiying.rate"] = rates.fields(verdict)
        if verdict.passes:
            return True
        _log.warning("door.limited", call=call.value, caller=who)
        await problem(
            scope,
            send,
            429,
            "rate-limited",
            zh=f"请求过于频繁（{call.value}：每 {verdict.window} 秒 {verdict.limit} 次），请 {verdict.reset} 秒后再试",
            en=f"Too many requests ({call.value}: {verdict.limit} in {verdict.window} s); again in {verdict.reset} s",
            headers={"Retry-After": str(verdict.reset)},
        )
        return False

    async def _own(self, scope: Scope, receive: Receive, send: Send, caller: Principal, request_id: str) -> None:
        try:
            body = await read_whole(receive, _OWN_BODY)
        except CallerGone:
            return
        except TooLarge:
            await drain(receive)
            await problem(
                scope,
                send,
                413,
                "too-large",
                zh="请求内容过大",
                en="The request is too large",
                headers={"Connection": "close"},
            )
            return
        receive = again(body, receive)
        headers = [pair for pair in scope["headers"] if pair[0] not in _STRIPPED]
        headers.append((b"x-request-id", request_id.encode()))
        await self.own({**scope, "headers": headers, "huiying.principal": caller}, receive, send)


async def _unauthenticated(scope: Scope, send: Send, why: str) -> None:
    await problem(
        scope,
        send,
        401,
        "unauthenticated",
        zh="请先登录：POST /api/v1/auth/token",
        en=f"Log in first (POST /api/v1/auth/token): {why}",
        headers={"WWW-Authenticate": "Bearer"},
    )
