"""`/api/v1/webhooks`: programs that are told what people are told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from kit.auth import Principal, require
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.api.parts import PartsDep
from services.notify.schemas import WebhookIn, WebhookOut

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])

Writer = Annotated[Principal, require("contacts.write")]


@router.get("", responses=problems(400))
async def list_webhooks(
    parts: PartsDep, _principal: Annotated[Principal, require("contacts.read")], page: PageParams
) -> Page[WebhookOut]:
    """List webhook subscriptions, oldest first."""
    return page_of(await parts.address_book.webhooks(page), page, lambda row: (row.id,), WebhookOut.of)


@router.post("", status_code=201, responses=problems())
async def create_webhook(body: WebhookIn, parts: PartsDep, _principal: Writer) -> WebhookOut:
    """Subscribe a program. Calls are signed as Standard Webhooks asks; a 410 answer ends the subscription."""
    return WebhookOut.of(await parts.address_book.add_webhook(body))


@router.delete("/{webhook_id}", status_code=204, responses=problems(404))
async def delete_webhook(webhook_id: str, parts: PartsDep, _principal: Writer) -> None:
    """End a subscription."""
    await parts.address_book.remove_webhook(webhook_id)
