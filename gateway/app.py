"""Assembles the gateway."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final

import httpx
from fastapi import FastAPI

from gateway import store
from gateway.api import audit, auth, keys, own_login, pages, sign_on, stream, users
from gateway.api.parts import Parts
from gateway.audit.log import AuditLog
from gateway.audit.watch import Watch
from gateway.door import Door
from gateway.headers import Headers, exact_origins
from gateway.idempotency import Idempotency
from gateway.identity import Identity
from gateway.live import Live
from gateway.marked import Marked
from gateway.models import Base
from gateway.oidc.sign_on import SignOn
from gateway.proxy import Proxy
from gateway.rates.limiter import RateLimiter
from gateway.rates.policy import read_limits
from gateway.settings import GatewaySettings
from gateway.upstreams import Upstreams
from kit.auth import ContextSigner, context_keys
from kit.runtime import Runtime
from kit.service import create_app, routes_of

_ROUTES: Final = routes_of(
    auth.router, own_login.router, sign_on.router, users.router, keys.router, stream.router, audit.router, pages.router
)


def assemble(runtime: Runtime, settings: GatewaySettings) -> Door:
    """Put the gateway together around its runtime."""
    identity = Identity(runtime, settings)
    signing_on = SignOn(runtime, settings, identity)
    live = Live(runtime.redis, runtime.leaving, settings.heartbeat_seconds, settings.bus_history)
    log = AuditLog(runtime, settings.audit_days)
    http = httpx.AsyncClient(timeout=2, trust_env=False)
    upstreams = Upstreams(settings.upstreams())
    proxy = Proxy(
        upstreams,
        seconds=settings.upstream_seconds,
        max_body=settings.max_body,
        max_upload=settings.max_upload,
    )
    own: FastAPI = create_app(
        runtime,
        _ROUTES,
        title="Huiying gateway",
        own_pages=True,
    )
    own.state.parts = Parts(settings, runtime, identity, signing_on, live, http, log)

    async def forget_tokens() -> None:
        async with runtime.database.writing() as session:
            await store.forget_refresh_tokens(session, runtime.clock.now() - timedelta(days=1))
            await identity.sessions.trim(session, runtime.clock.now() - timedelta(days=1))

    runtime.on_start(log.start)
    runtime.on_start(identity.bootstrap)
    runtime.on_start(live.start)
    runtime.every(3600, "refresh-tokens", forget_tokens)
    runtime.every(1, "upstreams", partial(upstreams.probe, proxy.alive))
    runtime.every(3600, "api-keys", identity.keys.warn)
    runtime.every(3600, "sign-on", signing_on.forget)
    runtime.every(3600, "audit-log", log.trim)
    for step in (log.stop, live.stop, signing_on.close, proxy.close, http.aclose):
        runtime.on_stop(step)
    return Door(
        own,
        identity,
        proxy,
        Idempotency(runtime.redis),
        ContextSigner(context_keys(settings)),
        RateLimiter(runtime.redis, read_limits(settings.rate_limits)),
        Watch(log, runtime.clock),
        Headers(exact_origins(settings.cors_origins)),
    )


def build() -> Door | Marked:
    """Build the gateway from the environment; the mock's marks every answer as fictional."""
    settings: Any = GatewaySettings()
    door = assemble(Runtime(settings, "gateway", Base), settings)
    return Marked(door) if settings.mock else door
