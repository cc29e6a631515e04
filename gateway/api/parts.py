"""What the gateway's routes have at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import httpx
from fastapi import Depends, Request

from gateway.audit.log import AuditLog
from gateway.identity import Identity
from gateway.live import Live
from gateway.oidc.sign_on import SignOn
from gateway.settings import GatewaySettings
from kit.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Parts:
    """The gateway's working parts."""

    settings: GatewaySettings
    runtime: Runtime
    identity: Identity
    sign_on: SignOn
    live: Live
    http: httpx.AsyncClient
    audit: AuditLog


def parts_of(request: Request) -> Parts:
    """Return the parts of the app that serves `request`."""
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(parts_of)]
