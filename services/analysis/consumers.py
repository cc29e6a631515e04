"""What analysis hears on the bus, beside the posts that the tracker takes."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from redis.exceptions import ResponseError

from contracts.envelope import Message
from contracts.messages import PlanActivated
from contracts.streams import PLANS_ACTIVATED, POSTS_ANALYZED, POSTS_COLLECTED
from kit.runtime import Runtime
from services.analysis.service import take_over_plan
from services.analysis.settings import AnalysisSettings
from services.analysis.tracker import LEASE, Tracker

_log = structlog.get_logger(__name__)
_LIVE_MS = 10_000


def subscribe(runtime: Runtime, settings: AnalysisSettings) -> Tracker:
    """Subscribe the tracker and the plans; returns the tracker, whose `cool` is a pass of its own."""
    tracker = Tracker(runtime, settings)
    plans = PlanConsumer(runtime)
    runtime.subscribe(POSTS_ANALYZED, "analysis-tracker", tracker.handle, batch=settings.tracker_batch, lease=LEASE)
    runtime.subscribe(PLANS_ACTIVATED, "analysis", plans.handle, lease="plans")
    return tracker


class PlanConsumer:
    """Takes over the topics of a plan that came into force."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def handle(self, messages: Sequence[Message]) -> None:
        """Handle `plan.activated`, in order. Raises ValidationError for a malformed payload."""
        async with self._runtime.database.writing() as session:
            now = self._runtime.clock.now()
            for message in await self._runtime.inbox.unseen(session, messages, now):
                if message.type == "plan.activated":
                    plan = PlanActivated.model_validate(message.data)
                    changed = await take_over_plan(self._runtime, session, plan)
                    await session.flush()
                    _log.info("plan.taken_over", plan=plan.version, topics=len(plan.topics), changed=changed)


async def count_workers(runtime: Runtime) -> int:
    """Return how many analysis workers have asked for posts within the last ten seconds."""
    try:
        consumers = await runtime.redis.xinfo_consumers(POSTS_COLLECTED, "analysis-worker")
    except ResponseError:  # no stream or group yet: no worker has ever started
        return 0
    return sum(int(consumer["idle"]) < _LIVE_MS for consumer in consumers)
