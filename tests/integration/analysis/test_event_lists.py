"""Lists of events and of what belongs to one: by level off an index, of the whole city, of an event that is gone."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from services.analysis.exports.reading import batch
from services.analysis.exports.schemas import EventsWanted
from services.analysis.store import event_reading
from services.analysis.store.event_reading import EventFilter
from tests.integration.analysis.harness import OTHER, REPORT, Analysis, Api, a_post, collected
from tests.integration.analysis.test_hand import event_of, merge

ELSEWHERE = "外省某市昨日举行马拉松比赛,三万名选手参加,赛事组委会表示秩序良好。"


async def test_events_of_the_city_are_those_of_its_counties(analysis: Analysis, api: Api) -> None:
    posts = [a_post(REPORT, minutes=60), a_post(OTHER, minutes=30), a_post(ELSEWHERE, minutes=5)]
    await analysis.track([collected(post) for post in posts])
    ours = {await event_of(analysis, post.id) for post in posts[:2]}
    assert len(await api.items("/api/v1/events")) == 3
    for name in ("普洱市", "普洱"):
        items = await api.items("/api/v1/events", place=name, limit=1)
        assert [item["id"] for item in items] == list(dict.fromkeys(item["id"] for item in items))
        assert {item["id"] for item in items} == ours
        async with analysis.runtime.database.reading() as session:
            exported = await batch(session, EventsWanted(place=name), 10, None)
        assert {row.id for row in exported.rows} == ours


@pytest.mark.parametrize("active", [None, True])
async def test_a_level_is_read_off_its_indexes(
    analysis: Analysis, monkeypatch: pytest.MonkeyPatch, active: bool | None
) -> None:
    await analysis.track([collected(a_post(f"第{n}件事各不相同{chr(0x4E00 + 97 * n)}")) for n in range(30)])
    statements: list[sa.Select[Any]] = []
    async with analysis.runtime.database.reading() as session:
        execute = session.execute

        async def noted(statement: sa.Select[Any]) -> Any:
            statements.append(statement)
            return await execute(statement)

        monkeypatch.setattr(session, "execute", noted)
        await event_reading.events(session, EventFilter(level="I", active=active), "heat", 50, (3.0, "z"))
        compiled = statements[0].compile(dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True})
        if analysis.runtime.database.dialect == "sqlite":
            plan = await execute(sa.text(f"EXPLAIN QUERY PLAN {compiled}"))
        else:
            # of a table this small all of it would be read
            await execute(sa.text("SET LOCAL enable_seqscan = off"))
            plan = await execute(sa.text(f"EXPLAIN {compiled}".replace(":", r"\:")))
        told = " ".join(str(row) for row in plan)
    assert "ix_events_case_level" in told
    assert "ix_events_alert_level" in told


async def test_a_gone_event_says_where_it_went(analysis: Analysis, api: Api) -> None:
    petition, quake = a_post(REPORT, minutes=60), a_post(OTHER, minutes=30)
    await analysis.track([collected(petition), collected(quake)])
    gone, stays = await event_of(analysis, petition.id), await event_of(analysis, quake.id)
    await merge(api, stays, gone)
    for part in ("posts", "series", "spread", "forecast", "concerns"):
        response = await api.call(
            "GET", f"/api/v1/events/{gone}/{part}", headers={"Accept-Language": "zh-CN"}, status=409
        )
        problem = response.json()
        assert problem["type"].endswith("/event.merged")
        assert problem["merged_into"] == stays
        assert problem["detail"].startswith("该事件已并入")
        await api.call("GET", f"/api/v1/events/{stays}/{part}")
        await api.call("GET", f"/api/v1/events/nowhere/{part}", status=404)
    assert (await api.get(f"/api/v1/events/{gone}"))["merged_into"] == stays
