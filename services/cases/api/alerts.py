"""`/api/v1/alerts`: plan criteria met by events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from contracts.words import AlertStatus, Level
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.cases import store
from services.cases.api.guard import alerts_of
from services.cases.api.parts import AlertReader, AlertWriter, Id, PartsDep, after_time_and_id
from services.cases.models import AlertRow
from services.cases.schemas.alerts import AlertOut, DismissIn, FactsIn, GradeOut
from services.cases.service.actors import Actor
from services.cases.service.desk import missing

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])


@router.get("", responses=problems(400), summary="预警列表")
async def list_alerts(
    parts: PartsDep,
    caller: AlertReader,
    page: PageParams,
    status: AlertStatus | None = None,
    level: Level | None = None,
    event_id: Annotated[str | None, Query(max_length=64, pattern=r"^[0-9A-Za-z-]+$")] = None,
) -> Page[AlertOut]:
    """List alerts, newest first; to a department, county or expert, those of their cases and their own places."""
    async with parts.desk.database.reading() as session:
        own = await alerts_of(parts, session, caller)
        rows = await store.alert_page(
            session, page.limit, after_time_and_id(page), own=own, status=status, level=level, event_id=event_id
        )
    return page_of(rows, page, lambda row: (row.raised_at, row.id), AlertOut.of)


@router.get("/{alert_id}", responses=problems(404), summary="一条预警")
async def get_alert(alert_id: Id, parts: PartsDep, _: AlertReader, response: Response) -> AlertOut:
    """Return an alert with every criterion and what was observed."""
    async with parts.desk.database.reading() as session:
        row = await store.alert(session, alert_id)
    if row is None:
        raise missing("alert", alert_id)
    response.headers["ETag"] = etag(row.version)
    return AlertOut.of(row)


@router.post("/{alert_id}/acknowledge", responses=problems(404, 409, 412), summary="签收预警")
async def acknowledge_alert(alert_id: Id, parts: PartsDep, principal: AlertWriter, request: Request) -> AlertOut:
    """Acknowledge an alert; it meets the case's clock `acknowledge`. A second time changes nothing."""
    actor = Actor.of(principal)
    return AlertOut.of(await parts.alerting.settle(alert_id, AlertStatus.ACKNOWLEDGED, actor, check=_seen(request)))


@router.post("/{alert_id}/dismiss", responses=problems(404, 409, 412), summary="驳回预警")
async def dismiss_alert(
    alert_id: Id, body: DismissIn, parts: PartsDep, principal: AlertWriter, request: Request
) -> AlertOut:
    """Dismiss an alert with a reason. The event raises no other alert of this level or below; its case stays open."""
    actor = Actor.of(principal)
    return AlertOut.of(
        await parts.alerting.settle(alert_id, AlertStatus.DISMISSED, actor, reason=body.reason, check=_seen(request))
    )


@router.post("/{alert_id}/facts", responses=problems(404), summary="人工认定事实")
async def establish_alert_facts(alert_id: Id, body: FactsIn, parts: PartsDep, principal: AlertWriter) -> GradeOut:
    """Record what only a person can establish of the alert's event, and grade it again."""
    async with parts.desk.database.reading() as session:
        row = await store.alert(session, alert_id)
    if row is None:
        raise missing("alert", alert_id)
    return GradeOut.of(await parts.alerting.establish(row.event_id, body.facts(), Actor.of(principal), body.reason))


def _seen(request: Request) -> object:
    def check(row: AlertRow) -> None:
        check_if_match(request, row.version)

    return check
