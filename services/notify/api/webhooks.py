"""`/api/v1/webhooks`: programs that are told what people are told."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from contracts.words import DeliveryState
from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.addressing import subscription_way
from services.notify.api.channels import send_test
from services.notify.api.parts import PartsDep
from services.notify.delivery.dead_letters import DeadLetterFilter
from services.notify.schemas import ChannelTestOut, RetriedOut
from services.notify.webhooks.schemas import (
    RotateIn,
    WebhookDeliveryOut,
    WebhookIn,
    WebhookOut,
    WebhookPatch,
    WebhookSecretOut,
)

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])

Reader = Annotated[Principal, require("contacts.read")]
Writer = Annotated[Principal, require("contacts.write")]


@router.get("", responses=problems(400))
async def list_webhooks(parts: PartsDep, _principal: Reader, page: PageParams) -> Page[WebhookOut]:
    """List webhook subscriptions, oldest first."""
    return page_of(await parts.webhooks.page(page), page, lambda row: (row.id,), WebhookOut.of)


@router.post("", status_code=201, responses=problems())
async def create_webhook(body: WebhookIn, parts: PartsDep, _principal: Writer, response: Response) -> WebhookSecretOut:
    """Subscribe a program. Calls are signed as Standard Webhooks asks; a 410 answer ends the subscription."""
    webhook, secret = await parts.webhooks.add(body)
    response.headers["ETag"] = etag(webhook.version)
    return WebhookSecretOut.with_secret(webhook, secret)


@router.get("/{webhook_id}", responses=problems(404))
async def get_webhook(webhook_id: str, parts: PartsDep, _principal: Reader, response: Response) -> WebhookOut:
    """Return one subscription."""
    webhook = await parts.webhooks.one(webhook_id)
    response.headers["ETag"] = etag(webhook.version)
    return WebhookOut.of(webhook)


@router.patch("/{webhook_id}", responses=problems(404, 412))
async def change_webhook(
    webhook_id: str, body: WebhookPatch, parts: PartsDep, _principal: Writer, request: Request, response: Response
) -> WebhookOut:
    """Change a subscription, or switch it off or on again. Send the ETag as If-Match."""
    webhook = await parts.webhooks.change(webhook_id, body, partial(check_if_match, request))
    response.headers["ETag"] = etag(webhook.version)
    return WebhookOut.of(webhook)


@router.post("/{webhook_id}/rotate-secret", responses=problems(404))
async def rotate_webhook_secret(
    webhook_id: str, parts: PartsDep, _principal: Writer, body: RotateIn | None = None
) -> WebhookSecretOut:
    """Replace the secret. For a day calls carry both signatures, so that the receiver can change over in peace."""
    given = body.secret.get_secret_value() if body and body.secret else None
    return WebhookSecretOut.with_secret(*await parts.webhooks.rotate(webhook_id, given))


@router.post("/{webhook_id}/test", responses=problems(404))
async def try_webhook(webhook_id: str, parts: PartsDep, _principal: Writer) -> ChannelTestOut:
    """Call the program once and now with a test, and return what came of it."""
    webhook = await parts.webhooks.one(webhook_id)
    return await send_test(parts, webhook.name, subscription_way(webhook, parts.clock.now()))


@router.get("/{webhook_id}/deliveries", responses=problems(400, 404))
async def list_webhook_deliveries(
    webhook_id: str,
    parts: PartsDep,
    _principal: Reader,
    page: PageParams,
    state: Annotated[DeliveryState | None, Query(description="only in this state")] = None,
) -> Page[WebhookDeliveryOut]:
    """List what the program was sent, newest first, with every call and its answer."""
    rows = await parts.webhooks.deliveries(webhook_id, state, page)
    return page_of(rows, page, lambda row: (row[0].id,), lambda row: WebhookDeliveryOut.of(*row))


@router.post("/{webhook_id}/redeliver", responses=problems(404))
async def redeliver_failed(webhook_id: str, parts: PartsDep, principal: Writer) -> RetriedOut:
    """Send everything that failed once more, each under its old id."""
    await parts.webhooks.one(webhook_id)
    wanted = DeadLetterFilter(webhook_id=webhook_id)
    return RetriedOut(retried=await parts.dead_letters.retry_all(wanted, principal.name))


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", responses=problems(404, 409))
async def redeliver_webhook_delivery(
    webhook_id: str, delivery_id: str, parts: PartsDep, principal: Writer
) -> WebhookDeliveryOut:
    """Send one once more under its old id, whatever became of it before."""
    return WebhookDeliveryOut.of(await parts.webhooks.redeliver(webhook_id, delivery_id, principal.name), [])


@router.delete("/{webhook_id}", status_code=204, responses=problems(404))
async def delete_webhook(webhook_id: str, parts: PartsDep, _principal: Writer) -> None:
    """End a subscription; the record of its calls goes with it."""
    await parts.webhooks.remove(webhook_id)
