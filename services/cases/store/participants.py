"""SQL of who takes part: conditions that leave in a list only what is the caller's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.operators import custom_op
from sqlmodel import col

from contracts.messages import Party
from contracts.permissions import CONFINED
from contracts.words import Role
from services.cases.access import Own
from services.cases.models import AlertRow, EventPlaceRow, ParticipantRow


def takes_part(session: AsyncSession, own: Own, case_id: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that the caller takes part in the case which the column `case_id` of a list names."""
    return _walked(session, case_id).in_(_cases_of(own))


def alert_is_own(session: AsyncSession, own: Own) -> sa.ColumnElement[bool]:
    """Return the condition that an alert is of a case in which the caller takes part or of an event in their places."""
    conditions = [takes_part(session, own, col(AlertRow.case_id))]
    if own.places:
        there = sa.select(col(EventPlaceRow.event_id)).where(col(EventPlaceRow.place).in_(sorted(own.places)))
        conditions.append(_walked(session, col(AlertRow.event_id)).in_(there))
    return sa.or_(*conditions)


async def part_in(session: AsyncSession, own: Own, case_id: str) -> bool:
    """Tell whether the caller takes part in a case."""
    mine = _cases_of(own).where(col(ParticipantRow.case_id) == case_id)
    return bool(await session.scalar(sa.select(mine.exists())))


async def sees_alert(session: AsyncSession, own: Own, alert: AlertRow) -> bool:
    """Tell whether an alert is the caller's own."""
    if alert.case_id is not None and await part_in(session, own, alert.case_id):
        return True
    there = sa.exists().where(
        col(EventPlaceRow.event_id) == alert.event_id, col(EventPlaceRow.place).in_(sorted(own.places))
    )
    return bool(await session.scalar(sa.select(there)))


def parties_of(rows: Iterable[ParticipantRow]) -> list[Party]:
    """Return who of a case's participants sees only what they take part in, and does so at present."""
    present = [row for row in rows if row.role in CONFINED and row.left_at is None]
    return [
        Party(role=Role(row.role), unit=row.unit, person=row.person) for row in sorted(present, key=lambda one: one.id)
    ]


def _cases_of(own: Own) -> sa.Select[Any]:
    return sa.select(col(ParticipantRow.case_id)).where(
        col(ParticipantRow.role).in_(sorted(own.roles)),
        col(ParticipantRow.unit).in_(sorted({"", own.unit})),
        col(ParticipantRow.person).in_(sorted({"", own.person})),
        col(ParticipantRow.left_at).is_(None),
    )


def _walked(session: AsyncSession, column: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[Any]:
    """Return a column by which SQLite seeks no rows.

    A list walks its index from the newest row on and keeps one's own; sought by key, thousands of rows would be
    fetched and sorted for one page. PostgreSQL chooses well by its statistics.
    """
    if session.get_bind().dialect.name == "sqlite":
        return sa.UnaryExpression(sa.type_coerce(column, sa.String), operator=custom_op("+"), type_=sa.String())
    return sa.type_coerce(column, sa.String)
