"""Posts in any order and any batches, twice, through crashes and replicas: always the same events and figures."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message, Publication
from contracts.messages import EventUpdated
from contracts.streams import ANALYZED_PARTITIONS, analyzed
from kit.runtime import Runtime
from kit.transient import passes
from services.analysis import models
from services.analysis.models import table
from services.analysis.sentiment import Engine
from services.analysis.settings import AnalysisSettings
from services.analysis.topic_watch import TopicWatch
from services.analysis.tracker import Tracker
from services.analysis.worker import Worker
from tests.integration.analysis.by_definition import links_of
from tests.integration.analysis.conftest import Fresh
from tests.integration.analysis.harness import WordScorer
from tests.integration.analysis.replayed import Topics, stream

#: columns that name an event or tell of its history, not of what it is
_OF_HISTORY: Final = {"id", "version", "updated_at", "founder_id", "merged_into", "partition"}
_POSTS: Final = ("parent_id", "link", "likeness", "reads", "likes", "comments", "reposts", "counted_at", "repeats")


class Crash(Exception):
    """What ends a batch half way in a test."""


class Fuse:
    """Breaks a database's next transaction after some statements, or after its commit."""

    def __init__(self, runtime: Runtime) -> None:
        self._writing = runtime.database.writing
        self._left: int | None = None
        self._after_commit = False
        runtime.database.writing = self._guarded  # type: ignore[method-assign]

    def set(self, statements: int | None, *, after_commit: bool = False) -> None:
        """Break after `statements`, or never; or only once the commit is done, as if its answer were lost."""
        self._left, self._after_commit = statements, after_commit

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[AsyncSession]:
        async with self._writing() as session:
            execute = session.execute

            async def counted(*arguments: Any, **options: Any) -> Any:
                if self._left is not None:
                    self._left -= 1
                    if self._left < 0:
                        raise Crash
                return await execute(*arguments, **options)

            session.execute = counted  # type: ignore[method-assign]
            yield session
        if self._after_commit:
            raise Crash


async def analysed(runtime: Runtime, messages: Sequence[Message]) -> list[Publication]:
    """Return what a worker publishes."""
    worker = Worker(runtime, cast("TopicWatch", Topics()), Engine(WordScorer()))
    publications = await worker.handle(messages)
    await worker.close()
    return publications


def trackers(runtime: Runtime) -> dict[str, Tracker]:
    """Return a new tracker for each partition, by its stream."""
    settings = cast("AnalysisSettings", runtime.settings)
    return {analyzed(number): Tracker(runtime, settings, number, lease=None) for number in range(ANALYZED_PARTITIONS)}


async def in_order(runtime: Runtime, publications: Sequence[Publication]) -> None:
    """Track everything once, one after the other."""
    trackers_ = trackers(runtime)
    for one in publications:
        await trackers_[one.stream].handle([one.message])


async def referred(runtime: Runtime, publications: Sequence[Publication]) -> dict[str, Any]:
    """Return what comes of one post after the other, which is what the definition says."""
    await in_order(runtime, publications)
    found = await state(runtime)
    rules = cast("AnalysisSettings", runtime.settings).joining()
    for id_, link in links_of(publications, rules).items():
        post = found["posts"][id_]
        assert post["parent_id"] == (link.parent[1] if link and link.parent else None), id_
        assert (post["link"], post["likeness"]) == ((link.kind, link.likeness) if link else (None, None)), id_
    # the trees of links are the events
    parts = {frozenset(ids) for ids in found["members"].values()}
    for ids in parts:
        assert sum(found["posts"][id_]["parent_id"] is None for id_ in ids) == 1
        assert all(found["posts"][id_]["parent_id"] in {None, *ids} for id_ in ids)
    assert found["events"].keys() == found["members"].keys()
    return found


async def state(runtime: Runtime) -> dict[str, Any]:
    """Return everything that is known of posts and events; events go by the first of their posts."""
    async with runtime.database.reading() as session:
        rows = {
            model.__tablename__: [dict(row._mapping) for row in await session.execute(sa.select(table(model)))]
            for model in (
                *(models.Post, models.Event, models.EventHour, models.EventDay, models.TrendHour, models.TrendDay),
                *(models.EventVoice, models.EventSource, models.EventTopic, models.EventPlace),
                *(models.PostTopic, models.PostPlace, models.StoryVector, models.EarlyRecount),
            )
        }
    posts = rows.pop("posts")
    members: defaultdict[str, set[str]] = defaultdict(set)
    for post in posts:
        members[post["event_id"]].add(post["id"])
    names = {event: min(ids) for event, ids in members.items()}
    standing = [row for row in rows.pop("events") if row["merged_into"] is None]
    found: dict[str, Any] = {
        "members": {names[event]: ids for event, ids in members.items()},
        "posts": {post["id"]: {name: post[name] for name in _POSTS} for post in posts},
        # an event that stands has posts, and so a name
        "events": {
            names[row["id"]]: {key: value for key, value in row.items() if key not in _OF_HISTORY} for row in standing
        },
    }
    for name, some in rows.items():
        named = [{**row, "event_id": names[row["event_id"]]} if "event_id" in row else row for row in some]
        found[name] = sorted(named, key=repr)
    return found


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return where two states differ, in words short enough to be read."""
    found = []
    for name in one:
        mine, theirs = (
            list(part[name].items()) if isinstance(part[name], dict) else part[name] for part in (one, other)
        )
        if one[name] != other[name]:
            missing, surplus = [row for row in mine if row not in theirs], [row for row in theirs if row not in mine]
            found.append(f"{name}: {missing[:3]} / {surplus[:3]}")
    return found


async def check_told(runtime: Runtime) -> None:
    """Assert that the last that was told of every event is what is stored, and that no version was told twice."""
    async with runtime.database.reading() as session:
        rows = await session.execute(sa.text("SELECT message FROM outbox WHERE stream = 'events.updated' ORDER BY id"))
        told = [EventUpdated.model_validate(Message.model_validate_json(row.message).data) for row in rows]
        stored = (await session.execute(sa.select(table(models.Event)))).fetchall()
    assert len({(one.id, one.version) for one in told}) == len(told)
    last = {one.id: one for one in sorted(told, key=lambda one: one.version)}
    for row in stored:
        one = last[row.id]
        assert (one.version, one.merged_into) == (row.version, row.merged_into)
        if row.merged_into is None:
            assert (one.title, one.summary, one.metrics.model_dump(mode="json")) == (
                row.title,
                row.summary,
                row.metrics,
            )


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_order_twice_with_crashes_gives_the_same(fresh: Fresh, seed: int) -> None:
    given = stream(seed)
    reference = await fresh()
    publications = await analysed(reference, given.messages)
    expected = await referred(reference, publications)
    kinds = {post["link"] for post in expected["posts"].values()}
    assert kinds == {None, "repost", "text", "story"}
    assert len(expected["members"]) > 5
    assert len({one.stream for one in publications if one.message.type == "post.analyzed"}) == 2
    for run in range(3):
        runtime = await fresh()
        await disorderly(runtime, publications, random.Random(100 * seed + run))
        found = await state(runtime)
        assert differences(expected, found) == []
        await check_told(runtime)


async def test_replicas_at_once_give_the_same(fresh: Fresh) -> None:
    given = stream(3)
    reference = await fresh()
    publications = await analysed(reference, given.messages)
    expected = await referred(reference, publications)
    for run in range(3):
        runtime = await fresh()
        await at_once(runtime, publications, random.Random(run))
        found = await state(runtime)
        assert differences(expected, found) == []
        await check_told(runtime)


async def at_once(runtime: Runtime, publications: Sequence[Publication], chance: random.Random) -> None:
    """Track everything twice in disorder, on two replicas for each partition, all of them at once."""
    waiting: defaultdict[str, list[Message]] = defaultdict(list)
    twice = [*publications, *publications]
    chance.shuffle(twice)
    for one in twice:
        waiting[one.stream].append(one.message)

    async def consume(tracker: Tracker, messages: list[Message]) -> None:
        while messages:
            size = chance.randint(1, 25)
            batch = messages[:size]
            del messages[:size]
            await patiently(tracker.handle, batch)
            await asyncio.sleep(0)

    replicas = [trackers(runtime), trackers(runtime)]
    await asyncio.gather(*(consume(one[name], waiting[name]) for one in replicas for name in waiting))


async def patiently(handle: Callable[[Sequence[Message]], Awaitable[Any]], batch: Sequence[Message]) -> None:
    """Do what the bus does where a transaction is refused for the sake of another."""
    for _ in range(20):
        try:
            await handle(batch)
        except Exception as error:
            if not passes(error):
                raise
        else:
            return
    raise AssertionError("it was refused every time")


async def disorderly(runtime: Runtime, publications: Sequence[Publication], chance: random.Random) -> None:
    """Track everything twice in disorder, in batches of any size, with crashes, on two replicas that take turns."""
    twice = [*publications, *publications]
    chance.shuffle(twice)
    fuse = Fuse(runtime)
    replicas = [trackers(runtime), trackers(runtime)]
    most = chance.choice((3, 20, 90))
    while twice:
        size = chance.randint(1, most)
        batch, twice = twice[:size], twice[size:]
        parts: defaultdict[str, list[Message]] = defaultdict(list)
        for one in batch:
            parts[one.stream].append(one.message)
        for name, messages in parts.items():
            which = chance.randrange(2)
            if chance.random() < 0.3:
                fuse.set(chance.randint(0, 40), after_commit=chance.random() < 0.3)
                try:
                    await replicas[which][name].handle(messages)
                except Crash:
                    if chance.random() < 0.5:
                        replicas[which] = trackers(runtime)
                fuse.set(None)
            await replicas[which][name].handle(messages)
