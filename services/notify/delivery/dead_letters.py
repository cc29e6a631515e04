"""Dead letters: what could not be delivered, each with the reason, and trying it anew when a person asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import DeliveryState
from kit.clock import Clock
from kit.database import Database
from kit.pages import PageRequest
from kit.problems import Problem
from services.notify.models import Delivery, Notification

log = structlog.get_logger(__name__)

DeadLetter = tuple[Delivery, Notification]


@dataclass(frozen=True)
class DeadLetterFilter:
    """Which dead letters: on a channel, to a webhook, since an instant. Whatever is None does not matter."""

    channel: str | None = None
    webhook_id: str | None = None
    since: datetime | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return what deliveries must meet to be among these."""
        found: list[sa.ColumnElement[bool]] = [col(Delivery.state) == DeliveryState.FAILED.value]
        if self.channel is not None:
            found.append(col(Delivery.channel) == self.channel)
        if self.webhook_id is not None:
            found += [col(Delivery.subscription).is_(True), col(Delivery.contact_id) == self.webhook_id]
        if self.since is not None:
            found.append(col(Delivery.created_at) >= self.since)
        return found


class DeadLetters:
    """Lists dead letters and puts them on their way again."""

    def __init__(self, database: Database, clock: Clock, wake: asyncio.Event) -> None:
        self._database, self._clock, self._wake = database, clock, wake

    async def page(self, wanted: DeadLetterFilter, page: PageRequest) -> list[DeadLetter]:
        """Return one row more than a page, newest first."""
        query = (
            sa.select(Delivery, Notification)
            .join(Notification, col(Notification.id) == col(Delivery.notification_id))
            .where(*wanted.conditions())
            .order_by(col(Delivery.id).desc())
        )
        if page.after is not None:
            query = query.where(col(Delivery.id) < str(page.after[0]))
        async with self._database.reading() as session:
            rows = await session.execute(query.limit(page.limit + 1))
            return [(delivery, notification) for delivery, notification in rows]

    async def retry(self, delivery_id: str, by: str) -> Delivery:
        """Put one on its way again; 404 for an unknown one, 409 where it has not failed."""
        async with self._database.writing() as session:
            found = await session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
            if found is None:
                raise Problem(404, "not-found", zh="没有这条投递记录", en="There is no such delivery")
            if found.state != DeliveryState.FAILED:
                raise Problem(
                    409,
                    "delivery.not-failed",
                    zh="这条投递没有失败，无需重试",
                    en="This delivery has not failed",
                    state=found.state,
                )
            send_again([found], self._clock.now(), by)
        self._wake.set()
        return found

    async def retry_all(self, wanted: DeadLetterFilter, by: str) -> int:
        """Put all of them on their way again; returns how many."""
        async with self._database.writing() as session:
            rows = await self._held(session, wanted)
            send_again(rows, self._clock.now(), by)
        self._wake.set()
        return len(rows)

    async def _held(self, session: AsyncSession, wanted: DeadLetterFilter) -> Sequence[Delivery]:
        query = sa.select(Delivery).where(*wanted.conditions()).order_by(col(Delivery.id))
        query = query.with_for_update(skip_locked=True)
        return (await session.scalars(query)).all()


def send_again(rows: Sequence[Delivery], now: datetime, by: str) -> None:
    """Begin a new round of attempts. Each goes out as a letter of its own, under the same id as before."""
    for row in rows:
        row.state, row.next_attempt_at, row.attempts_before = DeliveryState.PENDING.value, now, row.attempts
        row.held, row.folded_into = False, None
        row.retried_at, row.retried_by = now, by
        log.info("delivery.retried", delivery_id=row.id, by=by)
