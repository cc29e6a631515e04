"""All SQL of ingest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.database import Json, insert_ignoring
from kit.pages import PageRequest
from services.ingest.models import EVIDENCE, PLAN_TOPICS, POSTS, PURGES, SCHEDULES, SOURCES, WATCHES

Row = sa.Row[Any]
_PURGED_AT_ONCE = 1000
_COUNTERS = ("reads", "likes", "comments", "reposts")


async def by_identity(session: AsyncSession, identities: Sequence[str]) -> dict[str, Row]:
    """Return id, counters and links of the posts of these identities, by identity; locked against a change beside.

    Every transaction locks in the same order, that of the identities: so none waits for one that waits for it.
    """
    columns = (POSTS.c[name] for name in ("id", "identity", *_COUNTERS, "same_text_as", "near_duplicate_of"))
    query = sa.select(*columns).where(POSTS.c.identity.in_(identities)).order_by(POSTS.c.identity).with_for_update()
    return {row.identity: row for row in await session.execute(query)}


async def first_with_text(session: AsyncSession, keys: Sequence[str]) -> dict[str, str]:
    """Return the id of the first post of each folded text (ids rise with time)."""
    if not keys:
        return {}
    # one step into the index a key: a text that a hundred thousand posts share costs no more than any other
    given = sa.bindparam("keys", list(keys), type_=Json)
    each = sa.func.json_each if session.get_bind().dialect.name == "sqlite" else sa.func.jsonb_array_elements_text
    key = each(given).table_valued(sa.column("value", sa.String)).alias("wanted").c.value
    first = (
        sa.select(POSTS.c.id)
        .where(POSTS.c.text_key == key, POSTS.c.purged.is_(False))
        .order_by(POSTS.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return {row[0]: row[1] for row in await session.execute(sa.select(key, first)) if row[1] is not None}


async def signed(session: AsyncSession, *, since: datetime, after: str, limit: int) -> list[Row]:
    """Return posts with a signature, by when they were collected and id: from a time on, of that time above `after`.

    The last row of a page says where the next begins.
    """
    at = POSTS.c.collected_at
    query = (
        sa.select(*(POSTS.c[name] for name in ("id", "signature", "near_duplicate_of", "collected_at")))
        .where(at >= since, sa.or_(at > since, POSTS.c.id > after), POSTS.c.signature.is_not(None))
        .order_by(at, POSTS.c.id)
        .limit(limit)
    )
    return list((await session.execute(query)).all())


async def add_posts(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Add posts, in the order of their identities (see :func:`by_identity`); returns the identities that were new."""
    ordered = sorted(rows, key=lambda row: str(row["identity"]))
    return {row.identity for row in await insert_ignoring(session, POSTS, ordered, returning=["identity"])}


async def relink(session: AsyncSession, id_: str, links: Mapping[str, str | None]) -> None:
    """Set what a post is linked to."""
    await session.execute(sa.update(POSTS).where(POSTS.c.id == id_).values(**links))


async def recount(session: AsyncSession, id_: str, counters: Mapping[str, int]) -> None:
    """Set the counters of a post."""
    await session.execute(sa.update(POSTS).where(POSTS.c.id == id_).values(**counters))


async def coverage(session: AsyncSession, since: datetime) -> list[Row]:
    """Return posts and the last time, by channel and source, since an instant."""
    query = (
        sa.select(
            POSTS.c.channel,
            POSTS.c.source_name.label("source"),
            sa.func.count().label("posts_24h"),
            sa.func.max(POSTS.c.collected_at).label("last_collected_at"),
        )
        .where(POSTS.c.collected_at >= since)
        .group_by(POSTS.c.channel, POSTS.c.source_name)
        .order_by(sa.desc("posts_24h"))
        .limit(500)
    )
    return list((await session.execute(query)).all())


async def purge(session: AsyncSession, before: datetime) -> int:
    """Blank what posts collected before an instant said, and where; returns how many."""
    blank = {"title": "", "text": "", "url": None, "author_hash": None, "signature": None, "purged": True}
    # a post that a push holds is passed over until the next time: neither waits for the other
    query = (
        sa.select(POSTS.c.id)
        .where(POSTS.c.collected_at < before, POSTS.c.purged.is_(False))
        .order_by(POSTS.c.collected_at)
        .limit(_PURGED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    count = 0
    while ids := list(await session.scalars(query)):
        await session.execute(sa.update(POSTS).where(POSTS.c.id.in_(ids)).values(**blank))
        count += len(ids)
    return count


async def sources(session: AsyncSession) -> list[Row]:
    """Return every enabled source."""
    return list((await session.execute(sa.select(SOURCES).where(SOURCES.c.enabled).order_by(SOURCES.c.id))).all())


async def source_page(session: AsyncSession, request: PageRequest) -> list[Row]:
    """Return one row more than a page of sources with how they are, oldest first."""
    told = (SCHEDULES.c[name] for name in ("silence", "last_success_at", "last_post_at", "next_at"))
    joined = sa.outerjoin(SOURCES, SCHEDULES, SCHEDULES.c.source_id == SOURCES.c.id)
    query = sa.select(*SOURCES.c, *told).select_from(joined).order_by(SOURCES.c.id).limit(request.limit + 1)
    if request.after:
        query = query.where(SOURCES.c.id > request.after[0])
    return list((await session.execute(query)).all())


async def with_url(session: AsyncSession, url: str | None) -> list[Row]:
    """Return the sources of an address."""
    if not url:
        return []
    return list((await session.execute(sa.select(SOURCES).where(SOURCES.c.url == url))).all())


async def source(session: AsyncSession, id_: str) -> Row | None:
    """Return a source."""
    return (await session.execute(sa.select(SOURCES).where(SOURCES.c.id == id_))).first()


async def add_source(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Add a source."""
    await session.execute(sa.insert(SOURCES).values(**values))


async def change_source(session: AsyncSession, id_: str, version: int, values: Mapping[str, Any]) -> bool:
    """Change a source that still has `version`; tells whether it did."""
    where = (SOURCES.c.id == id_, SOURCES.c.version == version)
    done = await session.execute(sa.update(SOURCES).where(*where).values(**values, version=version + 1))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def delete_source(session: AsyncSession, id_: str) -> bool:
    """Delete a source; tells whether there was one. Its posts stay."""
    done = await session.execute(sa.delete(SOURCES).where(SOURCES.c.id == id_))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def put_watch(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """Keep what a case wants watched, in the place of what it wanted before; tells whether it is the newest word."""
    mine = WATCHES.c.case_id == values["case_id"]
    before = await session.scalar(sa.select(WATCHES.c.changed_at).where(mine).with_for_update())
    if before is not None and before > values["changed_at"]:
        return False
    await session.execute(sa.delete(WATCHES).where(mine))
    return bool(await insert_ignoring(session, WATCHES, [values], returning=["case_id"]))


async def watches(session: AsyncSession) -> list[Row]:
    """Return every watch, the newest first."""
    return list((await session.execute(sa.select(WATCHES).order_by(WATCHES.c.changed_at.desc()))).all())


async def stored(session: AsyncSession, identities: Sequence[str]) -> dict[str, str]:
    """Return the ids of the posts that are stored among these identities, by identity."""
    query = sa.select(POSTS.c.identity, POSTS.c.id).where(POSTS.c.identity.in_(identities))
    return {row.identity: row.id for row in await session.execute(query)}


async def counted(session: AsyncSession, source_id: str, since: datetime) -> int:
    """Return how many posts of a source came in since an instant."""
    query = sa.select(sa.func.count()).where(POSTS.c.source_id == source_id, POSTS.c.collected_at >= since)
    return int(await session.scalar(query) or 0)


async def add_evidence(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down where the pages that showed posts are kept."""
    await insert_ignoring(session, EVIDENCE, rows)


async def evidence(session: AsyncSession, post_id: str) -> list[Row]:
    """Return where the pages that showed a post are kept, the oldest first."""
    query = sa.select(EVIDENCE).where(EVIDENCE.c.post_id == post_id).order_by(EVIDENCE.c.fetched_at)
    return list((await session.execute(query)).all())


async def forget_old_evidence(session: AsyncSession, before: datetime) -> None:
    """Forget what points to pages of before an instant, wherever they lay."""
    await session.execute(sa.delete(EVIDENCE).where(EVIDENCE.c.fetched_at < before))


async def forget_evidence(session: AsyncSession, files: Sequence[str]) -> int:
    """Forget what pointed into removed files; returns how many posts' evidence that was."""
    done = await session.execute(sa.delete(EVIDENCE).where(EVIDENCE.c.file.in_(files)))
    return int(done.rowcount)  # type: ignore[attr-defined]


async def put_purge(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Write down what retention removed."""
    await session.execute(sa.insert(PURGES).values(**values))


async def purges(session: AsyncSession) -> list[Row]:
    """Return the 100 newest removals by retention, the newest first."""
    return list((await session.execute(sa.select(PURGES).order_by(PURGES.c.id.desc()).limit(100))).all())


async def put_plan_topics(session: AsyncSession, activated_at: datetime, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the topics of the plan in force, in the place of those before; an older plan changes nothing."""
    newest = await session.scalar(sa.select(sa.func.max(PLAN_TOPICS.c.activated_at)))
    if newest is not None and newest > activated_at:
        return
    await session.execute(sa.delete(PLAN_TOPICS))
    await insert_ignoring(session, PLAN_TOPICS, rows)


async def plan_topics(session: AsyncSession) -> list[Row]:
    """Return the topics of the plan in force."""
    return list((await session.execute(sa.select(PLAN_TOPICS).order_by(PLAN_TOPICS.c.key))).all())


async def exists(session: AsyncSession, post_id: str) -> bool:
    """Tell whether there is a post of this id."""
    return await session.scalar(sa.select(POSTS.c.id).where(POSTS.c.id == post_id)) is not None
