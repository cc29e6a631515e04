"""Two replicas of the analysis API share the partitions; one is killed, and the other goes on where it was."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from contracts.messages import EventUpdated
from contracts.streams import (
    ANALYZED_PARTITIONS,
    EVENTS_UPDATED,
    POSTS_COLLECTED,
    analyzed,
    dead_letters,
)
from kit.bus.envelope import FIELD, decode
from kit.clock import ManualClock
from kit.runtime import Runtime
from kit.testing import MakeRuntime
from services.analysis.models import Base
from services.analysis.service import create_topic
from services.analysis.topic_schemas import TopicInput
from tests.integration.analysis.harness import Analysis, a_post, collected, eventually
from tests.integration.analysis.test_analysis_flow import a_worker, an_api, running

#: seconds that a lease lasts in this test
TERM = 2.0
QUAKE = "景谷县发生5.8级地震,震源深度10公里,部分房屋倒塌,消防人员已经赶到现场开展救援。"
WATER = "城北片区自来水停水三天,居民提着水桶排队接水,水务公司称主管道破裂。"
LEASES = [f"tracker-{partition}" for partition in range(ANALYZED_PARTITIONS)]


async def kill(runtime: Runtime) -> None:
    """End a replica as a crash does: its work breaks off where it is, and it gives nothing up."""
    pending = set(runtime._tasks)
    while pending:  # a wait that ends just then may swallow the first cancellation
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1)
    runtime._tasks.clear()
    runtime.leases._held.clear()


async def holders(analysis: Analysis) -> dict[str, str]:
    """Return who holds each partition's lease now."""
    leases = Base.metadata.tables["lease"]
    async with analysis.runtime.database.reading() as session:
        rows = await session.execute(sa.select(leases).where(leases.c.name.in_(LEASES)))
        return {row.name: row.holder for row in rows}


async def both_topics(worker: FastAPI) -> bool:
    return set(worker.state.topics.matcher.families.values()) == {"plan", "water"}


async def test_a_killed_replicas_partitions_are_taken_over_and_nothing_is_lost_or_double(
    make_runtime: MakeRuntime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.leases.TERM", TERM)
    settings = {"tracker_batch": 4, "bus_claim_idle": 0.5}
    first = an_api(make_runtime, clock, replica="api-1", **settings)
    second = an_api(make_runtime, clock, replica="api-2", **settings)
    worker = a_worker(make_runtime, clock)
    async with running(first, second, worker) as analysis:
        await create_topic(analysis.runtime, TopicInput(name="地震", query="地震"))
        await create_topic(analysis.runtime, TopicInput(name="供水", query="停水 AND 自来水", family="water"))
        await eventually(lambda: both_topics(worker))

        async def shared() -> bool:
            return Counter((await holders(analysis)).values()) == {"api-1": 2, "api-2": 2}

        await eventually(shared)
        posts = [a_post((QUAKE, WATER)[n % 2] + f"第{n}条" * (n % 3 == 0), minutes=n) for n in range(240)]
        messages = [collected(post) for post in posts]
        await analysis.publish(POSTS_COLLECTED, messages[:160])

        async def under_way() -> bool:
            return int((await analysis.rows("SELECT count(*) AS n FROM posts"))[0]["n"]) >= 20

        await eventually(under_way)
        # whoever holds the first partition, which has half of the posts
        killed = first if (await holders(analysis))[LEASES[0]] == "api-1" else second
        alive = {"api-1", "api-2"} - {killed.state.runtime.settings.replica_name()}
        await kill(killed.state.runtime)
        at = time.monotonic()
        await analysis.publish(POSTS_COLLECTED, [*messages[160:], *messages[::9]])

        async def taken_over() -> bool:
            found = await holders(analysis)
            return found.keys() == set(LEASES) and set(found.values()) == alive

        await eventually(taken_over)
        assert time.monotonic() - at < TERM + 60

        async def all_tracked() -> bool:
            return int((await analysis.rows("SELECT count(*) AS n FROM posts"))[0]["n"]) == len(posts)

        await eventually(all_tracked, seconds=120)

        async def settled() -> bool:
            groups = [await analysis.runtime.redis.xinfo_groups(stream) for stream in streams]
            waiting = await analysis.rows("SELECT count(*) AS n FROM outbox")
            return not any(one["lag"] or one["pending"] for found in groups for one in found) and waiting[0]["n"] == 0

        streams = [POSTS_COLLECTED, analyzed(0), analyzed(2)]
        await eventually(settled, seconds=120)
        rows = await analysis.rows("SELECT id, partition FROM posts")
        assert Counter(row["partition"] for row in rows) == {0: 120, 2: 120}
        events = await analysis.events()
        assert [event["posts_total"] for event in events] == [120, 120]
        hours = await analysis.rows("SELECT sum(posts) AS n FROM event_hours")
        assert int(hours[0]["n"]) == len(posts)
        told = [one for entry in await entries(analysis) for one in entry.new_posts]
        assert sorted(told) == sorted(post.id for post in posts)
        assert not await analysis.runtime.redis.exists(*(dead_letters(stream) for stream in streams))


async def entries(analysis: Analysis) -> list[EventUpdated]:
    """Return what was told of events, each version once."""
    found: Any = await analysis.runtime.redis.xrange(EVENTS_UPDATED)
    told = [EventUpdated.model_validate(decode(fields[FIELD]).data) for _, fields in found]
    return list({(one.id, one.version): one for one in told}.values())
