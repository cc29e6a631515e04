"""Use cases of subscriptions to topics: list, enter, change, remove."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import FieldError, Problem
from services.notify import store as contacts
from services.notify.people import store as people
from services.notify.people.models import Unit
from services.notify.people.units import unknown_unit
from services.notify.subscriptions import store
from services.notify.subscriptions.models import Subscription
from services.notify.subscriptions.schemas import SubscriptionIn, SubscriptionPatch

#: A subscription and the unit that has it.
Held = tuple[Subscription, Unit | None]
T = TypeVar("T", bound=str)


class Subscriptions:
    """Who follows which topics."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def page(self, page: PageRequest, contact_id: str | None, unit: str | None) -> list[Held]:
        """Return one row more than a page; of an unknown unit there are none."""
        async with self._database.reading() as session:
            unit_id = None
            if unit is not None:
                known = (await people.named(session, [unit])).get(unit)
                if known is None:
                    return []
                unit_id = known.id
            rows = await store.subscriptions(
                session, contact_id=contact_id, unit_id=unit_id, after=page.after, limit=page.limit + 1
            )
            return [await _held(session, row) for row in rows]

    async def one(self, id_: str) -> Held:
        """Return a subscription; 404 where there is none."""
        async with self._database.reading() as session:
            return await _held(session, _found(await store.subscription(session, id_)))

    async def add(self, entered: SubscriptionIn) -> Held:
        """Enter a subscription; 422 for an unknown contact or unit."""
        now = self._clock.now()
        async with self._database.writing() as session:
            row = Subscription(
                id=new_id(),
                contact_id=await _contact(session, entered.contact_id) if entered.contact_id else None,
                unit_id=await _unit(session, entered.unit) if entered.unit else None,
                topics=_once(entered.topics),
                kinds=_once(entered.kinds),
                least_level=entered.least_level,
                channels=_once(entered.channels),
                version=1,
                created_at=now,
                updated_at=now,
            )
            session.add(row)
            await session.flush()
            return await _held(session, row)

    async def change(self, id_: str, patch: SubscriptionPatch, precondition: Callable[[int], None]) -> Held:
        """Change the fields that `patch` names."""
        async with self._database.writing() as session:
            row = _found(await store.subscription(session, id_, lock=True))
            precondition(row.version)
            for name in ("topics", "kinds", "channels"):
                if (wanted := getattr(patch, name)) is not None:
                    setattr(row, name, _once(wanted))
            if "least_level" in patch.model_fields_set:
                row.least_level = patch.least_level
            row.version += 1
            row.updated_at = self._clock.now()
            await session.flush()
            return await _held(session, row)

    async def remove(self, id_: str, precondition: Callable[[int], None]) -> None:
        """End a subscription."""
        async with self._database.writing() as session:
            row = _found(await store.subscription(session, id_, lock=True))
            precondition(row.version)
            await session.delete(row)


async def _held(session: AsyncSession, row: Subscription) -> Held:
    return row, await people.unit(session, row.unit_id) if row.unit_id else None


async def _contact(session: AsyncSession, contact_id: str) -> str:
    if await contacts.contact(session, contact_id) is None:
        raise _unknown("/contact_id", "没有这位联络员", "there is no such contact")
    return contact_id


async def _unit(session: AsyncSession, name: str) -> str:
    unit = (await people.named(session, [name])).get(name)
    if unit is None:
        raise _unknown("/unit", *unknown_unit(name, await people.all_names(session)))
    return unit.id


def _once(values: Iterable[T]) -> list[str]:
    return [str(value) for value in dict.fromkeys(values)]


def _unknown(pointer: str, zh: str, en: str) -> Problem:
    return Problem(422, "subscription.holder", zh=zh, en=en, errors=[FieldError(pointer=pointer, detail=en, zh=zh)])


def _found(row: Subscription | None) -> Subscription:
    if row is None:
        raise Problem(404, "not-found", zh="没有这条订阅", en="There is no such subscription")
    return row
