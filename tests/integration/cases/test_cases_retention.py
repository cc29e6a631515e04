"""Events that came to nothing are erased after their term; those that an alert or a case refers to stay."""

from __future__ import annotations

from datetime import timedelta

from services.cases import store
from services.cases.service.retention import Retention
from tests.integration.cases.harness import Cases, event, until


async def test_only_events_that_came_to_nothing_are_erased(cases: Cases) -> None:
    now = cases.clock.now()
    await cases.tell(event("nothing", at=now, topics=()), event("alert", at=now, sources=1), event("case", at=now))
    await cases.the_case()

    async def known() -> set[str]:
        async with cases.runtime.database.reading() as session:
            return set(await store.events(session, ["nothing", "alert", "case"]))

    async def all_known() -> bool:
        return len(await known()) == 3

    await until(all_known)
    retention = Retention(cases.parts.desk, days=180)
    cases.clock.advance(timedelta(days=180))
    assert await retention.run() == 0
    cases.clock.advance(timedelta(seconds=1))
    assert await retention.run() == 1
    assert await known() == {"alert", "case"}
