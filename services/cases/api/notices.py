"""Whom the plan's notification matrix names: in general, for a case and for an alert. Who that is, notify says."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.words import Level, NotificationKind
from kit.problems import problems
from services.cases.api.parts import AlertReader, CaseReader, Id, PartsDep, PlanReader, Version
from services.cases.schemas.notices import NoticesOut

router = APIRouter(prefix="/api/v1", tags=["plans"])

Kind = Annotated[NotificationKind, Query(description="what would be told of")]
Topics = Annotated[list[str] | None, Query(max_length=100, description="topics of what it would be about")]


@router.get("/plan/notices", responses=problems(503), summary="生效预案的通知对象")
async def list_active_plan_notices(
    parts: PartsDep, _: PlanReader, kind: Kind, level: Level, topic: Topics = None
) -> NoticesOut:
    """Return whom the plan in force names for a kind at a level, row by row of its matrix."""
    return NoticesOut.of(await parts.matrix.of_plan(None, kind, level, topic or []))


@router.get("/plans/{version}/notices", responses=problems(404), summary="某一版预案的通知对象")
async def list_plan_notices(
    version: Version, parts: PartsDep, _: PlanReader, kind: Kind, level: Level, topic: Topics = None
) -> NoticesOut:
    """Return whom a version of the plan names for a kind at a level, row by row of its matrix."""
    return NoticesOut.of(await parts.matrix.of_plan(version, kind, level, topic or []))


@router.get("/cases/{case_id}/notices", responses=problems(404), summary="处置单的通知对象")
async def list_case_notices(
    case_id: Id, parts: PartsDep, _: CaseReader, kind: Kind, level: Level | None = None
) -> NoticesOut:
    """Return whom the case's plan names for a kind now: of departments, counties and experts, those who take part.

    The level is the case's unless given; subscriptions to topics of its event are counted in.
    """
    return NoticesOut.of(await parts.matrix.of_case(case_id, kind, level))


@router.get("/alerts/{alert_id}/notices", responses=problems(404, 503), summary="预警的通知对象")
async def list_alert_notices(
    alert_id: Id,
    parts: PartsDep,
    _: AlertReader,
    kind: Kind = NotificationKind.ALERT_RAISED,
    level: Level | None = None,
) -> NoticesOut:
    """Return whom the plan in force names for a kind about the alert; its level unless given, its event's topics."""
    return NoticesOut.of(await parts.matrix.of_alert(alert_id, kind, level))
