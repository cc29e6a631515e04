"""Assembles the cases service."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from kit.runtime import Runtime
from kit.service import create_app
from services.cases import consumers
from services.cases.api import alerts, cases, plans, public, records, statements
from services.cases.api.parts import Parts
from services.cases.models import Base
from services.cases.service.alerting import Alerting
from services.cases.service.casework import Casework
from services.cases.service.deadlines import Deadlines
from services.cases.service.desk import Desk
from services.cases.service.levels import Levels
from services.cases.service.opening import Openings
from services.cases.service.receipts import Receipts
from services.cases.service.retention import Retention
from services.cases.service.statements import Statements
from services.cases.settings import CasesSettings

SERVICE: Final = "cases"

_TAGS = [
    {"name": "plans", "description": "预案 · the plan as a versioned document"},
    {"name": "alerts", "description": "预警 · plan criteria met by events"},
    {"name": "cases", "description": "处置单 · responses from report to review"},
    {"name": "statements", "description": "口径 · what is said with one voice"},
    {"name": "portal", "description": "信息公开 · what everyone may read"},
]


def build() -> FastAPI:
    """Return the service's app, set up from the environment."""
    settings = CasesSettings()
    return assemble(Runtime(settings, SERVICE, Base), settings)


def assemble(runtime: Runtime, settings: CasesSettings) -> FastAPI:
    """Return the app around a given runtime; its parts are `app.state.cases`."""
    parts = wire(runtime, settings)
    routers = [plans.router, alerts.router, cases.router, records.router, statements.router, public.router]
    app = create_app(
        runtime,
        routers,
        title="Huiying cases",
        description="The plan in action: alerts, cases, levels, clocks, the timeline and public statements.",
        tags=_TAGS,
    )
    app.state.cases = parts
    return app


def wire(runtime: Runtime, settings: CasesSettings) -> Parts:
    """Build the service's parts and register its loops on `runtime`."""
    desk = Desk.of(runtime)
    parts = Parts(
        desk=desk,
        alerting=Alerting(desk),
        receipts=Receipts(desk),
        openings=Openings(desk),
        casework=Casework(desk),
        levels=Levels(desk),
        statements=Statements(desk),
        deadlines=Deadlines(desk),
        public_url=settings.public_url.rstrip("/"),
    )

    async def begin() -> None:
        await desk.plans.begin(settings.plan_path())

    runtime.on_start(begin)
    runtime.every(settings.clock_pass, "clocks", parts.deadlines.move_on)
    runtime.every(3600, "retention", Retention(desk, settings.retention_days).run)
    consumers.subscribe(runtime, parts.alerting, parts.receipts)
    return parts
