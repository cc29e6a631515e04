"""Analysis as it runs: workers and the tracker on the bus, with replicas, restarts and a plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import FastAPI

from contracts.messages import EventUpdated, PlanActivated, PlanTopic
from contracts.streams import EVENTS_UPDATED, PLANS_ACTIVATED, POSTS_ANALYZED, POSTS_COLLECTED, dead_letters
from kit.bus import envelope
from kit.bus.envelope import FIELD, decode
from kit.clock import ManualClock
from kit.runtime import Runtime
from kit.testing import MakeRuntime
from language import places
from services.analysis import app as analysis_app
from services.analysis import worker as analysis_worker
from services.analysis.models import Base
from services.analysis.settings import AnalysisSettings
from services.analysis.tracker import Tracker
from services.analysis.worker import Worker
from tests.integration.analysis.harness import (
    COPY,
    NOW,
    OTHER,
    REPORT,
    Analysis,
    Api,
    WordScorer,
    a_post,
    collected,
    eventually,
    recounted,
)


def an_api(make_runtime: MakeRuntime, clock: ManualClock, **settings: Any) -> FastAPI:
    runtime = make_runtime("analysis", Base, settings_type=AnalysisSettings, clock=clock, **settings)
    return analysis_app.assemble(runtime, cast("AnalysisSettings", runtime.settings), WordScorer())


def a_worker(make_runtime: MakeRuntime, clock: ManualClock, name: str = "worker-1") -> FastAPI:
    runtime = make_runtime(
        "analysis",
        Base,
        settings_type=AnalysisSettings,
        clock=clock,
        owns_database=False,
        replica=name,
        topics_poll=0.1,
        worker_batch=16,
    )
    return analysis_worker.assemble(runtime, cast("AnalysisSettings", runtime.settings), WordScorer())


@asynccontextmanager
async def running(*apps: FastAPI) -> AsyncIterator[Analysis]:
    """Run apps; the first is the API. What it gives reads the API's database."""
    runtimes: list[Runtime] = [app.state.runtime for app in apps]
    for runtime in runtimes:
        await runtime.start()
    first = runtimes[0]
    settings = cast("AnalysisSettings", first.settings)
    yield Analysis(first, settings, cast("Tracker", None), cast("Worker", None))


async def told(analysis: Analysis) -> list[EventUpdated]:
    """Return what has been published on `events.updated`."""
    entries: Any = await analysis.runtime.redis.xrange(EVENTS_UPDATED)
    return [EventUpdated.model_validate(decode(fields[FIELD]).data) for _, fields in entries]


async def test_posts_become_events_on_the_bus(make_runtime: MakeRuntime, clock: ManualClock) -> None:
    api, worker = an_api(make_runtime, clock), a_worker(make_runtime, clock)
    async with running(api, worker) as analysis:
        topic = PlanTopic(key="resettlement", name="移民补偿", query="移民 补偿", places=["普洱市"])
        plan = PlanActivated(version="1", name="预案", topics=[topic], activated_at=NOW)
        await analysis.publish(PLANS_ACTIVATED, [envelope("plan.activated", "1", plan, source="cases", at=NOW)])
        await eventually(lambda: has_topic(worker))

        posts = [a_post(REPORT), a_post(COPY), a_post(OTHER)]
        messages = [collected(post) for post in posts]
        messages[0] = messages[0].model_copy(update={"requestid": "req-7"})
        await analysis.publish(POSTS_COLLECTED, [*messages, recounted(posts[0].id, 5, reads=9), messages[1]])

        async def counted() -> bool:
            found = await analysis.rows("SELECT sum(posts_total) AS n, sum(reads) AS r FROM events")
            return (int(found[0]["n"] or 0), int(found[0]["r"] or 0)) == (3, 9)

        await eventually(counted)

        async def published() -> list[EventUpdated] | None:
            latest = {one.id: one for one in await told(analysis)}
            done = sorted(one.metrics.posts_total for one in latest.values()) == [1, 2]
            return list(latest.values()) if done else None

        latest = await eventually(published)
        grouped = max(latest, key=lambda one: one.metrics.posts_total)
        assert grouped.topics == ["resettlement"]
        all_new = [id_ for one in await told(analysis) for id_ in one.new_posts]
        assert sorted(all_new) == sorted(post.id for post in posts)
        entries: Any = await analysis.runtime.redis.xrange(EVENTS_UPDATED)
        assert "req-7" in {decode(fields[FIELD]).requestid for _, fields in entries}

        client = Api(api)
        ready = (await client.call("GET", "/readyz", role=None)).json()
        assert ready["ready"] is True
        assert ready["checks"]["workers"]["detail"] == "1 live"
        metrics = (await client.call("GET", "/metrics", role=None)).text
        assert "huiying_analysis_tracker_batch_seconds_count" in metrics
        assert "huiying_analysis_posts_analysed_total" in metrics
        await client.close()
        work = Api(worker)
        await work.call("GET", "/livez", role=None)
        await work.call("GET", "/readyz", role=None)
        await work.call("GET", "/api/v1/posts", status=404)
        await work.close()


async def has_topic(worker: FastAPI) -> bool:
    return bool(worker.state.topics.matcher.match("", "移民 补偿 普洱市", places.find("普洱市")))


async def test_replicas_share_the_work_and_count_every_post_once(make_runtime: MakeRuntime, clock: ManualClock) -> None:
    apps = [an_api(make_runtime, clock, replica="api-1"), an_api(make_runtime, clock, replica="api-2")]
    workers = [a_worker(make_runtime, clock, f"worker-{n}") for n in (1, 2)]
    async with running(*apps, *workers) as analysis:
        messages = [collected(a_post((REPORT, OTHER)[n % 2] + f"第{n}条")) for n in range(300)]
        for start in range(0, 300, 50):
            batch = messages[start : start + 50]
            await analysis.publish(POSTS_COLLECTED, [*batch, *batch[::7]])
            if start == 100:
                # a worker leaves in the middle of it, with whatever it has in hand
                await workers[0].state.runtime.stop()

        async def counted() -> bool:
            found = await analysis.rows("SELECT sum(posts_total) AS n FROM events")
            return int(found[0]["n"] or 0) == 300

        await eventually(counted, seconds=120)
        await asyncio.sleep(0.3)
        assert sorted(event["posts_total"] for event in await analysis.events()) == [150, 150]
        assert not await analysis.runtime.redis.exists(dead_letters(POSTS_COLLECTED), dead_letters(POSTS_ANALYZED))


async def test_a_second_start_carries_on(make_runtime: MakeRuntime, clock: ManualClock) -> None:
    first = an_api(make_runtime, clock)
    async with running(first) as analysis:
        await analysis.publish(POSTS_COLLECTED, [collected(a_post(REPORT))])
        assert (await Api(first).call("GET", "/readyz", role=None)).json()["checks"]["workers"]["detail"] == "0 live"
        await first.state.runtime.stop()
    async with running(an_api(make_runtime, clock), a_worker(make_runtime, clock)) as analysis:
        await analysis.publish(POSTS_COLLECTED, [collected(a_post(COPY))])

        async def grouped() -> bool:
            return [event["posts_total"] for event in await analysis.events()] == [2]

        await eventually(grouped)


async def test_a_poison_message_is_put_aside(make_runtime: MakeRuntime, clock: ManualClock) -> None:
    settings = {"bus_claim_idle": 0.2, "bus_max_deliveries": 2}
    async with running(an_api(make_runtime, clock, **settings), a_worker(make_runtime, clock)) as analysis:
        good, bad = collected(a_post(REPORT)), collected(a_post(OTHER)).model_copy(update={"data": {"id": "x"}})
        await analysis.publish(POSTS_ANALYZED, [bad.model_copy(update={"type": "post.analyzed"})])
        await analysis.publish(POSTS_COLLECTED, [good])
        await eventually(analysis.events)

        async def aside() -> bool:
            return bool(await analysis.runtime.redis.xlen(dead_letters(POSTS_ANALYZED)) == 1)

        await eventually(aside)


async def test_a_replica_that_lost_its_lease_hands_its_posts_over(
    make_runtime: MakeRuntime, clock: ManualClock
) -> None:
    first = an_api(make_runtime, clock, replica="api-1")
    async with running(first, a_worker(make_runtime, clock)) as analysis:
        await analysis.publish(POSTS_COLLECTED, [collected(a_post(REPORT))])
        await eventually(analysis.events)
        # as if the first replica had been paused for longer than its lease, and does not know it yet
        second = an_api(make_runtime, clock, replica="api-2")
        async with analysis.runtime.database.writing() as session:
            lease = Base.metadata.tables["lease"]
            await session.execute(lease.update().where(lease.c.name == "tracker-0").values(holder="api-2"))
        async with running(second):
            for _ in range(20):
                await analysis.publish(POSTS_COLLECTED, [collected(a_post(REPORT))])
                await asyncio.sleep(0.02)

            async def counted() -> bool:
                return [event["posts_total"] for event in await analysis.events()] == [21]

            await eventually(counted)
