"""What is told of an event says what people ask in it: in counts, and never in their words."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.analysis.models import Base
from services.analysis.store import event_states
from tests.integration.analysis.harness import Analysis, a_post, collected

_ASKED = "我是澜沧县糯扎渡镇的移民,搬到安置点三年了,补偿款一直没有发,向镇里反映多次没人管,什么时候才能发到我们手里?"


async def _concerns(analysis: Analysis) -> list[dict[str, Any]]:
    told = (await analysis.told())[-1]
    return [one.model_dump(mode="json") for one in told.concerns]


async def test_concerns_are_told_with_the_event_and_counted_as_its_posts_are(analysis: Analysis) -> None:
    await analysis.track([collected(a_post(_ASKED, minutes=50, author_hash="a1"))])
    first = await _concerns(analysis)
    assert first
    assert {one["posts"] for one in first} == {1}
    await analysis.track([collected(a_post(_ASKED + "！", minutes=10, author_hash="a2"))])
    event = (await analysis.events())[0]
    assert event["posts_total"] == 2
    second = await _concerns(analysis)
    assert [(one["theme"], one["posts"]) for one in second] == [(one["theme"], 2) for one in first]
    assert all(set(one) == {"theme", "name", "kind", "posts", "by_kind", "asks"} for one in second)
    assert "手里" not in str(second)

    # counted anew, and in an event that was stored before concerns were counted, they come out the same
    table = Base.metadata.tables["events"]
    tallies = {name: tally for name, tally in event["tallies"].items() if name != "concerns"}
    async with analysis.runtime.database.writing() as session:
        states = await event_states.events(session, [event["id"]])
        kept = dict(states[event["id"]].concerns)
        await event_states.count_anew(session, states, confident=0.5)
        assert states[event["id"]].concerns == kept
        await session.execute(sa.update(table).where(table.c.id == event["id"]).values(tallies=tallies))
        old = await event_states.events(session, [event["id"]])
        assert old[event["id"]].concerns == kept
