"""All SQL of the portal: texts that were published, outside drills, and what tells that one of them has changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.cases.models import CaseRow, StatementRow
from services.cases.portal.wanted import Wanted, forms_of
from services.cases.store.speech import PUBLIC

_THEMES_APART = ",，、;；"


async def stamp(session: AsyncSession) -> str:
    """Return what is another string after each publication, correction and withdrawal; read from an index alone.

    A text enters the public states once and never leaves them, `published` is left and never entered again: the counts
    of the three cannot come back to what they were.
    """
    query = (
        sa.select(col(StatementRow.state), sa.func.count())
        .where(col(StatementRow.state).in_(PUBLIC))
        .group_by(col(StatementRow.state))
    )
    counts = {row[0]: row[1] for row in await session.execute(query)}
    return "-".join(str(counts.get(state, 0)) for state in PUBLIC)


async def last_change(session: AsyncSession) -> datetime | None:
    """Return when a public text was last published, corrected or withdrawn."""
    times = (StatementRow.published_at, StatementRow.withdrawn_at, StatementRow.corrected_at)
    query = _public(*(sa.func.max(col(one)) for one in times))
    found = [at for at in (await session.execute(query)).one() if at is not None]
    return max(found) if found else None


async def page(
    session: AsyncSession, wanted: Wanted, limit: int, after: tuple[datetime, str] | None, *, back: bool = False
) -> list[StatementRow]:
    """Return up to `limit` + 1 public texts that are wanted, after the key (published_at, id) of another.

    Newest first; with `back` those before the key, the nearest first.
    """
    query = _public(StatementRow).limit(limit + 1)
    key = (col(StatementRow.published_at), col(StatementRow.id))
    for word in wanted.words:
        places = (
            col(StatementRow.title),
            col(StatementRow.text),
            col(StatementRow.index_number),
            _told("document_number"),
        )
        found = [sa.func.lower(one).contains(form, autoescape=True) for one in places for form in forms_of(word)]
        query = query.where(sa.or_(*found))
    if wanted.since is not None:
        query = query.where(key[0] >= wanted.since)
    if wanted.before is not None:
        query = query.where(key[0] < wanted.before)
    if wanted.state is not None:
        query = query.where(col(StatementRow.state) == wanted.state)
    if wanted.theme:
        named = _themes().contains(f" {wanted.theme} ", autoescape=True)
        query = query.where(sa.or_(_told("catalogue") == wanted.theme, named))
    if after is not None:
        place = sa.tuple_(*key)
        query = query.where(place > after if back else place < after)
    query = query.order_by(*(one.asc() if back else one.desc() for one in key))
    return list((await session.execute(query)).scalars())


async def some(session: AsyncSession, ids: Collection[str]) -> dict[str, StatementRow]:
    """Return those of the texts that are public, by id."""
    if not ids:
        return {}
    found = await session.execute(_public(StatementRow).where(col(StatementRow.id).in_(ids)))
    return {row.id: row for row in found.scalars()}


async def overview(session: AsyncSession) -> list[tuple[datetime, dict[str, Any]]]:
    """Return when each public text was published, and its metadata, the newest first."""
    query = _public(col(StatementRow.published_at), col(StatementRow.disclosure))
    found = await session.execute(query.order_by(col(StatementRow.published_at).desc()))
    return [(at, told) for at, told in found]


def _public(*columns: Any) -> sa.Select[Any]:
    """Select from what the public may see. Every query of this module but the count goes through here."""
    return (
        sa.select(*columns)
        .select_from(StatementRow)
        .join(CaseRow, col(CaseRow.id) == col(StatementRow.case_id))
        .where(col(StatementRow.state).in_(PUBLIC), col(CaseRow.drill).is_(False))
    )


def _told(name: str) -> sa.ColumnElement[str]:
    told: sa.ColumnElement[str] = sa.func.coalesce(col(StatementRow.disclosure)[name].as_string(), "")
    return told


def _themes() -> sa.ColumnElement[str]:
    """Return 主题词 with a blank before and after each word."""
    words: sa.ColumnElement[str] = _told("subject_words")
    for sign in _THEMES_APART:
        words = sa.func.replace(words, sign, " ", type_=sa.Text)
    return sa.literal(" ", sa.Text).concat(words).concat(" ")
