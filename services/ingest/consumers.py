"""What ingest hears on the bus: what cases want watched, and the topics of the plan in force."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.envelope import Message
from contracts.messages import PlanActivated, WatchChanged
from contracts.words import WatchMode
from kit.runtime import Runtime
from services.ingest import store
from services.ingest.collecting import store as schedules
from services.ingest.collecting.collector import Collector
from services.ingest.watching import concerns


class Consumers:
    """Hears messages; each is done once."""

    def __init__(self, runtime: Runtime, collector: Collector) -> None:
        self._runtime, self._collector = runtime, collector

    async def hear_watches(self, messages: Sequence[Message]) -> None:
        """Keep what cases want watched; the newest word of a case stands. A surge has its sources looked at now."""
        async with self._runtime.database.writing() as session:
            now = self._runtime.clock.now()
            topics: list[list[str]] = []
            for message in await self._runtime.inbox.unseen(session, messages, now):
                watch = WatchChanged.model_validate(message.data)
                values = {**watch.model_dump(), "mode": watch.mode.value, "changed_at": message.time}
                if not await store.put_watch(session, values):
                    continue  # a newer word of this case came first
                if watch.mode is WatchMode.SURGE:
                    topics.append(watch.topics)
            if topics:
                rows = await schedules.both(session)
                ids = [row.id for row in rows if any(concerns(row.topics, wanted) for wanted in topics)]
                await schedules.hasten(session, ids, now)
        self._collector.wake.set()

    async def hear_plans(self, messages: Sequence[Message]) -> None:
        """Keep the topics of the plan that came into force last."""
        async with self._runtime.database.writing() as session:
            unseen = await self._runtime.inbox.unseen(session, messages, self._runtime.clock.now())
            if not unseen:
                return
            plan = max((PlanActivated.model_validate(one.data) for one in unseen), key=lambda one: one.activated_at)
            at = plan.activated_at
            rows = [{"key": one.key, "name": one.name, "places": one.places, "activated_at": at} for one in plan.topics]
            await store.put_plan_topics(session, at, rows)
