"""`/api/v1/notifications`: what was told to whom, and who acknowledged."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.permissions import Reach
from contracts.words import DeliveryState, NotificationKind
from kit.auth import Principal, require
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.api.parts import PartsDep
from services.notify.dry_run import DryRunIn, DryRunOut
from services.notify.schemas import AcknowledgeIn, AcknowledgementOut, NotificationOut

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])

Reader = Annotated[Principal, require("notifications.read")]
Acknowledger = Annotated[Principal, require("notifications.acknowledge")]


def _confined(principal: Principal) -> Principal | None:
    """Return the caller where they see only what went to themselves."""
    return principal if principal.reach("notifications.read") is Reach.OWN else None


@router.get("", responses=problems(400))
async def list_notifications(
    parts: PartsDep,
    principal: Reader,
    page: PageParams,
    state: Annotated[DeliveryState | None, Query(description="with a delivery in this state")] = None,
    kind: NotificationKind | None = None,
    case_id: Annotated[str | None, Query(max_length=64)] = None,
    mine: Annotated[bool, Query(description="only those that went to the caller")] = False,
) -> Page[NotificationOut]:
    """List notifications, newest first, each with its deliveries; to a department, county or expert, their own."""
    rows = await parts.notifications.page(
        page, state=state, kind=kind, case_id=case_id, mine_of=principal if mine else _confined(principal)
    )
    plain = principal.may("contacts.read")
    return page_of(
        rows,
        page,
        lambda row: (row[0].requested_at, row[0].id),
        lambda row: NotificationOut.of(row[0], row[1], plain=plain),
    )


@router.post("/dry-run", responses=problems(), summary="试算通知对象")
async def dry_run_notification(
    body: DryRunIn, parts: PartsDep, principal: Annotated[Principal, require("notifications.preview")]
) -> DryRunOut:
    """Return who would be told, by which way, when and why; nothing is sent, and nothing written down."""
    return await parts.dry_run.run(body, plain=principal.may("contacts.read"))


@router.get("/{notification_id}", responses=problems(404))
async def get_notification(notification_id: str, parts: PartsDep, principal: Reader) -> NotificationOut:
    """Return one notification with its deliveries."""
    notification, deliveries = await parts.notifications.one(notification_id, _confined(principal))
    return NotificationOut.of(notification, deliveries, plain=principal.may("contacts.read"))


@router.post("/{notification_id}/acknowledge", responses=problems(404, 409))
async def acknowledge_notification(
    notification_id: str, parts: PartsDep, principal: Acknowledger, body: AcknowledgeIn | None = None
) -> AcknowledgementOut:
    """Acknowledge a notification as the person who was told, or for the duty desk. A second time changes nothing."""
    contact_id = body.contact_id if body else None
    return AcknowledgementOut.of(await parts.notifications.acknowledge(notification_id, principal, contact_id))
