"""`/api/v1/subscriptions`: contacts and units that follow topics."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.api.parts import PartsDep
from services.notify.subscriptions.schemas import SubscriptionIn, SubscriptionOut, SubscriptionPatch

router = APIRouter(prefix="/api/v1/subscriptions", tags=["subscriptions"])

Reader = Annotated[Principal, require("contacts.read")]
Writer = Annotated[Principal, require("contacts.write")]


@router.get("", responses=problems(400), summary="专题订阅")
async def list_subscriptions(
    parts: PartsDep,
    _: Reader,
    page: PageParams,
    contact_id: Annotated[str | None, Query(max_length=64)] = None,
    unit: Annotated[str | None, Query(max_length=100)] = None,
) -> Page[SubscriptionOut]:
    """List subscriptions to topics, oldest first."""
    rows = await parts.subscriptions.page(page, contact_id, unit)
    return page_of(rows, page, lambda row: (row[0].id,), lambda row: SubscriptionOut.of(*row))


@router.post("", status_code=201, responses=problems(), summary="订阅专题")
async def create_subscription(body: SubscriptionIn, parts: PartsDep, _: Writer, response: Response) -> SubscriptionOut:
    """Let a contact or a unit follow topics: they are told besides those whom the plan names."""
    held = await parts.subscriptions.add(body)
    response.headers["ETag"] = etag(held[0].version)
    response.headers["Location"] = f"/api/v1/subscriptions/{held[0].id}"
    return SubscriptionOut.of(*held)


@router.get("/{subscription_id}", responses=problems(404), summary="一条订阅")
async def get_subscription(subscription_id: str, parts: PartsDep, _: Reader, response: Response) -> SubscriptionOut:
    """Return one subscription."""
    held = await parts.subscriptions.one(subscription_id)
    response.headers["ETag"] = etag(held[0].version)
    return SubscriptionOut.of(*held)


@router.patch("/{subscription_id}", responses=problems(404, 412), summary="修改订阅")
async def change_subscription(
    subscription_id: str,
    body: SubscriptionPatch,
    parts: PartsDep,
    _: Writer,
    request: Request,
    response: Response,
) -> SubscriptionOut:
    """Change a subscription."""
    held = await parts.subscriptions.change(subscription_id, body, partial(check_if_match, request))
    response.headers["ETag"] = etag(held[0].version)
    return SubscriptionOut.of(*held)


@router.delete("/{subscription_id}", status_code=204, responses=problems(404, 412), summary="取消订阅")
async def delete_subscription(subscription_id: str, parts: PartsDep, _: Writer, request: Request) -> None:
    """End a subscription."""
    await parts.subscriptions.remove(subscription_id, partial(check_if_match, request))
