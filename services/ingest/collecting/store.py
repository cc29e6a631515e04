"""All SQL of collecting: schedules, passes, habits, hot lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.database import insert_ignoring
from services.ingest.collecting.health import HABIT_DAYS, Habit, PassSeen, hour_of
from services.ingest.fetching.page import FetchProblem
from services.ingest.models import HABITS, PASSES, RANKINGS, SCHEDULES, SOURCES

Row = sa.Row[Any]
#: columns of a source and its schedule together
_BOTH = (*SOURCES.c, *(column for column in SCHEDULES.c if column.name != "source_id"))
#: due sources looked at beyond the limit, for each host that another replica is looking at
_PASSED_OVER = 20
#: newest passes by which a source is judged
_JUDGED_BY = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass leaves behind in the schedule."""

    values: Mapping[str, Any]
    passed: Mapping[str, Any]


def host_of(url: str) -> str:
    """Return the host of an address; the address itself where it has none."""
    return urlsplit(url).hostname or url


async def schedule(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add schedules; a source that has one keeps it."""
    await insert_ignoring(session, SCHEDULES, rows)


async def unscheduled(session: AsyncSession) -> list[Row]:
    """Return the sources without a schedule."""
    query = sa.select(SOURCES).where(~sa.exists().where(SCHEDULES.c.source_id == SOURCES.c.id))
    return list((await session.execute(query)).all())


async def unschedule(session: AsyncSession, source_id: str) -> None:
    """Forget a deleted source's schedule, passes and habit."""
    for table in (SCHEDULES, PASSES, HABITS, RANKINGS):
        await session.execute(sa.delete(table).where(table.c.source_id == source_id))


async def claim(
    session: AsyncSession,
    now: datetime,
    *,
    holder: str,
    wall: datetime,
    until: datetime,
    adapters: Sequence[str],
    limit: int,
) -> list[Row]:
    """Take up to `limit` sources that are due at `now`, the longest overdue first.

    No other replica takes them before `until`; holds run on the machine's clock, which says `wall`. Sources of a host
    that another replica is looking at wait, since each replica keeps the host's pace by itself.
    """
    if session.get_bind().dialect.name == "postgresql":
        # one claim at a time, or two would not see each other's hosts; on SQLite the write lock sees to that
        await session.execute(sa.text("LOCK TABLE schedules IN SHARE ROW EXCLUSIVE MODE"))
    others = (
        sa.select(SOURCES.c.url)
        .join(SCHEDULES, SCHEDULES.c.source_id == SOURCES.c.id)
        .where(SCHEDULES.c.held_until > wall, SCHEDULES.c.holder != holder)
    )
    busy = {host_of(url) for url in (await session.scalars(others)).all() if url}
    query = (
        sa.select(*_BOTH)
        .join(SCHEDULES, SCHEDULES.c.source_id == SOURCES.c.id)
        .where(
            SOURCES.c.enabled,
            SOURCES.c.adapter.in_(adapters),
            SCHEDULES.c.next_at <= now,
            sa.or_(SCHEDULES.c.held_until.is_(None), SCHEDULES.c.held_until <= wall),
        )
        .order_by(SCHEDULES.c.next_at)
        .limit(limit + _PASSED_OVER * len(busy))
        .with_for_update(of=SCHEDULES, skip_locked=True)
    )
    found = (await session.execute(query)).all()
    rows = [row for row in found if not row.url or host_of(row.url) not in busy][:limit]
    if rows:
        await session.execute(
            sa.update(SCHEDULES)
            .where(SCHEDULES.c.source_id.in_([row.id for row in rows]))
            .values(holder=holder, held_until=until)
        )
    return rows


async def keep_hold(session: AsyncSession, source_ids: Sequence[str], *, holder: str, until: datetime) -> set[str]:
    """Hold sources longer; returns those that are still this holder's."""
    where = (SCHEDULES.c.source_id.in_(source_ids), SCHEDULES.c.holder == holder)
    done = await session.execute(
        sa.update(SCHEDULES).where(*where).values(held_until=until).returning(SCHEDULES.c.source_id)
    )
    return {row[0] for row in done}


async def let_go(session: AsyncSession, holder: str) -> None:
    """Give up every source that `holder` holds; they are due at once for another."""
    await session.execute(sa.update(SCHEDULES).where(SCHEDULES.c.holder == holder).values(holder=None, held_until=None))


async def finish(session: AsyncSession, row: Row, holder: str, outcome: Outcome) -> bool:
    """Write down a pass and when the next is due, if the source is still this holder's; tells whether it was.

    `row` is the source as it was claimed. Where its settings were changed since, or it was to be looked at again, that
    stands.
    """
    mine = (SCHEDULES.c.source_id == row.id, SCHEDULES.c.holder == holder)
    query = sa.select(SCHEDULES.c.next_at, SOURCES.c.version).join(SOURCES, SOURCES.c.id == SCHEDULES.c.source_id)
    now = (await session.execute(query.where(*mine).with_for_update(of=SCHEDULES))).first()
    if now is None:
        return False
    values = dict(outcome.values)
    if now.version != row.version:
        values = {name: values[name] for name in ("passes", "last_pass_at")}
    elif now.next_at != row.next_at:
        values.pop("next_at")
    await session.execute(sa.update(SCHEDULES).where(*mine).values(**values, holder=None, held_until=None))
    await session.execute(sa.insert(PASSES).values(source_id=row.id, **outcome.passed))
    return True


async def hasten(session: AsyncSession, source_ids: Sequence[str], at: datetime, *, reset: bool = False) -> None:
    """Bring the next pass of sources forward to `at`, also of those that are being looked at now.

    With `reset` what went wrong before is forgotten.
    """
    await session.execute(sa.update(SCHEDULES).where(SCHEDULES.c.source_id.in_(source_ids)).values(next_at=at))
    if reset:
        await session.execute(
            sa.update(SCHEDULES)
            .where(SCHEDULES.c.source_id.in_(source_ids))
            .values(failures=0, problem=None, detail=None)
        )


async def change_silence(session: AsyncSession, source_id: str, before: str | None, values: Mapping[str, Any]) -> bool:
    """Note whether a source is silent, if that is still as it was `before`; tells whether it was."""
    where = (SCHEDULES.c.source_id == source_id, SCHEDULES.c.silence.is_not_distinct_from(before))
    done = await session.execute(sa.update(SCHEDULES).where(*where).values(**values))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def change_schedule(session: AsyncSession, source_id: str, values: Mapping[str, Any]) -> None:
    """Change a source's schedule."""
    await session.execute(sa.update(SCHEDULES).where(SCHEDULES.c.source_id == source_id).values(**values))


async def came_in(session: AsyncSession, source_id: str, now: datetime, posts: int) -> None:
    """Count new posts of a source in the hour of `now`."""
    hour = hour_of(now)
    row = {"source_id": source_id, "hour": hour, "posts": posts}
    if not await insert_ignoring(session, HABITS, [row], returning=["hour"]):
        await session.execute(
            sa.update(HABITS)
            .where(HABITS.c.source_id == source_id, HABITS.c.hour == hour)
            .values(posts=HABITS.c.posts + posts)
        )
    await session.execute(sa.update(SCHEDULES).where(SCHEDULES.c.source_id == source_id).values(last_post_at=now))


async def both(session: AsyncSession, source_id: str | None = None) -> list[Row]:
    """Return sources with their schedules: one, or all that are enabled."""
    query = sa.select(*_BOTH).join(SCHEDULES, SCHEDULES.c.source_id == SOURCES.c.id).order_by(SOURCES.c.id)
    query = query.where(SOURCES.c.enabled) if source_id is None else query.where(SOURCES.c.id == source_id)
    return list((await session.execute(query)).all())


async def newest_passes(session: AsyncSession, source_ids: Sequence[str], since: datetime) -> dict[str, list[Row]]:
    """Return each source's newest passes since an instant (at most 20), the newest first."""
    numbered = (
        sa.select(
            PASSES,
            sa.func.row_number()
            .over(partition_by=PASSES.c.source_id, order_by=PASSES.c.began_at.desc())
            .label("number"),
        )
        .where(PASSES.c.source_id.in_(source_ids), PASSES.c.began_at >= since)
        .subquery()
    )
    query = sa.select(numbered).where(numbered.c.number <= _JUDGED_BY).order_by(numbered.c.number)
    found: dict[str, list[Row]] = {}
    for row in await session.execute(query):
        found.setdefault(row.source_id, []).append(row)
    return found


async def passes_since(session: AsyncSession, source_id: str, since: datetime) -> list[Row]:
    """Return a source's passes since an instant, the newest first."""
    query = sa.select(PASSES).where(PASSES.c.source_id == source_id, PASSES.c.began_at >= since)
    return list((await session.execute(query.order_by(PASSES.c.began_at.desc()))).all())


async def habits(session: AsyncSession, created: Mapping[str, datetime], now: datetime) -> dict[str, Habit]:
    """Return the habits of sources, given when each was made. The hour that runs is left out."""
    until = hour_of(now)
    begin = hour_of(now - timedelta(days=HABIT_DAYS))
    query = sa.select(HABITS).where(
        HABITS.c.source_id.in_(list(created)), HABITS.c.hour >= begin, HABITS.c.hour < until
    )
    hours: dict[str, dict[int, int]] = {source_id: {} for source_id in created}
    for row in await session.execute(query):
        hours[row.source_id][row.hour] = row.posts
    return {
        source_id: Habit(counted, max(begin, hour_of(created[source_id])), until)
        for source_id, counted in hours.items()
    }


def seen(row: Row) -> PassSeen:
    """Return what the judgement needs of a pass."""
    unreadable = row.problem == FetchProblem.CONTENT
    return PassSeen(row.problem is not None, row.accepted + row.duplicates, row.missed + row.rejected, unreadable)


async def rank(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down where entries stand on hot lists."""
    if rows:
        await session.execute(sa.insert(RANKINGS), list(rows))


async def rankings(session: AsyncSession, source_id: str, since: datetime) -> list[Row]:
    """Return a hot list's places since an instant, oldest first (at most 10,000)."""
    query = sa.select(RANKINGS).where(RANKINGS.c.source_id == source_id, RANKINGS.c.at >= since)
    return list((await session.execute(query.order_by(RANKINGS.c.at, RANKINGS.c.rank).limit(10_000))).all())


async def forget(session: AsyncSession, before: datetime) -> int:
    """Remove passes, habits and places on hot lists of before an instant; returns how many rows."""
    done = 0
    for condition, table in (
        (PASSES.c.began_at < before, PASSES),
        (RANKINGS.c.at < before, RANKINGS),
        (HABITS.c.hour < hour_of(before), HABITS),
    ):
        done += (await session.execute(sa.delete(table).where(condition))).rowcount  # type: ignore[attr-defined]
    return done
