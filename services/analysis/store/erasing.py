"""Erasing posts' texts and authors under the retention period, without ever waiting for a lock.

Events are locked before posts, both in the order of their ids, and what somebody else has locked is passed over: it is
still due at the next pass. So whatever order the tracker and people's decisions take their locks in, no erasing can be
part of a deadlock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.findings import PlaceMention
from services.analysis import models
from services.analysis.events.state import EventState, townships_of
from services.analysis.models import table
from services.analysis.store import event_states, fulltext
from services.analysis.store.statements import among, rows_among

_POSTS: Final = table(models.Post)
_EVENTS: Final = table(models.Event)
_VOICES: Final = table(models.EventVoice)
_VECTORS: Final = table(models.StoryVector)
#: mentions and facts quote the text, and keywords are its words
_ERASED: Final[Mapping[str, Any]] = {
    "title": "",
    "text": "",
    "url": None,
    "author_hash": None,
    "keywords": [],
    "mentions": [],
    "facts": [],
}

#: title and text of a post
Words = tuple[str, str]


async def erase_posts(
    session: AsyncSession, before: datetime, now: datetime, limit: int
) -> tuple[dict[str, EventState], dict[str, list[Words]]]:
    """Erase up to `limit` posts collected before an instant; returns their events, locked, and what went, by event.

    What the posts counted for is frozen in the events, which the caller has to store.
    """
    due = _POSTS.c.erased_at.is_(None) & (_POSTS.c.collected_at < before)
    found = (await session.execute(sa.select(_POSTS.c.id, _POSTS.c.event_id).where(due).limit(limit))).fetchall()
    states = await event_states.free_events(session, {row.event_id for row in found})
    columns = ("id", "event_id", "title", "text", "keywords", "mentions")
    # read again under the lock: a post may have moved to another event meanwhile
    chosen = (
        sa.select(*(_POSTS.c[name] for name in columns))
        .where(due, among(session, _POSTS.c.event_id, sorted(states)))
        .order_by(_POSTS.c.id)
        .with_for_update(skip_locked=True)
    )
    rows = await rows_among(session, chosen, _POSTS.c.id, [row.id for row in found])
    words: dict[str, list[Words]] = {}
    for row in rows:
        words.setdefault(row.event_id, []).append((row.title, row.text))
        mentions = [PlaceMention.model_validate(one) for one in row.mentions]
        states[row.event_id].freeze(townships=townships_of(mentions), keywords=row.keywords)
    ids = [row.id for row in rows]
    if ids:
        await fulltext.forget(session, ids)
        gone = sa.update(_POSTS).where(among(session, _POSTS.c.id, ids)).values(**_ERASED, erased_at=now)
        await session.execute(gone)
        await _erase_voices(session, states, words.keys())
    return {id_: states[id_] for id_ in words}, words


async def _erase_voices(session: AsyncSession, states: Mapping[str, EventState], events: Collection[str]) -> None:
    """Erase the voices of events none of whose posts is left to speak with them; they stay counted."""
    ids = sorted(events)
    counted = sa.select(_VOICES.c.event_id, _VOICES.c.author_hash).where(among(session, _VOICES.c.event_id, ids))
    heard = sa.select(_POSTS.c.event_id, _POSTS.c.author_hash).where(
        among(session, _POSTS.c.event_id, ids), _POSTS.c.author_hash.is_not(None)
    )
    gone = (await session.execute(counted.except_(heard))).fetchall()
    for row in gone:
        states[row.event_id].freeze(voices=1)
    if gone:
        one = (_VOICES.c.event_id == sa.bindparam("_event")) & (_VOICES.c.author_hash == sa.bindparam("_voice"))
        connection = await session.connection()
        await connection.execute(
            sa.delete(_VOICES).where(one), [{"_event": row.event_id, "_voice": row.author_hash} for row in gone]
        )


async def quoting_merged(session: AsyncSession, limit: int) -> dict[str, EventState]:
    """Return up to `limit` events that still quote posts which went over to another event and were erased there."""
    post_gone = sa.exists().where(_POSTS.c.event_id == _EVENTS.c.merged_into, _POSTS.c.erased_at.is_not(None))
    due = sa.select(_EVENTS.c.id).where(_EVENTS.c.merged_into.is_not(None), _EVENTS.c.summary != "", post_gone)
    return await event_states.free_events(session, list(await session.scalars(due.limit(limit))))


async def rename(session: AsyncSession, titles: Mapping[str, str], now: datetime) -> None:
    """Give events, which the caller has locked, other titles and no summary."""
    for id_, title in sorted(titles.items()):
        values = {"title": title, "summary": "", "version": _EVENTS.c.version + 1, "updated_at": now}
        await session.execute(sa.update(_EVENTS).where(_EVENTS.c.id == id_).values(values))


async def erase_vectors(session: AsyncSession, before: datetime, limit: int) -> int:
    """Erase up to `limit` vectors of texts that no post has repeated since `before`; returns how many."""
    keys: Sequence[sa.ColumnElement[Any]] = list(_VECTORS.primary_key.columns)
    due = sa.select(*keys).where(_VECTORS.c.used_at < before).order_by(*keys).limit(limit)
    found = [tuple(row) for row in await session.execute(due.with_for_update(skip_locked=True))]
    if found:
        await session.execute(sa.delete(_VECTORS).where(sa.tuple_(*keys).in_(found)))
    return len(found)
