"""Overview, trends, course and forecast over HTTP, beside what the posts themselves say."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, cast

import httpx
import pytest_asyncio
import sqlalchemy as sa

from contracts.words import Role
from kit import migrations
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.clock import ManualClock
from kit.runtime import Runtime
from kit.service import create_app, routes_of
from kit.testing import INTERNAL_KEY, MakeRuntime
from services.analysis import models
from services.analysis.api import series, trends
from services.analysis.calendar import DAY, HOUR, SHANGHAI, day_of, hour_of
from services.analysis.models import Base, table
from services.analysis.retention import Retention
from services.analysis.settings import AnalysisSettings
from tests.integration.analysis.counted_posts import EVENTS, NOW, Dated, Placed, some, store


class Served:
    """The calls, as somebody who may read events asks them."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        app = create_app(runtime, routes_of(series.router, trends.router), title="analysis")
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://analysis")
        principal = Principal("u1", "somebody", frozenset({Role.ADMIN}))
        self._headers = {CONTEXT_HEADER: ContextSigner(INTERNAL_KEY).sign(principal)}

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        """Return the JSON of a GET, which must have `status`."""
        response = await self._client.get(path, params=params, headers=self._headers)
        assert response.status_code == status, response.text
        return response.json()

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()


@pytest_asyncio.fixture
async def served(make_runtime: MakeRuntime) -> AsyncIterator[Served]:
    """Give the calls over a migrated database, with the clock at the posts' now."""
    runtime = make_runtime("analysis", Base, settings_type=AnalysisSettings, clock=ManualClock(NOW))
    await migrations.upgrade(runtime.settings.database_url_for("analysis"), "analysis", Base.metadata)
    made = Served(runtime)
    yield made
    await made.close()


async def event(served: Served, id_: str, placed: list[Placed], stage: str = "growing") -> None:
    """Store the event that posts belong to."""
    times = [one.post.published_at for one in placed if one.event_id == id_]
    row = {"id": id_, "version": 1, "title": id_, "summary": "", "founder_id": "p", "stage": stage}
    row |= {"first_seen": min(times), "last_seen": max(times), "updated_at": NOW}
    row |= dict.fromkeys(("posts_total", "negatives", "reads", "interactions", "voices", "sources", "partition"), 0)
    row |= {"incident_type": "other", "heat": 1.0, "metrics": {}}
    row |= {"tallies": {name: {} for name in ("topics", "places", "keywords", "incidents")}}
    async with served.runtime.database.writing() as session:
        await session.execute(sa.insert(table(models.Event)), [row])


async def test_the_overview_is_what_the_posts_say(served: Served) -> None:
    placed = some(300, seed=21)
    await store(served.runtime.database, placed)
    for id_, stage in zip(EVENTS, ("growing", "bursting", "fading"), strict=True):
        await event(served, id_, placed, stage)
    last = [one.post for one in placed if NOW - DAY < one.post.published_at <= NOW]
    before = [one.post for one in placed if NOW - 2 * DAY < one.post.published_at <= NOW - DAY]
    overview = await served.get("/api/v1/overview")
    assert (overview["posts_24h"], overview["previous_24h"]) == (len(last), len(before))
    assert overview["change"] == round(len(last) / len(before) - 1, 4)
    assert overview["by_sentiment"] == Counter(post.sentiment.value for post in last)
    assert overview["previous_by_sentiment"] == Counter(post.sentiment.value for post in before)
    assert {row["key"]: row["posts"] for row in overview["by_place"]} == Counter(p for o in last for p in o.places)
    assert {row["name"]: row["previous"] for row in overview["by_channel"]} == Counter(
        {"weibo": "微博", "news": "新闻"}[post.channel.value] for post in before
    )
    assert overview["stages"] == {"latent": 0, "growing": 1, "bursting": 1, "fading": 1}
    assert {one["id"] for one in overview["top_events"]} == {"e1", "e2"}


async def test_an_empty_database_has_an_overview(served: Served) -> None:
    overview = await served.get("/api/v1/overview")
    assert (overview["posts_24h"], overview["change"], overview["by_topic"]) == (0, None, [])
    (series_,) = (await served.get("/api/v1/trends"))["series"]
    assert (series_["posts"], series_["previous"], series_["points"]) == (0, 0, [])


async def test_trends_are_compared_with_as_much_of_the_period_before(served: Served) -> None:
    placed = some(300, seed=22)
    await store(served.runtime.database, placed)
    until, since = NOW.isoformat(), (NOW - DAY).isoformat()
    (all_,) = (await served.get("/api/v1/trends", since=since, until=until))["series"]
    # the bucket that began before `since` is not in, the running hour is; before, the same stretch a day earlier
    first = hour_of(NOW - DAY) + HOUR
    seen = [one.post.published_at for one in placed]
    assert all_["posts"] == sum(first <= at < hour_of(NOW) + HOUR for at in seen)
    assert all_["previous"] == sum(first - DAY <= at < NOW - DAY for at in seen)
    assert all_["posts"] == sum(point["posts"] for point in all_["points"])
    for by in ("topic", "place", "channel", "sentiment"):
        found = (await served.get("/api/v1/trends", since=since, until=until, by=by, bucket="1h"))["series"]
        inside = [o.post for o in placed if first <= o.post.published_at < hour_of(NOW) + HOUR]
        assert {one["key"]: one["posts"] for one in found} == Counter(key for p in inside for key in keys_of(p, by))
        earlier = [o.post for o in placed if first - DAY <= o.post.published_at < NOW - DAY]
        assert {one["key"]: one["previous"] for one in found} == Counter(k for p in earlier for k in keys_of(p, by))
    (one,) = (await served.get("/api/v1/trends", by="place", key="澜沧县", bucket="1d"))["series"]
    assert (one["by"], one["name"], one["topic"]) == ("place", "澜沧县", None)
    (one,) = (await served.get("/api/v1/trends", topic="quake", bucket="1d"))["series"]
    assert (one["by"], one["topic"]) == ("topic", "quake")


def keys_of(post: Dated, by: str) -> tuple[str, ...]:
    """Return what a post is counted under."""
    return {
        "topic": post.topics,
        "place": post.places,
        "channel": (post.channel.value,),
        "sentiment": (post.sentiment.value,),
    }[by]


async def test_the_course_of_an_event(served: Served) -> None:
    placed = some(200, seed=23)
    await store(served.runtime.database, placed)
    await event(served, "e1", placed)
    seen = [one.post.published_at for one in placed if one.event_id == "e1" and one.post.published_at <= NOW]
    for bucket, length in (("1h", HOUR), ("1d", DAY)):
        found = await served.get("/api/v1/events/e1/series", bucket=bucket, fill=True)
        points = [(datetime.fromisoformat(point["at"]), point["posts"]) for point in found["points"]]
        assert all(b - a == length for (a, _), (b, _) in pairwise(points))
        assert points[0][0] <= min(seen) < points[0][0] + length
        sparse = (await served.get("/api/v1/events/e1/series", bucket=bucket))["points"]
        assert sparse == [point for point in found["points"] if point["posts"]]
    days = Counter(day_of(at).astimezone(SHANGHAI).isoformat() for at in seen)
    by_day = {point["at"]: point["posts"] for point in found["points"]}
    today = day_of(NOW).astimezone(SHANGHAI).isoformat()
    assert {day: n for day, n in by_day.items() if n and day != today} == {d: n for d, n in days.items() if d != today}
    fine = await served.get("/api/v1/events/e1/series", bucket="10m", until=NOW.isoformat())
    assert sum(point["posts"] for point in fine["points"]) > 0
    await served.get("/api/v1/events/e1/series", 422, bucket="10m", since=(NOW - 3 * DAY).isoformat())
    await served.get("/api/v1/events/e1/series", 422, since=(NOW - 300 * DAY).isoformat(), fill=True)
    await served.get("/api/v1/events/e1/series", 422, since=(NOW + DAY).isoformat())
    await served.get("/api/v1/events/e1/series", 422, bucket="1m")
    await served.get("/api/v1/events/none/series", 404)
    await served.get("/api/v1/events/none/forecast", 404)


async def test_bursts_are_marked_and_the_next_hours_foretold(served: Served) -> None:
    # two posts an hour for two days, and fifty in each of two hours
    times = [NOW - timedelta(hours=48) + i * timedelta(minutes=30) for i in range(97)]
    begin = hour_of(NOW) - 20 * HOUR
    times += [begin + i * timedelta(seconds=72) for i in range(100)]
    shape = some(1, seed=1)[0].post
    placed = [Placed(_at(shape, f"p{i:05}", at), "e1") for i, at in enumerate(times)]
    await store(served.runtime.database, placed)
    await event(served, "e1", placed)
    found = await served.get("/api/v1/events/e1/series", forecast=True)
    (burst,) = found["bursts"]
    assert datetime.fromisoformat(burst["since"]) == begin
    assert datetime.fromisoformat(burst["until"]) == begin + 2 * HOUR
    assert burst["posts"] == 104
    told = await served.get("/api/v1/events/e1/forecast")
    assert found["forecast"] == told
    assert told["cold"] is False
    assert [datetime.fromisoformat(hour["since"]) for hour in told["hours"]] == [NOW + i * HOUR for i in range(6)]
    assert all(hour["low90"] <= hour["median"] <= hour["high90"] for hour in told["hours"])


def _at(shape: Dated, id_: str, at: datetime) -> Dated:
    return Dated(id_, at, shape.sentiment, shape.channel, (), ())


async def test_vectors_go_with_the_texts(served: Served) -> None:
    vectors = table(models.StoryVector)
    old, young = NOW - 200 * DAY, NOW - 100 * DAY
    rows = [
        {
            "partition": 0,
            "story_hash": number,
            "vector": b"\x01",
            "model": 1,
            "where": 0,
            "last_at": old,
            "used_at": used,
        }
        for number, used in enumerate((old, young))
    ]
    async with served.runtime.database.writing() as session:
        await session.execute(sa.insert(vectors), rows)
    retention = Retention(served.runtime, cast("AnalysisSettings", served.runtime.settings))
    assert [(await retention.run()).vectors for _ in range(2)] == [1, 0]
    async with served.runtime.database.reading() as session:
        assert list(await session.scalars(sa.select(vectors.c.story_hash))) == [1]


async def test_retention_drops_hours_and_days_stay(served: Served) -> None:
    placed = some(150, seed=24)
    await store(served.runtime.database, placed)
    await event(served, "e1", placed)
    clock = cast("ManualClock", served.runtime.clock)
    clock.advance(100 * DAY)
    asked = {"bucket": "1d", "since": (NOW - 10 * DAY).isoformat(), "until": (day_of(NOW) + 2 * DAY).isoformat()}
    paths = ("/api/v1/trends", "/api/v1/events/e1/series")
    before = [await served.get(path, **asked) for path in paths]
    hourly = await served.get(paths[1], since=asked["since"], until=asked["until"])
    erased = await Retention(served.runtime, cast("AnalysisSettings", served.runtime.settings)).run()
    assert erased.hours > 50
    assert (erased.posts, erased.events) == (0, 0)
    assert [await served.get(path, **asked) for path in paths] == before
    assert await served.get(paths[1], since=asked["since"], until=asked["until"]) == hourly
    problem = await served.get("/api/v1/trends", 422, since=asked["since"], until=asked["until"])
    assert problem["type"].endswith("trends.rolled-up")
