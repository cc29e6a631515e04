"""`/api/v1/notifications/dead-letters`: what could not be delivered, and trying it anew."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from contracts.words import ChannelName
from kit.auth import Principal, require
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.api.parts import PartsDep
from services.notify.delivery.dead_letters import DeadLetterFilter
from services.notify.schemas import DeadLetterOut, DeliveryOut, RetriedOut

router = APIRouter(prefix="/api/v1/notifications/dead-letters", tags=["notifications"])

Writer = Annotated[Principal, require("contacts.write")]


def _wanted(
    channel: ChannelName | None = None,
    webhook_id: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[datetime | None, Query(description="requested at or after this instant")] = None,
) -> DeadLetterFilter:
    return DeadLetterFilter(channel, webhook_id, since)


Wanted = Annotated[DeadLetterFilter, Depends(_wanted)]


@router.get("", responses=problems(400))
async def list_dead_letters(
    parts: PartsDep, _principal: Annotated[Principal, require("contacts.read")], wanted: Wanted, page: PageParams
) -> Page[DeadLetterOut]:
    """List what could not be delivered, newest first, each with the last reason."""
    rows = await parts.dead_letters.page(wanted, page)
    return page_of(rows, page, lambda row: (row[0].id,), lambda row: DeadLetterOut.of_both(*row))


@router.post("/retry", responses=problems())
async def retry_dead_letters(parts: PartsDep, principal: Writer, wanted: Wanted) -> RetriedOut:
    """Try all of them anew (or those that the query names), each with a full round of attempts."""
    return RetriedOut(retried=await parts.dead_letters.retry_all(wanted, principal.name))


@router.post("/{delivery_id}/retry", responses=problems(404, 409))
async def retry_dead_letter(delivery_id: str, parts: PartsDep, principal: Writer) -> DeliveryOut:
    """Try one anew, with a full round of attempts, under the same id."""
    return DeliveryOut.of(await parts.dead_letters.retry(delivery_id, principal.name), plain=True)
