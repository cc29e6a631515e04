"""Keeps what each webhook answered, and ends a subscription that has refused everything for days."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import NotificationRequested, Recipient
from contracts.words import NotificationKind, Role
from kit.clock import Clock
from kit.ids import new_id
from services.notify.models import Delivery, Webhook, WebhookCall
from services.notify.retries import Outcome
from services.notify.telling import Telling

log = structlog.get_logger(__name__)

#: Failing for so long without one success ends a subscription (the Standard Webhooks specification leaves the time to
#: the sender and names five days as an example).
GIVEN_UP_AFTER: Final = timedelta(days=5)
_ANSWER: Final = 300


class WebhookWatch:
    """What is noted of every call. Works inside the caller's transaction."""

    def __init__(self, clock: Clock, telling: Telling) -> None:
        self._clock, self._telling = clock, telling

    async def called(self, session: AsyncSession, delivery: Delivery, outcome: Outcome, seconds: float) -> None:
        """Note a call that took `seconds`; after five days of nothing but failures the webhook is switched off."""
        webhook = await session.get(Webhook, delivery.contact_id, with_for_update=True, populate_existing=True)
        if webhook is None:
            return
        now = self._clock.now()
        session.add(
            WebhookCall(
                id=new_id(),
                webhook_id=webhook.id,
                delivery_id=delivery.id,
                at=now,
                sent=outcome.sent,
                status=outcome.status,
                milliseconds=round(seconds * 1000),
                reason=outcome.reason,
                answer=outcome.answer[:_ANSWER],
            )
        )
        if outcome.sent:
            webhook.failing_since = None
            return
        webhook.failing_since = webhook.failing_since or now
        if webhook.enabled and now - webhook.failing_since >= GIVEN_UP_AFTER:
            webhook.enabled = False
            webhook.disabled_reason = (
                f"连续 {GIVEN_UP_AFTER.days} 天未能送达，最后一次原因：{outcome.reason or '不详'}"[:200]
            )
            log.warning("webhook.given_up", webhook_id=webhook.id, reason=outcome.reason)
            await self._telling.accept(session, self._notice(webhook))

    def _notice(self, webhook: Webhook) -> NotificationRequested:
        return NotificationRequested(
            id=new_id(),
            kind=NotificationKind.CHANNEL_FAILING,
            subject=f"回调订阅已停用：{webhook.name}",
            body=f"回调订阅“{webhook.name}”{webhook.disabled_reason}。未送达的内容可在接收方恢复后重新投递。",
            recipients=[Recipient(role=Role.OFFICE)],
            requested_at=self._clock.now(),
        )
