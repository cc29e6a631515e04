"""What analysis hears on the bus, beside the posts that the tracker takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from redis.exceptions import ResponseError

from contracts.envelope import Message
from contracts.messages import AlertRaised, CaseChanged, PlanActivated
from contracts.streams import (
    ALERTS_RAISED,
    ANALYZED_PARTITIONS,
    CASES_CHANGED,
    PLANS_ACTIVATED,
    POSTS_COLLECTED,
    analyzed,
)
from contracts.words import CaseState, Level
from kit.runtime import Runtime
from services.analysis.service import take_over_plan
from services.analysis.settings import AnalysisSettings
from services.analysis.store import event_states
from services.analysis.tracker import Tracker

_log = structlog.get_logger(__name__)
_LIVE_MS = 10_000
#: states in which a case is over
_ENDED: Final = (CaseState.CLOSED, CaseState.DISMISSED)
#: kind of the entry with which a case goes from one state to another
_MOVED: Final = "state_changed"


def subscribe(runtime: Runtime, settings: AnalysisSettings) -> Tracker:
    """Subscribe a tracker for every partition, and the plans; returns the first, whose `cool` is a pass of its own.

    Replicas share the partitions evenly among them, and take over those of one that dies.
    """
    leases = [f"tracker-{partition}" for partition in range(ANALYZED_PARTITIONS)]
    trackers = [Tracker(runtime, settings, partition, lease=lease) for partition, lease in enumerate(leases)]
    for tracker, lease in zip(trackers, leases, strict=True):
        runtime.subscribe(
            analyzed(tracker.partition),
            "analysis-tracker",
            tracker.handle,
            batch=settings.tracker_batch,
            lease=lease,
            shared=leases,
        )
    levels = LevelConsumer(runtime)
    runtime.subscribe(ALERTS_RAISED, "analysis", levels.handle, lease="alert-levels")
    runtime.subscribe(CASES_CHANGED, "analysis", levels.handle, lease="case-levels")
    plans = PlanConsumer(runtime)
    runtime.subscribe(PLANS_ACTIVATED, "analysis", plans.handle, lease="plans")
    return trackers[0]


class LevelConsumer:
    """Notes at which level the plan's alerts were raised on events, and cases on them are led.

    A case that is closed, dismissed or led on another event leaves the event without its level. An alert that a person
    dismissed keeps its level.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def handle(self, messages: Sequence[Message]) -> None:
        """Handle `alert.raised` and `case.changed`. Raises ValidationError for a malformed payload."""
        async with self._runtime.database.writing() as session:
            alerts: dict[str, Level] = {}
            cases: dict[str, Level | None] = {}
            for message in await self._runtime.inbox.unseen(session, messages, self._runtime.clock.now()):
                if message.type == "alert.raised":
                    alert = AlertRaised.model_validate(message.data)
                    known = alerts.get(alert.event_id, alert.level)
                    alerts[alert.event_id] = max(known, alert.level, key=lambda level: level.rank)
                elif message.type == "case.changed":
                    cases |= _led(CaseChanged.model_validate(message.data))
            # in the order of their ids, as the tracker locks events: so nobody waits for another in a ring
            for event in sorted(alerts.keys() | cases.keys()):
                if event in alerts:
                    await event_states.set_level(session, event, "alert_level", alerts[event])
                if event in cases:
                    await event_states.set_level(session, event, "case_level", cases[event])


def _led(case: CaseChanged) -> dict[str, Level | None]:
    """Return at which level the events that a change of a case concerns are led from now on."""
    if case.drill:
        return {}
    led: dict[str, Level | None] = {}
    if case.left_event_id is not None:
        led[case.left_event_id] = None
    if case.event_id is not None:
        if case.state not in _ENDED:
            led[case.event_id] = case.level
        elif case.entry == _MOVED:  # what is entered later says nothing: another case may be open by then
            led[case.event_id] = None
    return led


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
