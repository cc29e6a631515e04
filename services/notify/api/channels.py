"""`/api/v1/channels`: by which channels people can be reached, and a test of each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter

from contracts.words import ChannelName, DeliveryState, Level, NotificationKind
from kit.auth import Principal, require
from kit.ids import new_id
from kit.problems import Problem, problems
from services.notify.api.parts import Parts, PartsDep
from services.notify.channels.channel import Letter
from services.notify.schemas import (
    ChannelOut,
    ChannelPreviewIn,
    ChannelPreviewOut,
    ChannelsOut,
    ChannelTestIn,
    ChannelTestOut,
    LimitsOut,
    RestOut,
)
from services.notify.texts import Notice
from services.notify.ways import Way, masked

router = APIRouter(prefix="/api/v1/channels", tags=["channels"])


@router.get("", responses=problems())
async def list_channels(parts: PartsDep, _principal: Annotated[Principal, require("contacts.read")]) -> ChannelsOut:
    """List the channels, each configured or with the reason why not."""
    return ChannelsOut(
        items=[
            ChannelOut(
                id=name,
                name=name.chinese,
                configured=reason is None,
                reason=reason,
                limits=LimitsOut.of(channel.limits),
                resting=[
                    RestOut(address=masked(name, address) if address else None, until=until)
                    for address, until in parts.dispatcher.resting(name)
                ],
            )
            for name, channel in parts.channels.items()
            for reason in (channel.unavailable(),)
        ]
    )


@router.post("/{channel_id}/test", responses=problems(404, 409), name="test_channel")
async def try_channel(
    channel_id: ChannelName,
    body: ChannelTestIn,
    parts: PartsDep,
    _principal: Annotated[Principal, require("contacts.write")],
) -> ChannelTestOut:
    """Send a test to one contact by this channel, once and now, and return what came of it."""
    channel = parts.channels[channel_id]
    reason = channel.unavailable()
    if reason is not None:
        raise Problem(409, "channel.unconfigured", zh=reason, en="This channel is not configured", channel=channel_id)
    contact, way = await parts.address_book.way_on(body.contact_id, channel_id)
    return await send_test(parts, contact.name, way)


async def send_test(parts: Parts, to: str, way: Way) -> ChannelTestOut:
    """Send a test by `way`, once and now, and return what came of it."""
    now = parts.clock.now()
    subject, text = parts.texts.test(to=to, at=now)
    letter = Letter(
        new_id(),
        to,
        way.address,
        subject,
        text,
        now,
        secret=way.secret,
        older_secret=way.older_secret,
        facts={"test": True},
    )
    outcome = await parts.channels[way.channel].send(letter)
    return ChannelTestOut(state=DeliveryState.SENT if outcome.sent else DeliveryState.FAILED, reason=outcome.reason)


@router.post("/{channel_id}/preview", responses=problems(400), name="preview_channel")
async def preview_channel(
    channel_id: ChannelName,
    body: ChannelPreviewIn,
    parts: PartsDep,
    principal: Annotated[Principal, require("contacts.read")],
) -> ChannelPreviewOut:
    """Return what would be sent by this channel, message by message. Nothing is sent."""
    now = parts.clock.now()
    facts: dict[str, object] = {"level": body.level}
    if body.kind is None:
        subject, text = body.subject or "", body.text or ""
    else:
        notice = _sample(body.kind, body.level, now)
        facts |= {"kind": body.kind, "case_number": notice.case_number}
        subject = parts.texts.subject(notice)
        text = parts.texts.body(notice, to=principal.name, role=None, note="", link=None)
    letter = Letter(new_id(), principal.name, "", subject, text, now, facts=facts)
    return ChannelPreviewOut(pieces=parts.channels[channel_id].preview(letter))


def _sample(kind: NotificationKind, level: Level | None, now: datetime) -> Notice:
    return Notice(
        id=new_id(),
        kind=kind,
        level=level,
        subject="【样例】通知样例",
        body="这是一段样例正文，用于预览各渠道收到的内容。",
        case_number="YQ-2026-0001",
        requires_acknowledgement=False,
        drill=False,
        requested_at=now,
    )
