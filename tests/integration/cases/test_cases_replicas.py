"""Two replicas at once: messages in any order and more than once, clocks moving, people deciding."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta

from contracts.streams import ALERTS_RAISED, EVENTS_UPDATED, NOTIFICATIONS_REQUESTED
from kit.bus.envelope import envelope
from tests.integration.cases.harness import CENTRAL, OFFICE, PROVINCIAL, Cases, StartCases, event, until

EVENTS = 12


async def test_two_replicas_never_double_anything(cases: Cases, start: StartCases) -> None:
    other = await start()
    now = cases.clock.now()
    versions = [
        event(f"event-{i}", version, at=now, **metrics)
        for i in range(EVENTS)
        for version, metrics in ((1, {"sources": 1}), (2, {}), (3, PROVINCIAL), (4, CENTRAL))
    ]
    messages = [envelope("event.updated", one.id, one, source="analysis", at=now) for one in versions]
    shuffled = [*messages, *messages]
    random.Random(7).shuffle(shuffled)

    async def move_clocks() -> None:
        for _ in range(6):
            cases.clock.advance(timedelta(minutes=3))
            await asyncio.gather(cases.parts.deadlines.move_on(), other.parts.deadlines.move_on())

    async def publish() -> None:
        for at in range(0, len(shuffled), 8):
            await cases.publish(EVENTS_UPDATED, shuffled[at : at + 8])
            await asyncio.sleep(0.01)

    await asyncio.gather(publish(), move_clocks())

    async def all_graded() -> bool:
        found = (await cases.get("/api/v1/alerts", level="I", limit=200))["items"]
        return len(found) == EVENTS

    await until(all_graded, 30)
    await asyncio.gather(*(_report(one, other) for one in await _open(cases)))
    rows = await _open(cases)
    assert sorted(one["event_id"] for one in rows) == sorted(f"event-{i}" for i in range(EVENTS))
    assert sorted(one["number"] for one in rows) == [f"YQ-2026-{i:04d}" for i in range(1, EVENTS + 1)]
    for row in rows:
        verdict = await cases.get(f"/api/v1/cases/{row['id']}/timeline/verify")
        assert verdict["intact"], verdict
        kinds = Counter(one["kind"] for one in await cases.timeline(row["id"]))
        assert kinds["opened"] == 1
        approvals = (await cases.get(f"/api/v1/cases/{row['id']}/approvals"))["items"]
        assert sum(one["state"] == "pending" for one in approvals) == 1
    alerts = (await cases.get("/api/v1/alerts", limit=200))["items"]
    assert max(Counter((one["event_id"], one["level"]) for one in alerts).values()) == 1
    told = await cases.heard(ALERTS_RAISED)
    await until(lambda: _empty(other))
    assert sorted(one["id"] for one in told) == sorted(one["id"] for one in alerts)
    notices = await cases.heard(NOTIFICATIONS_REQUESTED)
    assert max(Counter(one["id"] for one in notices).values()) == 1


async def _open(cases: Cases) -> list[dict[str, str]]:
    return list((await cases.get("/api/v1/cases", limit=200))["items"])


async def _report(row: dict[str, str], other: Cases) -> None:
    await other.post(f"/api/v1/cases/{row['id']}/reports", OFFICE, {"to": "group_leader", "text": "初报"}, status=201)


async def _empty(other: Cases) -> bool:
    return await other.runtime.outbox.waiting() == 0
