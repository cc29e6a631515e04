"""Buckets on both databases: any order of arrival, any window, dropped hours and moved posts give exact counts."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
import sqlalchemy as sa

from kit import migrations
from kit.database import Database
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY
from services.analysis import models
from services.analysis.calendar import DAY, HOUR, day_of, hour_of
from services.analysis.events.state import Window
from services.analysis.models import Base, table
from services.analysis.store import buckets, series, trends
from tests.integration.analysis.counted_posts import EVENTS, NOW, TOPICS, some, store

LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give a migrated database."""
    url = ServiceSettings(database_url=database_url, internal_key=INTERNAL_KEY).database_url_for("analysis")
    await migrations.upgrade(url, "analysis", Base.metadata)
    made = Database(url, "analysis")
    yield made
    await made.dispose()


async def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every bucket."""
    found = {}
    async with database.reading() as session:
        for model in (models.EventHour, models.EventDay, models.TrendHour, models.TrendDay):
            one = table(model)
            rows = await session.execute(sa.select(one).order_by(*one.primary_key.columns))
            found[one.name] = [tuple(row) for row in rows]
    return found


async def test_any_order_and_any_batches_give_the_same_buckets(database: Database) -> None:
    placed = some(300, seed=1)
    random.Random(2).shuffle(placed)
    for start in range(0, 300, 37):
        await store(database, placed[start : start + 37])
    arrived = await dump(database)
    hours = Counter((one.event_id, hour_of(one.post.published_at)) for one in placed)
    days = Counter((one.event_id, day_of(one.post.published_at)) for one in placed)
    assert {(row[0], row[1]): row[2] for row in arrived["event_hours"]} == hours
    assert {(row[0], row[1]): row[2] for row in arrived["event_days"]} == days
    assert sum(row[3] for row in arrived["event_days"]) == sum(one.post.sentiment == "negative" for one in placed)
    of_topics = Counter((t, hour_of(one.post.published_at)) for one in placed for t in one.post.topics)
    assert {(r[1], r[2]): sum(r[3:]) for r in arrived["trend_hours"] if r[0] == "topic"} == of_topics
    async with database.writing() as session:
        await buckets.rebuild(session, EVENTS)
    assert await dump(database) == arrived


async def test_windows_are_exact_and_the_future_is_in_none(database: Database) -> None:
    placed = some(300, seed=3)
    await store(database, placed)
    for now in (NOW, NOW - timedelta(hours=5, minutes=20), NOW + timedelta(hours=2, seconds=1)):
        expected = {}
        for event in EVENTS:
            ages = [now - one.post.published_at for one in placed if one.event_id == event]
            last = [sum(timedelta(0) <= age < span for age in ages) for span in (HOUR, DAY)]
            expected[event] = Window(*last)
        async with database.reading() as session:
            assert await buckets.windows(session, EVENTS, now) == expected
            recent = await buckets.recent_hours(session, [*EVENTS, "none"], now)
        for event in EVENTS:
            seen = [one.post.published_at for one in placed if one.event_id == event and one.post.published_at <= now]
            hours = Counter(hour_of(at) for at in seen)
            assert recent[event] == [hours[hour_of(now) - back * HOUR] for back in range(71, -1, -1)]
    async with database.reading() as session:
        assert await buckets.windows(session, [], NOW) == {}
        assert await buckets.windows(session, EVENTS, LONG_AGO) == {}


async def test_moved_posts_are_counted_where_they_are(database: Database) -> None:
    placed = some(120, seed=4)
    await store(database, placed)
    moved = [replace(one, event_id="e9") if one.event_id == "e2" else one for one in placed]
    async with database.writing() as session:
        posts = table(models.Post)
        await session.execute(sa.update(posts).where(posts.c.event_id == "e2").values(event_id="e9"))
        await buckets.rebuild(session, ["e2", "e9"])
    rows = (await dump(database))["event_hours"]
    hours = Counter((one.event_id, hour_of(one.post.published_at)) for one in moved)
    assert {(row[0], row[1]): row[2] for row in rows} == hours


async def test_dropped_hours_leave_every_day_as_it_was(database: Database) -> None:
    placed = some(200, seed=5)
    old = []
    for number, one in enumerate(some(200, seed=6), start=500):
        moved = replace(one.post, id=f"p{number:05}", published_at=one.post.published_at - 100 * DAY)
        old.append(replace(one, post=moved))
    await store(database, placed + old)

    async def by_day() -> tuple[Any, ...]:
        async with database.reading() as session:
            span = (NOW - 200 * DAY, NOW + DAY)
            return (
                await series.points(session, "e1", "1d", *span, hours_from=NOW - 90 * DAY),
                await trends.points(session, "topic", TOPICS, "1d", *span),
                await trends.points(session, "all", [""], "1d", *span),
                # hours that are gone are counted from the posts
                await series.points(session, "e1", "1h", *span, hours_from=NOW - 90 * DAY),
            )

    before = await by_day()
    async with database.writing() as session:
        first = await buckets.drop_hours(session, day_of(NOW - 90 * DAY), 50)
        while await buckets.drop_hours(session, day_of(NOW - 90 * DAY), 50):
            pass
    assert first == 100
    assert await by_day() == before
    kept = await dump(database)
    assert min(row[1] for row in kept["event_hours"]) > NOW - 90 * DAY
    assert min(row[2] for row in kept["trend_hours"]) > NOW - 90 * DAY
    # a post that comes late for a dropped hour is in its day
    late = replace(old[0], post=replace(old[0].post, id="p99999"))
    await store(database, [late])
    async with database.writing() as session:
        await buckets.drop_hours(session, day_of(NOW - 90 * DAY), 50)
    after = (await dump(database))["event_days"]
    assert sum(row[2] for row in after) == len(placed) + len(old) + 1


async def test_the_last_days_and_periods_are_exact(database: Database) -> None:
    placed = some(400, seed=7)
    await store(database, placed)
    async with database.reading() as session:
        found = await trends.last_days(session, NOW, TOPICS)
    for counted, late in ((found.last, NOW), (found.before, NOW - DAY)):
        inside = [one.post for one in placed if late - DAY < one.post.published_at <= late]
        assert positive(counted["sentiment"]) == Counter(post.sentiment.value for post in inside)
        assert positive(counted["channel"]) == Counter(post.channel.value for post in inside)
        assert positive(counted["topic"]) == Counter(topic for post in inside for topic in post.topics)
        assert positive(counted["place"]) == Counter(place for post in inside for place in post.places)
    for since, until in (
        (hour_of(NOW) - timedelta(hours=50), NOW),
        (day_of(NOW) - 2 * DAY, day_of(NOW) - timedelta(microseconds=1)),
        (hour_of(NOW) - 3 * HOUR, NOW - HOUR),
    ):
        inside = [one.post for one in placed if since <= one.post.published_at <= until]
        expected: dict[str, Counter[str]] = {"all": Counter(), "topic": Counter(), "place": Counter()}
        for post in inside:
            expected["all"].update([("", post.sentiment.value)])  # type: ignore[list-item]
            expected["topic"].update((t, post.sentiment.value) for t in post.topics)  # type: ignore[misc]
            expected["place"].update((p, post.sentiment.value) for p in post.places)  # type: ignore[misc]
        async with database.reading() as session:
            for kind, keys in (("all", [""]), ("topic", TOPICS), ("place", ("澜沧县", "景谷县"))):
                totals = await trends.totals(session, kind, keys, since, until)  # type: ignore[arg-type]
                flat = {(key, tone): posts for key, tones in totals.items() for tone, posts in tones.items() if posts}
                assert flat == dict(expected[kind])


async def test_ten_minutes_are_counted_from_posts(database: Database) -> None:
    placed = some(150, seed=8)
    await store(database, placed)
    async with database.reading() as session:
        span = (NOW - DAY, NOW)
        rows = await series.points(session, "e1", "10m", *span, hours_from=NOW - 90 * DAY)
    inside = [one.post for one in placed if one.event_id == "e1" and span[0] <= one.post.published_at < NOW]
    starts = Counter(post.published_at - (post.published_at - LONG_AGO) % timedelta(minutes=10) for post in inside)
    assert {row.at: row.posts for row in rows} == starts
    assert sum(row.negatives for row in rows) == sum(post.sentiment == "negative" for post in inside)


async def test_writers_at_once_wait_but_never_for_each_other(database: Database) -> None:
    parts = [some(60, seed) for seed in range(10, 14)]
    numbered = iter(range(100_000))
    placed = [[replace(one, post=replace(one.post, id=f"p{next(numbered):05}")) for one in part] for part in parts]
    await asyncio.gather(*(store(database, part) for part in placed))
    rows = (await dump(database))["trend_hours"]
    assert sum(sum(row[3:]) for row in rows if row[0] == "all") == 240


def positive(counted: dict[str, int]) -> dict[str, int]:
    """Return what is not nought."""
    return {key: posts for key, posts in counted.items() if posts}
