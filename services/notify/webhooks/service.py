"""Use cases of webhook subscriptions: enter, change, rotate the secret, look at calls, deliver again, try."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import ChannelName, DeliveryState
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import Problem
from services.notify.delivery.dead_letters import send_again
from services.notify.models import Delivery, Webhook, WebhookCall
from services.notify.ways import Way, check_way
from services.notify.webhooks.schemas import WebhookIn, WebhookPatch

#: Raises a problem unless the caller has seen this version.
Precondition = Callable[[int], None]
#: How long the older secret signs beside the new one.
ROTATION: Final = timedelta(hours=24)


class Webhooks:
    """Webhook subscriptions."""

    def __init__(self, database: Database, clock: Clock, wake: asyncio.Event) -> None:
        self._database, self._clock, self._wake = database, clock, wake

    async def page(self, page: PageRequest) -> list[Webhook]:
        """Return one row more than a page, oldest first."""
        query = sa.select(Webhook).order_by(col(Webhook.id)).limit(page.limit + 1)
        if page.after is not None:
            query = query.where(col(Webhook.id) > str(page.after[0]))
        async with self._database.reading() as session:
            return list((await session.scalars(query)).all())

    async def one(self, webhook_id: str) -> Webhook:
        """Return a subscription; 404 where there is none."""
        async with self._database.reading() as session:
            return _found(await session.get(Webhook, webhook_id))

    async def add(self, entered: WebhookIn) -> tuple[Webhook, str | None]:
        """Enter a subscription; returns it with the secret if that was made here. 422 where it could not work."""
        made = None if entered.secret else new_secret()
        secret = made or (entered.secret.get_secret_value() if entered.secret else "")
        _check(entered.url, secret)
        webhook = Webhook(
            id=new_id(),
            name=entered.name,
            url=entered.url,
            secret=secret,
            kinds=[kind.value for kind in dict.fromkeys(entered.kinds)],
            least_level=entered.least_level.value if entered.least_level else None,
            drill_target=entered.drill_target,
            created_at=self._clock.now(),
        )
        async with self._database.writing() as session:
            session.add(webhook)
        return webhook, made

    async def change(self, webhook_id: str, patch: WebhookPatch, precondition: Precondition) -> Webhook:
        """Change the fields that `patch` names; switching it on again forgets why it was off."""
        given = patch.model_fields_set
        async with self._database.writing() as session:
            webhook = await self._held(session, webhook_id)
            precondition(webhook.version)
            if patch.name is not None:
                webhook.name = patch.name
            if patch.url is not None:
                _check(patch.url, webhook.secret)
                webhook.url, webhook.failing_since = patch.url, None
            if patch.kinds is not None:
                webhook.kinds = [kind.value for kind in dict.fromkeys(patch.kinds)]
            if "least_level" in given:
                webhook.least_level = patch.least_level.value if patch.least_level else None
            if patch.drill_target is not None:
                webhook.drill_target = patch.drill_target
            if patch.enabled is not None:
                webhook.enabled = patch.enabled
                webhook.disabled_reason, webhook.failing_since = None, None
            webhook.version += 1
        return webhook

    async def rotate(self, webhook_id: str, secret: str | None) -> tuple[Webhook, str | None]:
        """Put a new secret in the place of the present one, which signs beside it for a day.

        Returns the subscription, with the new secret where it was made here.
        """
        made = None if secret else new_secret()
        fresh = secret or made or ""
        async with self._database.writing() as session:
            webhook = await self._held(session, webhook_id)
            _check(webhook.url, fresh)
            webhook.old_secret, webhook.old_secret_until = webhook.secret, self._clock.now() + ROTATION
            webhook.secret = fresh
            webhook.version += 1
        return webhook, made

    async def remove(self, webhook_id: str) -> None:
        """Delete a subscription with the record of its calls; 404 where there is none."""
        async with self._database.writing() as session:
            await session.delete(await self._held(session, webhook_id))

    async def deliveries(
        self, webhook_id: str, state: DeliveryState | None, page: PageRequest
    ) -> list[tuple[Delivery, Sequence[WebhookCall]]]:
        """Return one row more than a page of what it was sent, newest first, each with the calls that were made."""
        query = (
            sa.select(Delivery)
            .where(col(Delivery.contact_id) == webhook_id, col(Delivery.subscription))
            .order_by(col(Delivery.id).desc())
            .limit(page.limit + 1)
        )
        if state is not None:
            query = query.where(col(Delivery.state) == state.value)
        if page.after is not None:
            query = query.where(col(Delivery.id) < str(page.after[0]))
        async with self._database.reading() as session:
            _found(await session.get(Webhook, webhook_id))
            rows = (await session.scalars(query)).all()
            calls: dict[str, list[WebhookCall]] = {row.id: [] for row in rows}
            made = sa.select(WebhookCall).where(col(WebhookCall.delivery_id).in_(calls))
            for call in await session.scalars(made.order_by(col(WebhookCall.at), col(WebhookCall.id))):
                calls[call.delivery_id].append(call)
        return [(row, calls[row.id]) for row in rows]

    async def redeliver(self, webhook_id: str, delivery_id: str, by: str) -> Delivery:
        """Send one again under the same id, whatever became of it before; 409 while it is still on its way."""
        async with self._database.writing() as session:
            await self._held(session, webhook_id)
            row = await session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
            if row is None or not row.subscription or row.contact_id != webhook_id:
                raise Problem(404, "not-found", zh="没有这条投递记录", en="There is no such delivery")
            if row.state == DeliveryState.PENDING:
                raise Problem(409, "delivery.pending", zh="这条投递仍在进行中", en="This delivery is still on its way")
            send_again([row], self._clock.now(), by)
        self._wake.set()
        return row

    @staticmethod
    async def _held(session: AsyncSession, webhook_id: str) -> Webhook:
        return _found(await session.get(Webhook, webhook_id, with_for_update=True, populate_existing=True))


def new_secret() -> str:
    """Return a signing secret as Standard Webhooks writes it, of 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _check(url: str, secret: str) -> None:
    try:
        check_way(Way(channel=ChannelName.WEBHOOK, address=url, secret=secret))
    except ValueError as error:
        raise Problem(
            422, "contact.way", zh=str(error), en="The address or secret of this way cannot work", pointer="/url"
        ) from None


def _found(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise Problem(404, "not-found", zh="没有这个回调订阅", en="There is no such webhook")
    return webhook
