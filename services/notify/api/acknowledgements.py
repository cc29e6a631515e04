"""`/public/v1/acknowledgements/{token}`: the page behind the signed link in a notification.

Reading the page never acknowledges, so that mail scanners and link previews cannot; the button does.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from contracts.words import Level
from services.notify.api.parts import Parts, PartsDep
from services.notify.links import LinkError, LinkExpired
from services.notify.models import Delivery
from services.notify.service import Linked
from services.notify.texts import LEVEL_NAMES, beijing

router = APIRouter(prefix="/public/v1/acknowledgements", tags=["acknowledgements"])

#: The link is a key: it must not be kept by caches, sent on as a referrer, indexed or framed.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_HTML: Final = {"description": "A page in Chinese", "content": {"text/html": {}}}


@router.get("/{token}", response_class=HTMLResponse, responses={400: _HTML, 410: _HTML}, name="show_acknowledgement")
async def show(token: str, parts: PartsDep) -> HTMLResponse:
    """Show what is to be acknowledged, with one button. Changes nothing; a used link says who used it and when."""
    try:
        found = await parts.notifications.behind_link(token)
    except LinkError as error:
        return _refused(parts, error)
    if found.delivery.acknowledged_at is not None:
        return _page(parts, "已确认收到", found, message=f"{_receipt(found.delivery)}确认收到，无需再次确认。")
    return _page(parts, "请确认收到通知", found, button=True)


@router.post("/{token}", response_class=HTMLResponse, responses={400: _HTML, 410: _HTML}, name="acknowledge_by_link")
async def acknowledge(token: str, parts: PartsDep) -> HTMLResponse:
    """Acknowledge as the person whom the link was sent to. A second time says who had done so and when."""
    try:
        made = await parts.notifications.acknowledge_by_link(token)
        found = await parts.notifications.behind_link(token)
    except LinkError as error:
        return _refused(parts, error)
    thanks = "无需再次确认" if made.already else "谢谢"
    return _page(parts, "已确认收到", found, message=f"{_receipt(found.delivery)}确认收到，{thanks}。")


def _receipt(delivery: Delivery) -> str:
    """Return who has acknowledged a delivery, when and by which way; for the duty desk, the login of who sat there."""
    assert delivery.acknowledged_at is not None
    by = delivery.acknowledged_by
    who = delivery.contact_name if by in (None, delivery.contact_name) else f"{delivery.contact_name}（{by}）"
    way = {"link": "经确认链接", "api": "登录系统"}.get(delivery.acknowledged_via or "", "")
    return f"{who} 已于 {beijing(delivery.acknowledged_at)} {way}"


def _page(
    parts: Parts,
    title: str,
    found: Linked,
    *,
    message: str | None = None,
    button: bool = False,
) -> HTMLResponse:
    notification = found.notification
    level = LEVEL_NAMES[Level(notification.level)] if notification.level else "未定级"
    facts = [
        ("事项", notification.subject),
        ("响应级别", level),
        ("处置单", notification.case_number or "尚未立案"),
        ("通知时间", beijing(notification.requested_at)),
        ("收件人", found.delivery.contact_name),
        *([("签收情况", f"{_receipt(found.taken)}签收")] if found.taken else []),
    ]
    html = parts.texts.page(
        "acknowledgement", title=title, facts=facts, message=message, button=button, drill=notification.drill
    )
    return HTMLResponse(html, headers=_HEADERS)


def _refused(parts: Parts, error: LinkError) -> HTMLResponse:
    expired = isinstance(error, LinkExpired)
    title = "链接已失效" if expired else "链接无效"
    message = (
        "该确认链接已过有效期。请登录系统确认，或联系值班席。"
        if expired
        else "该确认链接不完整或不正确。请从通知原文重新打开，或登录系统确认。"
    )
    html = parts.texts.page("acknowledgement", title=title, facts=[], message=message, button=False, drill=False)
    return HTMLResponse(html, 410 if expired else 400, headers=_HEADERS)
